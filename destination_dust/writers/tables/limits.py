"""How much a table may still grow, and at what time its next rows are said to be loaded.

Dust stops reading a table for ever once it has more than 500,000 rows or its CSV file more than 100 MB, and
tells nobody. So the table is looked at before anything is added to it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from destination_dust.mapping.tables.rows import LOADED_AT
from destination_dust.writers.tables.confirmation import loading_time

MAX_ROWS = 500_000
MAX_BYTES = 100_000_000
# Enough rows to know what one takes on average. Each may be up to 1 MB, and the answer has to fit into memory.
SAMPLE_ROWS = 50
# With less room than this, a sync would creep: each burst takes ten seconds and more.
FEWEST_ROWS = 1_000
FEWEST_BYTES = 1_000_000
DAY = 86_400
_DATETIME_CHARACTERS = len("2026-01-01 00:00:00")


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


def room(sample: Sequence[Mapping[str, Any]], total: int, *, rows: int, size: int) -> Capacity:
    """The room in a table of which a sample of rows (cells by column) and their number are known.

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


def next_loading_time(sample: Sequence[Mapping[str, Any]], *, wall: float, after: int) -> int:
    """A time in seconds since 1970 that is later than `after` and than those of the sample, and is now if it can be.

    A clock that was set back would otherwise make old rows look new. Times that are far ahead are not followed.
    """
    known = [seconds for value in sample if (seconds := loading_time(value.get(LOADED_AT))) is not None]
    return max([int(wall), after + 1, *(seconds + 1 for seconds in known if seconds - wall < DAY)])


def csv_size(value: Mapping[str, Any]) -> int:
    """The bytes of a row, roughly: its cells, the commas between them, its id."""
    return sum(_cell_size(cell) + 1 for cell in value.values()) + 40


def _cell_size(cell: object) -> int:
    if isinstance(cell, Mapping):
        return _DATETIME_CHARACTERS
    return 0 if cell is None else len(str(cell).encode())
