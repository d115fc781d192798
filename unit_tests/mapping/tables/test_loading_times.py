"""Times of loading: as Dust shows them, and new for each burst."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from destination_dust.mapping.tables.loading_times import DAY, loading_time, next_loading_time
from destination_dust.mapping.tables.rows import LOADED_AT

WALL = 1_800_000_000


def at(seconds: float) -> dict[str, Any]:
    """A cell as Dust shows it."""
    return {"type": "datetime", "epoch": int(seconds * 1000), "string_value": "…"}


def shown(*cells: object) -> list[dict[str, Any]]:
    """Rows with these times of loading, as Dust shows them."""
    return [{"row_id": "x", "value": {LOADED_AT: cell}} for cell in cells]


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        (at(WALL), WALL),
        (at(WALL + 0.9), WALL),
        ("2027-01-15 08:00:00", WALL),
        ("recently", None),
        (5, None),
        (None, None),
    ],
)
def test_a_time_is_read_as_dust_shows_it(cell: object, expected: int | None) -> None:
    """As a datetime, or as text in a column where something else is not a datetime."""
    assert expected == loading_time(cell)


@given(st.lists(st.integers(-3, 3) | st.integers(DAY - 3, DAY + 3), max_size=20), st.integers(-3, 3))
def test_a_burst_has_a_time_of_its_own(offsets: list[int], after: int) -> None:
    """Now, unless that was used before; later than any near one; and never that of a row that was seen."""
    time = next_loading_time(shown(*(at(WALL + each) for each in offsets)), wall=WALL + 0.5, after=WALL + after)

    assert time not in {WALL + each for each in offsets}
    assert time > WALL + after
    assert time >= max([WALL, *(WALL + each for each in offsets if each < DAY)])
    assert time <= WALL + max([after, 0, *(each for each in offsets if each <= DAY)]) + 4


def test_a_time_of_loading_is_new_whatever_the_clock_says() -> None:
    """Later than that of the burst before, and than those in the table, unless these lie days ahead."""
    known = shown(at(5_000))

    assert 9_000 == next_loading_time([], wall=9_000.7, after=0)
    assert 9_001 == next_loading_time([], wall=8_000, after=9_000)
    assert 5_001 == next_loading_time(known, wall=4_000, after=0)
    far = shown(at(10**12))
    assert 4_000 == next_loading_time(far, wall=4_000, after=0)
