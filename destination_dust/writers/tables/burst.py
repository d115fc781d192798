"""A burst: the requests to a table between two rests.

Dust merges a table's queue only once the table was left alone for 10 seconds, and refuses the 101st request that waits.
So rows go out in bursts, and after each of them the table is left alone until it is merged.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

from destination_dust.airbyte.ledger import Span
from destination_dust.airbyte.messages import StreamKey
from destination_dust.mapping.tables.bodies import upsert_body
from destination_dust.mapping.tables.contents import Contents
from destination_dust.mapping.tables.sizes import Size
from destination_dust.writers.outcomes import Outcomes
from destination_dust.writers.tables.changes import Change
from destination_dust.writers.tables.context import BurstLimits
from destination_dust.writers.tables.witnesses import Request, Witness, choose, pack

# A burst that has nothing to send goes on if a request comes up soon: Dust merges after 10 s of quiet, not before.
LINGER = 5.0
# What came before so long a pause may be merged, or dropped, without what came after it. The rest is room for error.
PAUSE = 9.0
# So many rows share a time of loading at most, as their hashes are kept in memory.
SHARING = 10_000


class Batch:
    """The changes of one request: rows to upsert, or one delete.

    What is asked of all of them is found at once, when they were just taken from what waits: later they would have to
    be brought from memory again, one by one.
    """

    __slots__ = ("changes", "held", "records", "row_ids", "rows", "size", "table_size")

    def __init__(self, changes: Sequence[Change]) -> None:
        self.changes = changes
        self.row_ids = [change.row_id for change in changes]
        self.rows = [change.row for change in changes if change.row]
        self.size = sum([change.size for change in changes])
        """Bytes of their rows in the request."""
        self.held = sum([change.held for change in changes])
        """The bytes that they count for in the memory budget."""
        self.records = _records(changes)
        """The records that are stored with them, by span."""
        self.table_size = Size.of(self.rows)

    @property
    def halves(self) -> tuple[Batch, Batch]:
        """The first of them, and the others."""
        middle = len(self.changes) // 2
        return Batch(self.changes[:middle]), Batch(self.changes[middle:])

    def body(self, loaded_at: int, *, truncates: bool = False) -> bytes:
        """The request that upserts their rows; see `mapping.tables.bodies`."""
        return upsert_body([row.content for row in self.rows], loaded_at, truncates=truncates)


def _records(changes: Sequence[Change]) -> Counter[Span]:
    records = Counter([change.span for change in changes])
    for change in changes:
        if change.superseded:
            records.update(change.superseded)
        if change.earlier:
            records.update(_records([change.earlier]))
    return records


class Burst:
    """The requests of a burst, in the order in which Dust took them, and what of them is not acknowledged."""

    def __init__(self, began: float, contents: Contents, *, loaded_at: int, time_is_new: bool) -> None:
        """`began`: now; `contents`: of the table; `loaded_at`: for the first request, in seconds since 1970;
        `time_is_new`: whether it is known that no row of the table had that time before."""
        self.began = began
        self.ended = began
        """When Dust took the last request."""
        self.contents = contents
        """What the table has once all is merged."""
        self.rows_if_all_count: int | None = None
        """How many rows it has in the end if all that were upserted are new, or all that were deleted were there.

        If it has as many, it is so, and each change is merged, also those of requests without a witness. Set by
        `witnesses`; None if it is not known.
        """
        self.loaded_at = self._loaded_from = loaded_at
        self.time_is_new = time_is_new
        self.queued = False
        """Whether any of its requests waits to be merged. One that replaces all rows does not."""
        self._requests: list[Request] = []
        self._times: set[int] = set()
        """Hashes of the rows that the requests since the latest change of the time have changed."""
        self._records = Counter[Span]()
        """Records, by span, whose rows Dust has taken and which are not acknowledged, …"""
        self._unsettled = 0
        """… and the number of those rows."""
        self._rows = self._size = 0

    @property
    def deletes(self) -> bool:
        """Whether it removes rows. It does not upsert any then: the number of rows would prove nothing."""
        return bool(self._requests) and self._requests[0].deletes

    @property
    def is_empty(self) -> bool:
        """Whether Dust has taken nothing yet."""
        return not self._requests

    def is_full(self, limits: BurstLimits) -> bool:
        """Whether no more requests may be sent before a rest."""
        return len(self._requests) >= limits.requests or self._rows >= limits.rows or self._size >= limits.size

    def set_time(self, row_ids: Collection[str]) -> None:
        """Set the time of loading for the next request, which has these rows, and for the parts that it is sent in.

        It is a later one if some of the rows have this one.
        """
        shared = len(self._times) + len(row_ids) <= SHARING and self._times.isdisjoint(map(hash, row_ids))
        if self._times and not shared:
            self._times = set()
            self.loaded_at += 1
        self._loaded_from = self.loaded_at

    def took(self, batch: Batch, *, began: float, ended: float, queued: bool = True) -> None:
        """Dust has taken a request with these changes, which was begun and answered at these times."""
        if batch.rows:
            self._times.update(map(hash, batch.row_ids))
        run = 0
        if self._requests:
            # The time between the arrivals of both at Dust is this at most.
            run = self._requests[-1].run + (ended - self._requests[-1].began >= PAUSE)
        is_slow = ended - began >= PAUSE
        times = self._loaded_from, self.loaded_at
        self._requests.append(Request(began, run, is_slow, not batch.rows, times, pack(batch.row_ids)))
        self._records.update(batch.records)
        self._unsettled += len(batch.changes)
        self._rows += len(batch.rows)
        self._size += batch.size
        self.contents.size += batch.table_size
        self.queued |= queued
        self.ended = ended

    def failed(self) -> None:
        """A request failed, and may still land: the next one has another time, so that they are not confused."""
        self._times = set()
        self.loaded_at += 1

    def settle(self, stream: StreamKey, outcomes: Outcomes) -> None:
        """Acknowledge the changes that Dust has taken so far."""
        book = outcomes.deleted if self.deletes else outcomes.upserted
        outcomes.queued(stream, -self._records.total())
        book(stream, self._records, self._unsettled)
        self._records.clear()
        self._unsettled = 0

    def witnesses(self, *, every_delete: bool = False) -> list[Witness]:
        """The rows to read once it has ended; see `choose`."""
        self._times = set()
        chosen, changed = choose(self._requests, every_delete=every_delete)
        if self.contents.rows_before is not None:
            self.rows_if_all_count = self.contents.rows_before + (-changed if self.deletes else changed)
        return chosen
