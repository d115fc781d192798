"""A Dust with tables only, in memory and by a clock of the test; and a writer on it whose calls end at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import orjson

from destination_dust.airbyte.catalog import Mode, StreamPlan
from destination_dust.airbyte.messages import Record, StreamKey
from destination_dust.config import CdcDeletes
from destination_dust.dust.errors import Ambiguous, NotFound, Rejected
from destination_dust.writers.tables.context import ConfirmationTiming, MemoryBudget, RequestLimits, TablesContext
from destination_dust.writers.tables.writer import TablesWriter
from unit_tests.builders import USERS, state
from unit_tests.writers.outcomes import FakeWorkers

QUIET = 10.0


class FakeTables:
    """Tables that merge their queue after 10 s without a change. `log` names the calls."""

    def __init__(self) -> None:
        self.now = 0.0
        self.log: list[str] = []
        self.lasting: list[str] = []
        """Rows that may be doubted only after minutes."""
        self.rows_of: dict[str, dict[str, dict[str, Any]]] = {}
        self.tags_of: dict[str, list[str]] = {}
        self.queues: dict[str, list[list[tuple[str, dict[str, Any] | None]]]] = {}
        self.changed: dict[str, float] = {}
        self.fails: Callable[[list[str]], None] = lambda _row_ids: None
        """Raises what an upsert of these rows is answered with."""
        self.refuses: set[str] = set()
        """Rows with such a `v` are refused for good."""
        self.loses: Callable[[int], bool] = lambda _request: False
        """Whether Dust silently drops a queued request, by its number in its table's queue."""
        self.unreadable = False
        """Whether all reads of rows fail, though the table is there."""

    def upsert_table(self, table_id: str, *, tags: Sequence[str] = (), **_description: str) -> dict[str, Any]:
        self.log.append(f"create {table_id}")
        self.tags_of[table_id] = list(tags)
        self.rows_of.setdefault(table_id, {})
        self.queues.setdefault(table_id, [])
        return {"table_id": table_id, "schema": None}

    def marks(self, table_id: str) -> list[str]:
        """The tags of a table, without those that tell its columns."""
        return [tag for tag in self.tags_of[table_id] if not tag.startswith("airbyte:column")]

    def table(self, table_id: str) -> dict[str, Any]:
        if table_id not in self.rows_of:
            raise NotFound("Failed to get table.")
        return {"table_id": table_id, "tags": self.tags_of.get(table_id, [])}

    def upsert_rows(
        self, table_id: str, body: bytes, *, ambiguous_after: int | None = None, lasting: bool = False
    ) -> None:
        content = orjson.loads(body)
        rows = {row["row_id"]: row["value"] for row in content["rows"]}
        if any(value.get("v") in self.refuses for value in rows.values()):
            raise Rejected("Dust said no")
        if content.get("truncate"):
            self.fails(list(rows))
            self.log.append(f"replace by {' '.join(rows)}".rstrip())
            self.rows_of[table_id], self.queues[table_id] = rows, []
            return
        self.log.append(f"upsert {' '.join(rows)}{'' if ambiguous_after else ' patiently'}")
        self.lasting += [*rows] if lasting else []
        self.fails(list(rows))
        self._queue(table_id, list(rows.items()))

    def delete_row(self, table_id: str, row_id: str) -> None:
        self.log.append(f"delete {row_id}")
        self._queue(table_id, [(row_id, None)])

    def rows(
        self,
        table_id: str,
        *,
        limit: int,
        lasting: bool = False,  # noqa: ARG002  it answers at once
    ) -> tuple[list[dict[str, Any]], int]:
        self._merge(table_id)
        self.log.append("count" if limit == 1 else "measure")
        if self.unreadable:
            raise Ambiguous("Failed to list database rows.")
        rows = self.rows_of[table_id]
        return [{"row_id": each, "value": value} for each, value in rows.items()][:limit], len(rows)

    def row(self, table_id: str, row_id: str) -> dict[str, Any] | None:
        self._merge(table_id)
        self.log.append(f"look {row_id}")
        return None if self.unreadable else self.rows_of.get(table_id, {}).get(row_id)

    def _queue(self, table_id: str, changes: list[tuple[str, dict[str, Any] | None]]) -> None:
        self._merge(table_id)
        self.queues[table_id].append(changes)
        self.changed[table_id] = self.now

    def _merge(self, table_id: str) -> None:
        if self.queues.get(table_id) and self.now - self.changed[table_id] >= QUIET:
            rows = self.rows_of[table_id]
            for number, changes in enumerate(self.queues[table_id]):
                for row_id, value in [] if self.loses(number) else changes:
                    if value is None:
                        rows.pop(row_id, None)
                    else:
                        rows[row_id] = value
            self.queues[table_id] = []


