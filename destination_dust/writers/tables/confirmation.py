"""Whether a burst has really been stored: which row to read when, and what to make of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from destination_dust.mapping.tables.rows import LOADED_AT
from destination_dust.mapping.timestamps import epoch_milliseconds
from destination_dust.writers.tables.witnesses import Witness

DAY = 86_400
FIRST_WAIT = 1.0
LONGEST_WAIT = 30.0
GROWTH = 1.5


class Verdict(Enum):
    """What a row says about the request that changed it."""

    NOT_YET = "it is as it was before"
    STORED = "it is as the request left it"
    OVERTAKEN = "someone else has changed it since"
    INCOMPARABLE = "its time of loading cannot be read as a time"


@dataclass(frozen=True, slots=True)
class ConfirmationTiming:
    """Seconds after the last request of a burst."""

    first_look: float
    give_up: float


def verdict(witness: Witness, row: Mapping[str, Any] | None, loaded_at: int) -> Verdict:
    """Judge a row by its time of loading, with that of the burst in seconds; `row` is None if it is not there."""
    if row is None:
        return Verdict.STORED if witness.deleted else Verdict.NOT_YET
    cell = row.get(LOADED_AT)
    found = loading_time(cell)
    if found is None:
        return Verdict.NOT_YET if witness.deleted or cell is None else Verdict.INCOMPARABLE
    if found > loaded_at:
        return Verdict.OVERTAKEN
    return Verdict.STORED if found == loaded_at and not witness.deleted else Verdict.NOT_YET


def loading_time(cell: object) -> int | None:
    """The time in a cell, in seconds since 1970, None if there is none."""
    if isinstance(cell, Mapping):
        epoch = cell.get("epoch")
        return epoch // 1000 if isinstance(epoch, int) else None
    milliseconds = epoch_milliseconds(cell) if isinstance(cell, str) else None
    return None if milliseconds is None else milliseconds // 1000


def next_loading_time(sample: Sequence[Mapping[str, Any]], *, wall: float, after: int) -> int:
    """A time in seconds since 1970 that is later than `after` and than those of the sample, and is now if it can be.

    A clock that was set back would otherwise make old rows look new. Times that are far ahead are not followed.
    """
    known = [seconds for value in sample if (seconds := loading_time(value.get(LOADED_AT))) is not None]
    return max([int(wall), after + 1, *(seconds + 1 for seconds in known if seconds - wall < DAY)])


class Confirmation:
    """Looks at one witness after the other, and at the same one again, less and less often, until it has changed.

    Dust's server reads the whole table for each row that is asked for.
    """

    def __init__(self, witnesses: Sequence[Witness], *, since: float, timing: ConfirmationTiming) -> None:
        """`since`: when the last request of the burst was answered."""
        self._left = list(reversed(witnesses))
        self._next = since + timing.first_look
        self._end = since + timing.give_up
        self._wait = FIRST_WAIT

    @property
    def witness(self) -> Witness | None:
        """The row to look at next, None if all were seen as they should be."""
        return self._left[-1] if self._left else None

    def due(self, now: float) -> bool:
        """Whether it is time to look."""
        return now >= self._next

    def overdue(self, now: float) -> bool:
        """Whether it has taken too long."""
        return bool(self._left) and now >= self._end

    def heard(self, found: Verdict, now: float) -> None:
        """Take note of what the witness said."""
        if found is not Verdict.NOT_YET:
            self._left.pop()
            return
        # The last look is at the very end.
        self._next = max(now, min(now + self._wait, self._end))
        self._wait = min(self._wait * GROWTH, LONGEST_WAIT)
