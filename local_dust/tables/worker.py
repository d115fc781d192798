"""Dust's background worker, which merges the queues of all tables, one after the other.

It works in the time of the world's clock: whenever the world is looked at, it catches up with what it would have done.
"""

from __future__ import annotations

import gc
import math
import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

from local_dust.limits import Limits
from local_dust.tables.cells import UnwritableCell
from local_dust.tables.column_names import UnreadableCsv
from local_dust.tables.csv_files import Rows
from local_dust.tables.merging import Change, Deletion, merge
from local_dust.tables.queue import TableQueue
from local_dust.tables.schemas import Schema
from local_dust.tables.stored import StoredTable


@dataclass(frozen=True)
class Merge:
    """A pass under way: what it merges into the rows that were there when it began."""

    table_id: str
    queue: TableQueue
    changes: list[Change]
    listed: int
    """Changes that were there when the first pass began and are not merged yet, those of this pass included."""
    table: StoredTable
    began: float
    ends: float


class Worker:
    """Merges the queues whose tables have been quiet for long enough."""

    def __init__(
        self,
        stored: Mapping[str, StoredTable],
        queues: Mapping[str, TableQueue],
        limits: Limits,
        *,
        store: Callable[[str, Rows, Schema], None],
        today: Callable[[], date],
        chance: random.Random,
    ) -> None:
        self._stored = stored
        self._queues = queues
        self._limits = limits
        self._store = store
        self._today = today
        self._chance = chance
        self._merge: Merge | None = None
        self._free_at = -math.inf

    def locked_until(self, table_id: str, now: float) -> float | None:
        """Until when a merge keeps others from writing a table, None if none does. Its lock has a life of its own."""
        if self._merge is None or self._merge.table_id != table_id:
            return None
        until = min(self._merge.ends, self._merge.began + self._limits.lock_seconds)
        return until if now < until else None

    def work(self, now: float) -> None:
        """Do all that would have been done by now. What fails is tried again the next time."""
        failed: set[str] = set()
        while True:
            if self._merge is not None:
                if self._merge.ends > now:
                    return
                merge, self._merge = self._merge, None
                with self._failing(merge.table_id, merge.queue, now, failed):
                    self._end(merge)
                continue
            due = self._next_due(failed)
            if due is None or due[0] > now:
                return
            moment, table_id = due
            queue = self._queues[table_id]
            with self._failing(table_id, queue, now, failed):
                queue.fail_on_demand()
                self._begin(table_id, queue, queue.listed(), moment)

    def _next_due(self, failed: set[str]) -> tuple[float, str] | None:
        due = [
            (max(at, self._free_at), table_id)
            for table_id, queue in self._queues.items()
            if table_id in self._stored and table_id not in failed
            if (at := queue.due_at(self._limits.quiet_seconds)) is not None
        ]
        return min(due, default=None)

    def _begin(self, table_id: str, queue: TableQueue, listed: int, moment: float) -> None:
        changes = queue.next_pass(listed, self._limits)
        table = self._stored[table_id]
        rows = len(table.stored.ids) + sum(1 if isinstance(each, Deletion) else len(each.ids) for each in changes)
        rate = self._limits.merge_rows_per_second
        seconds = 0.0 if rate is None else math.floor(100 * rows / rate) / 100
        self._merge = Merge(table_id, queue, changes, listed, table, moment, moment + seconds)

    def _end(self, merge_: Merge) -> None:
        """Write the rows, also over what was written meanwhile, and forget what has arrived meanwhile."""
        self._free_at = merge_.ends
        table_id, queue, table = merge_.table_id, merge_.queue, merge_.table
        if table.unreadable is not None:
            raise UnreadableCsv(table.unreadable)
        rows, schema = merge(
            table.stored, table.cached_schema, merge_.changes, self._limits, self._today(), self._chance
        )
        queue.done(merge_.changes)
        if table_id in self._stored:
            self._store(table_id, rows, schema)
        left = merge_.listed - len(merge_.changes)
        if left > 0 and self._queues.get(table_id) is queue and table_id in self._stored:
            self._begin(table_id, queue, left, merge_.ends)
        elif table_id in self._queues:
            self._queues[table_id].noted = False

    @contextmanager
    def _failing(self, table_id: str, queue: TableQueue, now: float, failed: set[str]) -> Iterator[None]:
        collects = gc.isenabled()
        gc.disable()  # it would scan every row several times, for nothing
        try:
            yield
        except (UnreadableCsv, UnwritableCell) as failure:
            failed.add(table_id)
            permanent = getattr(failure, "permanent", False)
            queue.failed(now, permanent=permanent, patience=self._limits.dropped_after_seconds)
        finally:
            if collects:
                gc.enable()
