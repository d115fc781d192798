"""Whether Dust would read the rows of a request with the right delimiter.

Dust stores tables as CSV with commas, but guesses the delimiter on each read: the most frequent of comma,
semicolon and tab outside quotes in the first 16 KB. Its writer puts quotes around cells with commas, quotes or
line ends, and not around those with semicolons or tabs. With the wrong delimiter, columns and row ids are lost.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import orjson

SAMPLE_BYTES = 16 * 1024
RIVALS = (";", "\t")
# There are never fewer columns than the row id, the time of loading and one more.
_FEWEST_COMMAS = 2
_QUOTED = re.compile('[,"\r\n]')


def misleading_columns(bodies: Iterable[bytes]) -> list[str]:
    """The columns of encoded rows (as JSON objects `{"value": …}`) whose semicolons or tabs outnumber the commas.

    Empty if Dust will find the commas, both in its sample and in all rows.
    """
    rows = list(bodies)
    if not any(row.count(b";") > _FEWEST_COMMAS or row.count(b"\\t") > _FEWEST_COMMAS for row in rows):
        return []
    values: list[Mapping[str, Any]] = [orjson.loads(row)["value"] for row in rows]
    # The row id adds a column, and commas are one fewer than columns.
    commas_a_row = len({name for value in values for name in value})
    for sample in (_beginning(values, commas_a_row), values):
        taken = list(sample)
        commas = commas_a_row * (len(taken) + 1)
        for rival in RIVALS:
            counts = _unquoted(taken, rival)
            if counts.total() > commas:
                return [name for name, _ in counts.most_common(5)]
    return []


def _beginning(values: Iterable[Mapping[str, Any]], commas_a_row: int) -> Iterator[Mapping[str, Any]]:
    """The rows that fill Dust's sample."""
    size = 0
    for value in values:
        if size > SAMPLE_BYTES:
            return
        size += commas_a_row + sum(len(cell) if isinstance(cell, str) else 8 for cell in value.values())
        yield value


def _unquoted(values: Iterable[Mapping[str, Any]], delimiter: str) -> Counter[str]:
    """How often a delimiter stands outside quotes, by column."""
    counts: Counter[str] = Counter()
    for value in values:
        for name, cell in value.items():
            if isinstance(cell, str) and delimiter in cell and not _QUOTED.search(cell):
                counts[name] += cell.count(delimiter)
    return counts
