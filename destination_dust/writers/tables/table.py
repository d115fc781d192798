"""One table of Dust, from its creation to the proof of its last burst.

A table does one thing at a time; `_burst` says in which order.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Generator, Iterator, Mapping
from functools import partial
from typing import Any

from destination_dust.airbyte.catalog import StreamPlan
from destination_dust.mapping.tables.contents import Contents
from destination_dust.mapping.tables.loading_times import next_loading_time
from destination_dust.mapping.tables.sizes import Size, full
from destination_dust.writers.steps import WAIT, Ask, Steps
from destination_dust.writers.tables.burst import LINGER, Batch, Burst
from destination_dust.writers.tables.changes import Change, Waiting
from destination_dust.writers.tables.client import UnusableTable, refuse_misleading
from destination_dust.writers.tables.context import MANY_CELLS, TablesContext
from destination_dust.writers.tables.definition import Definition
from destination_dust.writers.tables.proof import Proof
from destination_dust.writers.tables.sending import Sending

logger = logging.getLogger("airbyte")


class Table:
    """The changes that wait for a table, that are on their way, and that are not confirmed yet."""

    def __init__(self, plan: StreamPlan, definition: Definition, context: TablesContext) -> None:
        self.definition = definition
        self.encoder = definition.encoder
        self.dust = definition.dust
        self.existing = definition.existing
        self.waiting = Waiting(context.budget, keeps_earlier=not context.outcomes.fails_on_rejects)
        self.sending = Sending(plan.stream, self.dust, context, self.waiting)
        self.resting = False
        """Whether it takes nothing until Dust has merged what it took."""
        self._plan = plan
        self._context = context
        self._send_by = -math.inf
        """What came by then is to be sent, though it fills no request."""
        self._staged: Iterator[Change] | None = None
        """Further changes, which are taken in as requests are cut."""
        self._in_burst = False
        self._contents: Contents | None = None
        """What it has, as far as it is known, since the first burst began."""
        self._loaded_at = 0
        """The latest time of loading that it has given to rows."""
        self._warned = False
        self._unproven_since: float | None = None
        """When Dust took the last request that nobody has seen to be merged."""

    @property
    def idle(self) -> bool:
        """Whether nothing is left to be done."""
        return not (self._in_burst or self._owes_nudge or (len(self.waiting) and self._context.may_send))

    def change(self, change: Change) -> None:
        """Take a change of a row. The latest change of a row decides."""
        change.since = self._context.now()
        if self.waiting.put(change):
            self._context.outcomes.superseded(self._plan.stream)

    def flush(self) -> None:
        """Have everything that waits sent."""
        self._send_by = max(self._send_by, self._context.now())

    def drain(self) -> None:
        """No more changes come, except those of a replacement."""
        self._send_by = math.inf

    def live(self) -> Steps:
        """Burst after burst, when something is due."""
        while True:
            if self._is_due():
                yield from self._burst()
            elif self._owes_nudge:
                yield from self._nudge_in_the_end()
            elif self.sending.may_show:
                yield from self.sending.show()
            else:
                yield WAIT

    def warn_of_cells(self, size: Size) -> None:
        """Say once that the table has very many cells."""
        if size.cells >= MANY_CELLS and not self._warned:
            self._warned = True
            logger.warning(
                "Stream %s: the table %s has about %.1f million cells. Dust has a limit of cells, which it does not "
                "publish. If rows cannot be confirmed, sync fewer fields or rows of the stream.",
                self._plan.stream,
                self.dust.table_id,
                size.cells / 1e6,
            )

    def _is_due(self) -> bool:
        """Whether there is something to send, and now: it fills a request, or has waited for long."""
        since, now = self.waiting.since, self._context.now()
        if since is None or not self._context.may_send:
            return False
        if now - since >= self._context.batch_age:
            self.flush()
        return since <= self._send_by or self.waiting.fills(self._context.requests)

    def _burst(self) -> Steps:
        """Send what is due, leave Dust alone until it is merged, see that it is there, and book it."""
        self._in_burst = True
        burst = yield from self._begin()
        while batch := (yield from self._next_request(burst)):
            yield from self.definition.tell_columns()
            yield from self.sending.send(burst, batch)
        self.resting = True
        if self._context.confirm and not burst.is_empty:
            yield from Proof(burst, self.dust, self._context).find()
        self._loaded_at = burst.loaded_at
        burst.settle(self._plan.stream, self._context.outcomes)
        self.warn_of_cells(burst.contents.size)
        yield from self.definition.update()
        self._in_burst = False
        if not self._context.confirm and burst.queued:
            self._unproven_since = burst.ended
            yield from self._context.wait_until(burst.ended + self._context.confirmation.first_look)
        self.resting = False

    def _begin(self) -> Generator[Ask | None, Any, Burst]:
        """Create the table if need be, and find out what it has. Raises `UnusableTable` if it is full."""
        yield from self.definition.tell_columns()
        table, shown, is_exact = self._contents.size if self._contents else Size(), list[Mapping[str, Any]](), True
        is_empty = not self._contents and not self.existing.exists  # nobody had created it
        if not (is_empty or self.sending.replaces):
            measured = yield Ask(partial(self.dust.measure, has_schema=self.definition.has_schema))
            is_exact = measured is not None
            if measured:
                shown, total = measured
                table = Size.estimated(shown, total)
                self.definition.has_shown(shown)
        if reason := full(table, len(self.encoder.in_table), rows=self.waiting.rows, size=self.waiting.size):
            raise UnusableTable(
                f"The table {self.dust.table_id} is full: {reason}. Sync fewer rows or fields of the stream "
                f"{self._plan.stream}, or delete rows that are no longer needed."
            )
        self._contents = Contents(table, shown, is_exact=is_exact)
        return Burst(
            self._context.now(),
            self._contents,
            loaded_at=next_loading_time(shown, wall=self._context.wall(), after=self._loaded_at),
            time_is_new=self.sending.replaces or self._contents.was_all_shown,
        )

    def _next_request(self, burst: Burst) -> Generator[Ask | None, Any, Batch | None]:
        """Cut the next request once something is due. Nothing is left for this burst if it returns None.

        It waits only as long as Dust cannot have begun to merge, so that a burst is merged as a whole.
        """
        while self._context.may_send and not burst.is_full(self._context.bursts):
            self._take_staged()
            now, draining = self._context.now(), self._send_by == math.inf
            if self._is_due() and (burst.is_empty or draining or now - burst.began < self._context.batch_age):
                deletes = None if burst.is_empty else burst.deletes
                changes = self.waiting.cut(self._context.requests, self._send_by, deletes=deletes)
                return self._fitting(burst, Batch(changes)) if changes else None
            if not self._staged and (burst.is_empty or draining or now - burst.ended >= LINGER):
                break
            yield WAIT
        return None

    def _take_staged(self) -> None:
        """Take in as many of the staged changes as fill a request, and as there is memory for."""
        while self._staged and self._context.budget.has_room and not self.waiting.fills(self._context.requests):
            change = next(self._staged, None)
            if change is None:
                self._staged = None
            else:
                self.waiting.put(change)

    def _fitting(self, burst: Burst, batch: Batch) -> Batch | None:
        """Those for which there is room in the table; the others wait for the next burst, which measures it again.

        Raises `UnusableTable` if Dust could mistake the delimiter of the table.
        """
        columns = self.encoder.in_table
        # One is taken at least, or none would ever be.
        fit = burst.contents.fitting(batch.rows, batch.table_size, len(columns)) or int(burst.is_empty)
        if fit < len(batch.rows):
            self._context.outcomes.superseded(self._plan.stream, self.waiting.put_back(batch.changes[fit:]))
            if not fit:
                return None
            batch = Batch(batch.changes[:fit])
        burst.contents.added.add(batch.rows)
        refuse_misleading(self._plan.stream, burst.contents.misleading(columns))
        return batch

    @property
    def _owes_nudge(self) -> bool:
        return self._send_by == math.inf and self._unproven_since is not None

    def _nudge_in_the_end(self) -> Steps:
        """Once a merge that was under way has ended, have Dust merge what came during it: nobody looks at the rows.

        Requests that are still to be sent do as well; but a sync that stops sends none.
        """
        timing = self._context.confirmation
        yield from self._context.wait_until((self._unproven_since or 0.0) + timing.first_look + timing.lock)
        if not (len(self.waiting) and self._context.may_send):
            yield Ask(self.dust.nudge)
            self._unproven_since = None
