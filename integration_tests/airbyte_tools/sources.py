"""The output of sources, and the documents and rows that it must become."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from integration_tests.airbyte_tools.clients import Records
from integration_tests.harness.tables import stored
from local_dust import World

_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")


def written_in_turn(*writes: Records) -> dict[str, dict[str, Any]]:
    """The last record of each key `id`, by the ids that documents and rows get."""
    return {
        f"{stream}-{record['data']['id']}": record
        for records in writes
        for stream, printed in records.items()
        for record in printed
    }


def compact(value: Any) -> str:
    """JSON as it is stored: in the order of the source, without blanks, and readable."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def documents(world: World) -> dict[str, tuple[str, int]]:
    """Text and time of each document, by id."""
    return {each: (stored.text, stored.timestamp) for each, stored in world.documents().items()}


def as_documents(records: Mapping[str, dict[str, Any]]) -> dict[str, tuple[str, int]]:
    """The expected result of `documents`."""
    return {each: (compact(record["data"]), record["emitted_at"]) for each, record in records.items()}


def rows(world: World) -> dict[str, dict[str, Any]]:
    """The cells of each row of all tables, by id."""
    return {row_id: cells for table_id in world.tables() for row_id, cells in stored(world, table_id).items()}


def as_rows(records: Mapping[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The expected result of `rows`, for fields that have the names of their columns."""
    return {
        each: {name: _cell(name, value) for name, value in record["data"].items() if value is not None}
        for each, record in records.items()
    }


def _cell(name: str, value: Any) -> Any:
    if name.endswith("_at"):
        moment = datetime.fromisoformat(value)
        return f"{moment.astimezone(timezone.utc) if moment.tzinfo else moment:%Y-%m-%d %H:%M:%S}"
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        return float(value)  # which Dust takes it for
    return compact(value) if isinstance(value, (dict, list)) else value
