"""A row as Dust shows it, sent again: Dust then holds the same, or it is known that it would not."""

from __future__ import annotations

from typing import Any

import pytest

from destination_dust.mapping.tables.stored_cells import stored_cells


@pytest.mark.parametrize(
    "shown",
    [True, False, 0, -7, 2**53 - 1, 1 - 2**53, 1.5, -0.25, "text", "007", "t", '{"a":1}', "2026-01-01"],
)
def test_values_are_sent_as_they_are_shown(shown: object) -> None:
    """Dust types each again, and as before."""
    assert {"a": shown} == stored_cells({"a": shown})


def test_a_time_is_sent_as_a_time() -> None:
    """Dust adds a text to it, and drops fractions of a second."""
    shown: dict[str, Any] = {"type": "datetime", "epoch": -1500, "string_value": "1969-12-31 23:59:58"}

    assert {"a": {"type": "datetime", "epoch": -2000}} == stored_cells({"a": shown})


def test_a_float_that_is_whole_remains_a_float() -> None:
    """It might not fit into 64 bits as a whole number."""
    assert {"a": "1.0e+300"} == stored_cells({"a": 1e300})


@pytest.mark.parametrize("shown", [2**53, -(2**53), 9223372036854775808, -(2**63), {"epoch": None}, {"epoch": "1"}, {}])
def test_a_value_that_is_not_shown_exactly_cannot_be_sent_again(shown: object) -> None:
    """JavaScript rounds whole numbers beyond ±2^53, some of them to it."""
    assert {"a": None} == stored_cells({"a": shown})


def test_columns_that_are_null_are_left_out() -> None:
    """There is nothing to keep."""
    assert {} == stored_cells({"a": None})
