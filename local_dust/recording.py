"""A record of what was exchanged, as lines of JSON, for checks that are made afterwards by others."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import orjson

from local_dust.request import Request
from local_dust.response import Answer
from local_dust.routes.router import PREFIX, find

VARIABLE = "CONTRACT_LOG"


@dataclass(frozen=True)
class Recording:
    """Appends exchanges to a file. Any number of threads and processes may append to the same one."""

    path: Path

    def note(self, request: Request, answer: Answer, *, server: str) -> None:
        """Append an exchange: a request that was admitted and its right answer, even if a fault kept that back.

        The line is an object: `server`, `method`, `path` (as sent), `route` (as in `documents/*`, or null), `agent`
        (the User-Agent), `test`, `request_type` and `request`, `status`, `answer_type` and `answer`. The bodies are
        texts, as they were on the wire. The API key is not in it.
        """
        route = find(request.segments[4:]) if request.segments[:3] == PREFIX else None
        exchange = {
            "server": server,
            "method": request.method,
            "path": request.path,
            "route": route.name if route else None,
            "agent": request.headers.get("user-agent"),
            "test": os.environ.get("PYTEST_CURRENT_TEST"),
            "request_type": request.headers.get("content-type"),
            "request": request.body.decode("utf-8", "replace"),
            "status": answer.status,
            "answer_type": answer.content_type,
            "answer": answer.body.decode("utf-8", "replace"),
        }
        # In one unbuffered write, so that lines of different processes do not mix.
        with self.path.open("ab", buffering=0) as file:
            file.write(orjson.dumps(exchange, option=orjson.OPT_APPEND_NEWLINE))


def recording(environment: Mapping[str, str]) -> Recording | None:
    """What CONTRACT_LOG asks for: a recording in the file of that name, or none."""
    path = environment.get(VARIABLE)
    return Recording(Path(path)) if path else None
