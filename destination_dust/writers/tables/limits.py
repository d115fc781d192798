"""Every limit of rows, requests, memory and tables, with the arithmetic and the day on which each figure was read.

Dust stops reading a table for ever once it has more than 500,000 rows or its CSV file more than 100 MB, and reports
nothing. So a table is measured before anything is added to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, NamedTuple

from destination_dust.mapping.tables.bodies import BODY_OVERHEAD
from destination_dust.mapping.tables.delimiters import cell_bytes
from destination_dust.mapping.tables.rows import Row

# Of a table, and of what is merged in one go. Read in Dust's source (core/src/databases/csv.rs) on 2026-11-25.
MAX_ROWS = 500_000
MAX_BYTES = 100_000_000
# There is a limit of cells as well, whose value is not known. Dust's own connectors for spreadsheets stay below 3 to 5
# million (read on 2026-11-25).
MANY_CELLS = 3_000_000
# Enough rows to know what one takes on average. Each may be up to 1 MB, and the answer has to fit into memory.
SAMPLE_ROWS = 50
# With less room than this, a sync would creep: each burst takes ten seconds and more.
FEWEST_ROWS = 1_000
FEWEST_BYTES = 1_000_000
# Dust's server before the current one refused bodies over 1 MiB (2026-11); the rest is room for error.
MAX_REQUEST_BYTES = 900_000
MAX_ROW_BYTES = 1_000_000 - BODY_OVERHEAD
# Rows that wait, over all tables. Together with what is on its way, this is most of the memory of a sync.
MEMORY = 40_000_000


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
    """What one burst may hold.

    Dust refuses the 101st pending request of a table (the 201st since 2026-06-19), and merges 100 MB or 500,000 rows in
    one go. Single rows in doubt are sent beyond the 80, with others to compare: ten requests at most.
    """

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


def fitting(table: Size, rows: Iterable[Row], columns: int) -> int:
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
