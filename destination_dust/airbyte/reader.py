"""Lines of standard input become messages, and nothing is dropped silently.

The CDK's reader drops what orjson refuses, stops at what its models do not know, rounds large numbers
and forgets the `id` by which the platform recognises a STATE. This one keeps them all.
"""

from __future__ import annotations

import logging
from typing import Any

from destination_dust import exact_json
from destination_dust.airbyte.messages import Message, Record, State, StreamKey, StreamStatus, marks_complete

logger = logging.getLogger("airbyte")

UTF8_BOM = b"\xef\xbb\xbf"


class UnreadableInput(Exception):
    """A line of the input cannot be understood. Its text names the line, never what is in it."""


class Reader:
    """Parses lines into messages and counts lines that are not messages."""

    def __init__(self) -> None:
        self.lines = 0
        """Lines seen, which is also the number of the current line."""
        self.ignored = 0
        """Lines that are neither blank nor a message that a destination acts on."""
        self._without_type = 0

    def read(self, line: bytes) -> Message | None:
        """The message of a line (without its line end), or None if it contains nothing for a destination.

        Raises `UnreadableInput` for a line that begins like a JSON object and cannot be parsed: it
        may have been a record.
        """
        self.lines += 1
        # Not only in the first line: concatenated files have one in the middle.
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
        return self._message(message, line)

    def report(self) -> None:
        """Log how many lines were ignored, and whether they may have been meant as records."""
        if self.ignored:
            logger.info(
                "%d lines of the input were ignored: logs of the source, and other messages that are not for a "
                "destination.",
                self.ignored,
            )
        if self._without_type:
            logger.warning(
                "%d lines of the input are JSON objects without a type, so they are not Airbyte messages, and were "
                'ignored. If they are records, write each as {"type":"RECORD","record":{"stream":…,"data":…}}.',
                self._without_type,
            )

    def _message(self, message: dict[str, Any], line: bytes) -> Message | None:
        match message.get("type"):
            case "RECORD":
                return self._record(message.get("record"))
            case "STATE":
                return self._state(message.get("state"), line)
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

    def _state(self, state: Any, line: bytes) -> State:
        if not isinstance(state, dict):
            raise self._unreadable("is a STATE without content")
        # A type of null is LEGACY in the protocol, but some hosts leave the type out.
        if state.get("type") in ("GLOBAL", "LEGACY") or not isinstance(state.get("stream"), dict):
            return State(line, None)
        return State(line, self._described(state["stream"], "STATE"), marks_complete(state))

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
