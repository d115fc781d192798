"""A source of bizon that reads pages of records from the JSON file that the variable PAGES names.

The file has the pages of a whole read (`full`) and those of the next one (`new`). A page is a list of records, each
with an `id` and, for streams, the destination `to`. A page may be "fail" instead, or "wait": it then never comes.
"""

from __future__ import annotations

import json
import os
import threading
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from bizon.source.config import SourceConfig
from bizon.source.models import SourceIteration, SourceRecord
from bizon.source.source import AbstractSource

READ_AT = datetime(2026, 1, 2, tzinfo=timezone.utc)


class PagesSource(AbstractSource):  # type: ignore[misc] # bizon has no types here
    """A stream that ends."""

    @staticmethod
    def streams() -> list[str]:
        return ["things"]

    @staticmethod
    def get_config_class() -> Any:
        return SourceConfig

    def get_authenticator(self) -> None:
        return None

    def check_connection(self) -> tuple[bool, None]:
        return True, None

    def get_total_records_count(self) -> None:
        return None

    def get(self, pagination: dict[str, Any] | None = None) -> SourceIteration:
        return _iteration(_pages("full"), pagination)

    def get_records_after(self, source_state: Any, pagination: dict[str, Any] | None = None) -> SourceIteration:  # noqa: ARG002 bizon's
        return _iteration(_pages("new"), pagination)


class StreamSource(PagesSource):
    """A stream without an end; each read brings the next page. It writes down after which ones it was committed."""

    def __init__(self, config: Any) -> None:
        super().__init__(config)
        self._read = 0

    @staticmethod
    def streams() -> list[str]:
        return ["routed"]

    def get(self, pagination: dict[str, Any] | None = None) -> SourceIteration:  # noqa: ARG002 bizon's
        pages = _pages("full")[self._read : self._read + 1]
        self._read += 1
        return _iteration(pages or [[]], None)

    def commit(self) -> None:
        with Path(os.environ["PAGES"] + ".commits").open("a") as file:
            file.write(f"{self._read}\n")


def _pages(which: str) -> list[Any]:
    pages: list[Any] = json.loads(Path(os.environ["PAGES"]).read_text())[which]
    return pages


def _iteration(pages: list[Any], pagination: dict[str, Any] | None) -> SourceIteration:
    number = (pagination or {}).get("page", 0)
    if pages[number] == "fail":
        raise RuntimeError("the source fails")
    if pages[number] == "wait":
        threading.Event().wait()
    records = [
        SourceRecord(id=str(each["id"]), data=each, timestamp=READ_AT, destination_id=each.get("to"))
        for each in pages[number]
    ]
    is_last = number + 1 == len(pages)
    return SourceIteration(
        next_pagination={} if is_last else {"page": number + 1},
        records=records,
        next_state={"seen": number + 1} if is_last else None,
    )
