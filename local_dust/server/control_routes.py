"""The routes under `/__control__/`, which let other processes inspect and control a world. They need no key.

GET     /                                the page, for a browser
GET     /__control__/config             the connector's connection settings
GET     /__control__/stats              counts
GET     /__control__/arrivals[?since=N] the log, from the N-th request on;  DELETE empties it
GET     /__control__/documents          the stored documents by id
GET     /__control__/tables             the tables by id, with their readable rows (?rows=false: without)
GET     /__control__/limits             all limits;  POST {"name": value, ...} changes some
POST    /__control__/workspace          {"maintenance", "kill_switched", "api_access"}: sets the given ones
POST    /__control__/keys               {"disabled": bool, "role"}: changes the default key
GET     /__control__/faults             the rules;  POST {"kind", "method", "path", "skip", "times", ...} adds one;
                                         {"latency": s} sets the latency;  DELETE removes all.  A partial outage:
                                         {"kind": "html", "status": 502, "share": 0.5, "seed": 1, "lasts": 120}
POST    /__control__/holds              {"method", "path", "late"} holds answers;  DELETE releases all
POST    /__control__/lost_rows          {"table_id", "which": "first" | "middle" | "last"} or
                                         {"table_id", "error": "Too many columns"}: the loss in the next merge
POST    /__control__/table_faults       {"outage": s}: Dust's core fails for s seconds;  DELETE ends all
                                         {"late": {"seconds", ...}}: writes that land late (see `LateRule`);
                                         {"fails_while_empty": bool}: a new table's rows cannot be listed
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import asdict, fields
from typing import Any

from local_dust.control.arrivals import Arrival
from local_dust.control.holds import Holds
from local_dust.request import Request
from local_dust.response import Answer, encode, ok
from local_dust.server.page import page
from local_dust.world import World

ROOT = "__control__"


class Control:
    """Answers the routes above."""

    def __init__(self, world: World, holds: Holds) -> None:
        self._world = world
        self._holds = holds
        self._routes: dict[tuple[str, str], Callable[[Request], Any]] = {
            ("GET", "config"): lambda request: {
                **world.config(),
                "base_url": f"http://{request.headers['host']}",
            },
            ("GET", "stats"): lambda _: world.stats(),
            ("GET", "arrivals"): self._arrivals,
            ("DELETE", "arrivals"): lambda _: world.arrivals.clear(),
            ("GET", "documents"): lambda _: {i: asdict(d) for i, d in world.documents().items()},
            ("GET", "tables"): self._tables,
            ("GET", "limits"): lambda _: asdict(world.limits),
            ("POST", "limits"): self._change_limits,
            ("POST", "workspace"): lambda request: _set(world.workspace, request.json),
            ("POST", "keys"): lambda request: _set(world.key, request.json),
            ("GET", "faults"): lambda _: world.faults.json(),
            ("POST", "faults"): self._add_fault,
            ("DELETE", "faults"): lambda _: world.faults.clear(),
            ("POST", "holds"): self._hold,
            ("DELETE", "holds"): lambda _: holds.let_go(),
            ("POST", "lost_rows"): self._lose_rows,
            ("POST", "table_faults"): lambda request: world.table_faults.change(**request.json),
            ("DELETE", "table_faults"): lambda _: world.table_faults.clear(),
        }

    def owns(self, request: Request) -> bool:
        return request.segments[:1] == (ROOT,) or _asks_for_page(request)

    def answer(self, request: Request) -> Answer:
        if _asks_for_page(request):
            return page(self._world, request)
        name = "/".join(request.segments[1:])
        route = self._routes.get((request.method, name))
        if route is None:
            return Answer(404, encode({"error": f"no such control route; {__doc__}"}))
        try:
            return ok(route(request))
        except (ValueError, TypeError, KeyError, AttributeError, re.error) as error:
            return Answer(400, encode({"error": f"{type(error).__name__}: {error}"}))

    def _arrivals(self, request: Request) -> Any:
        since = int(request.parameters().get("since", ["0"])[0])
        return [arrival.json() for arrival in list(self._world.arrivals)[since:]]

    def _tables(self, request: Request) -> Any:
        with_rows = request.parameters().get("rows", ["true"])[0] != "false"
        return {i: table.json(with_rows=with_rows) for i, table in self._world.tables().items()}

    def _change_limits(self, request: Request) -> Any:
        known = {field.name for field in fields(self._world.limits)}
        unknown = set(request.json) - known
        if unknown:
            raise ValueError(f"no such limit: {', '.join(sorted(unknown))}")
        return _set(self._world.limits, request.json)

    def _add_fault(self, request: Request) -> Any:
        rule = dict(request.json)
        latency = rule.pop("latency", None)
        if latency is not None:
            self._world.faults.latency = float(latency)
        if rule:
            self._world.faults.add(**rule)
        return self._world.faults.json()

    def _hold(self, request: Request) -> Any:
        wanted = request.json
        method, path = wanted.get("method"), re.compile(wanted.get("path", ""))

        def when(arrival: Arrival) -> bool:
            return method in (None, arrival.method) and path.search(arrival.path) is not None

        self._holds.add(when, late=bool(wanted.get("late")))
        return {}

    def _lose_rows(self, request: Request) -> Any:
        self._world.lose_rows(**request.json)
        return {}


def _asks_for_page(request: Request) -> bool:
    return request.method == "GET" and request.segments in (("",), (ROOT, ""))


def _set(target: Any, values: dict[str, Any]) -> dict[str, Any]:
    for name, value in values.items():
        if not hasattr(target, name):
            raise ValueError(f"no such field: {name}")
        setattr(target, name, value)
    return values
