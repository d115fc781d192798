"""What a table has, and whether more rows go with that: by their number, their bytes and their delimiters."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from destination_dust.mapping.tables.delimiters import Delimiters, misleading_in_table
from destination_dust.mapping.tables.rows import Row
from destination_dust.mapping.tables.sizes import Size, fitting


class Contents:
    """What a table has between two measurements, with the rows that are added to it."""

    def __init__(self, size: Size, shown: Sequence[Mapping[str, Any]] = (), *, is_exact: bool = True) -> None:
        """`size`: what it has at most; `shown`: some of its rows (`row_id`, `value`); `is_exact`: whether it is known
        how many it has."""
        self.size = size
        """What it has at most, with what was added."""
        self.rows_before = size.rows if is_exact else None
        """How many rows it had before any was added, None if that is not known."""
        self.was_all_shown = is_exact and len(shown) >= size.rows
        """Whether it had no other rows than those shown."""
        self.added = Delimiters()
        """Of the rows that were added or are about to be."""
        self._shown = Delimiters.shown(shown)

    def fitting(self, rows: Sequence[Row], size: Size, columns: int) -> int:
        """For how many of the first rows there is room. `size`: that of all."""
        return len(rows) if (self.size + size).fits(columns) else fitting(self.size, rows, columns)

    def misleading(self, columns: Collection[str]) -> list[str]:
        """The columns by which Dust could mistake the delimiter of the table with the rows in `added`; else none.

        They may be new to it, or take the place of others: neither may be mistaken.
        """
        before = self.rows_before or 0
        for staying in (before, max(0, before - self.added.rows.total())):
            groups = [(self.added, 1.0), (self._shown, staying / max(1, self._shown.rows.total()))]
            if blamed := misleading_in_table(groups, columns):
                return blamed
        return []
