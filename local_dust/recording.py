"""Records exchanges as lines of JSON, which the contract tests check afterwards."""

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
        """Append an admitted request and its right answer, even if a fault withheld the answer.

        The line is an object: `server`, `method`, `path` (as sent), `route` (as in `documents/*`, or null), `agent`
        (the User-Agent), `test`, `request_type` and `request`, `status`, `answer_type` and `answer`. The bodies are
        texts, as on the wire. The API key is left out.
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
        # One unbuffered write: lines of different processes must not mix.
        with self.path.open("ab", buffering=0) as file:
            file.write(orjson.dumps(exchange, option=orjson.OPT_APPEND_NEWLINE))


def recording(environment: Mapping[str, str]) -> Recording | None:
    """A recording in the file that CONTRACT_LOG names, or None."""
    path = environment.get(VARIABLE)
    return Recording(Path(path)) if path else None
