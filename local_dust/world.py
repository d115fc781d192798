"""The state of a local Dust and how it handles requests. Knows nothing of sockets."""

from __future__ import annotations

import os
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal

from local_dust.control.arrivals import Arrival, arrival
from local_dust.control.faults import Faults
from local_dust.control.table_faults import TableFaults
from local_dust.documents.stored import StoredDocument
from local_dust.limiter import FixedMinute
from local_dust.limits import Limits
from local_dust.recording import recording
from local_dust.request import Request
from local_dust.response import NO_SUCH_ROUTE, Answer, DustError
from local_dust.routes import legacy
from local_dust.routes.authentication import authenticated
from local_dust.routes.calls import Call, Effect
from local_dust.routes.router import PREFIX, Route, find
from local_dust.seeding import Founding
from local_dust.tables.stored import StoredTable
from local_dust.workspaces import DataSource, Workspace

Server = Literal["hono", "legacy"]
FOREIGN_ORIGIN = Answer(403, b"", None)
"""Dust's server refuses requests from a browser on another site."""


class World(Founding):
    """One Dust: by default a workspace with an open space, a folder in it, a managed source, and a key for the space.

    Args:
        limits: The enforced limits. Single ones may also be given by name, as in `World(quiet_seconds=0.1)`.
        server: `hono`, the current server, or `legacy`, the one before it.
        region: Keys of another region are unknown here.
        now: The clock of windows, queues and arrivals, in seconds; it must not go back.
        wall: The clock of timestamps, in seconds since 1970.
        seed: Seed of all random choices.
        keep_bodies: Whether arrivals keep the parsed bodies.

    Any thread may call any method. If the variable CONTRACT_LOG names a file, all exchanges are recorded there.
    """

    def __init__(
        self,
        limits: Limits | None = None,
        *,
        server: Server = "hono",
        region: str = "us",
        now: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
        seed: int = 0,
        keep_bodies: bool = True,
        **figures: Any,
    ) -> None:
        self.lock = threading.RLock()
        self.limits = replace(limits or Limits(), **figures)
        self.server = server
        self.keep_bodies = keep_bodies
        self.faults = Faults()
        self.arrivals: list[Arrival] = []
        self.now = now
        self._recording = recording(os.environ)
        self._route_counter = FixedMinute()
        super().__init__(self.limits, region=region, now=now, wall=wall, seed=seed)

    def documents(self, data_source_id: str | None = None) -> dict[str, StoredDocument]:
        """The stored documents of a data source (None: the default one) by their ids: a copy."""
        with self.lock:
            self._work()
            return dict(self._source(data_source_id).documents.stored)

    def tables(self, data_source_id: str | None = None) -> dict[str, StoredTable]:
        """The tables of a data source by their ids: copies of what is readable now."""
        with self.lock:
            self._work()
            return self._source(data_source_id).tables.snapshot()

    def promised_rows(self, table_id: str) -> dict[str, dict[str, Any]]:
        """The rows of a table of the default data source, as they will be once all that is queued for it is merged."""
        with self.lock:
            self._work()
            return self.data_source.tables.promised(table_id)

    def config(self) -> dict[str, str]:
        """The connector's settings for the default data source, except `base_url`."""
        return {
            "api_key": self.key.secret,
            "workspace_id": self.workspace.id,
            "space_id": self.space.id,
            "data_source_id": self.data_source.id,
        }

    def stats(self) -> dict[str, Any]:
        """Counts of arrivals, by status and by method, and of stored documents and tables."""
        with self.lock:
            self._work()
            return {
                "arrivals": len(self.arrivals),
                "upserts": sum(a.is_upsert for a in self.arrivals),
                "statuses": Counter(str(a.status) for a in self.arrivals),
                "methods": Counter(a.method for a in self.arrivals),
                "documents": len(self.data_source.documents.stored),
                "tables": {
                    table_id: {"rows": table.row_count, "pending": table.pending}
                    for table_id, table in self.data_source.tables.snapshot().items()
                },
            }

    def lose_rows(self, table_id: str, *, which: str | None = None, error: str | None = None) -> None:
        """Make the next merge of a table silently lose its `first`, `middle` or `last` queued request, or fail with
        an `error`: "Too many columns" drops the queue at once, any other is retried for an hour.
        """
        with self.lock:
            self.data_source.tables.lose(table_id, which=which, error=error)

    def lose_no_rows(self) -> None:
        """Take back what `lose_rows` has asked for and no merge has done yet."""
        with self.lock:
            self.data_source.tables.lose_nothing()

    @property
    def table_faults(self) -> TableFaults:
        """The switches for tables of the default data source."""
        return self.data_source.tables.faults

    def arrive(self, request: Request) -> Arrival:
        """Add a request to the log."""
        with self.lock:
            arrived = arrival(request, self.now(), keep_body=self.keep_bodies)
            self.arrivals.append(arrived)
            return arrived

    def admit(self, request: Request) -> Effect:
        """Check and count a request. Calling the result applies it and returns the answer.

        It raises `Busy` if it waits inside Dust: then it must be called again at that time.
        """
        with self.lock:
            self._work()
            try:
                effect = self._admitted(request)
            except DustError as error:
                refusal = error.answer
                return lambda: self._recorded(request, refusal)
        return lambda: self._recorded(request, self._applied(effect))

    def _admitted(self, request: Request) -> Effect:
        if self.server == "legacy":
            refusal = legacy.refusal(request, self.limits)
            if refusal is not None:
                return lambda: refusal
        if "origin" in request.headers:
            return lambda: FOREIGN_ORIGIN
        segments = request.segments
        if segments[:3] != PREFIX or len(segments) < 4 or not segments[3]:
            return lambda: NO_SUCH_ROUTE
        is_legacy = self.server == "legacy"
        key, workspace = authenticated(
            request.headers.get("authorization"),
            segments[3],
            self.keys,
            self.workspaces,
            region=self.region,
            legacy=is_legacy,
        )
        route = find(segments[4:])
        method = "GET" if request.method == "HEAD" else request.method
        if route is None or method not in route.handlers:
            answer = NO_SUCH_ROUTE if route is None or not is_legacy else legacy.wrong_method(route.handlers)
            return lambda: answer
        self._count_route_call(workspace, route, method)
        call = Call(
            request,
            key,
            workspace,
            self.limits,
            self.now(),
            is_legacy,
            route.space_id,
            route.data_source_id,
            route.ids,
        )
        return route.handlers[method](call)

    def _count_route_call(self, workspace: Workspace, route: Route, method: str) -> None:
        limit = self.limits.route_calls_per_minute
        if limit is None:
            return
        name = f"{workspace.id} {method} {route.name}"
        wait = self._route_counter.accept(name, self.now(), limit)
        if wait is not None:
            raise DustError(
                429,
                "rate_limit_error",
                f"Too many requests to this endpoint for this workspace (max {limit} per minute).",
                headers={"Retry-After": str(int(wait) + 1)},
            )

    def _applied(self, effect: Effect) -> Answer:
        with self.lock:
            self._work()
            try:
                return effect()
            except DustError as error:
                return error.answer

    def _recorded(self, request: Request, answer: Answer) -> Answer:
        if self._recording is not None:
            self._recording.note(request, answer, server=self.server)
        return answer

    def _work(self) -> None:
        """Do what Dust's background workers would have done by now."""
        for workspace in self.workspaces.values():
            for source in workspace.data_sources.values():
                source.documents.work()
                source.tables.work()

    def _source(self, data_source_id: str | None) -> DataSource:
        if data_source_id is None:
            return self.data_source
        return next(
            workspace.data_sources[data_source_id]
            for workspace in self.workspaces.values()
            if data_source_id in workspace.data_sources
        )
