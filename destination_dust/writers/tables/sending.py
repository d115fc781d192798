"""Sending the changes of a burst, one request after the other, and what to do with those that Dust refuses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from destination_dust.airbyte.reader import StreamKey
from destination_dust.config import OnRecordError
from destination_dust.dust.errors import Ambiguous, Rejected, TooLarge
from destination_dust.mapping.tables.delimiters import misleading_columns
from destination_dust.workers import Lane
from destination_dust.writers.steps import OneCall
from destination_dust.writers.tables.batch import Batch, Change
from destination_dust.writers.tables.burst import Burst
from destination_dust.writers.tables.client import TableClient, UnusableTable
from destination_dust.writers.tables.context import TablesContext
from destination_dust.writers.writer import Outcomes


class Sending:
    """Sends batches and deletes to one table."""

    def __init__(self, stream: StreamKey, dust: TableClient, calls: OneCall, context: TablesContext) -> None:
        self._stream = stream
        self._dust = dust
        self._calls = calls
        self._context = context
        self._taken = 0
        """Requests of the table that Dust took so far."""
        self._reject = context.outcomes.reject
        self._replaces = False
        self._truncates = False

    def replace(self) -> None:
        """From now on, rows take the place of all that the table has.

        Nothing stops that half-way: the rows were looked at before, and those that Dust refuses are left out.
        """
        self._replaces = self._truncates = True
        self._reject = replace(self._context.outcomes, on_record_error=OnRecordError.SKIP).reject

    @property
    def still_replaces(self) -> bool:
        """Whether Dust has taken none of the rows that were to replace others, so that those are still there."""
        return self._truncates

    def send_batch(self, burst: Burst, batch: Batch) -> None:
        """Have rows queued. Raises `UnusableTable` if Dust would garble them."""
        if not self._replaces:
            refuse_misleading(self._stream, batch)
        done = partial(self._took, burst, [*batch.changes.values()], batch.size, self._context.now())
        failed = partial(self._refused, burst, batch, self._taken)
        send = partial(self._dust.upsert, batch, burst.loaded_at, truncates=self._truncates)
        burst.under_way = True
        self._calls.make(send, done, failed, size=batch.size, lane=Lane.LIMITED)

    def send_delete(self, burst: Burst) -> None:
        """Have the removal of a row queued."""
        row_id, change = next(iter(burst.deletes.items()))
        del burst.deletes[row_id]
        done = partial(self._took, burst, [change], 0, self._context.now())
        burst.under_way = True
        self._calls.make(partial(self._dust.delete, row_id), done, lane=Lane.LIMITED)

    def _took(self, burst: Burst, changes: Sequence[Change], size: int, began: float, _answer: None) -> None:
        """Dust has queued changes: they need no memory any more, but are acknowledged once they can be read."""
        self._taken += 1
        burst.took(changes, size=size, began=began, ended=self._context.now(), queued=not self._truncates)
        self._truncates = False
        self._context.budget.used -= sum(change.memory for change in changes)
        self._context.outcomes.progress.of(self._stream).queued += sum(len(change.spans) for change in changes)
        if not self._context.confirm:
            settle(burst, self._stream, self._context.outcomes)

    def _refused(self, burst: Burst, batch: Batch, taken: int, error: Exception) -> None:
        burst.under_way = False
        batch.failed_after = taken if batch.failed_after is None else batch.failed_after
        if not isinstance(error, (Rejected, Ambiguous)):
            raise error
        if isinstance(error, TooLarge):
            self._context.requests.shrink(batch.size // 2)
        if len(batch) > 1:
            burst.batches.extendleft(reversed(batch.cut(len(batch) // 2)))
        elif isinstance(error, Ambiguous) and self._taken == batch.failed_after:
            # Nothing that Dust took since shows that it is the row and not Dust.
            burst.postpone(batch)
        else:
            self._leave_out(batch, error)

    def _leave_out(self, batch: Batch, error: Exception) -> None:
        (change,) = batch.changes.values()
        self._context.budget.used -= change.memory
        for span in change.spans:
            self._reject(self._stream, change.row_id, str(error), span)


def refuse_misleading(stream: StreamKey, batch: Batch) -> None:
    """Raise `UnusableTable` if Dust would garble rows."""
    if columns := misleading_columns(batch.objects()):
        raise UnusableTable(
            f"Rows of the stream {stream} cannot be stored: Dust keeps tables as CSV and guesses the delimiter, and in "
            "these rows semicolons or tabs outnumber the commas. Leave these columns out in the connection, or change "
            f"them in the source: {', '.join(columns)}."
        )


def settle(burst: Burst, stream: StreamKey, outcomes: Outcomes) -> None:
    """Acknowledge what a burst has stored."""
    for span, records in burst.stored.items():
        outcomes.ledger.settle(span, stored=records)
    counts, records = outcomes.progress.of(stream), burst.stored.total()
    counts.queued -= records
    counts.deleted += burst.deleted
    counts.superseded += burst.superseded
    counts.upserted += records - burst.deleted - burst.superseded
    burst.stored.clear()
    burst.deleted = burst.superseded = 0
