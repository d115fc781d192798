"""What a row proves about the request that changed it, and when to look at it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from destination_dust.mapping.tables.rows import LOADED_AT
from destination_dust.writers.tables.loading_times import loading_time
from destination_dust.writers.tables.witnesses import Witness

FIRST_WAIT = 1.0
LONGEST_WAIT = 30.0
GROWTH = 1.5
# Shares of the whole patience: 2, 5 and 10 minutes of 30 …
NUDGES = (1 / 15, 1 / 6, 1 / 3)
# … and one minute. A merge that outlives its lock of 60 s writes the rows back that were replaced meanwhile.
LOCK = 1 / 30


class Verdict(Enum):
    """What a row says about the request that changed it."""

    NOT_YET = "not yet"
    """It is as it was before."""
    STORED = "stored"
    """It is as the request left it."""
    FOREIGN = "foreign"
    """Its time of loading is none that this sync has written."""


@dataclass(frozen=True, slots=True)
class ConfirmationTiming:
    """Seconds after the last request of a burst."""

    first_look: float
    give_up: float

    @property
    def lock(self) -> float:
        """After so long, no merge that had begun before can undo what was written."""
        return LOCK * self.give_up

    @property
    def trouble(self) -> float:
        """For so long may the number of rows be wrong after all witnesses were found: five minutes of 30."""
        return NUDGES[1] * self.give_up


@dataclass(slots=True)
class MergeProgress:
    """When Dust was last seen to have merged something. It merges one table after another."""

    latest: float = 0.0


def verdict(row: Mapping[str, Any] | None, loaded_at: int) -> Verdict:
    """Judge a row that a burst has upserted; `row` is None if it is not there, `loaded_at` in seconds since 1970.

    Only the burst's own time is proof. A later one may have been there before, written by a clock that was wrong.
    """
    cell = None if row is None else row.get(LOADED_AT)
    if cell is None:
        return Verdict.NOT_YET
    found = loading_time(cell)
    if found == loaded_at:
        return Verdict.STORED
    return Verdict.FOREIGN if found is None or found > loaded_at else Verdict.NOT_YET


class Looks:
    """The looks at one witness after the other, and at the same one again, ever more rarely, until it has changed.

    Dust's server reads the whole table for each row that is asked for.
    """

    def __init__(self, witnesses: Sequence[Witness], *, since: float, timing: ConfirmationTiming) -> None:
        """`since`: when the last request of the burst was answered."""
        self.latest = Verdict.NOT_YET
        """What the latest look has found."""
        self._left = list(reversed(witnesses))
        self._since = since
        self._patience = timing.give_up
        self._next = since + timing.first_look
        self._wait = FIRST_WAIT
        self._nudges = [since + share * timing.give_up for share in NUDGES]

    @property
    def witness(self) -> Witness | None:
        """The row to look at next, None if all were seen as they should be."""
        return self._left[-1] if self._left else None

    def due(self, now: float) -> bool:
        """Whether it is time to look."""
        return now >= self._next

    def found(self, found: Verdict, *, looked: float, now: float, progress: float) -> bool:
        """Take note of a look that was begun at `looked`. Returns whether it is the last one, and in vain.

        That is so if a witness is missing though all patience was over when it was looked at; what was found before
        is never lost again. Patience counts from `progress`, when Dust was last seen to merge any table.
        """
        self.latest = found
        if found is Verdict.STORED:
            self._left.pop()
            self._wait, self._next = FIRST_WAIT, now
            return False
        end = max(self._since, progress) + self._patience
        # The last look is at the very end.
        self._next = max(now, min(now + self._wait, end))
        self._wait = min(self._wait * GROWTH, LONGEST_WAIT)
        return looked >= end

    def nudge_due(self, now: float) -> bool:
        """Whether Dust should be nudged now. Says so once for each time."""
        due = bool(self._nudges) and now >= self._nudges[0]
        if due:
            del self._nudges[0]
        return due
