"""Records as rows of Dust tables: one table for each stream."""

from __future__ import annotations

import logging
import math
from collections.abc import Collection, Mapping

from destination_dust.airbyte.catalog import MissingKey, StreamPlan
from destination_dust.airbyte.cdc import is_change, is_tombstone
from destination_dust.airbyte.completion import Ending
from destination_dust.airbyte.ledger import Span
from destination_dust.airbyte.messages import Record, StreamKey
from destination_dust.config import CdcDeletes
from destination_dust.dust.errors import NotFound, Rejected, Stopped, Unavailable
from destination_dust.mapping.tables.differences import oddities
from destination_dust.mapping.tags import marker_of
from destination_dust.writers.markers import announce, decide
from destination_dust.writers.outcomes import BadRecord
from destination_dust.writers.record_ids import record_id
from destination_dust.writers.steps import Runner, Steps
from destination_dust.writers.tables.client import UnusableTable
from destination_dust.writers.tables.context import TablesContext
from destination_dust.writers.tables.definition import find_table
from destination_dust.writers.tables.proof import Unconfirmed
from destination_dust.writers.tables.records import Records
from destination_dust.writers.tables.refill import Refill
from destination_dust.writers.tables.staging import Staging
from destination_dust.writers.tables.table import Table

logger = logging.getLogger("airbyte")

# What ends one table, while the others go on.
TROUBLE = (UnusableTable, Unconfirmed, Unavailable, Rejected, NotFound, BadRecord)
# Seconds for the looks at a burst, in which its rows are found one after the other.
TO_LOOK = 2.0


