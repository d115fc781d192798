"""The tables of one data source: their descriptions, readable rows and queues."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timezone
from typing import Any

from local_dust.control.table_faults import TableFaults
from local_dust.limits import Limits
from local_dust.response import Busy, CoreError
from local_dust.tables.column_names import UnreadableCsv
from local_dust.tables.csv_files import Rows, passed
from local_dust.tables.merging import Change, merge
from local_dust.tables.queue import TableQueue
from local_dust.tables.schemas import Schema, inferred
from local_dust.tables.stored import StoredTable
from local_dust.tables.worker import Worker


class TooManyPending(Exception):
    """The queue of a table is full."""


class Tables:
    """Writes without `truncate` are queued and merged once their table has been quiet for `quiet_seconds`."""

    def __init__(self, limits: Limits, *, now: Callable[[], float], wall: Callable[[], float], seed: int) -> None:
        self.stored: dict[str, StoredTable] = {}
        self._limits = limits
        self._now = now
        self._wall = wall
        self._queues: dict[str, TableQueue] = {}
        self._worker = Worker(
            self.stored, self._queues, limits, store=self._store, today=self._today, chance=random.Random(seed)
        )
        self.faults = TableFaults(now, random.Random(seed))
        self._landing: float | None = None
        """The time of a late write that takes effect only now."""
        self._positions: dict[str, tuple[Rows, dict[str, int]]] = {}

    def snapshot(self) -> dict[str, StoredTable]:
        return {i: replace(table, pending=self._queue(i).pending) for i, table in self.stored.items()}

    def listed(self) -> list[StoredTable]:
        return sorted(self.stored.values(), key=lambda table: -table.timestamp)

    def describe(self, table_id: str, *, timestamp: int | None, **description: Any) -> StoredTable:
        """Create a table, or replace its description; its rows and schema stay.

        Raises:
            CoreError: Another table has this name.
        """
        name = description["name"]
        if any(other.name == name and other.table_id != table_id for other in self.stored.values()):
            raise CoreError("Failed to upsert table (error: Table names must be unique within a data source)")
        moment = int(self._wall() * 1000) if timestamp is None else timestamp
        before = self.stored.get(table_id)
        if before is None:
            table = StoredTable(table_id=table_id, timestamp=moment, **description)
        else:
            table = replace(before, timestamp=moment, **description)
        self.stored[table_id] = table
        return table

    def delete(self, table_id: str) -> None:
        """Remove a table and its rows. Its queue stays, for a later table of that id."""
        self.stored.pop(table_id, None)

    def queue(self, table_id: str, change: Change) -> None:
        """Raises: TooManyPending."""
        queue = self._queue(table_id)
        if queue.pending >= self._limits.pending_files:
            raise TooManyPending
        queue.add(change, self._time())

    def replace_rows(self, table_id: str, rows: Rows) -> None:
        """Replace all rows at once and drop the queue. Equal ids are not merged.

        Raises:
            Busy: A merge holds the table's lock.
        """
        until = self._worker.locked_until(table_id, self._time())
        if until is not None:
            raise Busy(until)
        self._queues.pop(table_id, None)
        self._store(table_id, rows, inferred(rows.names, rows.columns()))

    def drop_queue(self, table_id: str) -> None:
        self._queues.pop(table_id, None)

    def position(self, table: StoredTable, row_id: str) -> int | None:
        """The position of the first row with this id, None if there is none."""
        rows, positions = self._positions.get(table.table_id, (None, {}))
        if rows is not table.stored:
            positions = {}
            for position in range(len(table.stored.ids) - 1, -1, -1):
                positions[table.stored.ids[position]] = position
            self._positions[table.table_id] = (table.stored, positions)
        return positions.get(row_id)

    def promised(self, table_id: str) -> dict[str, dict[str, Any]]:
        """The rows by id, as the next merge of all that is queued leaves them. None of a table that is not there."""
        table = self.stored.get(table_id)
        if table is None:
            return {}
        changes, today, chance = self._queue(table_id).changes, self._today(), random.Random(0)
        rows, schema = merge(table.stored, table.cached_schema, changes, self._limits, today, chance)
        return replace(table, stored=rows, cached_schema=schema).rows()

    def lose(self, table_id: str, *, which: str | None = None, error: str | None = None) -> None:
        """Make the next merge of a table lose its `first`, `middle` or `last` request, or fail with `error`."""
        self._queue(table_id).lose(which=which, error=error)

    def lose_nothing(self) -> None:
        for queue in self._queues.values():
            queue.lose_nothing()

    def work(self) -> None:
        """Merge the queues whose tables have been quiet for long enough, and let late writes land when they are due."""
        now = self._now()
        while (landing := self.faults.next_landing()) is not None and landing <= now:
            self._worker.work(landing)
            self._landing = landing
            self.faults.land()
            self._landing = None
        self._worker.work(now)

    def _store(self, table_id: str, rows: Rows, schema: Schema) -> None:
        unreadable = None
        try:
            readable = passed(rows, self._limits, self._today())
        except UnreadableCsv as failure:
            readable, unreadable = Rows(), str(failure)
        self.stored[table_id] = replace(
            self.stored[table_id], stored=readable, cached_schema=schema, unreadable=unreadable
        )

    def _queue(self, table_id: str) -> TableQueue:
        return self._queues.setdefault(table_id, TableQueue())

    def _time(self) -> float:
        return self._now() if self._landing is None else self._landing

    def _today(self) -> date:
        return datetime.fromtimestamp(self._wall(), tz=timezone.utc).date()
