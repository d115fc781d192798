"""What a caller of a loader wants to happen to a record, as lines of the protocol."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import KW_ONLY, dataclass
from datetime import datetime, timedelta, timezone
from typing import Any, TypeAlias

from destination_dust import exact_json
from destination_dust.airbyte.catalog import MissingKey, StreamPlan
from destination_dust.airbyte.cdc import CDC_DELETED_AT
from destination_dust.airbyte.messages import COMPLETE_MARKS
from destination_dust.loading.values import to_json

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)

RecordData: TypeAlias = Mapping[str, Any] | bytes
"""The fields of a record by name, or a JSON object in UTF-8."""


@dataclass(frozen=True, slots=True)
class Upsert:
    """Add a record, or put it in the place of the one with the same key."""

    record: RecordData
    _: KW_ONLY
    before: Mapping[str, Any] | None = None
    """The record as it was; the fields of its key suffice. If that key is another one, what has it is deleted."""
    emitted_at: datetime | None = None
    """When the record was read in the source: the time of its document, unless `timestamp_field` names another."""


@dataclass(frozen=True, slots=True)
class Delete:
    """Delete what has the key of a record; the fields of the key suffice. The stream needs a key."""

    record: RecordData
    _: KW_ONLY
    deleted_at: datetime | None = None
    """For tables with `cdc_deletes: soft`, whose rows stay, with this time. None is the time of the call."""


Change: TypeAlias = RecordData | Upsert | Delete
"""What happens to a record. One by itself is an `Upsert`."""


def record_lines(plan: StreamPlan, changes: Iterable[Change]) -> Iterator[bytes]:
    """The RECORD messages of changes, in their order.

    Raises `TypeError` for a value that JSON does not have, and `ValueError` for a change that lacks its key.
    """
    stream = exact_json.dumps(plan.stream.name), exact_json.dumps(plan.stream.namespace)
    head = b'{"type":"RECORD","record":{"stream":%b,"namespace":%b,' % stream
    for change in changes:
        if isinstance(change, Delete):
            yield head + _deletion(plan, change.record, change.deleted_at)
            continue
        if not isinstance(change, Upsert):
            change = Upsert(change)
        if change.before is not None and _moves(plan, change.before, change.record):
            yield head + _deletion(plan, change.before, change.emitted_at)
        emitted_at = b'"emitted_at":%d,' % _milliseconds(change.emitted_at) if change.emitted_at else b""
        yield head + emitted_at + b'"data":%b}}' % _line(change.record)


def end_line(plan: StreamPlan, *, is_complete: bool) -> bytes:
    """The STATE behind the last record; with `is_complete`, it marks the stream as read to the end."""
    namespace, name = plan.stream
    mark = {COMPLETE_MARKS[0]: True} if is_complete else {}
    stream = {"stream_descriptor": {"name": name, "namespace": namespace}, "stream_state": mark}
    return exact_json.dumps({"type": "STATE", "state": {"type": "STREAM", "stream": stream}})


def _milliseconds(at: datetime) -> int:
    """A time in ms since 1970, exactly. One without a zone is in UTC, as it is in a record."""
    return (at.replace(tzinfo=at.tzinfo or timezone.utc) - _EPOCH) // timedelta(milliseconds=1)


def _deletion(plan: StreamPlan, record: RecordData, at: datetime | None) -> bytes:
    fields = _mapping(record)
    _key(plan, fields, "A delete")
    deleted_at = (at or datetime.now(timezone.utc)).isoformat()
    return b'"data":%b}}' % to_json({**fields, CDC_DELETED_AT: deleted_at})


def _moves(plan: StreamPlan, before: Mapping[str, Any], record: RecordData) -> bool:
    keys = _key(plan, before, "The record before an upsert"), _key(plan, _mapping(record), "An upsert")
    # In JSON True is not 1. What only looks different, as 1.0 does, is deleted first and then stored.
    earlier, later = (to_json({"key": key}) for key in keys)
    return earlier != later


def _key(plan: StreamPlan, fields: Mapping[str, Any], what: str) -> tuple[Any, ...]:
    """The key, without which it would be unknown what to delete."""
    if not plan.primary_key:
        raise ValueError(f"{what} needs the key of a record, but the stream {plan.stream} has no primary_key.")
    try:
        return plan.key_of(fields)
    except MissingKey as error:
        raise ValueError(f"{what} of the stream {plan.stream} lacks its key: {error}.") from None


def _mapping(record: RecordData) -> Mapping[str, Any]:
    if not isinstance(record, bytes):
        return record
    fields = exact_json.loads(record)
    if not isinstance(fields, dict):
        raise ValueError("A record in JSON must be an object.")
    return fields


def _line(record: RecordData) -> bytes:
    # A line end would end the message. In JSON, one stands only between tokens, where a blank means the same.
    return record.replace(b"\n", b" ") if isinstance(record, bytes) else to_json(record)
