"""Times of loading: which a burst gives its rows, and what that of a row says about the request that changed it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any

from destination_dust.mapping.tables.rows import LOADED_AT
from destination_dust.mapping.timestamps import epoch_milliseconds

DAY = 86_400


class Verdict(Enum):
    """What a row says about the request that changed it."""

    NOT_YET = "not yet"
    """It is as it was before."""
    STORED = "stored"
    """It is as the request left it."""
    FOREIGN = "foreign"
    """Its time of loading is none that this sync has written."""


def verdict(row: Mapping[str, Any] | None, times: tuple[int, int]) -> Verdict:
    """Judge a row that a burst has upserted; `row` is None if it is not there, `times` as in `Witness`.

    Only the request's own time is proof, or that of one that failed before it with the same rows, and has landed. A
    later one may have been there before, written by a clock that was wrong.
    """
    cell = None if row is None else row.get(LOADED_AT)
    if cell is None:
        return Verdict.NOT_YET
    found = loading_time(cell)
    if found is None or found > times[1]:
        return Verdict.FOREIGN
    return Verdict.STORED if found >= times[0] else Verdict.NOT_YET


def loading_time(cell: object) -> int | None:
    """The time in a cell, in seconds since 1970, None if there is none."""
    if isinstance(cell, Mapping):
        epoch = cell.get("epoch")
        return epoch // 1000 if isinstance(epoch, int) else None
    milliseconds = epoch_milliseconds(cell) if isinstance(cell, str) else None
    return None if milliseconds is None else milliseconds // 1000


def next_loading_time(sample: Sequence[Mapping[str, Any]], *, wall: float, after: int) -> int:
    """A time in seconds since 1970 that no row of the sample has, later than `after`, and now if it can be.

    It is later than those of the sample, too, as a clock that was set back would bring the same times again. Times
    that are far ahead are not followed.
    """
    known = {seconds for row in sample if (seconds := loading_time(row["value"].get(LOADED_AT))) is not None}
    time = max([int(wall), after + 1, *(seconds + 1 for seconds in known if seconds - wall < DAY)])
    while time in known:
        time += 1
    return time
