"""What earlier versions of the connector sent to Dust, as they sent it (see `README.md`)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

from local_dust import LocalDust
from local_dust.client import Visitor

FOLDER = Path(__file__).parent


class Recorded(NamedTuple):
    """A sync of an earlier version: its input, and the requests with which it wrote."""

    catalog: dict[str, Any]
    messages: list[dict[str, Any]]
    requests: list[dict[str, Any]]

    @property
    def documents(self) -> dict[str, dict[str, Any]]:
        """The documents that it left in Dust, by id, as it sent them the last time."""
        left: dict[str, dict[str, Any]] = {}
        for request in self.requests:
            document_id = request["path"].removeprefix("/documents/")
            if request["method"] == "DELETE":
                del left[document_id]
            else:
                left[document_id] = request["body"]
        return left


def recorded(version: str, name: str) -> Recorded:
    """A recorded sync."""
    path = FOLDER / version / name
    return Recorded(
        json.loads(path.with_suffix(".catalog.json").read_text("utf-8")),
        _lines(path.with_suffix(".messages.jsonl")),
        _lines(path.with_suffix(".requests.jsonl")),
    )


def configurations(version: str) -> dict[str, dict[str, Any]]:
    """The settings that users of a version have saved, by what they are about."""
    found: dict[str, dict[str, Any]] = json.loads((FOLDER / version / "configurations.json").read_text("utf-8"))
    return found


def of_generation(sync: Recorded, number: int, job: int) -> dict[str, Any]:
    """Its catalog in a later sync, in which the streams that are replaced have that generation."""
    streams = [
        {**each, "generation_id": number, "minimum_generation_id": number, "sync_id": job}
        if each["destination_sync_mode"] == "overwrite"
        else each
        for each in sync.catalog["streams"]
    ]
    return {"streams": streams}


def defaults(version: str) -> dict[str, Any]:
    """What a setting meant in a version, if a configuration left it out."""
    found: dict[str, Any] = json.loads((FOLDER / version / "defaults.json").read_text("utf-8"))
    return found


def play(dust: LocalDust, sync: Recorded) -> None:
    """Send the requests again, so that Dust holds what it held after that sync."""
    visitor = Visitor(dust)
    for request in sync.requests:
        body = {"json": request["body"]} if request["body"] is not None else {}
        answer = visitor.call(request["method"], request["path"], **body)
        assert 200 == answer.status_code, answer.text
    dust.world.arrivals.clear()


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]
