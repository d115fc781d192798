"""Messages and catalogs of the Airbyte protocol, built as the platform sends them."""

from __future__ import annotations

from typing import Any

EMITTED_AT = 1_767_225_600_000


def record(stream: str, *, namespace: str | None = None, emitted_at: int = EMITTED_AT, **data: Any) -> dict[str, Any]:
    """A RECORD with the given fields."""
    content: dict[str, Any] = {"stream": stream, "data": data, "emitted_at": emitted_at}
    if namespace:
        content["namespace"] = namespace
    return {"type": "RECORD", "record": content}


def state(stream: str, number: int, *, namespace: str | None = None, **stream_state: Any) -> dict[str, Any]:
    """A STREAM state with the platform's `id`, the source's counts and a key that no protocol model knows."""
    descriptor = {"name": stream, "namespace": namespace} if namespace else {"name": stream}
    content = {"stream_descriptor": descriptor, "stream_state": {"cursor": number, **stream_state}}
    return {
        "type": "STATE",
        "state": {
            "type": "STREAM",
            "stream": content,
            "id": number,
            "sourceStats": {"recordCount": float(number)},
            "from_the_future": [number],
        },
    }


def global_state(number: int, *streams: str) -> dict[str, Any]:
    """A GLOBAL state, as sources with change data capture send."""
    stream_states = [{"stream_descriptor": {"name": name}, "stream_state": {"lsn": number}} for name in streams]
    content = {"shared_state": {"lsn": number}, "stream_states": stream_states}
    return {"type": "STATE", "state": {"type": "GLOBAL", "global": content, "id": number}}


def complete(stream: str, *, namespace: str | None = None) -> dict[str, Any]:
    """The trace with which the platform says that a stream was read to its end."""
    descriptor = {"name": stream, "namespace": namespace}
    status = {"stream_descriptor": descriptor, "status": "COMPLETE"}
    return {
        "type": "TRACE",
        "trace": {"type": "STREAM_STATUS", "emitted_at": EMITTED_AT, "stream_status": status},
    }


def stream(
    name: str,
    *,
    namespace: str | None = None,
    mode: str = "append_dedup",
    key: list[list[str]] | None = None,
    fields: dict[str, Any] | None = None,
    generation: int | None = 1,
    minimum: int | None = 0,
    sync: int | None = 7,
) -> dict[str, Any]:
    """A configured stream, keyed by `id` by default."""
    properties = {"id": {"type": "integer"}} if fields is None else fields
    return {
        "stream": {
            "name": name,
            "namespace": namespace,
            "json_schema": {"type": "object", "properties": properties},
            "supported_sync_modes": ["full_refresh", "incremental"],
        },
        "sync_mode": "incremental",
        "destination_sync_mode": mode,
        "primary_key": [["id"]] if key is None else key,
        "generation_id": generation,
        "minimum_generation_id": minimum,
        "sync_id": sync,
    }


def catalog(*streams: dict[str, Any] | str) -> dict[str, Any]:
    """A configured catalog; a bare name is a stream with all defaults."""
    return {"streams": [stream(each) if isinstance(each, str) else each for each in streams]}
