"""The records that are measured, as files of messages of the Airbyte protocol and of Singer's."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from integration_tests.harness.messages import complete, record, state

STATE_EVERY = 10_000
FIELDS: dict[str, Any] = {
    "id": {"type": "integer"},
    "name": {"type": "string"},
    "email": {"type": "string"},
    "created_at": {"type": "string", "format": "date-time"},
    "updated_at": {"type": "string", "format": "date-time"},
    "amount": {"type": "number"},
    "ratio": {"type": "number"},
    "active": {"type": "boolean"},
    "country": {"type": "string"},
    "notes": {"type": "string"},
}


def write_messages(path: Path, records: int, streams: list[str]) -> None:
    """Records of about 450 bytes of all streams in turn, a state now and then, and the end of each stream."""
    with path.open("wb") as file:
        for number, (name, data) in enumerate(_records(records, streams), 1):
            file.write(orjson.dumps(record(name, **data)) + b"\n")
            if number % STATE_EVERY == 0:
                file.write(orjson.dumps(state(name, number)) + b"\n")
        file.writelines(orjson.dumps(complete(name)) + b"\n" for name in streams)


def write_singer_messages(path: Path, records: int, streams: list[str]) -> None:
    """The same records as messages of Singer's protocol."""
    with path.open("wb") as file:
        for name in streams:
            schema = {"type": "SCHEMA", "stream": name, "schema": {"properties": FIELDS}, "key_properties": ["id"]}
            file.write(orjson.dumps(schema) + b"\n")
        for number, (name, data) in enumerate(_records(records, streams), 1):
            file.write(orjson.dumps({"type": "RECORD", "stream": name, "record": data}) + b"\n")
            if number % STATE_EVERY == 0:
                file.write(orjson.dumps({"type": "STATE", "value": {"bookmarks": {name: number}}}) + b"\n")


def _records(records: int, streams: list[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    chance = random.Random(1)
    for number in range(records):
        day, second = number // 1440 % 28 + 1, number % 60
        yield (
            streams[number % len(streams)],
            {
                "id": number,
                "name": f"Person {number}",
                "email": f"person.{number}@example.com",
                "created_at": f"2025-03-{day:02d}T{number % 24:02d}:{number // 24 % 60:02d}:{second:02d}.25Z",
                "updated_at": f"2026-01-{day:02d}T00:00:{second:02d}+00:00",
                "amount": round(chance.random() * 1000, 2),
                # Every second one has more digits than orjson is sure to read exactly.
                "ratio": chance.random() if number % 2 else number / 8,
                "active": number % 3 == 0,
                "country": ("France", "Germany", "Italy", "Spain")[number % 4],
                "notes": f"Number {number}, as they say, " + "and so on " * 11,
            },
        )
