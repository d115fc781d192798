"""Every limit of rows, requests, memory and tables, and the arithmetic behind it.

Dust stops reading a table for ever once it has more than 500,000 rows or its CSV file more than 100 MB, and reports
nothing. So a table is measured before anything is added to it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from destination_dust.mapping.tables.rows import BODY_OVERHEAD

MAX_ROWS = 500_000
MAX_BYTES = 100_000_000
# Enough rows to know what one takes on average. Each may be up to 1 MB, and the answer has to fit into memory.
SAMPLE_ROWS = 50
# With less room than this, a sync would creep: each burst takes ten seconds and more.
FEWEST_ROWS = 1_000
FEWEST_BYTES = 1_000_000
# Dust's server before the current one refused bodies over 1 MiB; the rest is room for error.
MAX_REQUEST_BYTES = 900_000
MAX_ROW_BYTES = 1_000_000 - BODY_OVERHEAD
# Rows that wait, over all tables. Together with what is on its way, this is most of the memory of a sync.
MEMORY = 40_000_000
_DATETIME_CHARACTERS = len("2026-01-01 00:00:00")


@dataclass(slots=True)
class RequestLimits:
    """What one request may hold. Shared by all tables, and lowered when Dust, or a proxy, finds one too large."""

    rows: int
    size: int = MAX_REQUEST_BYTES

    def shrink(self, size: int) -> None:
        """Remember that a request must be smaller than was thought."""
        self.size = max(1, min(self.size, size))


@dataclass(frozen=True, slots=True)
class BurstLimits:
    """What one burst may hold. Dust refuses the 101st pending request of a table, and merges 100 MB in one go."""

    requests: int = 80
    rows: int = 250_000
    size: int = 50_000_000


@dataclass(slots=True)
class MemoryBudget:
    """Bytes of memory for what waits to be sent. They are given back when Dust has taken it."""

    limit: int = MEMORY
    used: int = 0

    @property
    def has_room(self) -> bool:
        """Whether more may be taken in."""
        return self.used < self.limit


class TableFull(Exception):
    """A table has no room for what waits."""


@dataclass(slots=True)
class Capacity:
    """What may still be added to a table, if all of it is new to the table: rows, and bytes of CSV."""

    rows: int
    size: int
    columns: int = 0
    """Each row has at least so many characters: the commas."""

    def takes(self, rows: int, size: int) -> bool:
        """Whether there is room for so many rows of so many bytes in all."""
        return rows <= self.rows and size + rows * self.columns <= self.size

    def rows_of(self, rows: int, size: int) -> int:
        """For how many of so many rows there is room."""
        return max(0, min(self.rows, rows * self.size // max(1, size + rows * self.columns)))

    def took(self, rows: int, size: int) -> None:
        """So much was added."""
        self.rows -= rows
        self.size -= size + rows * self.columns


def remaining_capacity(sample: Sequence[Mapping[str, Any]], total: int, *, rows: int, size: int) -> Capacity:
    """How much a table can still take, given a sample of its rows (cells by column) and their number.

    Raises `TableFull` if there is next to none, and the `rows` that wait, of `size` bytes, do not fit in.
    """
    average = sum(map(csv_size, sample)) / len(sample) if sample else 0.0
    found = Capacity(MAX_ROWS - total, int(MAX_BYTES - total * average), len(sample[0]) if sample else 0)
    if found.rows < min(rows, FEWEST_ROWS) or found.size < min(size, FEWEST_BYTES):
        raise TableFull(
            f"it has {total} rows of {average:.0f} bytes on average, and Dust cannot read a table of more than "
            f"{MAX_ROWS} rows or {MAX_BYTES // 1_000_000} MB"
        )
    return found


def csv_size(value: Mapping[str, Any]) -> int:
    """The bytes of a row, roughly: its cells, the commas between them, its id."""
    return sum(_cell_size(cell) + 1 for cell in value.values()) + 40


def _cell_size(cell: object) -> int:
    if isinstance(cell, Mapping):
        return _DATETIME_CHARACTERS
    return 0 if cell is None else len(str(cell).encode())
