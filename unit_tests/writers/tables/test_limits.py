"""How much a table may still grow."""

from __future__ import annotations

from typing import Any

import pytest

from destination_dust.writers.tables.limits import TableFull, remaining_capacity

ROW: dict[str, Any] = {"id": 1, "text": "x" * 100, "at": {"type": "datetime", "epoch": 0}, "none": None}


def test_an_empty_table_has_all_the_room() -> None:
    """500,000 rows and 100 MB."""
    found = remaining_capacity([], 0, rows=10, size=1000)

    assert (500_000, 100_000_000) == (found.rows, found.size)


def test_rows_and_bytes_that_are_there_are_taken_off() -> None:
    """Bytes by the average of a sample, as Dust does not tell."""
    found = remaining_capacity([ROW] * 3, 100_000, rows=10, size=1000)

    assert 400_000 == found.rows
    assert 80_000_000 <= found.size <= 86_000_000


@pytest.mark.parametrize(
    ("total", "rows", "size", "text"),
    [(500_000, 1, 100, "x"), (499_500, 501, 100, "x"), (450_000, 10, 2_000_000, "x" * 157), (600_000, 1, 1, "x")],
)
def test_next_to_no_room_is_refused_with_the_figures(total: int, rows: int, size: int, text: str) -> None:
    """What waits would ruin the table, now or soon."""
    with pytest.raises(TableFull, match=f"{total} rows"):
        remaining_capacity([{**ROW, "text": text}], total, rows=rows, size=size)


@pytest.mark.parametrize(("total", "rows"), [(499_500, 500), (499_000, 5000), (499_999, 1)])
def test_little_room_is_enough_for_little(total: int, rows: int) -> None:
    """The last rows may come, and what changes rows may go on by small bursts."""
    assert 500_000 - total == remaining_capacity([{"id": 1}], total, rows=rows, size=100).rows


def test_room_shrinks_with_what_is_sent() -> None:
    """By rows, by bytes, and by a comma for each column and row."""
    found = remaining_capacity([ROW], 0, rows=1, size=1)
    assert found.takes(500_000, 90_000_000)
    assert not found.takes(500_001, 0)
    assert not found.takes(500_000, 99_000_000)

    found.took(499_000, 90_000_000)

    assert 1_000 == found.rows_of(2_000, 10_000)
    assert found.rows_of(1_000, 50_000_000) < 200