class TablesHarness:
    """A tables writer over a fake Dust. Calls end when the loop turns, in no time unless the test says otherwise."""

    def __init__(self, *, rows: int = 1000, memory: int = 10_000_000, skip: bool = False, **context: Any) -> None:
        self.dust = FakeTables()
        self.wall = 1_800_000_000.0
        """What the clock on the wall shows, less the time that has passed."""
        self.calls = FakeWorkers(skip=skip)
        client: Any = self.dust
        self.context = TablesContext(
            client,
            self.calls.submit,
            self.calls.outcomes,
            RequestLimits(rows),
            context.pop("confirmation", ConfirmationTiming(11.0, 1800.0)),
            batch_age=context.pop("batch_age", 60.0),
            budget=MemoryBudget(memory),
            now=lambda: self.dust.now,
            wall=lambda: self.wall + self.dust.now,
            **context,
        )
        self.writer = TablesWriter(self.context, prefix="", deletes=CdcDeletes.HARD)
        self._begun: set[StreamKey] = set()

    def begin(self, plan: StreamPlan) -> None:
        """Let the writer know of a stream, once."""
        if plan.stream not in self._begun:
            self._begun.add(plan.stream)
            self.writer.prepare([plan])
            self.calls.end(plan.stream)

    def add(self, *ids: int, stream: StreamKey = USERS, **data: Any) -> None:
        """Records of these ids."""
        plan = StreamPlan(stream, Mode.APPEND_DEDUP, (("id",),))
        self.begin(plan)
        for number in ids:
            record = Record(stream, {"id": number, **data}, None, 1)
            self.writer.add(plan, record, self.calls.ledger.add_record(stream))

    def delete(self, *ids: int) -> None:
        """Records which say that their rows are gone."""
        self.add(*ids, _ab_cdc_deleted_at="2026-01-01")

    def turn(self, seconds: float = 0.0) -> list[str]:
        """Let time pass, second by second, and calls end; returns what was called, without `users-`."""
        already = len(self.dust.log)
        self._turn()
        until = self.dust.now + seconds
        while self.dust.now < until:
            self.dust.now = min(until, self.dust.now + 1.0)
            self._turn()
        return [entry.replace("users-", "") for entry in self.dust.log[already:]]

    def drain(self, seconds: float = 60.0) -> list[str]:
        """End the input, and let time pass."""
        self.writer.drain()
        return self.turn(seconds)

    def state(self, number: int, stream: StreamKey | None = USERS) -> None:
        """A state after the records so far."""
        self.calls.ledger.add_state(state(stream, number))

    def released(self) -> list[tuple[int, int]]:
        """The states that have become safe: how many records each covers, stored and rejected."""
        return [(each.stored, each.rejected) for each in self.calls.ledger.release()]

    def _turn(self) -> None:
        self.writer.tick()
        while self.calls.open:
            call = self.calls.open.pop(0)
            try:
                value = call.send()
            except Exception as error:
                call.failed(error)
            else:
                call.done(value)
