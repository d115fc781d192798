"""The rows that are to replace those of one table: staged on disk until it is proven that they are all."""

from __future__ import annotations

import logging
from collections.abc import Iterator

from destination_dust.airbyte.catalog import StreamPlan
from destination_dust.airbyte.completion import Ending
from destination_dust.dust.errors import Stopped
from destination_dust.mapping.tables.sizes import Size
from destination_dust.writers.markers import Decision, marker_for, staying
from destination_dust.writers.outcomes import BadRecord
from destination_dust.writers.steps import WAIT, Ask, Steps
from destination_dust.writers.tables.changes import Change
from destination_dust.writers.tables.client import UnusableTable, refuse_misleading, too_large
from destination_dust.writers.tables.context import TablesContext
from destination_dust.writers.tables.definition import Definition
from destination_dust.writers.tables.proof import count_replaced
from destination_dust.writers.tables.staging import StagedRows, Staging
from destination_dust.writers.tables.table import Table
from destination_dust.writers.unlikely_replacements import warn_if_unlikely

logger = logging.getLogger("airbyte")


class Refill(Table):
    """A table that a sync is to replace: the rows that it brings are staged, and `live` says how they get there."""

    def __init__(
        self, plan: StreamPlan, definition: Definition, context: TablesContext, decision: Decision, staging: Staging
    ) -> None:
        """`decision`: what the table's marker allows."""
        super().__init__(plan, definition, context)
        self._decision = decision
        self._staging = staging
        self._rows: StagedRows | None = None
        self._count = 0
        """Rows that are to be sent, once they were validated."""
        self._replaces = False
        """Whether they take the place of the old rows, or else are added to them."""
        self._ending: Ending | None = None
        self._trouble: UnusableTable | None = None
        self._doubt: str | None = None
        """Why the old rows stay though the stream is complete."""

    @property
    def idle(self) -> bool:
        """Whether nothing is to be done before the input has ended."""
        return self._ending is None and self._trouble is None

    @property
    def unfinished(self) -> str | None:
        """What the table lacks if its old rows are gone and not all new ones are there, as a sentence; else None."""
        if self.sending.replaced_at is None or self._rows is None:
            return None
        table_id, taken, count = self.dust.table_id, self._taken_rows, self._count
        next_sync = f"The next complete sync of the stream {self._plan.stream} brings all."
        if taken < count:
            return (
                f"The table {table_id} is not complete: Dust has taken {taken:,} of {count:,} rows that replace the "
                f"old ones. {next_sync}"
            )
        return (
            f"The table {table_id} may not be complete: Dust has taken all {count:,} rows that replace the old ones, "
            f"but it was not proven that they are there. {next_sync}"
        )

    def change(self, change: Change) -> None:
        """Stage a change, unless the table can never take the rows. Raises `DiskFull`."""
        if self._trouble:
            return
        self._rows = self._rows or StagedRows(self._staging, keeps_earlier=not self._context.outcomes.fails_on_rejects)
        columns = self.encoder.in_table
        if self._rows.put(change) and self._rows.exceeds(len(columns)):
            self._trouble = too_large(self._plan.stream, self._rows.size(), self.dust.table_id, columns)

    def miss_key(self) -> None:
        """A record does not identify its row, which therefore cannot be told from the stale ones."""
        self._doubt = (
            "the key of a record is missing, and its row cannot be told from the stale ones. "
            "Fix the record in the source, and sync again"
        )

    def conclude(self, ending: Ending) -> None:
        """All rows are staged."""
        self._ending = ending

    def _drop(self) -> None:
        """Forget the rows, because the next sync brings them again or they are where they belong."""
        if self._rows:
            self._rows.close()
        self._rows = None

    def live(self) -> Steps:
        """Wait for all rows, validate them, put them into the table, and mark it.

        Raises `UnusableTable` before the table is touched if it cannot take all rows, and `BadRecord` if Dust refused
        some, after all others are stored.
        """
        while self.idle:
            yield WAIT
        if self._trouble:
            self._drop()
            raise self._trouble
        if self._ending is not Ending.INCOMPLETE:
            yield from self._conclude()
        self._drop()

    def _conclude(self) -> Steps:
        if self._ending is Ending.COMPLETE:
            size = yield Ask(self._validate)
            self._count = size.rows
            self.warn_of_cells(size)
            left_out = self._context.outcomes.counts(self._plan.stream).rejected
            if not self._count and self.existing.exists and left_out:
                self._doubt = self._doubt or "all records that the source sent were left out"
            is_written = self.existing.generation in staying(self._plan, self._decision)
            self._replaces = not is_written and not self._doubt
        if self._replaces and not self._count:
            yield from self._empty()
        else:
            self._decide()
            yield from self._send_all()
            yield from self._finish()
        if self._replaces or not self.existing.exists:
            self._context.outcomes.replaced(self._plan.stream)
        self._book_unsent()

    def _validate(self) -> Size:
        """The size of all rows. Raises `UnusableTable` if Dust could not read a table of them.

        Proof that it can: what each row takes was found when it was encoded, as an upper bound, and is summed up.
        """
        if not self._rows:
            return Size()
        size, columns = self._rows.size(), self.encoder.in_table
        if not size.fits(len(columns)):
            raise too_large(self._plan.stream, size, self.dust.table_id, columns)
        refuse_misleading(self._plan.stream, self._rows.misleading(columns, self._context.requests))
        return size

    def _empty(self) -> Steps:
        """The stream has no rows."""
        if self.existing.exists:
            logger.info("Stream %s: it has no rows, so the table %s is emptied.", self._plan.stream, self.dust.table_id)
            yield from self._clear()
            yield from self._mark()

    def _decide(self) -> None:
        """Have the rows replace those of the table, or be added to them, and log which."""
        stream, table_id = self._plan.stream, self.dust.table_id
        if self._replaces:
            logger.info("Stream %s: %d rows replace those of the table %s.", stream, self._count, table_id)
            warn_if_unlikely(self._plan, brought=self._count, deleted=(self.existing.rows or 0) - self._count)
            self.definition.tags = self._tags(completed=False)
            self.definition.replace()
            self.sending.replaces = True
            return
        doubt = self._doubt or (self._ending.doubt if self._ending else None)
        if self._ending is Ending.COMPLETE and not doubt:
            logger.info(
                "Stream %s: the table %s has rows of this refresh already, so rows are only added.", stream, table_id
            )
        elif self.existing.exists:
            self._context.outcomes.kept(stream, str(doubt))
            logger.warning("Stream %s: the old rows of the table %s were kept, because %s.", stream, table_id, doubt)

    def _send_all(self) -> Steps:
        """Send the staged changes, and see that they are there."""
        self._staged = self._changes()
        self.drain()
        while self._staged or len(self.waiting):
            if not self._context.may_send:
                raise Stopped("The sync is stopping.")
            yield from self._burst()
        if self._owes_nudge:
            yield from self._nudge_in_the_end()

    def _changes(self) -> Iterator[Change]:
        """The staged changes, to be sent one after the other. Deletes say nothing to a table whose rows all go."""
        for change in self._rows or ():
            if change.row is not None or not self._replaces:
                sent = self._rows.with_earlier(change, deletes_are_sent=not self._replaces) if self._rows else change
                if sent.earlier:
                    self._context.outcomes.superseded(self._plan.stream, sum(1 for _ in sent.chain) - 1)
                yield sent

    def _finish(self) -> Steps:
        """Mark the replacement as done, because the platform may try again after its states went out."""
        left_out = self._context.outcomes.counts(self._plan.stream).rejected
        if left_out and self._context.outcomes.fails_on_rejects:
            self._book_unsent()
            self._drop()
            raise BadRecord(
                f"Some records of the stream {self._plan.stream} ({left_out}) could not be stored in the table "
                f"{self.dust.table_id}; all others are. The warnings in the log name them. Fix them in the source, "
                "or set on_record_error to skip: such records are then skipped and counted. The next sync brings "
                "all of the stream again."
            )
        if self.sending.truncates:
            yield from self._clear()
        yield from self._mark()

    @property
    def _taken_rows(self) -> int:
        """How many rows Dust has taken in place of the old ones."""
        return self._contents.size.rows if self._contents else 0

    def _clear(self) -> Steps:
        """Delete all rows, at once."""
        yield Ask(self.dust.clear)
        self.sending.replaced_at = self._context.now()

    def _mark(self) -> Steps:
        """See that it has exactly the rows that replaced others, and mark it. Raises `Unconfirmed`."""
        if self._replaces and self._context.confirm:
            since, may_have_had_rows = self.sending.replaced_at or 0.0, self.existing.rows != 0
            yield from count_replaced(self.dust, self._context, self._taken_rows, since=since, again=may_have_had_rows)
        if tags := self._tags(completed=True):
            self.definition.tags = tags
            yield from self.definition.describe()

    def _tags(self, *, completed: bool) -> list[str]:
        marker = marker_for(self._plan, completed=completed)
        return [marker.tag] if marker else []

    def _book_unsent(self) -> None:
        """Book the records that were not sent, because later ones of the same row were."""
        outcomes, stream = self._context.outcomes, self._plan.stream
        for span, superseded, deleted in self._rows.unsent(deletes_are_sent=not self._replaces) if self._rows else ():
            outcomes.superseded(stream, superseded)
            outcomes.deleted(stream, {span: superseded + deleted}, deleted)
