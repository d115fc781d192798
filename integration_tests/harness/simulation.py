"""A sync without threads, sockets or time: calls end in an order that a seed chooses, and the clock is a number.

Thousands of syncs over one world take seconds, in both formats, and each runs again from its seed.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, cast

from destination_dust import failures
from destination_dust.airbyte.catalog import Catalog
from destination_dust.airbyte.completion import Completion
from destination_dust.airbyte.input import Input
from destination_dust.airbyte.ledger import Ledger
from destination_dust.config import Config, DataFormat, OnRecordError
from destination_dust.dust.client import DustClient
from destination_dust.dust.pacer import Pacer
from destination_dust.dust.permit import NoPacing
from destination_dust.dust.request import Request
from destination_dust.dust.retrying import Clock, RetryingCaller
from destination_dust.dust.transport import Response
from destination_dust.reporting.progress import Progress
from destination_dust.sync import Sync
from destination_dust.workers import Call, Outcome, Workers
from destination_dust.writers.documents.writer import DocumentsWriter
from destination_dust.writers.outcomes import Outcomes
from destination_dust.writers.tables.context import ConfirmationTiming, RequestLimits, TablesContext
from destination_dust.writers.tables.writer import TablesWriter
from destination_dust.writers.writer import Writer
from integration_tests.harness.in_process import Finished, Killed, logs
from local_dust import World
from local_dust.request import Request as ArrivingRequest


class Time:
    """Seconds since a beginning; they pass when someone waits."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def wall(self) -> float:
        """Seconds since 1970."""
        return 1_800_000_000.0 + self.now

    def pause(self, seconds: float) -> bool:
        """Let seconds pass. Never cancelled."""
        self.now += seconds
        return False


@dataclass
class Death:
    """The request at which the process is killed, counted from 0, and whether Dust still carries it out."""

    at: int
    late: bool


class _Transport:
    def __init__(self, world: World, death: Death | None) -> None:
        self._world = world
        self._death = death
        self._made = 0
        self._headers = {"authorization": f"Bearer {world.key.secret}", "content-type": "application/json"}

    def send(self, request: Request) -> Response:
        """See `Transport`."""
        dies = self._death is not None and self._made == self._death.at
        self._made += 1
        if dies and self._death and not self._death.late:
            raise Killed
        path = f"/api/v1/w/{self._world.workspace.id}{request.path}"
        query = "&".join(f"{name}={value}" for name, value in request.query)
        arriving = ArrivingRequest(request.method, path, query, self._headers, request.body or b"")
        arrival = self._world.arrive(arriving)
        answer = self._world.admit(arriving)()
        arrival.status = answer.status
        if dies:
            raise Killed
        return Response(answer.status, answer.headers, answer.body)


class _Workers:
    """Calls of equal keys end in order, others in any."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._calls: list[Call] = []
        self._stopped = False
        self.has_room = True

    @property
    def busy(self) -> bool:
        return bool(self._calls)

    @property
    def in_flight(self) -> int:
        return len(self._calls)

    def submit(self, call: Call) -> None:
        if not self._stopped:
            self._calls.append(call)

    def outcomes(self) -> list[Outcome]:
        """Some of the calls that may be made now are."""
        first: dict[Any, Call] = {}
        for call in self._calls:
            first.setdefault(call.key, call)
        ready = list(first.values())
        self._chance.shuffle(ready)
        made = ready[: self._chance.randint(1, len(ready))] if ready else []
        for call in made:
            self._calls.remove(call)
        return [_made(call) for call in made]

    def stop(self) -> None:
        self._stopped = True
        self._calls.clear()


def _made(call: Call) -> Outcome:
    try:
        return Outcome(call, call.send(), None)
    except Exception as error:
        return Outcome(call, None, error)


@dataclass
class _Input:
    """Lines, some at a time. Time passes while there is nothing to do."""

    waiting: list[bytes]
    chance: random.Random
    time: Time
    workers: _Workers
    ended: bool = False

    def lines(self, timeout: float, *, reading: bool) -> list[bytes]:
        """See `Input`."""
        if not reading:
            if not self.workers.busy:
                self.time.now += max(timeout, 0.0)
            return []
        count = self.chance.randint(1, 4)
        taken, self.waiting = self.waiting[:count], self.waiting[count:]
        self.ended = not taken
        return taken

    def wake(self) -> None:
        """Nobody sleeps."""


@dataclass
class Simulation:
    """One world, and the syncs that write to it one after the other."""

    seed: int = 0
    time: Time = field(default_factory=Time)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)
        self.world = World(now=self.time, wall=self.time.wall, seed=self.seed, upserts_per_minute=None)

    def sync(
        self,
        catalog: dict[str, Any],
        messages: Iterable[dict[str, Any]],
        *,
        death: Death | None = None,
        **settings: Any,
    ) -> Finished:
        """Run a sync. A process that is killed ends in the failure `killed`."""
        config = Config.parse({**self.world.config(), **settings})
        plans = Catalog.parse(catalog)
        transport: Any = _Transport(self.world, death)
        clock = Clock(self.time, self.time.pause, self.chance.random)
        caller = RetryingCaller(transport, host="dust.tt", budget=900.0, clock=clock)
        unpaced: Any = NoPacing()
        client = DustClient(config.connection, caller, unpaced)
        workers = _Workers(self.chance)
        progress = Progress(interval=1e9, pacer=Pacer(120), now=self.time)
        ledger = Ledger(plan.stream for plan in plans)
        outcomes = Outcomes(ledger, progress, config.on_record_error)
        writer = self._writer(config, plans, client, workers, outcomes)
        lines = [json.dumps(message).encode() for message in messages]
        sync = Sync(
            cast("Input", _Input(lines, self.chance, self.time, workers)),
            plans,
            writer,
            cast("Workers", workers),
            ledger,
            outcomes,
            progress,
            Completion([plan.stream for plan in plans], end_of_input_is_complete=config.end_of_input_is_complete),
            now=self.time,
        )
        finished = Finished()
        with logs(finished.logs):
            try:
                for line in sync.run():
                    finished.states.append(json.loads(line)["state"])
            except Killed:
                finished.failure = "killed"
            except Exception as error:
                finished.failure = failures.failure_type(error).value
                finished.message = failures.explain(error, config.connection)
        return finished

    def _writer(
        self, config: Config, plans: Catalog, client: DustClient, workers: _Workers, outcomes: Outcomes
    ) -> Writer:
        if config.data_format is DataFormat.DOCUMENTS:
            shapes = {plan.stream: config.documents.shape_of(plan.stream) for plan in plans}
            return DocumentsWriter(
                client,
                workers.submit,
                outcomes,
                shapes,
                upserts=8,
                skip_unchanged=config.skip_unchanged,
                split=config.on_record_error is OnRecordError.SPLIT,
            )
        context = TablesContext(
            client,
            workers.submit,
            outcomes,
            RequestLimits(config.table_batch_size),
            ConfirmationTiming(config.timing.confirmation_delay, config.timing.confirmation_limit),
            batch_age=config.timing.batch_age,
            confirm=config.confirm_rows,
            now=self.time,
            wall=self.time.wall,
        )
        return TablesWriter(context, prefix=config.table_id_prefix, deletes=config.cdc_deletes)
