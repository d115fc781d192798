"""Syncs on a clock that jumps: calls run side by side, input comes when it comes, and processes are killed."""

from __future__ import annotations

import contextlib
import json
import logging
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from destination_dust import failures
from destination_dust.airbyte.catalog import Catalog
from destination_dust.airbyte.completion import Completion
from destination_dust.airbyte.input import Input
from destination_dust.airbyte.ledger import Ledger
from destination_dust.config import Config
from destination_dust.dust.client import DustClient
from destination_dust.dust.pacer import Pacer
from destination_dust.dust.retrying import Clock, RetryingCaller
from destination_dust.reporting.progress import Progress
from destination_dust.sync import Interrupted, Sync
from destination_dust.workers import Lane, Workers
from destination_dust.writers.outcomes import Outcomes
from integration_tests.harness.in_process import Finished, Killed, logs
from integration_tests.harness.simulation import Simulation
from integration_tests.harness.virtual_dust import VirtualDust
from integration_tests.harness.virtual_time import VirtualTime
from integration_tests.harness.virtual_workers import VirtualWorkers
from local_dust import World

# A sync that is not at its end after so much time and so many turns never ends.
LONGEST = 6 * 3600.0
MOST_TURNS = 20_000
# A process on a busy machine looks at its ticks late.
LATEST_TICK = 8.0


class NeverEnds(AssertionError):
    """A sync goes on and on."""


class _Input:
    """Stands for `Input`: lines at their times, from the beginning of the sync. Waiting lets the time pass."""

    def __init__(self, lines: Sequence[tuple[float, bytes]], time: VirtualTime, workers: VirtualWorkers) -> None:
        self.ended = False
        self._lines = deque((time.now + at, line) for at, line in lines)
        self._time = time
        self._workers = workers
        self._until = time.now + LONGEST
        self._turns = 0
        self._idle = 1.0

    def lines(self, timeout: float, *, reading: bool) -> list[bytes]:
        """See `Input`."""
        self._turns += 1
        if self._turns > MOST_TURNS or self._time.now > self._until:
            raise NeverEnds(f"after {self._turns} turns and {self._time.now:.0f} s")
        time, until = self._time, self._time.now + max(timeout, 0.0) * self._idle
        self._idle = min(self._idle * 1.2, LATEST_TICK)
        if reading and self._lines:
            until = min(until, self._lines[0][0])
        while not self._workers.woken and time.step(until):
            pass
        if self._workers.woken:
            self._workers.woken, self._idle = False, 1.0
        if not reading:
            return []
        if not self._lines:
            self.ended = True
        return self._arrived()

    def _arrived(self) -> list[bytes]:
        arrived = []
        while self._lines and self._lines[0][0] <= self._time.now:
            arrived.append(self._lines.popleft()[1])
        return arrived

    def wake(self) -> None:
        """Called from an action of the clock, which ends the wait anyway."""
        self._workers.woken = True


@dataclass
class Ending:
    """How a process is ended, and when, in seconds since its beginning. `terminated`: asked to end, or killed."""

    at: float
    terminated: bool


@contextlib.contextmanager
def _only(collected: list[str]) -> Iterator[None]:
    """Collect the log, and write it nowhere: that would take a good part of the time."""
    logger = logging.getLogger("airbyte")
    before = logger.handlers, logger.propagate
    logger.handlers, logger.propagate = [], False
    try:
        with logs(collected):
            yield
    finally:
        logger.handlers, logger.propagate = before


OnState = Callable[[dict[str, Any]], None]


@dataclass
class VirtualSimulation(Simulation):
    """One world, and the syncs that write to it one after the other, with real waits and overlapping calls."""

    limits: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.time: VirtualTime = VirtualTime()
        self.world = World(now=self.time, wall=self.time.wall, seed=self.seed, upserts_per_minute=None, **self.limits)
        self.dust = VirtualDust(self.world, self.time, self.chance)

    def write(
        self,
        catalog: dict[str, Any],
        messages: Sequence[tuple[float, dict[str, Any]]],
        *,
        ending: Ending | None = None,
        on_state: OnState = lambda _: None,
        **settings: Any,
    ) -> Finished:
        """Run a sync of messages that come at their times. `on_state` sees each state when it goes out.

        A process that is killed ends in the failure `killed`, one that was asked to end in `terminated`.
        """
        config = Config.parse({**self.world.config(), **settings})
        workers = VirtualWorkers(self.time, {Lane.LIMITED: 32, Lane.FREE: 8})
        lines = [(at, json.dumps(message).encode()) for at, message in messages]
        sync = self._sync(config, Catalog.parse(catalog), _Input(lines, self.time, workers), workers)
        if ending:
            self.time.at(self.time.now + ending.at, lambda: self._end(sync, ending, over))
        finished, over = Finished(), list[bool]()
        with _only(finished.logs):
            try:
                for line in sync.run():
                    finished.states.append(json.loads(line)["state"])
                    on_state(finished.states[-1])
            except Killed:
                finished.failure = "killed"
            except Interrupted:
                finished.failure = "terminated"
            except AssertionError:
                raise  # of `on_state`, or `NeverEnds`
            except Exception as error:
                finished.failure = type(error).__name__
                finished.message = failures.explain(error, config.connection)
        over.append(True)
        self.dust.cut()
        self.time.kill()
        return finished

    def rest(self, seconds: float) -> None:
        """Let time pass between two syncs."""
        self.time.rest(seconds)
        self.dust.restore()

    def _sync(self, config: Config, plans: Catalog, input: _Input, workers: VirtualWorkers) -> Sync:
        transport: Any = self.dust
        clock = Clock(self.time, workers.pause, self.chance.random)
        caller = RetryingCaller(transport, host="dust.tt", budget=config.timing.retry_budget, clock=clock)
        pacer: Any = None  # no documents
        client = DustClient(config.connection, caller, pacer)
        progress = Progress(interval=1e9, pacer=Pacer(120), now=self.time)
        streams = [plan.stream for plan in plans]
        ledger = Ledger(streams)
        outcomes = Outcomes(ledger, progress, config.on_record_error)
        return Sync(
            cast("Input", input),
            plans,
            self._writer(config, plans, client, cast("Any", workers), outcomes),
            cast("Workers", workers),
            ledger,
            outcomes,
            progress,
            Completion(streams, end_of_input_is_complete=config.end_of_input_is_complete),
            now=self.time,
        )

    def _end(self, sync: Sync, ending: Ending, over: list[bool]) -> None:
        if over:
            return
        if ending.terminated:
            sync.interrupt(15)
            return
        self.dust.cut()
        self.time.kill()
        raise Killed
