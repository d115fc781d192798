"""The messages of Singer that a target acts on, read from lines without losing anything."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from destination_dust import exact_json
from destination_dust.airbyte.catalog import Mode, StreamPlan
from destination_dust.airbyte.cdc import CDC_DELETED_AT
from destination_dust.airbyte.foreign_lines import flaw
from destination_dust.airbyte.messages import Record, State, StreamKey
from destination_dust.mapping.timestamps import epoch_milliseconds

SDC_DELETED_AT = "_sdc_deleted_at"
# Fields of streams that taps of databases read from a log: the time of a deletion, and the place in the log.
OF_A_LOG = re.compile("_sdc_deleted_at|_sdc_lsn.*")
UTF8_BOM = b"\xef\xbb\xbf"
# Shown in errors; anything else where a type should be may be a part of a record.
TYPE = re.compile("[A-Z_]{1,40}")


class NoMessage(Exception):
    """A line is no message that a target can act on. The text goes on after "Line 7 of the input"."""


@dataclass(frozen=True, slots=True)
class Schema:
    """A SCHEMA: what a stream is from now on."""

    stream: str
    key: tuple[str, ...]
    """The names of the key's fields; empty if the stream has no key."""
    is_incremental: bool
    """Whether a run need not bring all of its records: the tap bookmarks fields of the stream, or reads a log."""
    properties: Mapping[str, Any] = field(repr=False)

    def plan(self, *, replaces: bool) -> StreamPlan:
        """How its records are written: added or, with `replaces`, put in the place of all that Dust has.

        Generations are left out: no state goes out in the middle of a table, so each run brings all of it.
        """
        if replaces:
            mode = Mode.OVERWRITE_DEDUP if self.key else Mode.OVERWRITE
        else:
            mode = Mode.APPEND_DEDUP if self.key else Mode.APPEND
        key = tuple((name,) for name in self.key)
        return StreamPlan(stream_key(self.stream), mode, key, properties=self.properties)


class Row(NamedTuple):
    """A RECORD. `version` is that of its table, None if the tap counts none; `emitted_at` in ms since 1970."""

    stream: str
    version: object
    data: dict[str, Any]
    emitted_at: int | None
    is_utf8: bool

    def record(self, line: int) -> Record:
        """The record of Airbyte, which names the time of its deletion differently. `line`: its number."""
        data = self.data
        if SDC_DELETED_AT in data:
            data = {name: value for name, value in data.items() if name != SDC_DELETED_AT}
            data[CDC_DELETED_AT] = self.data[SDC_DELETED_AT]
        return Record(stream_key(self.stream), data, self.emitted_at, line, self.is_utf8)


class Activation(NamedTuple):
    """An ACTIVATE_VERSION: records of the stream's other versions are no longer in the table."""

    stream: str
    version: object


class Bookmarks(NamedTuple):
    """A STATE, which covers everything before it, of whatever stream."""

    value: Any

    def state(self) -> State:
        """The state of Airbyte that covers everything before it. `bookmarks_in` finds the value in its line."""
        return State(exact_json.dumps({"type": "STATE", "state": {"type": "LEGACY", "data": self.value}}), None)


Message = Schema | Row | Activation | Bookmarks


def stream_key(stream: str) -> StreamKey:
    """Singer's streams have no namespaces."""
    return StreamKey(None, stream)


def bookmarks_in(state: bytes) -> bytes:
    """The value of a STATE as a line, from the state of Airbyte that was given back."""
    return exact_json.dumps(exact_json.loads(state)["state"]["data"])


def parse(line: bytes) -> Message | None:
    """The message of a line without its line end, None for a blank one. Raises `NoMessage`."""
    line = line.strip().removeprefix(UTF8_BOM).lstrip()
    if not line:
        return None
    is_utf8 = True
    try:
        try:
            content = exact_json.loads(line, "strict")
        except exact_json.NotUTF8:
            is_utf8 = False
            # Different bytes stay different, so that no two ids become one.
            content = exact_json.loads(line, "surrogateescape")
    except ValueError as error:
        raise NoMessage(flaw(line)) from error
    if not isinstance(content, dict):
        raise NoMessage("is not a JSON object")
    match content.get("type"):
        case "RECORD":
            return _row(content, is_utf8)
        case "SCHEMA":
            return _schema(content)
        case "STATE" if "value" not in content:
            raise NoMessage("is a STATE without a value")
        case "STATE" if not is_utf8:
            raise NoMessage("is a STATE that is not UTF-8, and would come back changed")
        case "STATE":
            return Bookmarks(content["value"])
        case "ACTIVATE_VERSION":
            return Activation(_stream(content), content.get("version"))
        case "BATCH":
            raise NoMessage(
                "is a BATCH, which names files instead of bringing records. This target takes records one by one: "
                "remove batch_config from the tap's settings"
            )
        case str(kind) if TYPE.fullmatch(kind):
            raise NoMessage(f"has the type {kind}, which this target does not know and which may bring records")
        case _:
            raise NoMessage("has no type that a message of Singer has")


def _row(content: Mapping[str, Any], is_utf8: bool) -> Row:
    data = content.get("record")
    if not isinstance(data, dict):
        raise NoMessage("is a RECORD without a record")
    if "stream" not in content and isinstance(data.get("data"), dict):
        raise NoMessage("is a message of Airbyte's protocol, which the command destination-dust write reads")
    emitted_at = epoch_milliseconds(content.get("time_extracted"))
    return Row(_stream(content), content.get("version"), data, emitted_at, is_utf8)


def _schema(content: Mapping[str, Any]) -> Schema:
    schema = content.get("schema")
    if not isinstance(schema, dict):
        raise NoMessage("is a SCHEMA without a schema")
    properties = schema.get("properties")
    properties = properties if isinstance(properties, dict) else {}
    return Schema(
        _stream(content),
        _names(content, "key_properties"),
        bool(_names(content, "bookmark_properties")) or any(map(OF_A_LOG.fullmatch, properties)),
        properties,
    )


def _names(content: Mapping[str, Any], key: str) -> tuple[str, ...]:
    """A list of fields. Some taps write one field without a list, or null instead of an empty one."""
    names = content.get(key) or []
    names = [names] if isinstance(names, str) else names
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise NoMessage(f"is a SCHEMA whose {key} are no list of names")
    return tuple(names)


def _stream(content: Mapping[str, Any]) -> str:
    stream = content.get("stream")
    if not isinstance(stream, str) or not stream:
        raise NoMessage(f"is a message of the type {content['type']} that does not name its stream")
    return stream
