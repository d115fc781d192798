"""One table of Dust, from its creation to the confirmation of its last burst.

A table does one thing at a time. It is created; then, burst by burst, its room is measured, the batches and then
the deletes are sent, it is left alone until Dust has merged them, and the witnesses are looked at. All of this
happens on the loop's thread, in answer to changes, ticks and finished calls.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from destination_dust.airbyte.catalog import StreamPlan
from destination_dust.mapping.tables.rows import RowEncoder
from destination_dust.writers.steps import OneCall
from destination_dust.writers.tables.batch import Change
from destination_dust.writers.tables.burst import Burst
from destination_dust.writers.tables.client import TableClient
from destination_dust.writers.tables.confirmation import Confirmation, Verdict, verdict
from destination_dust.writers.tables.context import TablesContext
from destination_dust.writers.tables.preparation import Preparation
from destination_dust.writers.tables.sending import Sending, settle
from destination_dust.writers.tables.witnesses import Witness

logger = logging.getLogger("airbyte")


class Unconfirmed(Exception):
    """Rows that Dust has queued do not appear in their table."""


class Table:
    """What waits for a table, what is on its way there, and what of it is not confirmed yet."""

    def __init__(self, plan: StreamPlan, table_id: str, encoder: RowEncoder, context: TablesContext) -> None:
        self.encoder = encoder
        self.table_id = table_id
        self._stream = plan.stream
        self._context = context
        self._dust = TableClient(context.client, table_id)
        self._calls = OneCall(table_id, context.outcomes.submit, self.advance)
        self._preparation = Preparation(plan, encoder, self._dust, self._calls, context)
        self._sending = Sending(plan.stream, self._dust, self._calls, context)
        self._bursts: deque[Burst] = deque()
        """Of these, the first is sent and confirmed, and the last takes changes unless it is closed."""
        self._confirmation: Confirmation | None = None
        self._rests_until = float("-inf")
        self._told: set[Verdict] = set()

    @property
    def idle(self) -> bool:
        """Whether nothing is left to be done."""
        return not self._bursts and not self._calls.under_way

    @property
    def moving(self) -> bool:
        """Whether a call is under way, or can be made at once, after which less waits."""
        return self._calls.under_way or bool(self._bursts and self._bursts[0].batches and not self._rests)

    @property
    def open_burst(self) -> Burst | None:
        """The burst that is being sent, if it still takes changes."""
        return self._bursts[0] if self._bursts and not self._bursts[0].closed else None

    def tag(self, tags: Sequence[str]) -> None:
        """What its tags are to be when it is created. Those that it has go."""
        self._preparation.tag(tags)

    def replace(self, *, tags: Sequence[str]) -> None:
        """Before the first change: from now on, rows take the place of all that it has."""
        self.tag(tags)
        self._preparation.replace()
        self._sending.replace()

    @property
    def still_to_replace(self) -> bool:
        """Whether the rows that were to be replaced are still there, because Dust has taken none of the new ones."""
        return self._sending.still_replaces

    def describe(self, tags: Sequence[str], then: Callable[[], None]) -> None:
        """Have it described anew, with other tags. Only while it is idle."""
        self.tag(tags)
        self._preparation.create(then)

    def change(self, change: Change) -> None:
        """Take in what becomes of a row. The latest change of a row decides."""
        requests, now = self._context.requests, self._context.now()
        if not self._bursts or not self._bursts[-1].accepts(change, requests):
            self.close()
            self._bursts.append(Burst(now, self._context.bursts))
        earlier = self._bursts[-1].add(change, requests, now)
        self._context.budget.used += change.memory - (earlier.memory if earlier else 0)

    def close(self) -> None:
        """Have all that waits sent, and confirmed."""
        if self._bursts:
            self._bursts[-1].close()

    def advance(self) -> None:
        """Do what is due, up to the next call."""
        while self._bursts and not self._calls.under_way and not self._rests and self._step(self._bursts[0]):
            pass

    @property
    def _rests(self) -> bool:
        return self._context.now() < self._rests_until

    def _step(self, burst: Burst) -> bool:
        """Do the next thing with the first burst; False if it is not time for it yet."""
        now = self._context.now()
        if now - burst.began >= self._context.burst_interval:
            burst.close()
        elif burst.open_since is not None and now - burst.open_since >= self._context.batch_age:
            burst.seal()
        sends = bool(burst.batches or (burst.closed and burst.deletes))
        if sends and not self._preparation.created:
            self._preparation.create()
        elif sends and burst.room is None:
            self._preparation.measure(burst)
        elif sends:
            self._send(burst)
        elif not burst.closed:
            return False
        elif self._confirmation is None:
            witnesses = burst.witnesses.to_read() if self._context.confirm else []
            patience = self._context.patience if burst.queued else replace(self._context.patience, first=0.0)
            self._confirmation = Confirmation(witnesses, since=burst.ended or 0.0, patience=patience)
        elif self._confirmation.witness is None:
            self._finish(burst)
        elif self._confirmation.due(now):
            self._look(burst, self._confirmation, self._confirmation.witness)
        else:
            return False
        return True

    def _send(self, burst: Burst) -> None:
        """Send the next request of a burst, or, if that would be too much at once, leave the rest to another one."""
        if burst.full:
            self._bursts.insert(1, burst.split_off())
        elif not burst.batches:
            self._sending.send_delete(burst)
        elif batch := burst.next_batch(self._context.requests):
            self._sending.send_batch(burst, batch)
        else:
            self._bursts.insert(1, burst.split_off())

    def _look(self, burst: Burst, confirmation: Confirmation, witness: Witness) -> None:
        """See whether a row is as the burst left it."""

        def seen(row: Mapping[str, Any] | None) -> None:
            found = verdict(witness, row, burst.loaded_at)
            self._tell(found)
            confirmation.heard(found, self._context.now())
            if confirmation.overdue(self._context.now()):
                raise Unconfirmed(self._unconfirmed())

        self._calls.make(partial(self._dust.look, witness), seen)

    def _finish(self, burst: Burst) -> None:
        """Acknowledge a burst whose rows were read back, or are believed to be stored."""
        settle(burst, self._stream, self._context.outcomes)
        if not self._context.confirm and burst.queued and burst.ended is not None:
            self._rests_until = burst.ended + self._context.patience.first
        self._confirmation = None
        self._bursts.popleft()

    def _tell(self, found: Verdict) -> None:
        if found in (Verdict.OVERTAKEN, Verdict.INCOMPARABLE) and found not in self._told:
            self._told.add(found)
            logger.warning(
                "A row of the table %s was to confirm what we wrote, but %s. It counts as stored. "
                "No two connections should write to one table.",
                self._dust.table_id,
                found.value,
            )

    def _unconfirmed(self) -> str:
        return (
            f"Dust took rows for the table {self._dust.table_id}, but after {self._context.patience.limit / 60:.0f} "
            "minutes they cannot be read. It drops rows without a word if the table has more than 511 columns, "
            "500,000 rows or 100 MB, or if texts with semicolons or tabs make it mistake the delimiter. They were "
            "not acknowledged, and will be sent again. If Dust is only slow, set confirm_rows to false to trust "
            "its answers."
        )
