"""Messages as a source writes them, for tests to read like what they are about."""

from __future__ import annotations

from typing import Any

import orjson

from destination_dust.airbyte.messages import State, StreamKey

USERS = StreamKey(None, "users")
ORDERS = StreamKey(None, "orders")
TEAMS = StreamKey(None, "teams")


def record(stream: str, data: dict[str, Any], *, namespace: str | None = None, emitted_at: Any = 1) -> bytes:
    """A RECORD as a line."""
    content = {"stream": stream, "data": data, "emitted_at": emitted_at}
    if namespace is not None:
        content["namespace"] = namespace
    return orjson.dumps({"type": "RECORD", "record": content})


def state(stream: StreamKey | None, number: int = 1) -> State:
    """A STREAM state, or a GLOBAL one if `stream` is None; `number` distinguishes it from others."""
    if stream is None:
        content: dict[str, Any] = {"type": "GLOBAL", "global": {"shared_state": number}}
        return State(orjson.dumps({"type": "STATE", "state": content}), None)
    descriptor = {"namespace": stream.namespace, "name": stream.name}
    content = {"type": "STREAM", "stream": {"stream_descriptor": descriptor, "stream_state": {"at": number}}}
    return State(orjson.dumps({"type": "STATE", "state": content}), stream)


def configured(name: str = "users", mode: str = "append", **more: Any) -> dict[str, Any]:
    """A stream of a configured catalog. `stream_…` arguments are those of the stream itself."""
    stream = {key.removeprefix("stream_"): more.pop(key) for key in list(more) if key.startswith("stream_")}
    declared = {"name": name, "json_schema": {"type": "object", "properties": {"id": {"type": "integer"}}}}
    return {
        "stream": {**declared, **stream},
        "sync_mode": "incremental",
        "destination_sync_mode": mode,
        **more,
    }


def settings(**changes: Any) -> dict[str, Any]:
    """A configuration that works, with changes; a setting of None is left out."""
    complete = {
        "api_key": "sk-0123456789abcdef",
        "workspace_id": "0ec9852c2f",
        "space_id": "vlt_Yo3hzZLsWPhm",
        "data_source_id": "dts_bBpgsT7yvrYM",
        **changes,
    }
    return {name: value for name, value in complete.items() if value is not None}
