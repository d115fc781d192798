"""The changes waiting to be merged into one table."""

from __future__ import annotations

from local_dust.limits import Limits
from local_dust.tables.column_names import UnreadableCsv
from local_dust.tables.csv_files import LostForGood
from local_dust.tables.merging import Change, Deletion

WHICH = ("first", "middle", "last")
RETRY_SECONDS = 1.0


class TableQueue:
    """Changes in order of arrival. Each arrival restarts the wait of all.

    As in Dust, the changes (files) and the note that there are some (in Redis) are two things: when a merge has ended,
    the note is gone, also for changes that arrived meanwhile. Nobody merges those until another one arrives.
    """

    def __init__(self) -> None:
        self.noted = False
        self._changes: list[Change] = []
        self._last_arrival = 0.0
        self._last_failure: float | None = None
        self._lose: str | None = None
        self._error: str | None = None

    @property
    def pending(self) -> int:
        return len(self._changes)

    @property
    def changes(self) -> tuple[Change, ...]:
        return tuple(self._changes)

    def add(self, change: Change, now: float) -> None:
        self._changes.append(change)
        self._last_arrival = now
        self.noted = True

    def due_at(self, quiet: float) -> float | None:
        """When a merge may begin, None if nobody knows that there is something to merge."""
        if not (self.noted and self._changes):
            return None
        due = self._last_arrival + quiet
        return due if self._last_failure is None else max(due, self._last_failure + RETRY_SECONDS)

    def listed(self) -> int:
        """How many changes a merge that begins now takes. Drops the change that `lose` chose."""
        if self._lose is not None:
            position = {"first": 0, "middle": len(self._changes) // 2, "last": -1}[self._lose]
            del self._changes[position]
            self._lose = None
        return len(self._changes)

    def next_pass(self, listed: int, limits: Limits) -> list[Change]:
        """The oldest of the listed changes, as many as one pass takes."""
        rows = size = cells = count = 0
        for change in self._changes[:listed]:
            if isinstance(change, Deletion):
                rows += 1
            else:
                rows += len(change.ids)
                size += change.bytes_at_most
                cells += len(change.ids) * len(change.names)
            full = rows > limits.table_rows or size > limits.table_bytes or cells > (limits.pass_cells or cells)
            if count and full:
                break
            count += 1
        return self._changes[:count]

    def fail_on_demand(self) -> None:
        """Raise the error that `lose` set, once.

        Raises:
            UnreadableCsv: `LostForGood` if the columns are too many.
        """
        error, self._error = self._error, None
        if error is not None:
            raise LostForGood(error) if error.startswith("Too many columns") else UnreadableCsv(error)

    def done(self, changes: list[Change]) -> None:
        del self._changes[: len(changes)]
        self._last_failure = None

    def failed(self, now: float, *, permanent: bool, patience: float) -> None:
        """Silently drop everything if the failure is permanent, or the last change is over `patience` seconds old."""
        self._last_failure = now
        if permanent or now - self._last_arrival > patience:
            self._changes = []
            self._last_failure = None
            self.noted = False

    def lose(self, *, which: str | None, error: str | None) -> None:
        if (which is None) == (error is None) or which not in (None, *WHICH):
            raise ValueError(f"either `which` ({', '.join(WHICH)}) or `error`")
        self._lose, self._error = which, error

    def lose_nothing(self) -> None:
        self._lose = self._error = None
