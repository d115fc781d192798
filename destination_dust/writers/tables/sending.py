"""Sending the changes of a burst, one request after the other, and what to do with those that Dust refuses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from destination_dust.airbyte.messages import StreamKey
from destination_dust.dust.errors import Ambiguous, Rejected, TooLarge
from destination_dust.mapping.tables.delimiters import misleading_columns
from destination_dust.workers import Lane
from destination_dust.writers.steps import Ask, Steps
from destination_dust.writers.tables.batch import Batch, Change
from destination_dust.writers.tables.burst import Burst
from destination_dust.writers.tables.client import TableClient, UnusableTable
from destination_dust.writers.tables.context import TablesContext


class Sending:
    """Sends batches and deletes to one table."""

    def __init__(self, stream: StreamKey, dust: TableClient, context: TablesContext) -> None:
        self._stream = stream
        self._dust = dust
        self._context = context
        self._taken = 0
        """Requests of the table that Dust took so far."""
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
        began, taken, truncates = self._context.now(), self._taken, self._truncates
        burst.under_way = True
        try:
            yield Ask(lambda: self._dust.upsert(batch, burst.loaded_at, truncates=truncates), batch.size, Lane.LIMITED)
        except (Rejected, Ambiguous) as error:
            burst.under_way = False
            self._refused(burst, batch, taken, error)
        else:
            self._took(burst, [*batch.changes.values()], batch.size, began)

    def send_delete(self, burst: Burst) -> Steps:
        """Have the removal of a row queued."""
        row_id, change = next(iter(burst.deletes.items()))
        del burst.deletes[row_id]
        began = self._context.now()
        burst.under_way = True
        yield Ask(lambda: self._dust.delete(row_id), lane=Lane.LIMITED)
        self._took(burst, [change], 0, began)

    def _took(self, burst: Burst, changes: Sequence[Change], size: int, began: float) -> None:
        """Dust has queued changes: they leave memory, but are acknowledged once they can be read."""
        self._taken += 1
        burst.took(changes, size=size, began=began, ended=self._context.now(), queued=not self._truncates)
        self._truncates = False
        self._context.budget.used -= sum(change.memory for change in changes)
        self._context.outcomes.queued(self._stream, sum(len(change.spans) for change in changes))
        if not self._context.confirm:
            burst.settle(self._stream, self._context.outcomes)

    def _refused(self, burst: Burst, batch: Batch, taken: int, error: Rejected | Ambiguous) -> None:
        batch.failed_after = taken if batch.failed_after is None else batch.failed_after
        if isinstance(error, TooLarge):
            self._context.requests.shrink(batch.size // 2)
        if len(batch) > 1:
            burst.batches.extendleft(reversed(batch.cut(len(batch) // 2)))
        elif isinstance(error, Ambiguous) and self._taken == batch.failed_after:
            # Nothing that Dust took since shows that the row is to blame and not Dust.
            burst.postpone(batch)
        else:
            self._leave_out(batch, error)

    def _leave_out(self, batch: Batch, error: Exception) -> None:
        (change,) = batch.changes.values()
        self._context.budget.used -= change.memory
        self._context.outcomes.rejected(
            self._stream, change.row_id, str(error), Counter(change.spans), stop=not self._replaces
        )


def refuse_misleading(stream: StreamKey, batch: Batch) -> None:
    """Raise `UnusableTable` if Dust would garble rows."""
    if columns := misleading_columns(batch.objects()):
        raise UnusableTable(
            f"Rows of the stream {stream} cannot be stored: Dust keeps tables as CSV and guesses the delimiter, and in "
            "these rows semicolons or tabs outnumber the commas. Leave these columns out in the connection, or change "
            f"them in the source: {', '.join(columns)}."
        )
