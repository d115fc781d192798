"""The description of a table, for the agents that query it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from destination_dust.mapping.schemas import declared_types
from destination_dust.mapping.tables.cells import Format, format_of
from destination_dust.mapping.tables.rows import EXTRACTED_AT, LOADED_AT, Column
from destination_dust.mapping.text import cut, one_line

MAX_UNITS = 8000
_MAX_NOTE_UNITS = 120


def table_description(
    stream: str, key: Sequence[str], properties: Mapping[str, Any], columns: Mapping[str, Column]
) -> str:
    """Name the stream, its key and its columns. `key`: the fields of the primary key; may be empty."""
    listed = [_described(columns[field].name, schema) for field, schema in properties.items()]
    key_columns = [columns[field].name if field in columns else field for field in key]
    parts = [
        f"Rows of {one_line(stream)[0]}, synced by Airbyte.",
        f"One row per {', '.join(key_columns)}." if key else "One row per distinct record.",
        f"Columns: {'; '.join(listed)}." if listed else "",
        f"{EXTRACTED_AT} is when the source was read, {LOADED_AT} when the row was written here.",
        "Dates and times are in UTC. Lists and objects are JSON text.",
    ]
    return cut(" ".join(part for part in parts if part), MAX_UNITS)


def _described(name: str, schema: object) -> str:
    if not isinstance(schema, Mapping):
        return name
    kind = (
        "time of day, on 1970-01-01"
        if format_of(schema) is Format.TIME
        else one_line(" or ".join(declared_types(schema)))[0]
    )
    if format_of(schema) is Format.MOMENT:
        kind = "date" if schema.get("format") == "date" else "date and time"
    note = schema.get("description")
    text = cut(one_line(note)[0], _MAX_NOTE_UNITS) if isinstance(note, str) else ""
    details = ": ".join(part for part in (kind, text) if part)
    return f"{name} ({details})" if details else name
