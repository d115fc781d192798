"""Whether Dust would read a table, and the requests that change it, with the right delimiter.

Dust stores tables as CSV with commas, but guesses the delimiter on each read: the most frequent of comma, semicolon and
tab outside quotes in the first 16 KB. Its writer puts quotes around cells with commas, quotes or line ends, and not
around those with semicolons or tabs. With the wrong delimiter, columns and row ids are lost.

Two files must be read rightly. That of a request holds its rows and the columns that they have cells in. That of the
table holds all its rows, in a random order that changes with each merge, so that what a request looks like proves
nothing for it.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from destination_dust.mapping.tables.bodies import cells_of
from destination_dust.mapping.tables.rows import Row

SAMPLE_BYTES = 16 * 1024
RIVALS = (";", "\t")
# A table may be merged many thousand times, and once is enough.
LARGEST_CHANCE = 1e-6
_DATETIME_CHARACTERS = len("2026-01-01 00:00:00")
_QUOTED = re.compile('[,"\r\n]')
# Between 0.001 and 32, each 1.4 times the one before. Rows have 3 commas and more, so the best is never larger.
_THETAS = [2.0 ** (power / 2) for power in range(-20, 11)]


class Delimiters:
    """How often semicolons and tabs stand outside quotes in the rows of a table."""

    def __init__(self) -> None:
        self.rows: Counter[tuple[int, int, int]] = Counter()
        """How many rows have so many semicolons, tabs and bytes, the latter rounded up by an eighth at most."""
        self.columns: Counter[str] = Counter()
        """Where semicolons and tabs stand, in rows that have more of them than cells."""

    def add(self, rows: Sequence[Row]) -> None:
        """Count rows that are to be sent. Those in quotes count as well, unless there are more of them than cells."""
        for size, number in Counter([row.csv_bytes for row in rows if row.is_undelimited]).items():
            self.rows[0, 0, _rounded(size)] += number
        for row in rows:
            content, size, cells, is_undelimited = row
            if is_undelimited:
                continue
            semicolons, tabs = content.count(b";"), content.count(b"\\t")
            if semicolons > cells or tabs > cells:
                semicolons, tabs = self._outside_quotes(cells_of(row.content), least=cells)
            self.rows[semicolons, tabs, _rounded(size)] += 1

    @classmethod
    def shown(cls, rows: Sequence[Mapping[str, Any]]) -> Delimiters:
        """Those of rows that Dust has shown (`row_id`, and `value`: its cells by column)."""
        found = cls()
        for row in rows:
            value = row["value"]
            cells = sum(cell is not None for cell in value.values())
            semicolons, tabs = found._outside_quotes(value, least=cells)
            size = len(str(row.get("row_id"))) + sum(map(cell_bytes, value.values()))
            found.rows[semicolons, tabs, _rounded(size)] += 1
        return found

    def _outside_quotes(self, value: Mapping[str, Any], *, least: int) -> tuple[int, int]:
        semicolons, tabs = (_unquoted([value], rival) for rival in RIVALS)
        for counts in (semicolons, tabs):
            if counts.total() > least:
                self.columns.update(counts)
        return semicolons.total(), tabs.total()


def misleading_in_table(groups: Sequence[tuple[Delimiters, float]], columns: Collection[str]) -> list[str]:
    """The columns to blame if Dust could mistake the delimiter of a table, whatever order its rows have.

    `groups`: the rows of the table, each group with how many rows of the table one of it stands for; the first are
    those that are added. `columns`: those of the table. Rows that are there already are never to blame alone.
    """
    blamed = groups[0][0].columns
    if not blamed:
        return []  # none has more semicolons or tabs than cells, and so than commas
    header = _header_bytes(columns)
    for rival in range(len(RIVALS)):
        rows: defaultdict[tuple[int, int], float] = defaultdict(float)
        for group, weight in groups:
            for key, number in group.rows.items():
                rows[key[rival] - len(columns), key[-1] + len(columns) + 1] += number * weight
        if _could_be_mistaken(rows, len(columns), SAMPLE_BYTES - header):
            return [name for name, _ in blamed.most_common(5)]
    return []


def _could_be_mistaken(rows: Mapping[tuple[int, int], float], commas: int, window: int) -> bool:
    """Whether rows drawn at random that fill so many bytes can have more semicolons than commas, with a chance of more
    than one in a million. `rows`: how many rows have so many semicolons more than commas, and so many bytes.

    If all rows fit into the window, there is no chance in it: they are added up, with the commas of the header.

    Else let X be what a row has more, and L its bytes, those beyond the window left out. The last row may be cut off
    before its commas, which those of the header make up for. So a mistake takes ΣX > 0 over the rows up to it, and by
    then ΣL is the window W or more. If E[exp(θX + κL)] ≤ 1 for some θ > 0, then exp(θΣX + κΣL) is 1 or less on average
    when the window is full (Wald's identity), so that P(ΣX > 0) ≤ exp(-κW) (Chernoff's bound). For κ = ln(10⁶) / W
    that is one in a million. Rows are drawn without repetition, which varies less.
    """
    if window <= 0:
        return False  # the header fills it
    if sum(number * size for (_, size), number in rows.items()) <= window:
        return sum(number * more for (more, _), number in rows.items()) > commas
    if all(more <= 0 for more, _ in rows):
        return False
    kappa, total = -math.log(LARGEST_CHANCE) / window, sum(rows.values())
    weights = [(more, number * math.exp(kappa * min(size, window))) for (more, size), number in rows.items()]
    return all(sum(weight * math.exp(min(theta * more, 600)) for more, weight in weights) > total for theta in _THETAS)


def is_suspicious(row: Row) -> bool:
    """Whether a row may have more semicolons or tabs than commas: it has one for each of its cells."""
    content, _, cells, is_undelimited = row
    return not is_undelimited and (content.count(b";") > cells or content.count(b"\\t") > cells)


def misleading_columns(rows: Sequence[Row]) -> list[str]:
    """The columns whose semicolons or tabs outnumber the commas in a request of these rows; empty if Dust will find the
    commas, both in its sample and in all rows.

    The sample ends in one of the rows that by the most, or the least, that the rows before it take fill it. It may have
    all of that row's semicolons and tabs, and none of its commas.
    """
    if not any(map(is_suspicious, rows)):
        return []
    values = [cells_of(row.content) for row in rows]
    names = {name for value in values for name in value}
    # The row id adds a column, and commas are one fewer than columns.
    commas_a_row = len(names)
    counts: dict[str, Counter[str]] = {rival: Counter() for rival in RIVALS}
    most = least = _header_bytes(names)
    for number, (row, value) in enumerate(zip(rows, values, strict=True), 1):
        for rival, count in counts.items():
            count.update(_unquoted([value], rival))
        before, most = least, most + row.csv_bytes + commas_a_row + 1
        least += sum(map(cell_bytes, value.values())) + commas_a_row + 1
        if before < SAMPLE_BYTES <= most and (blamed := _outnumbering(counts, commas_a_row * number)):
            return blamed
    return _outnumbering(counts, commas_a_row * (len(rows) + 1))


def _header_bytes(columns: Collection[str]) -> int:
    """The bytes of the first line of a table's file, with its end."""
    return sum(len(name) + 1 for name in columns) + len("__dust_id") + 1


