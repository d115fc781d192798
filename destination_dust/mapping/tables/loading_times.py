"""Times of loading: that of a row as Dust shows it, and a new one for the rows of a burst."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from destination_dust.mapping.tables.rows import LOADED_AT
from destination_dust.mapping.timestamps import epoch_milliseconds

DAY = 86_400


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
