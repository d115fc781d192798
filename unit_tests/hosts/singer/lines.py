"""Messages of Singer as a tap writes them."""

from __future__ import annotations

from typing import Any

import orjson


def schema(stream: str = "users", key: list[str] | None = None, **more: Any) -> bytes:
    """A SCHEMA, keyed by `id` by default. `more`: other keys of the message, or others in the place of these."""
    declared = {"type": "object", "properties": {"id": {"type": "integer"}}}
    keys = ["id"] if key is None else key
    return orjson.dumps({"type": "SCHEMA", "stream": stream, "schema": declared, "key_properties": keys, **more})


def row(number: int, stream: str = "users", version: object = None, **fields: Any) -> bytes:
    """A RECORD with this id."""
    message = {"type": "RECORD", "stream": stream, "record": {"id": number, **fields}}
    return orjson.dumps(message if version is None else {**message, "version": version})


def activation(version: object, stream: str = "users") -> bytes:
    """An ACTIVATE_VERSION."""
    return orjson.dumps({"type": "ACTIVATE_VERSION", "stream": stream, "version": version})


def bookmarks(number: int) -> bytes:
    """A STATE."""
    return orjson.dumps({"type": "STATE", "value": {"bookmarks": {"users": {"id": number}}}})
