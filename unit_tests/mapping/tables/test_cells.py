"""Values of records as cells of a table."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from destination_dust.mapping.tables.cells import Difference, cell
from destination_dust.mapping.tables.formats import Format
from destination_dust.mapping.tables.type_inference import DustType


@pytest.mark.parametrize(
    ("text", "expected", "seconds"),
    [
        ("1970-01-01", Format.MOMENT, 0),
        ("2024-02-29T12:00:00Z", Format.MOMENT, 1_709_208_000),
        ("2024-02-29T12:00:00.999999+02:00", Format.MOMENT, 1_709_200_800),
        ("2024-02-29 12:00:00", Format.MOMENT, 1_709_208_000),
        ("2024-02-29T12:00:00.1234567Z", Format.MOMENT, 1_709_208_000),
        ("1969-12-31T23:59:59.5Z", Format.MOMENT, -1),
        ("0001-01-01T00:00:00Z", Format.MOMENT, -62_135_596_800),
        ("12:34:56.789", Format.TIME, 45_296),
        (" 2024-02-29T12:00:00Z\n", Format.MOMENT, 1_709_208_000),
        ("T12:34", Format.TIME, 45_240),
        ("01:00:00+02:00", Format.TIME, 82_800),
    ],
)
def test_declared_dates_are_datetime_cells_in_whole_seconds(text: str, expected: Format, seconds: int) -> None:
    """In UTC, rounded down, negative ones too: Dust refuses a negative epoch with a fraction. A time of day is
    one of 1970-01-01, whatever its zone."""
    assert ({"type": "datetime", "epoch": seconds * 1000}, DustType.DATETIME, None) == cell(text, expected)


@pytest.mark.parametrize(
    "text", ["soon", " soon ", " 2024-13-01 ", "2024-13-01", "2024-01-01T25:00:00Z", "1577836800", "20240101T000000Z"]
)
def test_an_invalid_date_stays_text_and_is_counted(text: str) -> None:
    """The value is kept, and the report counts it."""
    content, read, odd = cell(text, Format.MOMENT)

    assert text == content
    assert (odd is Difference.NO_DATE) == (read is DustType.TEXT)
    assert odd is not None


@pytest.mark.parametrize("text", ["NaN", "nan", "Infinity", "-Infinity", "+inf", " -inf\n", "INFINITY"])
def test_infinity_and_nan_as_texts_are_null_where_a_number_or_a_date_is_declared(text: str) -> None:
    """As real ones are, and counted. Elsewhere they may be words."""
    for expected in (Format.NUMBER, Format.MOMENT, Format.TIME):
        assert (None, DustType.NULL, Difference.NOT_FINITE) == cell(text, expected)
    assert (text, DustType.TEXT, None) == cell(text)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("0044-03-15 BC", Difference.BEFORE_CHRIST),
        ("0044-03-15T12:00:00.000000Z BC", Difference.BEFORE_CHRIST),
        ("0044-03-15 12:00:00+00 bc", Difference.BEFORE_CHRIST),
        ("-0044-03-15", Difference.BEFORE_CHRIST),
        ("-000044-03-15T00:00:00Z", Difference.BEFORE_CHRIST),
        ("44 B.C.", Difference.BEFORE_CHRIST),
        ("10000-01-01", Difference.LATE),
        ("+12024-01-01T00:00:00Z", Difference.LATE),
        ("294276-12-31 23:59:59.999", Difference.LATE),
        ("soon", Difference.NO_DATE),
        ("- 5", Difference.NO_DATE),
    ],
)
def test_dates_that_dust_cannot_read_are_counted_by_their_kind(text: str, kind: Difference) -> None:
    """They stay text."""
    assert (text, DustType.TEXT, kind) == cell(text, Format.MOMENT)


@pytest.mark.parametrize("text", ["9999-12-31T23:59:59-18:00", "0001-01-01T00:00:00+00:01"])
def test_a_date_that_utc_moves_out_of_dusts_years_is_no_date_cell(text: str) -> None:
    """Dust would write its year with a sign, and read that as text."""
    assert text == cell(text, Format.MOMENT)[0]
    assert isinstance(cell(text[:19] + "Z", Format.MOMENT)[0], dict)


@pytest.mark.parametrize(
    ("number", "content", "read", "odd"),
    [
        (0, 0, DustType.INT, None),
        (-(2**53), -(2**53), DustType.INT, None),
        (2**53 + 1, "9007199254740993", DustType.INT, None),
        (2**64, "18446744073709551616", DustType.FLOAT, Difference.LONG_NUMBER),
        (1.0, 1.0, DustType.INT, None),
        (0.1, 0.1, DustType.FLOAT, None),
        (1e19, "1.0e+19", DustType.FLOAT, None),
        (-1e18, "-1.0e+18", DustType.FLOAT, None),
        (1.5e300, "1.5e+300", DustType.FLOAT, None),
        (1e-7, 1e-7, DustType.FLOAT, None),
        (Decimal("1E+22"), "1.0E+22", DustType.FLOAT, Difference.LONG_NUMBER),
        (Decimal("0.1000000000000000000000001"), "0.1000000000000000000000001", DustType.FLOAT, Difference.LONG_NUMBER),
        (Decimal("1E+400"), "1.0E+400", DustType.TEXT, Difference.TOO_LARGE),
        (Decimal("NaN"), None, DustType.NULL, Difference.NOT_FINITE),
        (Decimal("-Infinity"), None, DustType.NULL, Difference.NOT_FINITE),
        (float("inf"), None, DustType.NULL, Difference.NOT_FINITE),
    ],
)
def test_numbers_arrive_exactly_or_are_counted(
    number: Any, content: Any, read: DustType, odd: Difference | None
) -> None:
    """What float64 does not hold goes as text, which Dust reads as an integer if it has 64 bits."""
    assert (content, read, odd) == cell(number)


def test_other_values() -> None:
    """Booleans stay, nothing is null, nested values are JSON text, blanks are null and counted."""
    assert (True, DustType.BOOL, None) == cell(True)
    assert (None, DustType.NULL, None) == cell(None)
    assert ('{"a":[1,null]}', DustType.TEXT, None) == cell({"a": [1, None]})
    assert (None, DustType.NULL, Difference.BLANK) == cell(" \n")
    assert ("plain", DustType.TEXT, None) == cell("plain")
    assert ("007", DustType.INT, Difference.NUMBER) == cell("007")
    assert ("t", DustType.BOOL, Difference.BOOLEAN) == cell("t")
    assert ("2024-01-02", DustType.DATETIME, Difference.DATE) == cell("2024-01-02")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.decimals(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(json_values, st.sampled_from([None, *Format]))
def test_a_cell_is_always_something_that_dust_takes(value: Any, expected: Format | None) -> None:
    """A scalar that JSON can carry, or a datetime with a whole number of seconds."""
    content, _, _ = cell(value, expected)

    assert content is None or isinstance(content, (bool, int, float, str, dict))
    if isinstance(content, dict):
        assert {"type", "epoch"} == set(content)
        assert 0 == content["epoch"] % 1000
    elif not isinstance(content, str):
        orjson.dumps(content)
