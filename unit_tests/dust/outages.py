"""Syncs of some minutes through outages, by seed: which documents are stored, and which are called bad and when."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

import orjson

from destination_dust.dust.errors import DustError
from destination_dust.dust.request import Request
from destination_dust.dust.retrying import Clock, RetryingCaller
from destination_dust.dust.transport import Response
from unit_tests.dust.virtual_time import VirtualTime

# As many as the connector has, and as fast as Dust takes documents.
WORKERS = 32
GAP = 0.5

FAILED = Response(
    500, {}, b'{"error":{"type":"internal_server_error","message":"There was an error upserting the document."}}'
)
STORED = Response(200, {}, b'{"document":{"hash":"0"}}')

Fate = Callable[[int, float, random.Random], Response | Exception | None]
"""What becomes of a try, by document and time, in which it began; None if the document is stored."""


@dataclass
class Result:
    """What became of the documents, and after how many seconds of a call its error was raised."""

    stored: set[int] = field(default_factory=set)
    errors: dict[int, DustError] = field(default_factory=dict)
    seconds: dict[int, float] = field(default_factory=dict)


def sync(fate: Fate, *, seed: int, documents: int, latency: float = 1.0, budget: float = 900.0) -> Result:
    """Upsert documents, two each second at most, each of which takes about `latency` seconds."""
    time, rng, result = VirtualTime(), random.Random(seed), Result()

    class Dust:
        def send(self, request: Request) -> Response:
            began = time.now
            time.pause(latency * (0.5 + rng.random()))
            reply = fate(int(request.key), began, rng)
            if isinstance(reply, Exception):
                raise reply
            return reply or STORED

    clock = Clock(now=lambda: time.now, pause=time.pause, random=rng.random)
    caller = RetryingCaller(Dust(), host="dust.tt", budget=budget, clock=clock)  # type: ignore[arg-type] # it can send
    numbers = iter(range(documents))

    def work() -> None:
        for number in numbers:
            time.pause(max(0.0, number * GAP - time.now))
            request = Request("POST", f"/documents/{number}", body=b"{}", target="source", key=str(number))
            began = time.now
            try:
                caller.call(request, orjson.dumps)
                result.stored.add(number)
            except DustError as error:
                result.errors[number] = error
                result.seconds[number] = time.now - began

    time.run(*[work] * WORKERS)
    return result
