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

    for part in ("Rows of shop.users", "One row per id.", "id (integer: The key)"):
        assert part in text
    for part in ('created_at ("createdAt" in the source; date and time)', "; any; odd."):
        assert part in text
    for part in ("day (date)", "at (time of day, on 1970-01-01)", "_airbyte_loaded_at"):
        assert part in text


def test_a_description_gives_the_original_name_of_each_column_that_has_another() -> None:
    """Names in other scripts would be lost, and blanks and letter case are what people know. Undeclared fields too."""
    encoder = RowEncoder({"番号": {"type": "integer"}, "First Name": {}, "plain": {}})
    encoder.encode("x", {"Имя": "x", "usedToo": None, "also_plain": 1}, None)
    columns = encoder.columns

    text = table_description("s", ["番号"], {"番号": {"type": "integer"}}, columns)

    for field in ("番号", "First Name", "Имя"):
        assert f'{columns[field].name} ("{field}" in the source' in text
    assert f"One row per {columns['番号'].name}." in text
    assert text.endswith("; plain; " + f'{columns["Имя"].name} ("Имя" in the source); also_plain.')


def test_a_description_names_the_columns_that_do_not_exist() -> None:
    """If that is known: a column that is null in every row is none in Dust, and a query that names it fails."""
    encoder = RowEncoder({"id": {}, "neverSet": {}, "before": {}})
    encoder.note_existing(["before"])
    encoder.encode("x", {"id": 1, "neverSet": None, "undeclared": None}, None)

    known = table_description("s", [], {}, encoder.columns, existing=encoder.in_table)

    assert "Columns that do not exist yet, because no row had a value: never_set. " in known
    assert "not exist" not in table_description("s", [], {}, encoder.columns)


def test_a_description_is_valid_text_whatever_its_parts_are() -> None:
    """Names and notes come from the source."""
    properties: dict[str, object] = {"a\ud800\0": {"type": ["\ud800"], "description": "\0 \udc00"}, "k" * 20_000: {}}

    text = table_description("s\0\ud800", ["\ud800"], properties, RowEncoder(properties).columns)

    assert "\0" not in text
    assert 'a ("a\ufffd" in the source; \ufffd: \ufffd)' in text
    assert len(text.encode()) < 2000


def test_a_description_is_not_endless() -> None:
    """500 columns with long notes are cut."""
    properties: dict[str, object] = {f"c_{number}_x": {"description": "long " * 100} for number in range(500)}

    assert len(table_description("s", [], properties, RowEncoder(properties).columns)) <= MAX_UNITS
