"""Seeing that Dust has merged what it took: a 200 only means that it is queued, and losing it is silent."""

from __future__ import annotations

from collections.abc import Generator
from functools import partial
from typing import Any

from destination_dust.writers.steps import Ask, Steps
from destination_dust.writers.tables.burst import Burst
from destination_dust.writers.tables.client import TableClient
from destination_dust.writers.tables.context import TablesContext
from destination_dust.writers.tables.witnesses import Verdict, Witness

# Between two looks at the same row. Dust's server reads the whole table for each row that is asked for.
FIRST_WAIT, GROWTH, LONGEST_WAIT = 1.0, 1.5, 30.0
LOOKS_WITHOUT = 10


class Unconfirmed(Exception):
    """Rows that Dust has queued do not appear in their table."""


class Proof:
    """Reads what proves that the changes of a burst are stored."""

    def __init__(self, burst: Burst, dust: TableClient, context: TablesContext) -> None:
        self._burst = burst
        self._dust = dust
        self._context = context
        self._were_there: set[str] = set()
        """Deleted rows that were there, or may have been, before the burst was merged …"""
        self._gone = 0
        """… how many of them are gone if the witness that is looked at is …"""
        self._without = 0
        """… and how often in a row it was."""

    def find(self) -> Steps:
        """Look at one witness after the other, and at the same one again, ever more rarely, until each is as the burst
        left it. Raises `Unconfirmed`.

        Proof: all of them are; or the first is, and the table has as many rows more as were upserted, or less as were
        deleted. A burst is given up if one is missing when it is looked at though all patience was over when the look
        began; what was found before is never lost again. Patience counts from the last request of the burst, or from
        when any table was last seen to be merged, as Dust merges one table after another.
        """
        burst, context, shared = self._burst, self._context, self._context.shared
        next_look = burst.ended + (context.confirmation.first_look if burst.queued else 0.0)
        nudges = context.confirmation.nudges()
        next_nudge = burst.ended + next(nudges)
        witnesses = yield from self._witnesses()
        for number, witness in enumerate(witnesses):
            self._gone += witness.row_id in self._were_there
            self._without, wait = 0, FIRST_WAIT
            while True:
                yield from context.wait_until(next_look)
                looked = context.now()
                found = yield from self._look(witness)
                now = next_look = context.now()
                if found is Verdict.STORED:
                    shared.merged_at = now
                    break
                end = max(burst.ended, shared.merged_at) + context.confirmation.give_up
                if looked >= end:
                    raise Unconfirmed(self._unconfirmed(found))
                next_look = max(now, min(now + wait, end))  # the last look is at the very end
                wait = min(wait * GROWTH, LONGEST_WAIT)
                if burst.queued and now >= next_nudge:
                    next_nudge = burst.ended + next(nudges)
                    yield Ask(self._dust.nudge)
            rows = burst.rows_if_all_count
            if number == 0 and len(witnesses) > 1 and rows is not None and (yield Ask(self._dust.count)) == rows:
                return

    def _witnesses(self) -> Generator[Ask | None, Any, list[Witness]]:
        """Choose the witnesses, and look at those that might mislead before Dust can have merged anything.

        So a witness is a pair of readings. A row that was never there says nothing about other deletes: then each is
        read. A row that has the burst's time already would say nothing, either; only a table of rows that were not all
        seen can have one.
        """
        burst, chosen = self._burst, self._burst.witnesses()
        if burst.deletes:
            for witness in chosen:
                if (yield Ask(partial(self._dust.rows_without, witness.row_id))) is None:
                    self._were_there.add(witness.row_id)
            return chosen if len(self._were_there) == len(chosen) else burst.witnesses(every_delete=True)
        quiet = burst.ended + self._context.confirmation.first_look / 2  # Dust counts from its own time
        for witness in [] if burst.time_is_new else chosen:
            found = witness.verdict((yield Ask(partial(self._dust.read, witness.row_id))))
            may_be_merged = witness.may_be_merged or self._context.now() >= quiet
            if found is Verdict.STORED and not may_be_merged:
                raise Unconfirmed(self._unconfirmed(Verdict.FOREIGN))
        return chosen

    def _look(self, witness: Witness) -> Generator[Ask | None, Any, Verdict]:
        """A deleted row has to be gone, and if it was there before, the table must have a row less.

        If others were added meanwhile, of an earlier sync, it has not, or it is not known how many it had: then the row
        must be gone ten times in a row.
        """
        if not witness.deleted:
            return witness.verdict((yield Ask(partial(self._dust.read, witness.row_id))))
        count = yield Ask(partial(self._dust.rows_without, witness.row_id))
        before = self._burst.contents.rows_before
        fits = count is not None and before is not None and count <= before - self._gone
        self._without = 0 if count is None else self._without + 1
        return Verdict.STORED if fits or self._without >= LOOKS_WITHOUT else Verdict.NOT_YET

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


def count_replaced(dust: TableClient, context: TablesContext, rows: int, *, since: float, again: bool) -> Steps:
    """See that a table that was replaced has exactly so many rows. Raises `Unconfirmed`.

    Some requests have no witness, and a replacement whose answer was lost may land late and delete rows that came after
    it. `again`: count once more once no merge that began before `since` can undo it.
    """
    yield from _count(dust, context, rows)
    settled = since + context.confirmation.lock
    if again and context.now() < settled:
        yield from context.wait_until(settled)
        yield from _count(dust, context, rows)


def _count(dust: TableClient, context: TablesContext, rows: int) -> Steps:
    began, nudged = context.now(), False
    while (count := (yield Ask(dust.count))) != rows:
        looked = context.now()
        if looked - began >= context.confirmation.trouble:
            has = "unreadable" if count is None else count
            raise Unconfirmed(
                f"The table {dust.table_id} was replaced, but has {has} rows instead of {rows}: Dust has lost some, or "
                "brought old ones back. The states of the stream were not given back, so the next sync replaces the "
                "table again."
            )
        if count is not None and not nudged:
            nudged = True  # perhaps Dust has left a request lying
            yield Ask(dust.nudge)
        yield from context.wait_until(looked + FIRST_WAIT)
