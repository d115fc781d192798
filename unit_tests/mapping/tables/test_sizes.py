"""How much a table may still grow, and what rows take in it."""

from __future__ import annotations

from typing import Any

import pytest

from destination_dust.mapping.tables.rows import Row, RowEncoder
from destination_dust.mapping.tables.sizes import MAX_BYTES, MAX_ROWS, Size, fitting, full

ROW: dict[str, Any] = {
    "row_id": "users-1",
    "value": {"id": 1, "text": "x" * 100, "at": {"type": "datetime", "epoch": 0}, "none": None},
}
COLUMNS = 4


def test_a_table_is_estimated_by_a_sample() -> None:
    """Rows are counted, cells by the average: 7 bytes of id, 1, 100, and 19 of a date-time."""
    assert Size(100_000, 12_700_000, 300_000) == Size.estimated([ROW] * 3, 100_000)
    assert Size(0) == Size.estimated([], 0)


@pytest.mark.parametrize(
    ("cell", "size"), [('{"a":"b"}', 9 + 2 + 4), ("a,b", 5), ("a\nb", 5), ("a;b", 3), ("é", 2), (True, 4), (-1.5, 4)]
)
def test_cells_are_counted_as_the_csv_has_them(cell: object, size: int) -> None:
    """With quotes around those that need them, and quotes in them doubled."""
    assert size == Size.estimated([{"row_id": "", "value": {"a": cell}}], 1).csv_bytes


def test_every_column_costs_a_comma_in_every_row() -> None:
    """Also where it is empty: a table of 400 columns is full with 100,000 rows of five cells."""
    sparse = RowEncoder({}).encode("users-1", {"a": 1, "b": 2}, 1)
    assert Size.of([sparse] * 100_000).fits(10)
    assert not Size.of([sparse] * 250_000).fits(400)


def test_what_json_takes_to_quote_the_csv_takes_too() -> None:
    """Objects become JSON text, whose quotes are doubled."""
    row = RowEncoder({}).encode("users-1", {"a": {"b": ["c", "d"]}}, 1)
    text = '{"b":["c","d"]}'
    assert row.csv_bytes >= len(text) + 2 + text.count('"')


@pytest.mark.parametrize(
    ("table", "rows", "size"),
    [
        (Size(MAX_ROWS), 1, 100),
        (Size(MAX_ROWS - 500), 501, 100),
        (Size(450_000, 97_000_000), 10, 2_000_000),
        (Size(600_000), 1, 1),
    ],
)
def test_next_to_no_room_is_refused_with_the_figures(table: Size, rows: int, size: int) -> None:
    """What waits would ruin the table, now or soon."""
    reason = full(table, COLUMNS, rows=rows, size=size)
    assert reason
    assert f"{table.rows} rows" in reason


@pytest.mark.parametrize(("total", "rows"), [(499_500, 500), (499_000, 5000), (499_999, 1)])
def test_little_room_is_enough_for_little(total: int, rows: int) -> None:
    """The last rows may come, and what changes rows may go on by small bursts."""
    assert full(Size(total), COLUMNS, rows=rows, size=100) is None


def test_room_shrinks_with_what_is_sent() -> None:
    """By rows, by bytes, and by a comma for each column and row."""
    row = Row(b"", 1_000, 5)
    assert 5 == fitting(Size(), [row] * 5, COLUMNS)
    assert 2 == fitting(Size(MAX_ROWS - 2), [row] * 5, COLUMNS)
    assert 3 == fitting(Size(1, MAX_BYTES - 3_020), [row] * 5, COLUMNS)
    assert 1 == fitting(Size(1, MAX_BYTES - 3_020), [row] * 5, 600)
