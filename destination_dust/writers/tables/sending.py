"""Sending the changes of a burst, one request after the other, and what to do with those that Dust refuses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Sequence
from typing import Any

from destination_dust.airbyte.messages import StreamKey
from destination_dust.dust.errors import Ambiguous, Rejected, TooLarge
from destination_dust.mapping.tables.delimiters import misleading_columns
from destination_dust.workers import Lane
from destination_dust.writers.steps import Ask, Steps
from destination_dust.writers.tables.batch import Batch, Change, Cut
from destination_dust.writers.tables.burst import Burst
from destination_dust.writers.tables.client import TableClient, UnusableTable
from destination_dust.writers.tables.context import TablesContext

# Single rows of a table that may fail one after the other, before the first has passed, until it must be an outage.
MAX_POSTPONED = 5
# So many single rows may be refused before Dust has taken any of any table.
MAX_REFUSED = 20


class Sending:
    """Sends batches and deletes to one table."""

    def __init__(self, stream: StreamKey, dust: TableClient, context: TablesContext) -> None:
        self._stream = stream
        self._dust = dust
        self._context = context
        self._latest: tuple[Batch, int] | None = None
        """A row of the latest request that Dust took, with its time of loading."""
        self._postponed = 0
        """Single rows that were put off since Dust last took a request."""
        self._refusals = 0
        """Single rows that Dust has refused."""
        self._cuts = 0
        """Batches in a row that did not pass a gateway, though both of their halves did."""
        self.rows = 0
        """Upserted rows that Dust has taken."""
        self.replaced_at = 0.0
        """When Dust had taken the first of the rows that replace others."""
        self._replaces = False
        self._truncates = False

    def replace(self) -> None:
        """From now on, rows take the place of all that the table has.

        Nothing stops that half-way: the rows were validated before, and those that Dust refuses are left out.
        """
        self._replaces = self._truncates = True

    @property
    def still_replaces(self) -> bool:
        """Whether the rows to be replaced are still there, because Dust has taken none of the new ones."""
        return self._truncates

    def send_batch(self, burst: Burst, batch: Batch) -> Steps:
        """Have rows queued; halve, put off or leave out what Dust refuses. Raises `UnusableTable`."""
        if not self._replaces:
            refuse_misleading(self._stream, batch)
        began, truncates = self._context.now(), self._truncates
        burst.loaded_at = burst.witnesses.next_time(batch.changes, burst.loaded_at)
        burst.under_way = True
        lasting = len(batch) == 1 and self._latest is not None

        def upsert() -> None:
            self._dust.upsert(batch, burst.loaded_at, truncates=truncates, lasting=lasting)

        try:
            yield Ask(upsert, batch.size, Lane.LIMITED)
        except (Rejected, Ambiguous) as error:
            burst.under_way = False
            yield from self._refused(burst, batch, error)
        else:
            self._took(burst, [*batch.changes.values()], batch.size, began)
            self._latest, self._postponed = (batch.sample(), burst.loaded_at), 0
            self._passed(batch)

    def send_delete(self, burst: Burst) -> Steps:
        """Have the removal of a row queued."""
        row_id, change = next(iter(burst.deletes.items()))
        del burst.deletes[row_id]
        began = self._context.now()
        burst.under_way = True
        yield Ask(lambda: self._dust.delete(row_id), lane=Lane.LIMITED)
        self._took(burst, [change], 0, began)
        self._latest = None  # it may hold the row that is gone now

    def _took(self, burst: Burst, changes: Sequence[Change], size: int, began: float) -> None:
        """Dust has queued changes: they leave memory, but are acknowledged once they can be read."""
        burst.took(changes, size=size, began=began, ended=self._context.now(), queued=not self._truncates)
        self._context.taken.requests += 1
        self.rows += sum(change.content is not None for change in changes)
        if self._truncates:
            self.replaced_at = self._context.now()
        self._truncates = False
        self._context.budget.used -= sum(change.held for change in changes)
        self._context.outcomes.queued(self._stream, sum(len(change.spans) for change in changes))
        if not self._context.confirm:
            burst.settle(self._stream, self._context.outcomes)

    def _refused(self, burst: Burst, batch: Batch, error: Rejected | Ambiguous) -> Steps:
        """Find out whether it is the size, a row, or Dust.

        A single row is left out if, twice, it failed for minutes and a row that Dust has taken passed after that. In an
        outage the other would not pass; one that ends lets both pass. As long as Dust has taken none, others are tried.
        """
        if isinstance(error, TooLarge):
            self._context.requests.shrink(batch.size // 2)
        if len(batch) > 1:
            cut = Cut(batch.size) if isinstance(error, Ambiguous) and error.cut_off else None
            burst.batches.extendleft(reversed(batch.split(len(batch) // 2, cut)))
        elif not isinstance(error, Ambiguous):
            self._leave_out(burst, batch, error)
        elif self._latest is None:
            self._postponed += 1
            burst.postpone(batch, patiently=self._postponed > MAX_POSTPONED)
        elif not (yield from self._takes_another(burst, *self._latest)):
            burst.postpone(batch, patiently=True)
        elif batch.proven_once:
            self._leave_out(burst, batch, error)
        else:
            batch.proven_once = True
            burst.batches.appendleft(batch)

    def _takes_another(self, burst: Burst, batch: Batch, loaded_at: int) -> Generator[Ask | None, Any, bool]:
        """Whether Dust takes a row once more that it took last. No later request has changed that row."""
        passed: bool = yield Ask(lambda: self._dust.repeat(batch, loaded_at), batch.size, Lane.LIMITED)
        if passed:
            burst.witnesses.repeated(batch.changes)
        return passed

    def _passed(self, batch: Batch) -> None:
        """Remember a size that a gateway does not let pass, once it was seen twice: one may be a passing trouble."""
        cut = batch.cut
        if cut is None:
            self._cuts = 0
            return
        cut.parts -= 1
        self._cuts += not cut.parts
        if not cut.parts and self._cuts > 1:
            self._context.requests.shrink(cut.size // 2)

    def _leave_out(self, burst: Burst, batch: Batch, error: Exception) -> None:
        self._refusals += 1
        if self._refusals > MAX_REFUSED and not self._context.taken.requests:
            raise UnusableTable(
                f"Dust refuses every row of the stream {self._stream}, and has taken no other, so the reason is not in "
                f"single rows: {error}. Check the table {self._dust.table_id} and the permission of the API key."
            )
        (change,) = batch.changes.values()
        self._context.budget.used -= change.held
        self._context.outcomes.rejected(
            self._stream, change.row_id, str(error), Counter(change.own_spans), stop=not self._replaces
        )
        if change.earlier:
            self._restore(burst, change.earlier)

    def _restore(self, burst: Burst, earlier: Change) -> None:
        """Have the change sent that a refused one took the place of, unless a newer one of its row waits."""
        newer = burst.waiting_change(earlier.row_id)
        if newer:
            self._context.budget.used -= newer.held
            newer.supersede(earlier, keeps=True)
            self._context.budget.used += newer.hold()
        else:
            self._context.budget.used += earlier.hold()
            self._context.outcomes.superseded(self._stream, -1)
            burst.put_first(earlier, self._context.now())


def refuse_misleading(stream: StreamKey, batch: Batch) -> None:
    """Raise `UnusableTable` if Dust would garble rows."""
    if columns := misleading_columns(batch.objects()):
        raise UnusableTable(
            f"Rows of the stream {stream} cannot be stored: Dust keeps tables as CSV and guesses the delimiter, and in "
            "these rows semicolons or tabs outnumber the commas. Leave these columns out in the connection, or change "
            f"them in the source: {', '.join(columns)}."
        )