def _outnumbering(counts: Mapping[str, Counter[str]], commas: int) -> list[str]:
    """The columns with most of a rival that outnumbers the commas. `counts`: by rival and column."""
    for count in counts.values():
        if count.total() > commas:
            return [name for name, _ in count.most_common(5)]
    return []


def cell_bytes(cell: object) -> int:
    """The bytes of a cell, as Dust shows it, in its CSV."""
    if isinstance(cell, Mapping):
        return _DATETIME_CHARACTERS
    if not isinstance(cell, str):
        return 0 if cell is None else len(str(cell))
    return len(cell.encode("utf-8", "replace")) + (2 + cell.count('"') if _QUOTED.search(cell) else 0)


def _unquoted(values: Iterable[Mapping[str, Any]], delimiter: str) -> Counter[str]:
    """How often a delimiter stands outside quotes, by column."""
    counts: Counter[str] = Counter()
    for value in values:
        for name, cell in value.items():
            if isinstance(cell, str) and delimiter in cell and not _QUOTED.search(cell):
                counts[name] += cell.count(delimiter)
    return counts


def _rounded(size: int) -> int:
    """Up to the next of eight steps between powers of two, so that there are few sizes."""
    step = 1 << max(0, size.bit_length() - 4)
    return -(-size // step) * step
