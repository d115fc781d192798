"""Changes of rows: what becomes of each, the records whose fate that is, and which changes wait for a table."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from destination_dust.airbyte.ledger import Span
from destination_dust.mapping.tables.bodies import BODY_OVERHEAD, ROW_OVERHEAD
from destination_dust.mapping.tables.rows import Row
from destination_dust.writers.tables.context import MemoryBudget, RequestLimits

# How many earlier changes of a row wait behind the latest, in case Dust refuses it.
MAX_EARLIER = 4
# What a waiting row takes in memory besides its bytes: id, objects and place in a dict; and a counter of spans.
ROW_MEMORY = 400
SPAN_MEMORY = 100


@dataclass(slots=True, eq=False)
class Change:
    """What becomes of one row: its new content, or None if it is deleted."""

    row_id: str
    row: Row | None
    span: Span
    since: float = 0.0
    """When the first change of the row came that is not on its way yet."""
    superseded: Counter[Span] | None = None
    """The spans of earlier records of the row that are not kept: their fate is that of this one."""
    earlier: Change | None = None
    """The change that it took the place of, which is sent if Dust refuses this one."""
    size: int = field(init=False)
    """Bytes that it takes in a request."""
    held: int = 0
    """The bytes that it counts for in the memory budget, from when it waits until Dust has taken it."""

    def __post_init__(self) -> None:
        self.size = 0 if self.row is None else len(self.row.content) + ROW_OVERHEAD

    def hold(self) -> int:
        """Fix the bytes that it and the earlier ones take in memory, roughly, and return them."""
        self.held = self.size + ROW_MEMORY
        if self.superseded:
            self.held += SPAN_MEMORY * len(self.superseded)
        if self.earlier:
            self.held += self.earlier.hold()
        return self.held

    @property
    def chain(self) -> Iterator[Change]:
        """Itself and the earlier ones, the latest first."""
        change: Change | None = self
        while change:
            yield change
            change = change.earlier

    @property
    def own_records(self) -> Counter[Span]:
        """The records that are lost if it is refused, by span."""
        return Counter({self.span: 1}) + (self.superseded or Counter())

    def supersede(self, earlier: Change, *, keeps: bool) -> None:
        """Take the place of an earlier change of the same row. Unless it `keeps` that, only its records remain."""
        self.since = min(self.since, earlier.since)
        if not keeps:
            self._absorb(earlier)
            return
        *_, last = self.chain
        last.earlier = earlier
        kept = [*self.chain][: 1 + MAX_EARLIER]
        if dropped := kept[-1].earlier:
            kept[-1].earlier = None
            kept[-1]._absorb(dropped)

    def _absorb(self, earlier: Change) -> None:
        """Take the records of others over. Their counter is moved: a row may change 100,000 times while it waits."""
        for change in earlier.chain:
            records = change.superseded or Counter()
            records[change.span] += 1
            if self.superseded:
                records.update(self.superseded)
            self.superseded = records


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

    def put_back(self, changes: Sequence[Change]) -> int:
        """Take changes in again that were cut and not sent, before all others. Returns for how many of the rows a newer
        one waits, which supersedes them."""
        newer = [self._changes.pop(change.row_id) for change in changes if change.row_id in self._changes]
        self._count(newer, -1)
        others, self._changes = self._changes, {}
        for change in (*changes, *newer):
            self._hold(-change.held)
            self.put(change)
        self._changes.update(others)
        return len(newer)

    def restore(self, refused: Change) -> bool:
        """Forget a change that was cut, and take in the one that it took the place of. Returns whether that one is sent
        now: there is one, and no newer one waits, which would supersede it."""
        self.release(refused.held)
        if refused.earlier is None:
            return False
        refused.earlier.held = 0
        return not self.put_back([refused.earlier])

    def cut(self, limits: RequestLimits, until: float, *, deletes: bool | None = None) -> list[Change]:
        """Take out the changes of the next request: those that came by `until`, and rows that fill a request.

        They are rows to upsert, as many as fit, or one delete; `deletes` says which, or else their age. They stay in
        the memory budget. Empty if none of them are due.
        """
        row = self._first(math.inf if self.fills(limits) else until, deletes=False)
        delete = self._first(until, deletes=True)
        if deletes is None:
            # If rows always went first, a steady stream of them would put deletes off for ever.
            deletes = row is None or (delete is not None and delete.since < row.since)
        first = delete if deletes else row
        if first is None:
            return []
        taken = [first] if deletes else next(requests(self._changes.values(), limits))
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

    def _first(self, until: float, *, deletes: bool) -> Change | None:
        """The first delete, or the first row to upsert, if it came by then."""
        if not (len(self) - self.rows if deletes else self.rows):
            return None
        first = next(change for change in self._changes.values() if (change.row is None) is deletes)
        return first if first.since <= until else None

    def _hold(self, size: int) -> None:
        self.held += size
        self._budget.used += size

    def _count(self, changes: Sequence[Change], sign: int) -> None:
        """Add changes to the counts of rows, or take them out."""
        sizes = [change.size for change in changes if change.row is not None]
        self.rows += sign * len(sizes)
        self.size += sign * sum(sizes)


def requests(changes: Iterable[Change], limits: RequestLimits) -> Iterator[list[Change]]:
    """The rows to upsert, in requests that are as full as they may be. One row may be larger than that."""
    request, size = list[Change](), BODY_OVERHEAD
    for change in changes:
        if change.row is None:
            continue
        if request and (len(request) >= limits.rows or size + change.size > limits.size):
            yield request
            request, size = [], BODY_OVERHEAD
        request.append(change)
        size += change.size
    if request:
        yield request
