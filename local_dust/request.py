"""A request as the handlers see it: decoded path, query and JSON body."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import parse_qs, unquote, unquote_to_bytes

import orjson

_JSON_TYPE = re.compile(r"application/([a-z.-]+\+)?json(;\s*[a-zA-Z0-9-]+=[^;]+)*", re.ASCII)
_ONE_DOT = re.compile(r"(\.|%2e)", re.IGNORECASE)
_TWO_DOTS = re.compile(r"(\.|%2e){2}", re.IGNORECASE)


@dataclass
class Request:
    """One request. `path` is as sent (percent-encoded, without the query); header names are lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes

    @cached_property
    def segments(self) -> tuple[str, ...]:
        """The path's segments, decoded. As the server's URL parser does, `.` and `..` are resolved first."""
        segments: list[str] = []
        for segment in self.path.split("/")[1:]:
            if _TWO_DOTS.fullmatch(segment):
                del segments[-1:]
            elif not _ONE_DOT.fullmatch(segment):
                segments.append(_decoded(segment))
        return tuple(segments)

    def parameters(self) -> dict[str, list[str]]:
        return parse_qs(self.query, keep_blank_values=True, errors="replace")

    @cached_property
    def json(self) -> Any:
        """The parsed body. Without a JSON content type the server takes it to be `{}`.

        Raises:
            ValueError: The body is not JSON (NaN and Infinity are not).
        """
        if not _JSON_TYPE.fullmatch(self.headers.get("content-type", "")):
            return {}
        return parsed(self.body)


def parsed(body: bytes) -> Any:
    """JSON as JavaScript reads it: lone surrogate escapes are kept, bytes that are not UTF-8 become U+FFFD."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        pass
    try:
        return json.loads(body.decode("utf-8", "replace").removeprefix("\ufeff"), parse_constant=_refuse)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _refuse(constant: str) -> Any:
    raise ValueError(constant)


def _decoded(segment: str) -> str:
    try:
        return unquote_to_bytes(segment).decode("utf-8") if "%" in segment else segment
    except UnicodeDecodeError:
        return segment


def repeatedly_decoded(path: str) -> str:
    """The path as the legacy server's edge filter sees it: decoded until nothing changes, nine times at most."""
    for _ in range(9):
        decoded = unquote(path)
        if decoded == path:
            break
        path = decoded
    return path
