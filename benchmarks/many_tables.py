"""How long 90 MB take in few and in many tables, by a virtual clock: calls of 0.3 s, and input that costs no time.

The records of all streams come in turn, which is the worst for tables: each has little for a request when the memory
for waiting rows is used up.
"""

from __future__ import annotations

import heapq
import itertools
from collections import Counter, deque
from typing import Any

from destination_dust.airbyte.catalog import Mode, StreamPlan
from destination_dust.airbyte.ledger import Ledger
from destination_dust.airbyte.messages import Record, StreamKey
from destination_dust.config import CdcDeletes, OnRecordError
from destination_dust.dust.pacer import Pacer
from destination_dust.reporting.progress import Progress
from destination_dust.workers import Call, Lane
from destination_dust.writers.outcomes import Outcomes
from destination_dust.writers.tables.context import ConfirmationTiming, RequestLimits, TablesContext
from destination_dust.writers.tables.writer import TablesWriter
from unit_tests.writers.tables.fake_tables import FakeTables

BYTES = 90_000_000
ROW_BYTES = 4_500
LATENCY = 0.3
THREADS = {Lane.FREE: 64}
TICK = 1.0


class Threads:
    """Calls that take as long as they take, in the time of the fake Dust, as many at once as there are threads."""

    def __init__(self, dust: FakeTables) -> None:
        self._dust = dust
        self._waiting: dict[Lane, deque[Call]] = {lane: deque() for lane in THREADS}
        self._running: list[tuple[float, int, Call]] = []
        self._busy: Counter[Lane] = Counter()
        self._numbers = itertools.count()
        self.calls = 0

    def submit(self, call: Call) -> None:
        """Begin a call, or let it wait for a thread."""
        if self._busy[call.lane] < THREADS[call.lane]:
            self._busy[call.lane] += 1
            heapq.heappush(self._running, (self._dust.now + LATENCY, next(self._numbers), call))
        else:
            self._waiting[call.lane].append(call)

    def advance(self) -> None:
        """Let time pass until the next call ends, or the next tick."""
        until = self._dust.now + TICK
        if not self._running or self._running[0][0] > until:
            self._dust.now = until
            return
        self._dust.now, _, call = heapq.heappop(self._running)
        self._busy[call.lane] -= 1
        self.calls += 1
        if waiting := self._waiting[call.lane]:
            self.submit(waiting.popleft())
        try:
            value = call.send()
        except Exception as error:
            call.failed(error)
        else:
            call.done(value)


def measure(streams: int) -> tuple[float, int]:
    """The seconds until all rows are confirmed, and the calls that were made."""
    dust: Any = FakeTables()
    threads = Threads(dust)
    plans = [
        StreamPlan(StreamKey(None, f"stream_{number}"), Mode.APPEND_DEDUP, (("id",),)) for number in range(streams)
    ]
    ledger = Ledger(plan.stream for plan in plans)
    outcomes = Outcomes(ledger, Progress(interval=1e9, pacer=Pacer(120)), OnRecordError.FAIL)
    context = TablesContext(
        dust,
        threads.submit,
        outcomes,
        RequestLimits(5_000),
        ConfirmationTiming(11.0, 1_800.0),
        batch_age=60.0,
        now=lambda: dust.now,
        wall=lambda: 1_800_000_000.0 + dust.now,
    )
    writer = TablesWriter(context, prefix="", deletes=CdcDeletes.HARD)
    writer.prepare(plans)
    while not writer.idle:
        threads.advance()
        writer.tick()
    for number in range(BYTES // ROW_BYTES):
        plan = plans[number % streams]
        record = Record(plan.stream, {"id": number, "text": "x" * ROW_BYTES}, None, number)
        writer.add(plan, record, outcomes.read(plan.stream))
        while not writer.has_room:
            writer.tick()
            threads.advance()
    writer.drain()
    while not writer.idle:
        threads.advance()
        writer.tick()
    rows = sum(len(rows) for rows in dust.rows_of.values())
    assert rows == BYTES // ROW_BYTES, f"{rows} rows are stored"
    return dust.now, threads.calls


def main() -> None:
    """Print the figures of 20, 100 and 400 streams, and compare them."""
    seconds = {}
    for streams in (20, 100, 400):
        seconds[streams], calls = measure(streams)
        print(f"{BYTES / 1e6:.0f} MB in {streams} tables: {seconds[streams]:.0f} s, {calls} calls", flush=True)
    assert seconds[400] <= 2 * seconds[20], "400 tables take more than twice as long as 20"


if __name__ == "__main__":
    main()
