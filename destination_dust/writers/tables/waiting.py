"""What waits for one table: the latest change of each row."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from destination_dust.mapping.tables.bodies import BODY_OVERHEAD
from destination_dust.writers.tables.changes import Change
from destination_dust.writers.tables.context import MemoryBudget, RequestLimits


class Waiting:
    """Changes of distinct rows, in the order in which the rows began to wait. Requests are cut from them."""

    def __init__(self, budget: MemoryBudget, *, keeps_earlier: bool) -> None:
        """`keeps_earlier`: keep what was superseded, in case Dust refuses what took its place."""
        self.rows = 0
        """Rows to upsert, …"""
        self.size = 0
        """… and their bytes in requests."""
        self.held = 0
        """Bytes of the memory budget that they count for, with those on their way."""
        self._budget = budget
        self._keeps_earlier = keeps_earlier
        self._changes: dict[str, Change] = {}

    def __len__(self) -> int:
        return len(self._changes)

    @property
    def since(self) -> float | None:
        """Since when the first of them waits, None if there is none."""
        return next((change.since for change in self._changes.values()), None)

    def fills(self, limits: RequestLimits) -> bool:
        """Whether there are rows for a full request."""
        return self.rows >= limits.rows or self.size + BODY_OVERHEAD >= limits.size

    def put(self, change: Change) -> bool:
        """Take a change in. Returns whether another one of its row waited, which keeps its turn."""
        earlier = self._changes.get(change.row_id)
        if earlier:
            self._count([earlier], -1)
            self._hold(-earlier.held)
            change.supersede(earlier, keeps=self._keeps_earlier)
        self._changes[change.row_id] = change
        # There is one for each record, so `_hold` and `_count` are written out.
        held = change.hold()
        self.held += held
        self._budget.used += held
        if change.row is not None:
            self.rows += 1
            self.size += change.size
        return earlier is not None

    def put_back(self, changes: Iterable[Change]) -> int:
        """Take changes in again that were cut and not sent, before all others. Returns for how many of the rows a newer
        one waits, which supersedes them."""
        first: dict[str, Change] = {}
        superseded = 0
        for change in changes:
            newer = self._changes.get(change.row_id)
            if newer:
                self._count([newer], -1)
                self._hold(-newer.held - change.held)
                newer.supersede(change, keeps=self._keeps_earlier)
                self._hold(newer.hold())
                superseded += 1
            else:
                first[change.row_id] = change
            self._count([newer or change], 1)
        self._changes = {**first, **self._changes}
        return superseded

    def restore(self, change: Change) -> bool:
        """Take the change in that a cut one took the place of, and forget that one. Returns whether a newer one waits,
        which supersedes it."""
        assert change.earlier
        self._hold(-change.held + change.earlier.hold())
        return bool(self.put_back([change.earlier]))

    def cut(self, limits: RequestLimits, until: float, *, deletes: bool | None = None) -> list[Change]:
        """Take out the changes of the next request: those that came by `until`, and rows that fill a request.

        They are rows to upsert, as many as fit, or one delete; `deletes` says which, or else their age. They stay in
        the memory budget. None if none of them are due.
        """
        row = self._first(deletes=False)
        if row and row.since > until and not self.fills(limits):
            row = None
        delete = self._first(deletes=True)
        if delete and delete.since > until:
            delete = None
        if deletes is None:
            # If rows always went first, a steady stream of them would put deletes off for ever.
            deletes = row is None or (delete is not None and delete.since < row.since)
        taken: list[Change] = []
        if deletes and delete:
            taken = [delete]
        elif row and not deletes:
            taken = self._first_rows(limits)
        for change in taken:
            del self._changes[change.row_id]
        self._count(taken, -1)
        return taken

    def release(self, held: int) -> None:
        """Give back the memory of changes that were cut, and are not kept any longer: the bytes that they count for."""
        self._hold(-held)

    def clear(self) -> None:
        """Forget all of them, and those on their way: they will not be sent."""
        self._hold(-self.held)
        self.rows = self.size = 0
        self._changes.clear()

    def _first(self, *, deletes: bool) -> Change | None:
        """The first delete, or the first row to upsert."""
        if not (len(self) - self.rows if deletes else self.rows):
            return None
        return next(change for change in self._changes.values() if (change.row is None) is deletes)

    def _first_rows(self, limits: RequestLimits) -> list[Change]:
        taken: list[Change] = []
        size = BODY_OVERHEAD
        for change in self._changes.values():
            if change.row is None:
                continue
            size += change.size
            if taken and (len(taken) >= limits.rows or size > limits.size):
                break
            taken.append(change)
        return taken

    def _hold(self, size: int) -> None:
        self.held += size
        self._budget.used += size

    def _count(self, changes: Sequence[Change], sign: int) -> None:
        """Add changes to the counts of rows, or take them out."""
        sizes = [change.size for change in changes if change.row is not None]
        self.rows += sign * len(sizes)
        self.size += sign * sum(sizes)
