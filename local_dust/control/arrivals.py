"""The log of requests that arrived."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from local_dust.request import Request

_SECRET = "authorization"


@dataclass
class Arrival:
    """One request. `time` (and `answered`) are in seconds of the world's clock; `status` is None until the answer.

    `path` is as sent; `segments` are its parts, decoded. `body` is the parsed JSON, or None if there is none, it
    is not JSON, or bodies are not kept.
    """

    time: float
    method: str
    path: str
    query: str
    segments: tuple[str, ...]
    headers: Mapping[str, str]
    body: Any = None
    body_bytes: int = 0
    status: int | None = None
    answered: float | None = None
    faults: list[str] = field(default_factory=list)

    @property
    def document_id(self) -> str | None:
        return self._after("documents")

    @property
    def table_id(self) -> str | None:
        return self._after("tables")

    @property
    def row_id(self) -> str | None:
        return self._after("rows")

    @property
    def is_upsert(self) -> bool:
        """Whether the limit on document upserts counts this call."""
        return self.method == "POST" and self.document_id is not None

    def json(self) -> dict[str, Any]:
        return {
            "time": self.time,
            "answered": self.answered,
            "method": self.method,
            "path": self.path,
            "query": self.query,
            "document_id": self.document_id,
            "table_id": self.table_id,
            "row_id": self.row_id,
            "status": self.status,
            "faults": self.faults,
            "body_bytes": self.body_bytes,
            "body": self.body,
        }

    def _after(self, name: str) -> str | None:
        for position, segment in enumerate(self.segments[6:-1], start=6):
            if segment == name:
                return self.segments[position + 1]
        return None


def arrival(request: Request, now: float, *, keep_body: bool) -> Arrival:
    body = None
    if keep_body and request.body:
        try:
            body = request.json
        except ValueError:
            body = None
    headers = {name: value for name, value in request.headers.items() if name != _SECRET}
    return Arrival(now, request.method, request.path, request.query, request.segments, headers, body, len(request.body))
