"""The rows that are to replace those of one table: they wait on disk until it is proven that they are all."""

from __future__ import annotations

import logging
from collections.abc import Iterator

from destination_dust.airbyte.catalog import StreamPlan
from destination_dust.airbyte.completion import Ending
from destination_dust.config import OnRecordError
from destination_dust.mapping.tags import is_being_replaced_by, is_replaced_by, replaced_tag, replacing_tag
from destination_dust.writers.steps import OneCall
from destination_dust.writers.tables.batch import Change
from destination_dust.writers.tables.client import ExistingTable, TableClient
from destination_dust.writers.tables.context import TablesContext
from destination_dust.writers.tables.examination import examine, too_large
from destination_dust.writers.tables.limits import MAX_ROWS
from destination_dust.writers.tables.staging import StagedRows
from destination_dust.writers.tables.table import Table
from destination_dust.writers.writer import BadRecord

logger = logging.getLogger("airbyte")


class Refill:
    """What a sync has brought of a stream that replaces its table, and how it gets there.

    The order is: `find`, until not busy; `put`; `examine`, until not busy; `start`; `advance`, until ended.
    """

    def __init__(self, plan: StreamPlan, table: Table, context: TablesContext, *, cache: int) -> None:
        """`cache`: bytes of memory for rows."""
        self.plan = plan
        self.ended = False
        self.failure: BadRecord | None = None
        """Why the sync fails though all other rows are stored."""
        self._table = table
        self._context = context
        self._cache = cache
        self._dust = TableClient(context.client, table.table_id)
        self._calls = OneCall(table.table_id, context.outcomes.submit, self.advance)
        self._rows: StagedRows | None = None
        self._found = ExistingTable()
        self._left: Iterator[Change] | None = None
        self._count = 0
        self._replaces = False

    @property
    def busy(self) -> bool:
        """Whether a call is under way."""
        return self._calls.under_way

    def find(self) -> None:
        """Learn what Dust has of the table."""

        def done(found: ExistingTable) -> None:
            self._found = found

        self._calls.make(self._dust.find, done)

    @property
    def was_done(self) -> bool:
        """Whether an earlier attempt has completed the replacement by this generation."""
        return self.plan.generation is not None and is_replaced_by(self._found.tags, self.plan.generation)

    def put(self, change: Change) -> None:
        """Keep a change. Raises `DiskFull`, and `UnusableTable` if there are too many rows for a table."""
        self._rows = self._rows or StagedRows(cache=self._cache)
        self._rows.put(change)
        if self._rows.exceeds(MAX_ROWS):
            raise too_large(self.plan.stream, self._dust.table_id, f"more than {MAX_ROWS:,} rows")

    def examine(self) -> None:
        """See whether the table can take all rows. Raises `UnusableTable` if it cannot; nothing was touched then."""

        def done(count: int) -> None:
            self._count = count

        rows = self._rows or ()
        self._calls.make(lambda: examine(rows, self.plan.stream, self._dust.table_id, self._context.requests), done)

    def start(self, ending: Ending) -> None:
        """Send the rows, in place of all that the table has if the stream is complete, or else besides."""
        self._replaces = ending is Ending.COMPLETE and not self._is_written
        if self._replaces and not self._count:
            self._empty()
            return
        if self._replaces:
            stream, generation = self.plan.stream, self.plan.generation
            logger.info("Stream %s: %d rows replace those of the table %s.", stream, self._count, self._dust.table_id)
            self._table.replace(tags=() if generation is None else [replacing_tag(generation)])
        else:
            self._table.tag(self._found.tags)
            if ending is Ending.COMPLETE:
                logger.info(
                    "Stream %s: the table %s has rows of this refresh already, so rows are only added.",
                    self.plan.stream,
                    self._dust.table_id,
                )
        if ending is Ending.UNPROVEN:
            self._tell_what_stays()
        self._left = iter(self._rows or ())

    def advance(self) -> None:
        """Hand on as many rows as there is memory for, and finish when all are confirmed."""
        if self._left is None or self.busy:
            return
        self._hand_on(self._left)
        self._table.advance()

    def drop(self) -> None:
        """The source failed: forget the rows, which the next sync brings again."""
        if self._rows:
            self._rows.close()
        self.ended = True

    def _hand_on(self, left: Iterator[Change]) -> None:
        while self._context.budget.has_room:
            change = next(left, None)
            if change is None:
                self._table.close()
                if self._table.idle:
                    self._left = None
                    self._finish()
                return
            if change.content is not None or not self._replaces:
                self._table.change(change)

    @property
    def _is_written(self) -> bool:
        """Whether the rows of the table are of this replacement, though it lacks the mark that it was completed.

        If it lacks the one that it was begun as well, nobody can tell what an earlier attempt has acknowledged.
        """
        generation, minimum = self.plan.generation, self.plan.minimum_generation_id
        if generation is None or minimum is None or is_being_replaced_by(self._found.tags, generation):
            return False
        return self._found.generation >= minimum

    def _finish(self) -> None:
        """Mark the replacement as done, so that the platform may try again after its states went out."""
        left_out = self._context.outcomes.progress.of(self.plan.stream).rejected
        if left_out and self._context.outcomes.on_record_error is OnRecordError.FAIL:
            self.failure = BadRecord(
                f"Some records of the stream {self.plan.stream} ({left_out}) could not be stored in the table "
                f"{self._dust.table_id}; all others are. The warnings in the log name them. Mend them in the source, "
                "or set on_record_error to skip, which leaves such records out and counts them. The next sync brings "
                "all of the stream again."
            )
            self._end()
        elif self._table.still_to_replace:
            self._calls.make(self._dust.clear, lambda _answer: self._mark())
        else:
            self._mark()

    def _mark(self) -> None:
        if self.plan.generation is None:
            self._end()
        else:
            self._table.describe([replaced_tag(self.plan.generation)], self._end)

    def _empty(self) -> None:
        """No row is left of the stream."""
        if self._found.exists:
            logger.info("Stream %s: it has no rows, so the table %s is emptied.", self.plan.stream, self._dust.table_id)
            self._calls.make(self._dust.clear, lambda _answer: self._mark())
        else:
            self._end()

    def _end(self) -> None:
        """Book the records that were not sent, because of others of the same row, and forget all."""
        outcomes, counts = self._context.outcomes, self._context.outcomes.progress.of(self.plan.stream)
        if self._rows:
            for span, superseded, deleted in self._rows.unsent(deletes_are_sent=not self._replaces):
                outcomes.ledger.settle(span, stored=superseded + deleted)
                counts.superseded += superseded
                counts.deleted += deleted
        self.drop()

    def _tell_what_stays(self) -> None:
        if self._found.exists:
            logger.warning(
                "Stream %s: the old rows of the table %s were kept, because the input ended without saying that the "
                "stream is complete, so that the source may have failed. If your input only ends when everything was "
                "read, set end_of_input_is_complete to true.",
                self.plan.stream,
                self._dust.table_id,
            )
