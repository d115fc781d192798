"""The time that marks the rows of a burst."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from destination_dust.mapping.tables.rows import LOADED_AT
from destination_dust.writers.tables.loading_times import DAY, loading_time, next_loading_time

NOW = 1_800_000_000


def at(seconds: float) -> dict[str, Any]:
    """A cell as Dust shows it."""
    return {"type": "datetime", "epoch": int(seconds * 1000), "string_value": "…"}


@pytest.mark.parametrize(
    ("cell", "expected"),
    [(at(NOW), NOW), (at(NOW + 0.9), NOW), ("2027-01-15 08:00:00", NOW), ("recently", None), (5, None), (None, None)],
)
def test_a_time_is_read_as_dust_shows_it(cell: object, expected: int | None) -> None:
    """As a datetime, or as text in a column where something else is not a datetime."""
    assert expected == loading_time(cell)


@given(st.lists(st.integers(-3, 3) | st.integers(DAY - 3, DAY + 3), max_size=20), st.integers(-3, 3))
def test_a_burst_has_a_time_of_its_own(offsets: list[int], after: int) -> None:
    """Now, unless that was used before; later than any near one; and never that of a row that was seen."""
    time = next_loading_time([{LOADED_AT: at(NOW + each)} for each in offsets], wall=NOW + 0.5, after=NOW + after)

    assert time not in {NOW + each for each in offsets}
    assert time > NOW + after
    assert time >= max([NOW, *(NOW + each for each in offsets if each < DAY)])
    assert time <= NOW + max([after, 0, *(each for each in offsets if each <= DAY)]) + 4


def test_a_time_of_loading_is_new_whatever_the_clock_says() -> None:
    """Later than that of the burst before, and than those in the table, unless these lie days ahead."""
    known = [{"_airbyte_loaded_at": {"type": "datetime", "epoch": 5_000_000}}]

    assert 9_000 == next_loading_time([], wall=9_000.7, after=0)
    assert 9_001 == next_loading_time([], wall=8_000, after=9_000)
    assert 5_001 == next_loading_time(known, wall=4_000, after=0)
    far = [{"_airbyte_loaded_at": {"type": "datetime", "epoch": 10**15}}]
    assert 4_000 == next_loading_time(far, wall=4_000, after=0)
