"""Whether Dust takes other rows while one fails: what tells a bad row from an outage."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, TypeAlias

from destination_dust.dust.errors import Rejected, Unavailable
from destination_dust.writers.steps import Ask, Steps
from destination_dust.writers.tables.burst import Burst
from destination_dust.writers.tables.changes import Change, body
from destination_dust.writers.tables.client import TableClient
from destination_dust.writers.tables.context import TablesContext

# Seconds for other tables to show that Dust takes their rows.
PATIENCE = 60.0

Passed: TypeAlias = Generator[Ask | None, Any, bool]


class Comparison:
    """The row of a table that Dust took last. To send it once more changes nothing, as no later request changed it."""

    def __init__(self, dust: TableClient, context: TablesContext) -> None:
        self._dust = dust
        self._context = context
        self._latest: tuple[Change, int] | None = None
        """With its time of loading."""

    @property
    def has_row(self) -> bool:
        """Whether Dust has taken a row of the table that is still there."""
        return self._latest is not None

    def took(self, change: Change, loaded_at: int) -> None:
        """Dust has taken a row of the latest request. What it superseded is not kept."""
        self._latest = Change(change.row_id, change.row, change.span), loaded_at

    def deleted(self, row_id: str) -> None:
        """Dust is to delete a row, which would be back if it was sent again."""
        if self._latest and self._latest[0].row_id == row_id:
            self._latest = None

    def takes_others(self, burst: Burst) -> Passed:
        """Whether Dust takes other rows now: one of this table, or else some of other tables."""
        if self._latest is None:
            return (yield from self._takes_other_tables())
        burst.repeated(self._latest[0].row_id)
        return (yield from self._repeat())

    @property
    def is_wanted(self) -> bool:
        """Whether another table needs to see that Dust takes rows, and this one has one to show it with."""
        return self._context.shared.wants_rows and self.has_row and self._context.may_send

    def show(self) -> Steps:
        """Show it. Only between two bursts, when there is nothing that the row would have to prove."""
        shared, began = self._context.shared, self._context.now()
        shared.wants_rows = False
        try:
            passed = yield from self._repeat()
        except (Rejected, Unavailable):
            return  # of the doubt of another table, this one does not end
        if passed:
            shared.rows_taken_since = max(shared.rows_taken_since, began)

    def _takes_other_tables(self) -> Passed:
        """Whether Dust, which has taken no row of this table, now takes those of others, and a harmless change of it.

        If they have nothing left to send, one that is idle has to `show` it.
        """
        context, shared = self._context, self._context.shared
        since = context.now()
        shared.wants_rows = True
        while shared.rows_taken_since < since and context.now() < since + PATIENCE:
            yield from context.wait_until(context.now() + 1)
        if shared.rows_taken_since < since:
            return False
        yield Ask(self._dust.nudge)
        return True

    def _repeat(self) -> Passed:
        assert self._latest
        latest, loaded_at = self._latest
        again = body([latest], loaded_at)
        passed: bool = yield Ask(lambda: self._dust.repeat(again), latest.size)
        return passed
