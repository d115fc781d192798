"""The rows that are to replace those of one table: staged on disk until it is proven that they are all."""

from __future__ import annotations

import logging

from destination_dust.airbyte.catalog import StreamPlan
from destination_dust.airbyte.completion import Ending
from destination_dust.mapping.tags import marker_of
from destination_dust.writers.markers import Decision, announce, decide, marker_for
from destination_dust.writers.outcomes import BadRecord
from destination_dust.writers.steps import WAIT, Ask, Runner, Steps
from destination_dust.writers.tables.batch import Change
from destination_dust.writers.tables.client import ExistingTable
from destination_dust.writers.tables.context import TablesContext
from destination_dust.writers.tables.limits import MAX_ROWS
from destination_dust.writers.tables.staging import StagedRows, Staging, too_large, validate
from destination_dust.writers.tables.table import Table
from destination_dust.writers.unlikely_replacements import warn_if_unlikely

logger = logging.getLogger("airbyte")


class Refill:
    """The rows that a sync has brought of a stream that replaces its table; `_live` says how they get there."""

    def __init__(
        self,
        plan: StreamPlan,
        table: Table,
        context: TablesContext,
        staging: Staging,
        existing: ExistingTable,
    ) -> None:
        """`existing`: the table as it was before the sync."""
        self.plan = plan
        self.ended = False
        self.validated = False
        """Whether it is known that the table can take all rows."""
        self.failure: BadRecord | None = None
        """Why the sync fails though all other rows are stored."""
        self._table = table
        self._dust = table.dust
        self._context = context
        self._staging = staging
        self._rows: StagedRows | None = None
        self._existing = existing
        self._ending: Ending | None = None
        self._doubt: str | None = None
        """Why the old rows stay though the stream is complete."""
        self._started = False
        self._life = Runner(table.dust.table_id, context.submit, self._live())

    @property
    def busy(self) -> bool:
        """Whether a call is in flight."""
        return self._life.under_way

    @property
    def was_done(self) -> bool:
        """Whether the stream was replaced before, so that this sync only adds to it."""
        return self._decision.adds

    @property
    def tags(self) -> tuple[str, ...]:
        """The tags that the table had before the sync."""
        return self._existing.tags

    @property
    def _decision(self) -> Decision:
        return decide(self.plan, marker_of(self._existing.tags))

    def put(self, change: Change) -> None:
        """Stage a change. Raises `DiskFull`, and `UnusableTable` if there are too many rows for a table."""
        self._rows = self._rows or StagedRows(self._staging, keeps_earlier=not self._context.outcomes.fails_on_rejects)
        self._rows.put(change)
        if self._rows.exceeds(MAX_ROWS):
            raise too_large(self.plan.stream, self._dust.table_id, f"more than {MAX_ROWS:,} rows")

    def miss_key(self) -> None:
        """A record does not identify its row, which therefore cannot be told from the stale ones."""
        self._doubt = (
            "the key of a record is missing, and its row cannot be told from the stale ones. "
            "Fix the record in the source, and sync again"
        )

    def conclude(self, ending: Ending) -> None:
        """All rows are staged. Validate them if the stream is complete, then wait for `start`."""
        self._ending = ending
        self.advance()

    def start(self) -> None:
        """Send the rows."""
        self._started = True
        self.advance()

    def advance(self) -> None:
        """Do what is due, up to the next call."""
        if not self.ended:
            self._life.advance()

    def drop(self) -> None:
        """Forget the rows, because the next sync brings them again or they are where they belong."""
        if self._rows:
            self._rows.close()
        self.ended = True

    def _live(self) -> Steps:
        """Raises `UnusableTable` before the table is touched if it cannot take all rows."""
        announce(self.plan, self._decision)
        while self._ending is None:
            yield WAIT
        rows = self._rows or ()
        count = 0
        if self._ending is Ending.COMPLETE:
            count = yield Ask(lambda: validate(rows, self.plan.stream, self._dust.table_id, self._context.requests))
            self.validated = True
            if not count and self._existing.exists and self._context.outcomes.counts(self.plan.stream).rejected:
                self._doubt = self._doubt or "all records that the source sent were left out"
        while not self._started:
            yield WAIT
        replaces = self._ending is Ending.COMPLETE and not self._is_written and not self._doubt
        if replaces and not count:
            yield from self._empty()
        else:
            self._begin(count, replaces=replaces)
            yield from self._fill(replaces=replaces)
            yield from self._finish(replaces=replaces)
        if not self.failure and (replaces or not self._existing.exists):
            self._context.outcomes.replaced(self.plan.stream)
        self._book_unsent(replaces=replaces)
        self.drop()

    @property
    def _is_written(self) -> bool:
        """Whether rows of this generation are there, which another attempt may have acknowledged."""
        generation, minimum = self.plan.generation, self.plan.minimum_generation_id
        if generation is None or minimum is None or self._decision is Decision.REPLACE:
            return False
        return minimum <= self._existing.generation <= generation

    def _empty(self) -> Steps:
        """The stream has no rows."""
        if self._existing.exists:
            logger.info("Stream %s: it has no rows, so the table %s is emptied.", self.plan.stream, self._dust.table_id)
            yield from self._table.clear()
            yield from self._table.prove_replaced(had_rows=self._existing.has_rows)
            yield from self._mark()

    def _begin(self, count: int, *, replaces: bool) -> None:
        """Have the rows replace those of the table, or be added to them, and log which."""
        stream, table_id = self.plan.stream, self._dust.table_id
        if replaces:
            logger.info("Stream %s: %d rows replace those of the table %s.", stream, count, table_id)
            warn_if_unlikely(self.plan, brought=count, deleted=(self._existing.rows or 0) - count)
            self._table.replace(tags=self._tags(completed=False))
            return
        self._table.tag(self._existing.tags)
        doubt = self._doubt or (self._ending.doubt if self._ending else None)
        if self._ending is Ending.COMPLETE and not doubt:
            logger.info(
                "Stream %s: the table %s has rows of this refresh already, so rows are only added.", stream, table_id
            )
        elif self._existing.exists:
            self._context.outcomes.kept(stream, str(doubt))
            logger.warning("Stream %s: the old rows of the table %s were kept, because %s.", stream, table_id, doubt)

    def _fill(self, *, replaces: bool) -> Steps:
        """Hand as many rows to the table as there is memory for, until all are confirmed."""
        for change in self._rows or ():
            while not self._context.budget.has_room:
                yield WAIT
            if change.content is not None or not replaces:
                change = self._rows.with_earlier(change) if self._rows else change
                self._context.outcomes.superseded(self.plan.stream, len([*change.chain]) - 1)
                self._table.change(change)
        self._table.close()
        self._table.advance()
        while not self._table.idle:
            yield WAIT

    def _finish(self, *, replaces: bool) -> Steps:
        """Mark the replacement as done, because the platform may try again after its states went out."""
        left_out = self._context.outcomes.counts(self.plan.stream).rejected
        if left_out and self._context.outcomes.fails_on_rejects:
            self.failure = BadRecord(
                f"Some records of the stream {self.plan.stream} ({left_out}) could not be stored in the table "
                f"{self._dust.table_id}; all others are. The warnings in the log name them. Fix them in the source, "
                "or set on_record_error to skip: such records are then skipped and counted. The next sync brings "
                "all of the stream again."
            )
            return
        if self._table.still_to_replace:
            yield from self._table.clear()
        if replaces:
            yield from self._table.prove_replaced(had_rows=self._existing.has_rows)
        yield from self._mark()

    def _mark(self) -> Steps:
        if tags := self._tags(completed=True):
            yield from self._table.describe(tags)

    def _tags(self, *, completed: bool) -> list[str]:
        marker = marker_for(self.plan, completed=completed)
        return [marker.tag] if marker else []

    def _book_unsent(self, *, replaces: bool) -> None:
        """Book the records that were not sent, because later ones of the same row were."""
        outcomes, stream = self._context.outcomes, self.plan.stream
        for span, superseded, deleted in self._rows.unsent(deletes_are_sent=not replaces) if self._rows else ():
            outcomes.superseded(stream, superseded)
            outcomes.deleted(stream, {span: superseded + deleted}, deleted)
