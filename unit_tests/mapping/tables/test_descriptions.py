"""The description of a table, from which agents learn how to query it."""

from __future__ import annotations

from destination_dust.mapping.tables.descriptions import MAX_UNITS, table_description
from destination_dust.mapping.tables.rows import RowEncoder


def test_a_description_tells_an_agent_stream_key_and_columns() -> None:
    """With the types of the catalog and the source's description of each field."""
    properties: dict[str, object] = {
        "id": {"type": ["null", "integer"], "description": "The\nkey"},
        "createdAt": {"type": "string", "format": "date-time"},
        "day": {"type": "string", "format": "date"},
        "at": {"type": "string", "format": "time"},
        "any": {},
        "odd": True,
    }
    columns = RowEncoder(properties).columns

    text = table_description("shop.users", ["id"], properties, columns)

    for part in ("Rows of shop.users", "One row per id.", "id (integer: The key)", "created_at (date and time)"):
        assert part in text
    for part in ("day (date)", "at (time of day, on 1970-01-01)", "; any; odd.", "_airbyte_loaded_at"):
        assert part in text


def test_a_description_is_not_endless() -> None:
    """500 columns with long notes are cut."""
    properties: dict[str, object] = {f"c_{number}_x": {"description": "long " * 100} for number in range(500)}

    assert len(table_description("s", [], properties, RowEncoder(properties).columns)) <= MAX_UNITS
