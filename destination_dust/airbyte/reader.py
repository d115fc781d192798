"""Lines of standard input become messages, and none is dropped unseen.

The CDK's reader drops what orjson refuses, stops at what its models do not know, rounds large numbers
and forgets the `id` by which the platform recognises a STATE. This one keeps them all.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from destination_dust import exact_json

logger = logging.getLogger("airbyte")

UTF8_BOM = b"\xef\xbb\xbf"
# With these the source says, in the state of a stream, that it has read the stream to its end.
COMPLETE_MARKS = ("__ab_full_refresh_sync_complete", "__ab_no_cursor_state_message")


class UnreadableInput(Exception):
    """A line of the input cannot be understood. Its text names the line, never what is in it."""


class StreamKey(NamedTuple):
    """What makes a stream one: its namespace (None if it has none) and its name."""

    namespace: str | None
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}.{self.name}" if self.namespace else self.name


class Record(NamedTuple):
    """A RECORD message. `emitted_at` is in ms since 1970, None if the source did not say."""

    stream: StreamKey
    data: dict[str, Any]
    emitted_at: int | None
    line: int


@dataclass(frozen=True, slots=True)
class State:
    """A STATE message, whole, as it was read."""

    message: Mapping[str, Any]
    stream: StreamKey | None
    """None for a GLOBAL or LEGACY state, which is about all streams."""

    @property
    def marks_complete(self) -> bool:
        """Whether the source marks its stream as read to the end."""
        stream_state = (self.message["state"].get("stream") or {}).get("stream_state")
        return isinstance(stream_state, Mapping) and any(stream_state.get(mark) is True for mark in COMPLETE_MARKS)

    def acknowledgement(self, *, stored: int, rejected: int) -> bytes:
        """The line that gives the state back, as it came, with the counts that the protocol asks for."""
        statistics: dict[str, float] = {"recordCount": float(stored)}
        if rejected:
            statistics["rejectedRecordCount"] = float(rejected)
        state = {**self.message["state"], "destinationStats": statistics}
        return exact_json.dumps({**self.message, "state": state})


@dataclass(frozen=True, slots=True)
class StreamStatus:
    """A STREAM_STATUS trace: STARTED, RUNNING, COMPLETE or INCOMPLETE."""

    stream: StreamKey
    status: str


Message = Record | State | StreamStatus


class Reader:
    """Turns lines into messages, counting what is none."""

    def __init__(self) -> None:
        self.lines = 0
        """Lines seen, which is also the number of the current line."""
        self.ignored = 0
        """Lines that were not blank, and no message that a destination acts on."""
        self._without_type = 0

    def read(self, line: bytes) -> Message | None:
        """The message of a line (without its line end), or None if there is nothing in it for us.

        Raises `UnreadableInput` for a line that starts as an object and cannot be understood: it
        might have been a record.
        """
        self.lines += 1
        # Not only in the first line: files that were put together have one in the middle.
        line = line.strip().removeprefix(UTF8_BOM).lstrip()
        if not line:
            return None
        if not line.startswith(b"{"):
            self.ignored += 1
            return None
        try:
            message = exact_json.loads(line)
        except ValueError as error:
            raise self._unreadable("is not valid JSON") from error
        return self._message(message)

    def report(self) -> None:
        """Log how much was ignored, and whether it may have been meant as records."""
        if self.ignored:
            logger.info(
                "%d lines of the input were ignored: logs of the source, and other messages that are not for a "
                "destination.",
                self.ignored,
            )
        if self._without_type:
            logger.warning(
                "%d lines of the input are JSON objects without a type, so they are no messages of Airbyte, and were "
                'ignored. If they are records, write each as {"type":"RECORD","record":{"stream":…,"data":…}}.',
                self._without_type,
            )

    def _message(self, message: dict[str, Any]) -> Message | None:
        match message.get("type"):
            case "RECORD":
                return self._record(message.get("record"))
            case "STATE":
                return self._state(message)
            case "TRACE":
                return self._trace(message.get("trace"))
            case kind:
                self.ignored += 1
                self._without_type += kind is None
                return None

    def _record(self, record: Any) -> Record:
        if not isinstance(record, dict) or not isinstance(record.get("data"), dict):
            raise self._unreadable("is a RECORD without data")
        emitted_at = record.get("emitted_at")
        return Record(
            self._stream(record.get("namespace"), record.get("stream"), "RECORD"),
            record["data"],
            int(emitted_at) if isinstance(emitted_at, (int, float)) else None,
            self.lines,
        )

    def _state(self, message: dict[str, Any]) -> State:
        state = message.get("state")
        if not isinstance(state, dict):
            raise self._unreadable("is a STATE without content")
        # A type of null is LEGACY in the protocol, but some hosts leave the type out.
        if state.get("type") in ("GLOBAL", "LEGACY") or not isinstance(state.get("stream"), dict):
            return State(message, None)
        return State(message, self._described(state["stream"], "STATE"))

    def _trace(self, trace: Any) -> StreamStatus | None:
        status = trace.get("stream_status") if isinstance(trace, dict) else None
        if not isinstance(status, dict):
            return None
        return StreamStatus(self._described(status, "STREAM_STATUS"), str(status.get("status")))

    def _described(self, content: dict[str, Any], kind: str) -> StreamKey:
        descriptor = content.get("stream_descriptor")
        if not isinstance(descriptor, dict):
            descriptor = {}
        return self._stream(descriptor.get("namespace"), descriptor.get("name"), kind)

    def _stream(self, namespace: Any, name: Any, kind: str) -> StreamKey:
        if not isinstance(name, str):
            raise self._unreadable(f"is a {kind} that does not name its stream")
        return StreamKey(namespace if isinstance(namespace, str) and namespace else None, name)

    def _unreadable(self, problem: str) -> UnreadableInput:
        return UnreadableInput(
            f"Line {self.lines} of the input {problem}. It may be a record, so the sync stops rather than lose it. "
            "Everything acknowledged before that line is safe."
        )
