"""Seeing that Dust has merged what it took: a 200 only means that it is queued, and losing it is silent."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from functools import partial
from typing import Any

from destination_dust.workers import Lane
from destination_dust.writers.steps import WAIT, Ask, Steps
from destination_dust.writers.tables.burst import Burst
from destination_dust.writers.tables.client import TableClient
from destination_dust.writers.tables.confirmation import FIRST_WAIT, Looks, Verdict, verdict
from destination_dust.writers.tables.context import TablesContext
from destination_dust.writers.tables.witnesses import Witness


class Unconfirmed(Exception):
    """Rows that Dust has queued do not appear in their table."""


class Proof:
    """Reads what proves that the changes of one table are stored."""

    def __init__(self, dust: TableClient, context: TablesContext) -> None:
        self._dust = dust
        self._context = context

    def find(self, burst: Burst) -> Steps:
        """Look at one witness after the other until each is as the burst left it. Raises `Unconfirmed`."""
        timing = self._context.confirmation if burst.queued else replace(self._context.confirmation, first_look=0.0)
        witnesses = yield from self._witnesses(burst)
        looks = Looks(witnesses, since=burst.ended or 0.0, timing=timing)
        while witness := looks.witness:
            while not looks.due(self._context.now()):
                yield WAIT
            looked = self._context.now()
            found = yield from self._look(witness)
            now, merges = self._context.now(), self._context.merges
            if found is Verdict.STORED:
                merges.latest = now
            if looks.found(found, looked=looked, now=now, progress=merges.latest):
                raise Unconfirmed(self._unconfirmed(looks.latest))
            if found is not Verdict.STORED and burst.queued and looks.nudge_due(now):
                yield Ask(self._dust.nudge, lane=Lane.LIMITED)

    def count(self, rows: int, *, since: float, again: bool) -> Steps:
        """See that a table that was replaced has exactly so many rows. Raises `Unconfirmed`.

        Some requests have no witness, and a replacement whose answer was lost may land late and delete rows that came
        after it. `again`: count once more once no merge that began before `since` can undo it.
        """
        yield from self._count(rows)
        settled = since + self._context.confirmation.lock
        if again and self._context.now() < settled:
            while self._context.now() < settled:
                yield WAIT
            yield from self._count(rows)

    def _count(self, rows: int) -> Steps:
        began, nudged = self._context.now(), False
        while (count := (yield Ask(self._dust.count))) != rows:
            looked = self._context.now()
            if looked - began >= self._context.confirmation.trouble:
                raise Unconfirmed(
                    f"The table {self._dust.table_id} was replaced, but has {_number(count)} rows instead of {rows}: "
                    "Dust has lost some, or brought old ones back. The states of the stream were not given back, so "
                    "the next sync replaces the table again."
                )
            if count is not None and not nudged:
                nudged = True  # perhaps Dust has left a request lying
                yield Ask(self._dust.nudge, lane=Lane.LIMITED)
            while self._context.now() < looked + FIRST_WAIT:
                yield WAIT

    def _witnesses(self, burst: Burst) -> Generator[Ask | None, Any, list[Witness]]:
        """Choose the witnesses, and look at those that might mislead before Dust can have merged anything.

        A row that was never there says nothing about its delete, nor about others: then each delete is read. A row
        that has the burst's time already would say nothing, either; only a table of rows that were not all seen can
        have one.
        """
        chosen = burst.witnesses.to_read()
        hollow = False
        for witness in chosen:
            if witness.deleted:
                hollow |= (yield Ask(partial(self._dust.read, witness.row_id))) is None
            elif not burst.time_is_new:
                row = yield Ask(partial(self._dust.read, witness.row_id))
                if verdict(row, witness.loaded_at) is Verdict.STORED and not self._may_be_merged(burst, witness):
                    raise Unconfirmed(self._unconfirmed(Verdict.FOREIGN))
        return burst.witnesses.to_read(every_delete=True) if hollow else chosen

    def _may_be_merged(self, burst: Burst, witness: Witness) -> bool:
        quiet = self._context.confirmation.first_look / 2  # Dust counts from its own time
        return witness.may_be_merged or self._context.now() >= (burst.ended or 0.0) + quiet

    def _look(self, witness: Witness) -> Generator[Ask | None, Any, Verdict]:
        if witness.deleted:
            gone = yield Ask(partial(self._dust.is_gone, witness.row_id))
            return Verdict.STORED if gone else Verdict.NOT_YET
        row = yield Ask(partial(self._dust.read, witness.row_id))
        return verdict(row, witness.loaded_at)

    def _unconfirmed(self, latest: Verdict) -> str:
        if latest is Verdict.FOREIGN:
            return (
                f"A row of the table {self._dust.table_id} that this sync has changed does not carry its time, but a "
                "later one, or none that can be read: another program, or a clock that was wrong, has touched the "
                "table. So it cannot be known that our rows are stored. They were not acknowledged, and will be sent "
                "again. No two connections should write to one table: give each a table_id_prefix of its own."
            )
        return (
            f"Dust took rows for the table {self._dust.table_id}, but after "
            f"{self._context.confirmation.give_up / 60:.0f} minutes they cannot be read. It silently drops rows if the "
            "table has more than 511 columns, 500,000 rows or 100 MB, or if texts with semicolons or tabs make it "
            "mistake the delimiter. They were not acknowledged, and will be sent again. If Dust is only slow, set "
            "confirm_rows to false to trust its answers."
        )


def _number(count: int | None) -> str:
    return "unreadable" if count is None else str(count)
