"""The server's answers, as plain values."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

JSON = "application/json"
TEXT = "text/plain; charset=UTF-8"
HTML = "text/html; charset=utf-8"


@dataclass(frozen=True)
class Answer:
    """A complete HTTP answer."""

    status: int = 200
    body: bytes = b""
    content_type: str | None = JSON
    headers: Mapping[str, str] = field(default_factory=dict)


class DustError(Exception):
    """An error answer in Dust's envelope `{"error": {"type", "message", "data_source_error"?}}`."""

    def __init__(
        self,
        status: int,
        kind: str,
        message: str,
        *,
        core: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{status} {kind}: {message}")
        error: dict[str, Any] = {"type": kind, "message": message}
        if core is not None:
            error["data_source_error"] = core
        self.answer = Answer(status, encode({"error": error}), headers=headers or {})


class Busy(Exception):
    """The call waits inside Dust until a time of the world's clock; then it goes on."""

    def __init__(self, until: float) -> None:
        super().__init__(f"busy until {until}")
        self.until = until


class CoreError(Exception):
    """A refusal of Dust's core service, which the front wraps in an answer of its own."""

    def __init__(self, message: str, code: str = "internal_server_error") -> None:
        super().__init__(message)
        self.error = {"code": code, "message": message}


def ok(value: Any) -> Answer:
    return Answer(200, encode(value))


def plain(status: int, text: str) -> Answer:
    return Answer(status, text.encode(), TEXT)


def encode(value: Any) -> bytes:
    try:
        return orjson.dumps(value)
    except TypeError:  # integers beyond 64 bits and lone surrogates
        return json.dumps(value, separators=(",", ":"), ensure_ascii=True).encode()


NO_SUCH_ROUTE = plain(404, "404 Not Found")
