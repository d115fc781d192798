"""How large a table is, and how much it may still grow.

Dust stops reading a table for ever once it has more than 500,000 rows or its CSV file more than 100 MB, and reports
nothing. So a table is measured before anything is added to it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import Any, NamedTuple

from destination_dust.mapping.tables.delimiters import cell_bytes
from destination_dust.mapping.tables.rows import Row

# Of a table, and of what is merged in one go. Read in Dust's source (core/src/databases/csv.rs) on 2026-11-25.
MAX_ROWS = 500_000
MAX_BYTES = 100_000_000
# With less room than this, a sync would creep: each burst takes ten seconds and more.
FEWEST_ROWS = 1_000
FEWEST_BYTES = 1_000_000


# Of each row, without a step of the interpreter.
_CSV_BYTES, _CELLS = attrgetter("csv_bytes"), attrgetter("cells")


class Size(NamedTuple):
    """What rows take in a table: their number, their cells in bytes of CSV with quotes and without commas, and the
    cells that are not empty."""

    rows: int = 0
    csv_bytes: int = 0
    cells: int = 0

    def __add__(self, other: object) -> Size:
        """Both together."""
        assert isinstance(other, Size)
        return Size(self.rows + other.rows, self.csv_bytes + other.csv_bytes, self.cells + other.cells)

    def file_bytes(self, columns: int) -> int:
        """The bytes of the table's CSV file: a row has a comma for each column, empty ones included, and ends."""
        return self.csv_bytes + self.rows * (columns + 1)

    def fits(self, columns: int) -> bool:
        """Whether Dust can read such a table."""
        return self.rows <= MAX_ROWS and self.file_bytes(columns) <= MAX_BYTES

    @classmethod
    def of(cls, rows: Sequence[Row]) -> Size:
        """That of encoded rows."""
        return cls(len(rows), sum(map(_CSV_BYTES, rows)), sum(map(_CELLS, rows)))

    @classmethod
    def estimated(cls, sample: Sequence[Mapping[str, Any]], total: int) -> Size:
        """That of a table of `total` rows; `sample`: some that Dust has shown (`row_id`, `value`)."""
        if not sample:
            return cls(total)
        values = [row["value"] for row in sample]
        size = sum(sum(map(cell_bytes, value.values())) for value in values)
        size += sum(cell_bytes(str(row.get("row_id"))) for row in sample)
        cells = sum(sum(cell is not None for cell in value.values()) for value in values)
        return cls(total, total * size // len(sample), total * cells // len(sample))


def fitting(table: Size, rows: Sequence[Row], columns: int) -> int:
    """How many of the first rows a table of some size can take as well, if all of them are new to it."""
    fit = 0
    for row in rows:
        table += Size(1, row.csv_bytes, row.cells)
        if not table.fits(columns):
            break
        fit += 1
    return fit


def full(table: Size, columns: int, *, rows: int, size: int) -> str | None:
    """Why a table has next to no room left, and not enough for so many `rows` of `size` bytes; None if it has."""
    if not rows:
        return None
    left_rows, left_bytes = MAX_ROWS - table.rows, MAX_BYTES - table.file_bytes(columns)
    if left_rows >= min(rows, FEWEST_ROWS) and left_bytes >= min(size, FEWEST_BYTES):
        return None
    average = table.file_bytes(columns) // max(1, table.rows)
    return (
        f"it has {table.rows} rows of {average} bytes on average, and Dust cannot read a table of more than "
        f"{MAX_ROWS} rows or {MAX_BYTES // 1_000_000} MB"
    )
