"""Merging queued changes into the rows of a table."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

from local_dust.limits import Limits
from local_dust.tables.cells import Cell, trimmed
from local_dust.tables.csv_files import Rows, passed, reread_cells
from local_dust.tables.schemas import Schema, inferred, merged

SMALL = 1000


@dataclass(frozen=True)
class Deletion:
    """A queued DELETE of a row."""

    row_id: str


Change: TypeAlias = Rows | Deletion


def merge(
    stored: Rows,
    cached: Schema | None,
    changes: Sequence[Change],
    limits: Limits,
    today: date,
    chance: random.Random,
) -> tuple[Rows, Schema]:
    """The rows to write, in random order, and the schema to cache.

    Rows are replaced whole; the last change of a row wins. Queued rows made a round trip of their own through a
    CSV file.

    Raises:
        UnreadableCsv, UnwritableCell: A queued request cannot be read.
    """
    files = [change if isinstance(change, Deletion) else passed(change, limits, today) for change in changes]
    names = tuple(dict.fromkeys(n for file in files if isinstance(file, Rows) for n in file.names))
    new: dict[str, tuple[Cell, ...] | None] = {}
    size = stored.bytes_at_most
    for file in files:
        if isinstance(file, Deletion):
            new[trimmed(file.row_id)] = None
        else:
            new.update(zip(file.ids, file.aligned(names).values, strict=True))
            size += file.bytes_at_most
    upserts = {row_id: values for row_id, values in new.items() if values is not None}
    latest = Rows(names, list(upserts), list(upserts.values()), read=True)
    schema = inferred(names, latest.columns())
    if cached is not None:
        schema = merged(cached, schema)
    columns = tuple(column.name for column in schema)

    rows = dict(zip(stored.ids, stored.aligned(columns).values, strict=True))
    for row_id in new.keys() - upserts.keys():
        rows.pop(row_id, None)
    # Dust will read the written file again. Only the new rows may change then, so only they are reread here.
    # The text of the file stays the same.
    latest = reread_cells(latest.aligned(columns), today)
    rows.update(zip(latest.ids, latest.values, strict=True))
    ids = _disordered(list(rows), chance)
    settled = latest.settled and (stored.settled or not stored.ids)
    return Rows(columns, ids, [rows[i] for i in ids], size, read=True, settled=settled), schema


def _disordered(ids: list[str], chance: random.Random) -> list[str]:
    """A random order; for many rows, one that is fast to make."""
    if len(ids) < SMALL:
        chance.shuffle(ids)
        return ids
    stride = chance.randrange(7, 97)
    starts = list(range(stride))
    chance.shuffle(starts)
    return [row_id for start in starts for row_id in ids[start::stride]]
