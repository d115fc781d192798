"""What is told of columns at the end of a sync, and to agents."""

from __future__ import annotations

import pytest

from destination_dust.mapping.tables.descriptions import MAX_UNITS, table_description
from destination_dust.mapping.tables.differences import changed_types, differences, listed, renamed
from destination_dust.mapping.tables.rows import RowEncoder
from destination_dust.mapping.tables.type_inference import DustType


def shape_of(*records: dict[str, object], **properties: object) -> RowEncoder:
    """A shape that has seen these records."""
    shape = RowEncoder(properties)
    for data in records:
        shape.encode("x", data, None)
    return shape


def test_each_oddity_is_one_sentence_with_counts_by_column() -> None:
    """The columns with most of them come first."""
    shape = shape_of({"a": "1", "b": "2"}, {"b": "3", "c": "t"})

    told = [line for _, line in differences(shape.columns)]

    assert 2 == len(told)
    assert told[0].startswith("3 values are texts that Dust reads as numbers")
    assert told[0].endswith("b (2), a (1).")
    assert told[1].endswith("c (1).")


@pytest.mark.parametrize(
    ("values", "before", "made"),
    [
        ([1, "a"], None, "text"),
        ([True, 1], None, "text"),
        ([1.5], DustType.INT, "a floating-point number"),
        (["a"], DustType.INT, "text"),
        ([1], DustType.TEXT, "text"),
    ],
)
def test_a_change_of_type_says_what_dust_makes_of_it(values: list[object], before: DustType | None, made: str) -> None:
    """Whole and other numbers are numbers; any other two types are text."""
    shape = shape_of(*({"a": value} for value in values))

    (told,) = changed_types(shape.columns, {"a": before} if before else {})

    assert told.startswith("The column a ")
    assert told.endswith(f"Dust makes it {made}.")


@pytest.mark.parametrize(
    ("values", "before"), [([1, 1.5], None), ([1], DustType.FLOAT), (["007", "a"], DustType.TEXT), ([], DustType.INT)]
)
def test_no_change_of_type_is_none(values: list[object], before: DustType | None) -> None:
    """Numbers with and without a fraction, and texts that look like numbers, are no news."""
    shape = shape_of(*({"a": value} for value in values))

    assert [] == list(changed_types(shape.columns, {"a": before} if before else {}))


def test_renamed_columns_and_long_lists() -> None:
    """A line stays readable."""
    assert ["'createdAt' → created_at"] == renamed(shape_of(id={}, createdAt={}).columns)
    assert "a, b" == listed(["a", "b"])
    assert listed(["a"] * 50).endswith("a and 20 more")


def test_a_description_tells_an_agent_stream_key_and_columns() -> None:
    """With the types of the catalog, and what the source says of each field."""
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
