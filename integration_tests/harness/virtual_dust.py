"""A world behind a network that takes its time, loses answers and breaks off, on a clock that jumps."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from urllib.parse import urlencode

from greenlet import getcurrent

from destination_dust.dust.connection_errors import NotSent, OutcomeUnknown, TimedOut
from destination_dust.dust.request import Request
from destination_dust.dust.transport import Response
from integration_tests.harness.virtual_time import VirtualTime, Wait
from local_dust import Arrival, Fault, World
from local_dust.request import Request as ArrivingRequest
from local_dust.response import Busy
from local_dust.routes.calls import Effect

Reply = Response | Exception


class VirtualDust:
    """Stands for `Transport`, and for the server: it carries out a world's faults as the HTTP server does.

    A request arrives some time after it was sent, whatever becomes of its sender, and its answer comes some time later.
    """

    def __init__(self, world: World, time: VirtualTime, chance: random.Random) -> None:
        self.slow = 0.02
        """The share of calls whose answer takes seconds."""
        self.unreachable = (0.0, 0.0)
        """From when until when no connection can be made."""
        self.on_arrival: Callable[[Arrival], None] = lambda _: None
        self._world = world
        self._time = time
        self._chance = chance
        self._is_cut = False
        self._headers = {"authorization": f"Bearer {world.key.secret}", "content-type": "application/json"}

    def send(self, request: Request) -> Response:
        """See `Transport`. Only as part of some work."""
        time, replies, wait = self._time, list[Reply](), Wait(getcurrent())

        def reply(what: Reply, after: float = 0.0) -> None:
            def arrive() -> None:
                replies.append(what)
                time.end(wait)

            time.at(time.now + after + self._latency(), arrive)

        began, end = self.unreachable
        if began <= time.now < end:
            reply(NotSent("no route"))
        else:
            time.at(time.now + self._latency(), lambda: self._arrive(request, reply))
            time.at(time.now + request.read_timeout, lambda: time.end(wait))
        time.suspend(wait)
        answer = replies[0] if replies else TimedOut("no answer in time")
        if isinstance(answer, Exception):
            raise answer
        return answer

    def cut(self) -> None:
        """The process that sends is killed: of what it has just sent, a part arrives."""
        self._is_cut = True

    def restore(self) -> None:
        """Another process sends."""
        self._is_cut = False

    def _latency(self) -> float:
        return self._chance.uniform(0.01, 0.3) if self._chance.random() >= self.slow else self._chance.uniform(1.0, 6.0)

    def _arrive(self, request: Request, reply: Callable[..., None]) -> None:
        if self._is_cut and self._chance.random() < 0.5:
            return
        path, query = f"/api/v1/w/{self._world.workspace.id}{request.path}", urlencode(list(request.query))
        arriving = ArrivingRequest(request.method, path, query, self._headers, request.body or b"")
        arrival = self._world.arrive(arriving)
        self.on_arrival(arrival)
        fault = self._world.faults.strike(arrival)
        if fault is not None and not fault.answers_right:
            self._wrong(arriving, fault, reply)
            return
        delay = fault.seconds if fault is not None and fault.kind == "delay" else 0.0
        self._carry_out(self._world.admit(arriving), lambda answer: reply(answer, delay))

    def _wrong(self, arriving: ArrivingRequest, fault: Fault, reply: Callable[..., None]) -> None:
        if fault.lands_after is not None:
            effect = self._world.admit(arriving)
            self._time.at(self._time.now + fault.lands_after, lambda: self._carry_out(effect, lambda _: None))
        elif fault.effect:
            self._carry_out(self._world.admit(arriving), lambda _: None)
        if fault.kind == "reset":
            reply(OutcomeUnknown("the connection was reset"))
            return
        error = {"error": {"type": fault.type, "message": fault.message}}
        body = json.dumps(error) if fault.kind in ("status", "ok_error") else fault.body or "<html>"
        reply(Response(fault.shown_status, fault.headers, body.encode()))

    def _carry_out(self, effect: Effect, then: Callable[[Response], None]) -> None:
        """Do what a call asks for, once it has waited for whatever it waits for inside Dust."""
        try:
            answer = effect()
        except Busy as busy:
            self._time.at(max(busy.until, self._time.now), lambda: self._carry_out(effect, then))
        else:
            then(Response(answer.status, answer.headers, answer.body))
