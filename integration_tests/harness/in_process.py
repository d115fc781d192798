"""A sync in this process, over a world without sockets, for tests that need hundreds of syncs."""

from __future__ import annotations

import contextlib
import json
import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from destination_dust import failures
from destination_dust.airbyte.catalog import Catalog
from destination_dust.airbyte.input import Input
from destination_dust.config import Config
from destination_dust.dust.client import DustClient
from destination_dust.dust.connection import Connection
from destination_dust.dust.pacer import Pacer
from destination_dust.dust.permit import NoPacing
from destination_dust.dust.request import Request
from destination_dust.dust.retrying import RetryingCaller
from destination_dust.dust.transport import Response
from destination_dust.pump import pump
from destination_dust.wiring import build_sync
from local_dust import Arrival, World
from local_dust.request import Request as ArrivingRequest
from local_dust.response import Answer, Busy
from local_dust.routes.calls import Effect


class Killed(BaseException):
    """Stands for a killed process."""


@dataclass
class Finished:
    """The output of a sync. `failure` is Airbyte's failure type, None if the sync succeeded."""

    states: list[dict[str, Any]] = field(default_factory=list)
    failure: str | None = None
    message: str = ""
    logs: list[str] = field(default_factory=list)

    @property
    def warnings(self) -> list[str]:
        """The logged warnings."""
        return [line.removeprefix("WARNING ") for line in self.logs if line.startswith("WARNING ")]


class WorldTransport:
    """Hands requests to a world and its answers back. `on_arrival` may raise `Killed`."""

    def __init__(self, world: World, on_arrival: Callable[[Arrival], None]) -> None:
        self._world = world
        self._on_arrival = on_arrival
        self._headers = {"authorization": f"Bearer {world.key.secret}", "content-type": "application/json"}

    def send(self, request: Request) -> Response:
        """See `Transport`."""
        path = f"/api/v1/w/{self._world.workspace.id}{request.path}"
        query = urlencode(list(request.query))
        arriving = ArrivingRequest(request.method, path, query, self._headers, request.body or b"")
        arrival = self._world.arrive(arriving)
        self._on_arrival(arrival)
        fault = self._world.faults.strike(arrival)
        if fault is not None:
            error = {"error": {"type": fault.type, "message": fault.message}}
            return Response(fault.shown_status, fault.headers, json.dumps(error).encode())
        answer = self._carried_out(self._world.admit(arriving))
        arrival.status = answer.status
        return Response(answer.status, answer.headers, answer.body)

    def _carried_out(self, effect: Effect) -> Answer:
        """The answer, once the call has waited for whatever it waits for inside Dust."""
        while True:
            try:
                return effect()
            except Busy as busy:
                time.sleep(max(0.0, busy.until - self._world.now()))


def sync(
    world: World,
    catalog: dict[str, Any],
    messages: Iterable[dict[str, Any] | bytes],
    *,
    on_arrival: Callable[[Arrival], None] = lambda _: None,
    **settings: Any,
) -> Finished:
    """Run a sync of messages, or of lines as they are. A process that is killed ends in the failure `killed`."""

    def connect(connection: Connection, _pacer: Pacer, **options: Any) -> DustClient:
        transport: Any = WorldTransport(world, on_arrival)
        unpaced: Any = NoPacing()
        caller = RetryingCaller(transport, host=connection.host, budget=options["budget"])
        return DustClient(connection, caller, unpaced)

    config = Config.parse({**world.config(), "documents_per_minute": 100_000, **settings})
    finished = Finished()
    lines = [message if isinstance(message, bytes) else json.dumps(message).encode() for message in messages]
    with logs(finished.logs), pump(lines) as descriptor:
        input = Input(descriptor)
        try:
            for line in build_sync(config, Catalog.parse(catalog), input, connect=connect).run():
                finished.states.append(json.loads(line)["state"])
        except Killed:
            finished.failure = "killed"
        except Exception as error:
            finished.failure = failures.failure_type(error).value
            finished.message = failures.explain(error, config.connection)
    _clear_up(input)
    return finished


def _clear_up(input: Input) -> None:
    """Hundreds of syncs would otherwise use up the descriptors that a process may have."""
    for thread in threading.enumerate():
        if thread.name.startswith("dust-"):
            thread.join(10)
    input.close()


@contextlib.contextmanager
def logs(collected: list[str]) -> Iterator[None]:
    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            collected.append(f"{record.levelname} {record.getMessage()}")

    logger, listener = logging.getLogger("airbyte"), Listener()
    level = logger.level
    logger.addHandler(listener)
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.removeHandler(listener)
        logger.setLevel(level)
