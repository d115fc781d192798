"""Sending the changes of a burst, one request after the other, and what to do with those that Dust refuses.

Dust answers 500 to bad rows and in trouble alike. Whether it takes other rows while one fails tells the two apart.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, TypeAlias

from destination_dust.airbyte.messages import StreamKey
from destination_dust.dust.errors import Ambiguous, Rejected, TooLarge, Unavailable
from destination_dust.mapping.tables.bodies import BODY_OVERHEAD
from destination_dust.mapping.tables.delimiters import misleading_columns
from destination_dust.writers.steps import Ask, Steps
from destination_dust.writers.tables.burst import Batch, Burst
from destination_dust.writers.tables.changes import Change, Waiting
from destination_dust.writers.tables.client import TableClient, UnusableTable, refuse_misleading
from destination_dust.writers.tables.context import TablesContext

# Single rows that may fail in doubt, one after the other, until it must be an outage.
MAX_DOUBTS = 5
# How often Dust may take no other rows either while one is judged, until it must be an outage.
MAX_MISSES = 2
# So many single rows may be refused before Dust has taken any of any table.
MAX_REFUSED = 20
# Seconds for other tables to show that Dust takes their rows.
PATIENCE = 60.0

Passed: TypeAlias = Generator[Ask | None, Any, bool]


class Sending:
    """Sends rows and deletes to one table. What it cannot send before the next rest, it puts back."""

    def __init__(self, stream: StreamKey, dust: TableClient, context: TablesContext, waiting: Waiting) -> None:
        self.replaces = False
        """Whether rows take the place of all that the table has. Nothing stops that half-way: the rows were validated
        before, and those that Dust refuses are left out."""
        self.replaced_at: float | None = None
        """When Dust had taken the first of the rows that replace others, or emptied the table."""
        self._stream = stream
        self._dust = dust
        self._context = context
        self._waiting = waiting
        self._latest: tuple[Change, int] | None = None
        """The first row of the request that Dust took last, if it is still there, with its time of loading. To send it
        once more changes nothing, as no later request changed it. It is no witness then (see `choose`)."""
        self._doubts: list[Change] = []
        """Single rows that failed and may be bad, as long as Dust has taken none to compare them with."""
        self._refusals = 0
        """Single rows that Dust has refused."""
        self._cuts = 0
        """Requests in a row that did not pass a gateway, though both of their halves did."""

    @property
    def truncates(self) -> bool:
        """Whether the rows to be replaced are still there, because Dust has taken none of the new ones."""
        return self.replaces and self.replaced_at is None

    @property
    def may_show(self) -> bool:
        """Whether another table needs to see that Dust takes rows, and this one has one to show it with."""
        return self._context.shared.wants_rows and self._latest is not None and self._context.may_send

    def show(self) -> Steps:
        """Show it. Only between two bursts, when there is nothing that the row would have to prove."""
        shared, began = self._context.shared, self._context.now()
        shared.wants_rows = False
        try:
            passed = yield from self._repeat()
        except (Rejected, Unavailable):
            return  # of the doubt of another table, this one does not end
        if passed:
            shared.rows_taken_since = max(shared.rows_taken_since, began)

    def send(self, burst: Burst, batch: Batch) -> Steps:
        """Have the changes of a request queued. Raises `UnusableTable`."""
        if not batch.rows:
            yield from self._delete(burst, batch)
            return
        burst.set_time(batch.row_ids)
        if (yield from self._send(burst, batch)):
            self._cuts = 0
        while self._doubts:
            yield from self._judge(burst, self._doubts.pop(0))

    def _send(self, burst: Burst, batch: Batch) -> Passed:
        """Send rows; if they are refused, send the halves, down to the single rows. Returns whether all went at once.

        Single rows that fail in doubt are decided on once others have passed. If too many of them fail before one has,
        it is an outage.
        """
        if burst.is_full(self._context.bursts) or not self._context.may_send:
            self._context.outcomes.superseded(self._stream, self._waiting.put_back(batch.changes))
            return False
        if len(batch.changes) == 1:
            return (yield from self._send_single(burst, batch.changes[0]))
        error: Rejected | Ambiguous | None = None
        if batch.size + BODY_OVERHEAD <= self._context.requests.size:
            error = yield from self._try(burst, batch)
            if error is None:
                return True
            if isinstance(error, TooLarge):
                self._context.requests.shrink(batch.size // 2)
        halves = batch.halves
        first = yield from self._send(burst, halves[0])
        second = yield from self._send(burst, halves[1])
        if isinstance(error, Ambiguous) and error.cut_off and first and second:
            # The first time, it may have been a passing trouble.
            self._cuts += 1
            if self._cuts > 1:
                self._context.requests.shrink(batch.size // 2)
        return False

    def _send_single(self, burst: Burst, change: Change) -> Passed:
        if self._latest:
            return (yield from self._judge(burst, change))
        error = yield from self._try(burst, Batch([change]), patiently=len(self._doubts) >= MAX_DOUBTS)
        if isinstance(error, Ambiguous):
            self._doubts.append(change)
        elif error:
            self._leave_out(change, error)
        return error is None

    def _judge(self, burst: Burst, change: Change) -> Passed:
        """Send a single row, and decide whether it is to blame if it fails. Returns whether it was taken.

        Proof: twice it failed for minutes, and Dust took others after that. In an outage it would not; one that ends
        lets both pass. If Dust takes no others, the row is sent until it is taken or refused, or all patience is over.
        """
        error: Rejected | Ambiguous | None = None
        proofs = misses = 0
        while proofs < 2:
            is_outage = misses > MAX_MISSES
            error = yield from self._try(burst, Batch([change]), patiently=is_outage, lasting=not is_outage)
            if not isinstance(error, Ambiguous):
                break
            passed = yield from self._takes_others()
            proofs, misses = proofs + passed, misses + (not passed)
        if error:
            self._leave_out(change, error)
        return error is None

    def _takes_others(self) -> Passed:
        """Whether Dust takes other rows now: one of this table; or, if it has taken none of it, some of other tables,
        and a harmless change of this one. If those have nothing left to send, one that is idle has to `show` it."""
        context, shared = self._context, self._context.shared
        if self._latest:
            return (yield from self._repeat())
        since = context.now()
        shared.wants_rows = True
        while shared.rows_taken_since < since and context.now() < since + PATIENCE:
            yield from context.wait_until(context.now() + 1)
        if shared.rows_taken_since < since:
            return False
        yield Ask(self._dust.nudge)
        return True

    def _repeat(self) -> Passed:
        assert self._latest
        latest, loaded_at = self._latest
        again = Batch([latest]).body(loaded_at)
        passed: bool = yield Ask(lambda: self._dust.repeat(again), latest.size)
        return passed

    def _try(
        self, burst: Burst, batch: Batch, *, patiently: bool = False, lasting: bool = False
    ) -> Generator[Ask | None, Any, Rejected | Ambiguous | None]:
        """Make one request. Returns why Dust did not take it, None if it did."""
        if burst.contents.added.columns:
            refuse_misleading(self._stream, misleading_columns(batch.rows))
        began, truncates = self._context.now(), self.truncates
        loaded_at = burst.loaded_at

        def upsert() -> None:
            self._dust.upsert(batch.body(loaded_at, truncates=truncates), patiently=patiently, lasting=lasting)

        try:
            yield Ask(upsert, batch.size)
        except (Rejected, Ambiguous) as error:
            if isinstance(error, Ambiguous):
                burst.failed()
            return error
        self._context.shared.rows_taken_since = max(self._context.shared.rows_taken_since, began)
        self._took(burst, batch, began)
        if truncates:
            self.replaced_at = self._context.now()
        first = batch.changes[0]
        self._latest = Change(first.row_id, first.row, first.span), loaded_at  # without what it superseded
        return None

    def _delete(self, burst: Burst, batch: Batch) -> Steps:
        """Have the removal of a row queued."""
        began, (row_id,) = self._context.now(), batch.row_ids
        yield Ask(lambda: self._dust.delete(row_id))
        self._took(burst, batch, began)
        if self._latest and self._latest[0].row_id == row_id:
            self._latest = None  # it would be back

    def _took(self, burst: Burst, batch: Batch, began: float) -> None:
        """Dust has queued changes: they leave memory, but are acknowledged once they can be read."""
        outcomes = self._context.outcomes
        burst.took(batch, began=began, ended=self._context.now(), queued=not self.truncates)
        self._context.shared.taken += 1
        self._waiting.release(batch.held)
        outcomes.queued(self._stream, batch.records.total())
        if not self._context.confirm:
            burst.settle(self._stream, outcomes)

    def _leave_out(self, change: Change, error: Exception) -> None:
        """Dust refuses a row: book it, and have the change sent that it took the place of, if there is one."""
        self._refusals += 1
        if self._refusals > MAX_REFUSED and not self._context.shared.taken:
            raise UnusableTable(
                f"Dust refuses every row of the stream {self._stream}, and has taken no other, so the reason is not in "
                f"single rows: {error}. Check the table {self._dust.table_id} and the permission of the API key."
            )
        outcomes = self._context.outcomes
        outcomes.rejected(self._stream, change.row_id, str(error), change.own_records, stop=not self.replaces)
        if self._waiting.restore(change):
            outcomes.superseded(self._stream, -1)
