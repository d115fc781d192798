"""One table of Dust, from its creation to the confirmation of its last burst.

A table does one thing at a time; `_live` says in which order.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from destination_dust.airbyte.catalog import StreamPlan
from destination_dust.mapping.tables.rows import RowEncoder
from destination_dust.workers import Lane
from destination_dust.writers.steps import WAIT, Ask, Runner, Steps
from destination_dust.writers.tables.batch import Change
from destination_dust.writers.tables.burst import Burst
from destination_dust.writers.tables.client import TableClient
from destination_dust.writers.tables.context import TablesContext
from destination_dust.writers.tables.preparation import Preparation
from destination_dust.writers.tables.proof import Proof
from destination_dust.writers.tables.sending import Sending


class Table:
    """The changes that wait for a table, that are on their way, and that are not confirmed yet."""

    def __init__(self, plan: StreamPlan, table_id: str, encoder: RowEncoder, context: TablesContext) -> None:
        self.encoder = encoder
        self.dust = TableClient(context.client, table_id)
        self._stream = plan.stream
        self._context = context
        self._preparation = Preparation(plan, encoder, self.dust, context)
        self._sending = Sending(plan.stream, self.dust, context)
        self._proof = Proof(self.dust, context)
        self._bursts: deque[Burst] = deque()
        """The first is being sent and confirmed; the last takes changes unless it is closed."""
        self._resting = False
        self._draining = False
        self._unproven_since: float | None = None
        """When Dust took the last request that nobody has seen to be merged."""
        self._life = Runner(table_id, context.submit, self._live())

    @property
    def idle(self) -> bool:
        """Whether nothing is left to be done."""
        owes_nudge = self._draining and self._unproven_since is not None
        return not self._bursts and not self._life.under_way and not owes_nudge

    @property
    def moving(self) -> bool:
        """Whether a call is under way, or can be made at once, after which less waits."""
        return self._life.under_way or bool(self._bursts and self._bursts[0].batches and not self._resting)

    @property
    def open_burst(self) -> Burst | None:
        """The burst that is being sent, if it still takes changes."""
        return self._bursts[0] if self._bursts and not self._bursts[0].closed else None

    def tag(self, tags: Sequence[str]) -> None:
        """Set the tags that it gets when it is created. Those that it has go."""
        self._preparation.tags = tags

    def replace(self, *, tags: Sequence[str]) -> None:
        """Before the first change: from now on, rows take the place of all that it has."""
        self.tag(tags)
        self._preparation.replace()
        self._sending.replace()

    @property
    def still_to_replace(self) -> bool:
        """Whether the rows to be replaced are still there, because Dust has taken none of the new ones."""
        return self._sending.still_replaces

    def clear(self) -> Steps:
        """Delete all rows, at once. Only while it is idle."""
        yield Ask(self.dust.clear)
        self._sending.replaced_at = self._context.now()

    def prove_replaced(self, *, had_rows: bool) -> Steps:
        """See that it has exactly the rows that replaced others. Raises `Unconfirmed`. Only while it is idle."""
        if self._context.confirm:
            yield from self._proof.count(self._sending.rows, since=self._sending.replaced_at, again=had_rows)

    def describe(self, tags: Sequence[str]) -> Steps:
        """Describe it anew, with other tags. Only while it is idle."""
        self.tag(tags)
        yield from self._preparation.create()

    def change(self, change: Change) -> None:
        """Take a change of a row. The latest change of a row decides."""
        requests, now = self._context.requests, self._context.now()
        if not self._bursts or not self._bursts[-1].accepts(change, requests):
            self.close()
            self._bursts.append(Burst(now, self._context.bursts))
        keeps = not self._context.outcomes.fails_on_rejects
        earlier = self._bursts[-1].add(change, requests, now, keeps=keeps)
        self._context.budget.used += change.hold()
        if earlier:
            self._context.budget.used -= earlier.held
            self._context.outcomes.superseded(self._stream)

    def close(self) -> None:
        """Have everything that waits sent and confirmed."""
        if self._bursts:
            self._bursts[-1].close()

    def drain(self) -> None:
        """No more changes come, except those of a replacement."""
        self._draining = True
        self.close()

    def advance(self) -> None:
        """Do what is due, up to the next call."""
        self._life.advance()

    def _live(self) -> Steps:
        """Burst by burst: send the changes, leave Dust alone until they are merged, see that they are there."""
        while True:
            while not self._bursts:
                yield from self._nudge_in_the_end()
                yield WAIT
            burst = self._bursts[0]
            yield from self._send(burst)
            if self._context.confirm:
                yield from self._proof.find(burst)
            burst.settle(self._stream, self._context.outcomes)
            self._bursts.popleft()
            if self._preparation.is_outdated:
                yield from self._preparation.create()
            if not self._context.confirm and burst.queued and burst.ended is not None:
                self._unproven_since = burst.ended
                yield from self._rest_until(burst.ended + self._context.confirmation.first_look)

    def _send(self, burst: Burst) -> Steps:
        """Send the requests of a burst as they fill, and its deletes last, until it is closed and empty."""
        while not (burst.closed and burst.is_empty):
            self._age(burst)
            if not (burst.batches or (burst.closed and burst.deletes)):
                if not burst.closed:
                    yield WAIT
                continue
            # Before a row goes to a new column: a sync that dies after it must leave word of whose column it is.
            if not self._preparation.tells_columns:
                yield from self._preparation.create()
            if burst.capacity is None:
                yield from self._preparation.measure(burst)
            if burst.full:
                self._leave_rest_to_another(burst)
            elif not burst.batches:
                yield from self._sending.send_delete(burst)
            elif batch := burst.next_batch(self._context.requests):
                yield from self._sending.send_batch(burst, batch)
            else:
                self._leave_rest_to_another(burst)

    def _age(self, burst: Burst) -> None:
        now = self._context.now()
        if now - burst.began >= self._context.burst_interval:
            burst.close()
        elif burst.open_since is not None and now - burst.open_since >= self._context.batch_age:
            burst.seal()

    def _leave_rest_to_another(self, burst: Burst) -> None:
        self._bursts.insert(1, burst.split_off())

    def _nudge_in_the_end(self) -> Steps:
        """Once a merge that was under way has ended, have Dust merge what came during it: nobody looks at the rows."""
        if not self._draining or self._unproven_since is None:
            return
        timing = self._context.confirmation
        until = self._unproven_since + timing.first_look + timing.lock
        while self._context.now() < until and not self._bursts:
            yield WAIT
        if not self._bursts:
            yield Ask(self.dust.nudge, lane=Lane.LIMITED)
            self._unproven_since = None

    def _rest_until(self, end: float) -> Steps:
        self._resting = True
        while self._context.now() < end:
            yield WAIT
        self._resting = False
