"""Records as rows of Dust tables: one table for each stream."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Collection, Mapping
from functools import partial

from destination_dust.airbyte.catalog import MissingKey, StreamPlan
from destination_dust.airbyte.completion import Ending
from destination_dust.airbyte.ledger import Span
from destination_dust.airbyte.messages import Record, StreamKey
from destination_dust.config import CdcDeletes
from destination_dust.mapping.ids import table_name
from destination_dust.mapping.tables.cells import Difference
from destination_dust.mapping.tables.columns import remembered_columns
from destination_dust.mapping.tables.differences import changed_types, differences, listed, renamed
from destination_dust.mapping.tables.rows import RowEncoder, TooManyColumns
from destination_dust.writers.record_ids import record_id
from destination_dust.writers.steps import Ask, Runner, Steps
from destination_dust.writers.tables.batch import Change
from destination_dust.writers.tables.client import TableClient
from destination_dust.writers.tables.context import TablesContext
from destination_dust.writers.tables.limits import MAX_ROW_BYTES
from destination_dust.writers.tables.refill import Refill
from destination_dust.writers.tables.replacements import Replacements
from destination_dust.writers.tables.staging import Staging
from destination_dust.writers.tables.table import Table

logger = logging.getLogger("airbyte")


class TablesWriter:
    """Maps records to rows, and hands each to the table of its stream."""

    def __init__(self, context: TablesContext, *, prefix: str, deletes: CdcDeletes) -> None:
        """`prefix`: what the names of all tables begin with."""
        self._context = context
        self._prefix = prefix
        self._hard = deletes is CdcDeletes.HARD
        self._tables: dict[StreamKey, Table] = {}
        self._replacements = Replacements(context.submit)
        self._staging = Staging()
        self._beginnings: list[Runner] = []

    @property
    def has_room(self) -> bool:
        """Whether the memory for waiting rows is not used up."""
        return self._context.budget.has_room

    @property
    def idle(self) -> bool:
        """Whether all rows were sent and confirmed."""
        begun = all(each.ended for each in self._beginnings)
        return begun and self._replacements.idle and all(table.idle for table in self._tables.values())

    def add(self, plan: StreamPlan, record: Record, span: Span) -> None:
        """Upsert the record's row, or delete it if the record says that it is gone."""
        outcomes = self._context.outcomes
        try:
            row_id = record_id(plan, record, outcomes.counts(plan.stream))
        except MissingKey as error:
            if refill := self._replacements.of(plan.stream):
                refill.miss_key()
            outcomes.rejected(plan.stream, f"in line {record.line} of the input", str(error), Counter({span: 1}))
            return
        table = self._tables[plan.stream]
        content = None
        if not (self._hard and plan.deletes(record.data)):
            try:
                content = table.encoder.encode(row_id, record.data, record.emitted_at).content
            except TooManyColumns as error:
                reason = f"{error}. Select fewer of the stream's fields in the connection"
                outcomes.rejected(plan.stream, row_id, reason, Counter({span: 1}))
                return
        change = Change(row_id, content, span)
        if change.size > MAX_ROW_BYTES:
            reason = f"it is larger than a request to Dust may be ({change.size} bytes)"
            outcomes.rejected(plan.stream, row_id, reason, Counter({span: 1}))
        elif refill := self._replacements.of(plan.stream):
            refill.put(change)
        else:
            table.change(change)

    def tick(self) -> None:
        """Advance each table."""
        self._replacements.advance()
        for table in self._tables.values():
            table.advance()
        if not self._context.budget.has_room:
            self._make_room()

    def drain(self) -> None:
        """Send the rows that are held back."""
        for table in self._tables.values():
            table.drain()

    def prepare(self, plans: Collection[StreamPlan]) -> None:
        """Find the tables. The rows of those to be replaced are staged on disk from now on."""
        for plan in plans:
            beginning = Runner(("beginning", plan.stream), self._context.submit, self._begin(plan))
            self._beginnings.append(beginning)
            beginning.advance()

    def has_replaced(self, plan: StreamPlan) -> bool:
        """Whether the table's tags say that it was replaced."""
        refill = self._replacements.of(plan.stream)
        if not refill or not refill.was_done:
            return False
        self._replacements.forget(plan.stream)
        self._tables[plan.stream].tag(refill.tags)
        return True

    def conclude(self, endings: Mapping[StreamKey, Ending]) -> None:
        """Put the staged rows into their tables."""
        self._replacements.conclude(endings)

    def report(self) -> None:
        """Log where Dust holds something other than the source."""
        for stream, table in self._tables.items():
            encoder = table.encoder
            self._context.outcomes.counts(stream).cleaned = encoder.cleaned
            for odd, line in differences(encoder.columns):
                # Blanks become null nearly everywhere, and few will miss them.
                logger.log(logging.INFO if odd is Difference.BLANK else logging.WARNING, "Stream %s: %s", stream, line)
            for line in changed_types(encoder.columns, encoder.existing):
                logger.warning("Stream %s: %s", stream, line)
            for field, name, other in encoder.moved():
                logger.warning(
                    "Stream %s: the values of the field %s go to the column %s. The table also has the column %s, "
                    "which may hold its earlier values: the tags that would say so are gone.",
                    stream,
                    field,
                    name,
                    other,
                )
            names = renamed({field: column for field, column in encoder.columns.items() if not column.declared})
            if names:
                logger.info("Stream %s: columns of fields that the catalog lacks: %s.", stream, listed(names))

    def _begin(self, plan: StreamPlan) -> Steps:
        """Give each field the column that it had before."""
        table_id = table_name(self._prefix, *plan.stream)
        described = yield Ask(TableClient(self._context.client, table_id).described)
        known = described or {}
        encoder = RowEncoder(
            plan.properties,
            generation_id=plan.generation,
            remembered=remembered_columns(known.get("tags") or ()),
            existing=[str(column.get("name")) for column in known.get("schema") or ()],
        )
        logger.info("Stream %s goes to the table %s.", plan.stream, table_id)
        if names := renamed(encoder.columns):
            logger.info("Stream %s: Dust would change some names, so the columns are: %s.", plan.stream, listed(names))
        table = self._tables[plan.stream] = Table(plan, table_id, encoder, self._context)
        if plan.replaces:
            existing = yield Ask(partial(table.dust.existing, described))
            self._replacements.prepare(Refill(plan, table, self._context, self._staging, existing))

    def _make_room(self) -> None:
        """When the budget is full of half-filled batches, send the oldest burst.

        Rows that wait for Dust to merge give their memory back by themselves.
        """
        if any(table.moving for table in self._tables.values()):
            return
        bursts = [(burst.began, table) for table in self._tables.values() if (burst := table.open_burst)]
        held = sum(burst.waiting[1] for table in self._tables.values() if (burst := table.open_burst))
        if bursts and held * 4 >= self._context.budget.limit:
            _, table = min(bursts, key=lambda each: each[0])
            table.close()
            table.advance()
