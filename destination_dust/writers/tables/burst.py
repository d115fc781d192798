"""Bursts: the requests to a table between two rests.

Dust merges a table's queue only once the table was left alone for 10 seconds, and refuses the 101st
request that waits. So rows go out in bursts, and after each of them the table is left alone until it is merged.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Collection

from destination_dust.airbyte.ledger import Span
from destination_dust.airbyte.messages import StreamKey
from destination_dust.writers.outcomes import Outcomes
from destination_dust.writers.tables.batch import Batch, Change
from destination_dust.writers.tables.limits import BurstLimits, Capacity, RequestLimits
from destination_dust.writers.tables.witnesses import Witnesses


class Burst:
    """Changes of one table: those that wait, and facts about those that were sent.

    Deletes go out last, because each is a request of its own; an upsert that comes after one cancels it.
    """

    def __init__(self, began: float, limits: BurstLimits) -> None:
        """`began`: when its first change came."""
        self.began = began
        self.closed = False
        """Whether it takes no more changes."""
        self.capacity: Capacity | None = None
        """What may still be added to the table, None until it was measured."""
        self.loaded_at = 0
        """What the rows of its latest request carry as their time of loading, in seconds since 1970, once measured."""
        self.time_is_new = False
        """Whether it is known that no row of the table had that time before."""
        self.upserted: Counter[Span] = Counter()
        """Records, by span, whose rows Dust has taken and which are not acknowledged …"""
        self.upserted_rows = 0
        self.deleted: Counter[Span] = Counter()
        """… and those whose removal it has taken."""
        self.deleted_rows = 0
        self.ended: float | None = None
        """When Dust took the last request."""
        self.under_way = False
        """Whether a request is on its way, which is then neither among those that wait nor among those sent."""
        self.queued = False
        """Whether any of its requests waits to be merged. One that replaces all rows does not."""
        self.witnesses = Witnesses()
        self.batches: deque[Batch] = deque()
        """What can be sent."""
        self.deletes: dict[str, Change] = {}
        self._open: Batch | None = None
        self._limits = limits
        self._sent = 0
        self._rows = 0
        self._size = 0

    @property
    def open_since(self) -> float | None:
        """When the batch was begun that still takes rows, if there is one."""
        return self._open.opened if self._open else None

    @property
    def waiting(self) -> tuple[int, int]:
        """How many rows wait, and of how many bytes."""
        batches = [*self.batches, *([self._open] if self._open else [])]
        return sum(map(len, batches)), sum(batch.size for batch in batches)

    @property
    def is_empty(self) -> bool:
        """Whether nothing of it waits."""
        return not (self.batches or self.deletes or self._open)

    @property
    def full(self) -> bool:
        """Whether no more requests should be sent before a rest."""
        return self._sent >= self._limits.requests

    def accepts(self, change: Change, limits: RequestLimits) -> bool:
        """Whether a change still fits in."""
        if self.closed:
            return False
        requests = self._sent + self.under_way + len(self.batches) + len(self.deletes) + bool(self._open)
        if change.content is None:
            return requests < self._limits.requests
        if self._rows >= self._limits.rows or self._size + change.size > self._limits.size:
            return False
        return requests < self._limits.requests or bool(self._open and self._open.takes(change, limits))

    def add(self, change: Change, limits: RequestLimits, now: float, *, keeps: bool = False) -> Change | None:
        """Take a change in. Returns the earlier one of its row that need not be sent now, if there was one.

        `keeps`: have the earlier one sent if Dust refuses this one.
        """
        earlier = self.deletes.pop(change.row_id, None) or (self._open and self._open.remove(change.row_id)) or None
        if earlier is not None:
            change.supersede(earlier, keeps=keeps)
        if change.content is None:
            self.deletes[change.row_id] = change
            return earlier
        if self._open is not None and not self._open.takes(change, limits):
            self.seal()
        if not self._open:
            self._open = Batch(now)
        self._open.put(change)
        self._rows += 1
        self._size += change.size
        return earlier

    def waiting_change(self, row_id: str) -> Change | None:
        """The first change of a row that waits, None if none does."""
        batches = [*self.batches, *([self._open] if self._open else [])]
        found = [batch.changes[row_id] for batch in batches if row_id in batch.changes]
        return found[0] if found else self.deletes.get(row_id)

    def put_first(self, change: Change, now: float) -> None:
        """Have a change sent before all others. No newer change of its row may wait."""
        if change.content is None:
            self.deletes[change.row_id] = change
            return
        batch = Batch(now)
        batch.put(change)
        self.batches.appendleft(batch)

    def seal(self) -> None:
        """Let the open batch take no more rows, so that it can be sent."""
        if self._open:
            self.batches.append(self._open)
        self._open = None

    def close(self) -> None:
        """Take no more changes."""
        self.closed = True
        self.seal()

    def next_batch(self, limits: RequestLimits) -> Batch | None:
        """The rows to send next, as many as limits and room allow; None if the others must wait for a rest."""
        batch = self.batches[0]
        count = len(batch)
        if batch.size > limits.size:
            count = max(1, count * limits.size // batch.size)
        if self.capacity is not None and not self.capacity.takes(len(batch), batch.size):
            count = min(count, self.capacity.rows_of(len(batch), batch.size))
            if self._sent:
                return None
        self.batches.popleft()
        if count >= len(batch):
            return batch
        first, rest = batch.split(max(1, count))
        self.batches.appendleft(rest)
        return first

    def took(self, changes: Collection[Change], *, size: int, began: float, ended: float, queued: bool = True) -> None:
        """Dust has taken a request with these changes, which was begun and answered at these times."""
        self._sent += 1
        self.under_way = False
        self.queued |= queued
        self.ended = ended
        deletes = all(change.content is None for change in changes)
        row_ids = [change.row_id for change in changes]
        self.witnesses.took(row_ids, began=began, ended=ended, loaded_at=self.loaded_at, deletes=deletes)
        records = self.deleted if deletes else self.upserted
        for change in changes:
            records.update(change.spans)
        self.deleted_rows += len(changes) if deletes else 0
        self.upserted_rows += 0 if deletes else len(changes)
        if self.capacity is not None and not deletes:
            self.capacity.took(len(changes), size)

    def postpone(self, batch: Batch, *, patiently: bool) -> None:
        """Put a single row that fails behind the other parts of its batch: they show whether it is the row.

        `patiently`: send it again at once, until it passes or all patience is over.
        """
        parts = [n for n, other in enumerate(self.batches) if batch.whole and other.whole is batch.whole]
        batch.patient = patiently or batch.postponed or not parts
        batch.postponed = True
        self.batches.insert(parts[-1] + 1 if parts and not batch.patient else 0, batch)

    def settle(self, stream: StreamKey, outcomes: Outcomes) -> None:
        """Acknowledge the changes that Dust has taken so far."""
        outcomes.queued(stream, -self.upserted.total() - self.deleted.total())
        outcomes.upserted(stream, self.upserted, self.upserted_rows)
        outcomes.deleted(stream, self.deleted, self.deleted_rows)
        self.upserted.clear()
        self.deleted.clear()
        self.upserted_rows = self.deleted_rows = 0

    def split_off(self) -> Burst:
        """Close it, and move all that was not sent to a new one, which is closed or not as this one was."""
        rest = Burst(self.began, self._limits)
        rest.closed, self.closed = self.closed, True
        rest._open, self._open = self._open, None
        rest.batches, self.batches = self.batches, deque()
        rest.deletes, self.deletes = self.deletes, {}
        rest._rows, rest._size = rest.waiting
        return rest
