"""The description of a table, for the agents that query it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from destination_dust.mapping.schemas import declared_types
from destination_dust.mapping.tables.column_values import Column
from destination_dust.mapping.tables.formats import Format, format_of
from destination_dust.mapping.tables.rows import EXTRACTED_AT, LOADED_AT
from destination_dust.mapping.text import cut, one_line

MAX_UNITS = 8000
_MAX_NOTE_UNITS = 120


def table_description(
    stream: str,
    key: Sequence[str],
    properties: Mapping[str, Any],
    columns: Mapping[str, Column],
    *,
    existing: Collection[str] | None = None,
) -> str:
    """Name the stream, its key and its columns, each with the field that it holds if that has another name.

    `key`: the fields of the primary key; may be empty. `existing`: the columns that the table has, None if that is not
    known. A query that names another one fails, so those that were always empty are named.
    """
    named = [field for field, column in columns.items() if column.declared or column.used]
    listed = [_described(field, columns[field].name, properties.get(field)) for field in named]
    key_columns = [columns[field].name if field in columns else field for field in key]
    absent = [] if existing is None else [columns[f].name for f in named if columns[f].name not in existing]
    parts = [
        f"Rows of {stream}, synced by Airbyte.",
        f"One row per {', '.join(key_columns)}." if key else "One row per distinct record.",
        f"{EXTRACTED_AT} is when the source was read, {LOADED_AT} when the row was written here.",
        "Dates and times are in UTC. Lists and objects are JSON text.",
        f"Columns that do not exist yet, because no row had a value: {', '.join(absent)}." if absent else "",
        f"Columns: {'; '.join(listed)}." if listed else "",
    ]
    return cut(one_line(" ".join(part for part in parts if part))[0], MAX_UNITS)


def _described(field: str, name: str, schema: object) -> str:
    original = f'"{_note(field)}" in the source' if name != field else ""
    meaning = ": ".join(part for part in _meaning(schema) if part)
    details = "; ".join(part for part in (original, meaning) if part)
    return f"{name} ({details})" if details else name


def _meaning(schema: object) -> tuple[str, str]:
    """The type of a column's values, and the source's own words about it."""
    if not isinstance(schema, Mapping):
        return "", ""
    kind = " or ".join(declared_types(schema))
    if format_of(schema) is Format.TIME:
        kind = "time of day, on 1970-01-01"
    if format_of(schema) is Format.MOMENT:
        kind = "date" if schema.get("format") == "date" else "date and time"
    note = schema.get("description")
    return kind, _note(note) if isinstance(note, str) else ""


def _note(text: str) -> str:
    return cut(one_line(text)[0], _MAX_NOTE_UNITS)
