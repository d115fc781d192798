"""Serves a world over HTTP: reads requests, applies faults and holds, writes answers."""

from __future__ import annotations

import asyncio

from aiohttp import web

from local_dust.control.arrivals import Arrival
from local_dust.control.faults import Fault
from local_dust.control.holds import Holds
from local_dust.request import Request
from local_dust.response import Answer, Busy
from local_dust.routes.calls import Effect
from local_dust.server.control_routes import Control
from local_dust.server.misbehaviour import misbehave, right_answer_misbehaviour
from local_dust.world import World

KEEP_ALIVE_SECONDS = 5.0
"""The real server closes idle connections after this time, too."""
LONGEST_LINE = 16 * 1024


class HttpServer:
    """Serves one world. Call `start` and `stop` in one event loop."""

    def __init__(self, world: World, holds: Holds) -> None:
        self._world = world
        self._holds = holds
        self._control = Control(world, holds)
        self._runner: web.ServerRunner | None = None
        self._landings: set[asyncio.Future[Answer]] = set()

    async def start(self, host: str, port: int) -> int:
        """Listen; port 0 takes a free one. Returns the port."""
        server = web.Server(
            self._handle,
            keepalive_timeout=KEEP_ALIVE_SECONDS,
            max_line_size=LONGEST_LINE,
            max_field_size=LONGEST_LINE,
            access_log=None,
        )
        self._runner = web.ServerRunner(server, handle_signals=False, shutdown_timeout=0.05)
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port, backlog=1024)
        await site.start()
        listening = self._runner.addresses[0]
        return int(listening[1])

    async def stop(self) -> None:
        self._holds.let_go()
        if self._runner is not None:
            await self._runner.cleanup()

    async def _handle(self, sent: web.BaseRequest) -> web.StreamResponse:
        body = await sent.content.read()
        path, _, query = sent.raw_path.partition("?")
        headers = {name.lower(): value for name, value in sent.headers.items()}
        request = Request(sent.method, path, query, headers, body)
        if self._control.owns(request):
            return _response(self._control.answer(request))
        arrival = self._world.arrive(request)
        try:
            return await self._answered(sent, request, arrival)
        finally:
            arrival.answered = self._world.now()

    async def _answered(self, sent: web.BaseRequest, request: Request, arrival: Arrival) -> web.StreamResponse:
        fault = self._world.faults.strike(arrival)
        if fault is not None:
            arrival.faults.append(fault.kind)
            if not fault.answers_right:
                return await self._wrong(sent, request, arrival, fault)
        effect = self._world.admit(request)
        hold = self._holds.matching(arrival)
        late = (fault is not None and fault.late) or (hold is not None and hold.late)
        answer = None if late else await self._carried_out(effect)
        if self._world.faults.latency:
            await asyncio.sleep(self._world.faults.latency)
        if fault is not None and fault.kind == "delay":
            await asyncio.sleep(fault.seconds)
        if hold is not None:
            await hold.passed(arrival)
        if answer is None:
            answer = await self._carried_out(effect)
        arrival.status = answer.status
        if fault is not None and fault.kind != "delay":
            return await right_answer_misbehaviour(sent, answer, fault)
        return _response(answer)

    async def _carried_out(self, effect: Effect) -> Answer:
        """The answer, once the call has waited for whatever it waits for inside Dust."""
        while True:
            try:
                return effect()
            except Busy as busy:
                while self._world.now() < busy.until:
                    await asyncio.sleep(0.01)

    def _land(self, effect: Effect) -> None:
        """Let a late write take effect; it may have to wait inside Dust."""
        landing = asyncio.ensure_future(self._carried_out(effect))
        self._landings.add(landing)
        landing.add_done_callback(self._landings.discard)

    async def _wrong(
        self, sent: web.BaseRequest, request: Request, arrival: Arrival, fault: Fault
    ) -> web.StreamResponse:
        if fault.lands_after is not None:
            asyncio.get_running_loop().call_later(fault.lands_after, self._land, self._world.admit(request))
        elif fault.effect:
            await self._carried_out(self._world.admit(request))
        if self._world.faults.latency:
            await asyncio.sleep(self._world.faults.latency)
        arrival.status = None if fault.kind == "reset" else fault.shown_status
        return await misbehave(sent, fault)


def _response(answer: Answer) -> web.Response:
    headers = dict(answer.headers)
    if answer.content_type is not None:
        headers["Content-Type"] = answer.content_type
    return web.Response(status=answer.status, body=answer.body, headers=headers)
