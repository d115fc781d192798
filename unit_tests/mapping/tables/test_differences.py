"""The warnings about columns at the end of a sync."""

from __future__ import annotations

import pytest

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
def test_equivalent_types_are_not_a_change(values: list[object], before: DustType | None) -> None:
    """Numbers with and without a fraction are one type; so are all texts."""
    shape = shape_of(*({"a": value} for value in values))

    assert [] == list(changed_types(shape.columns, {"a": before} if before else {}))


def test_renamed_columns_and_long_lists() -> None:
    """A line stays readable."""
    assert ["'createdAt' → created_at"] == renamed(shape_of(id={}, createdAt={}).columns)
    assert "a, b" == listed(["a", "b"])
    assert listed(["a"] * 50).endswith("a and 20 more")