class TablesWriter:
    """Maps records to rows, and hands each to the table of its stream."""

    def __init__(self, context: TablesContext, *, prefix: str, deletes: CdcDeletes) -> None:
        """`prefix`: what the names of all tables begin with."""
        self._failures: dict[StreamKey, Exception] = {}
        self._context = context
        self._prefix = prefix
        self._hard = deletes is CdcDeletes.HARD
        self._records = Records(context, self._failures, self._fail, hard=self._hard)
        self._ends = False
        """Whether no more records come."""
        self._tables: dict[StreamKey, Table] = {}
        self._lives: dict[StreamKey, Runner] = {}
        self._staging = Staging()

    @property
    def failures(self) -> Mapping[StreamKey, Exception]:
        """Why streams could not be stored to the end while others go on, the first failure first."""
        return self._failures

    @property
    def has_room(self) -> bool:
        """Whether the memory for waiting rows is not used up."""
        return self._context.budget.has_room and self._records.has_room

    @property
    def idle(self) -> bool:
        """Whether all rows were sent and confirmed, or are staged."""
        return self._records.idle and all(map(self._is_idle, self._lives))

    def add(self, plan: StreamPlan, record: Record, span: Span) -> None:
        """Upsert the record's row, or delete it if the record says that it is gone."""
        stream, outcomes = plan.stream, self._context.outcomes
        if stream in self._failures:
            return  # no state after this record will be given back
        table = self._tables[stream]
        try:
            row_id = record_id(plan, record, outcomes.counts)
        except MissingKey as error:
            if isinstance(table, Refill):
                table.miss_key()
            outcomes.rejected(stream, f"in line {record.line} of the input", str(error), {span: 1})
            return
        if not is_change(record.data) and self._records.idle:
            self._records.upsert(plan, record, span, row_id, table, {})
        elif self._hard and not plan.primary_key and is_tombstone(record.data):
            outcomes.ignored(stream, {span: 1})
        else:
            self._records.take(plan, record, span, row_id, table, is_replaced=isinstance(table, Refill))

    def _fail(self, stream: StreamKey, error: Exception) -> None:
        """A row that a record needs cannot be read: what comes later must not be acknowledged before that record."""
        if not isinstance(error, TROUBLE):
            raise error
        self._lives[stream].fail(error)

    def tick(self) -> None:
        """Advance each table. Once none is left, raises why the first has failed."""
        if self._ends and self._records.idle:
            for table in self._tables.values():
                table.drain()
        if not self._context.budget.has_room:
            self._make_room()
        for life in self._lives.values():
            life.advance()
        if self._failures and len(self._failures) == len(self._lives):
            raise next(iter(self._failures.values()))

    def drain(self) -> None:
        """Send the rows that are held back, once no more of them wait for what they lack."""
        self._ends = True
        self.tick()

    def prepare(self, plans: Collection[StreamPlan]) -> None:
        """Find the tables. The rows of those to be replaced are staged on disk from now on."""
        for plan in plans:
            life = self._lives[plan.stream] = Runner(plan.stream, self._context.submit, self._live(plan))
            life.advance()

    def has_replaced(self, plan: StreamPlan) -> bool:
        """Whether the table's tags say that it was replaced."""
        return plan.stream not in self._failures and not isinstance(self._tables[plan.stream], Refill)

    def conclude(self, endings: Mapping[StreamKey, Ending]) -> None:
        """Put the staged rows into their tables."""
        for stream, ending in endings.items():
            table = self._tables.get(stream)
            if stream not in self._failures and isinstance(table, Refill):
                table.conclude(ending)
        self.tick()

    def wind_down(self, until: float, *, goes_on: bool) -> bool:
        """Send only what can be proven in time, and look at what Dust may have merged. Returns whether there is any.

        Rows that were sent and not acknowledged are sent again by the next sync; so those are not begun that cannot be
        acknowledged until then. If the sync does not go on, none are.
        """
        context = self._context
        context.shared.end = until
        time_to_prove = context.confirmation.first_look + TO_LOOK if context.confirm else 0.0
        context.shared.last_request = until - time_to_prove if goes_on else -math.inf
        self.drain()
        return any(not self._is_idle(stream) for stream in self._lives)

    def unfinished(self) -> list[str]:
        """What each table lacks whose rows were being replaced, as sentences for the user."""
        refills = [table for table in self._tables.values() if isinstance(table, Refill)]
        return [lack for refill in refills if (lack := refill.unfinished)]

    def report(self) -> None:
        """Log where Dust holds something other than the source."""
        for stream, table in self._tables.items():
            self._context.outcomes.counts(stream).cleaned = table.encoder.cleaned
            for level, line in oddities(table.encoder):
                logger.log(level, "Stream %s: %s", stream, line)

    def _live(self, plan: StreamPlan) -> Steps:
        """What becomes of the table of a stream, from beginning to end. Its trouble is that of no other."""
        try:
            definition = yield from find_table(plan, self._context, self._prefix)
            decision = decide(plan, marker_of(definition.existing.tags)) if plan.replaces else None
            if decision:
                announce(plan, decision)
            table = Table(plan, definition, self._context)
            if decision and not decision.adds:
                table = Refill(plan, definition, self._context, decision, self._staging)
            self._tables[plan.stream] = table
            yield from table.live()
        except Stopped:
            pass  # what was not proven is not acknowledged
        except TROUBLE as error:
            self._failures[plan.stream] = error
            logger.warning("Stream %s: it is not stored any further, and the sync will fail: %s", plan.stream, error)
            if plan.stream in self._tables:
                self._tables[plan.stream].waiting.clear()

    def _is_idle(self, stream: StreamKey) -> bool:
        """Whether nothing is to be done for a stream before more comes."""
        life, table = self._lives[stream], self._tables.get(stream)
        return life.ended or (not life.under_way and table is not None and table.idle)

    def _make_room(self) -> None:
        """The memory is used up: have the tables sent in which most waits, until a quarter of it will be free.

        Those that rest until Dust has merged what they took come last, as they cannot send now.
        """
        wanted = self._context.budget.limit // 4
        for table in sorted(self._tables.values(), key=lambda each: (each.resting, -each.waiting.held)):
            if wanted <= 0:
                break
            wanted -= table.waiting.held
            table.flush()
