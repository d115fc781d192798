"""Lines of standard input become messages, and nothing is dropped silently.

The CDK's reader drops what orjson refuses, stops at what its models do not know, rounds large numbers
and forgets the `id` by which the platform recognises a STATE. This one keeps them all.
"""

from __future__ import annotations

import logging
from functools import lru_cache
from typing import Any

from destination_dust import exact_json
from destination_dust.airbyte.catalog import transfers_files
from destination_dust.airbyte.foreign_lines import ADVICE, flaw, is_utf8, sign_in_object, sign_of_message
from destination_dust.airbyte.messages import (
    Message,
    Record,
    SourceError,
    State,
    StreamKey,
    StreamStatus,
    marks_complete,
    source_changes,
)

logger = logging.getLogger("airbyte")

UTF8_BOM = b"\xef\xbb\xbf"
# Messages of the protocol that are not for a destination, whatever they quote.
OTHER_TYPES = ("LOG", "CONNECTION_STATUS", "CATALOG", "CONTROL", "DESTINATION_CATALOG", "SPEC")
# A source's own words about its failure are shown up to this length.
LONGEST_ERROR = 1000


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

        Raises `UnreadableInput` for a line that may have been a record or a state and cannot be read as one.
        What proves that a line is neither: see `foreign_lines`.
        """
        self.lines += 1
        if not line.startswith(b"{"):
            # Not only in the first line: concatenated files have a mark in the middle.
            line = line.strip().removeprefix(UTF8_BOM).lstrip()
            if not line:
                return None
            if not line.startswith(b"{"):
                self._ignore(sign_of_message(line))
                return None
        try:
            message = exact_json.loads(line, "strict")
        except ValueError:
            return self._odd(line.strip())
        if message.get("type") == "RECORD":
            return self._record(message.get("record"))
        return self._other(message, line)

    def end(self) -> None:
        """Log, at the end of the input, if it had no lines at all."""
        if not self.lines:
            logger.warning("The input was empty, so nothing was written. To pipe into docker run, use its option -i.")

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

    def _odd(self, line: bytes) -> Message | None:
        """The message of a line that has bytes that are not UTF-8, is nested too deeply, or is no JSON.

        A host's stack that is nearly used up looks like deep nesting. But then the line has nothing that `shallow`
        leaves out, so it is refused again, and counts as unreadable instead of as one bad record.
        """
        is_too_deep = False
        try:
            try:
                # Different bytes stay different, so that no two ids become one.
                message = exact_json.loads(line, "surrogateescape")
            except exact_json.TooDeep:
                is_too_deep = True
                message = exact_json.loads(exact_json.shallow(line), "surrogateescape")
        except ValueError as error:
            raise self._unreadable(flaw(line)) from error
        match message.get("type"):
            case "RECORD":
                record = self._record(message.get("record"))
                return record._replace(is_utf8=is_utf8(line), is_too_deep=is_too_deep)
            case "STATE" if is_too_deep:
                raise self._unreadable(f"is a STATE nested deeper than {exact_json.MAX_DEPTH} levels")
            case "STATE":
                raise self._unreadable("is a STATE that is not UTF-8, and would come back changed")
        return self._other(message, line)

    def _other(self, message: dict[str, Any], line: bytes) -> Message | None:
        """The message of a line that is no record."""
        match message.get("type"):
            case "STATE":
                return self._state(message.get("state"), line)
            case "TRACE":
                return self._trace(message.get("trace"))
            case "LOG" if error := _fatal(message.get("log")):
                return error
            case kind:
                self._without_type += kind is None
                self._ignore(None if kind in OTHER_TYPES else sign_in_object(message, line))
                return None

    def _ignore(self, sign: str | None) -> None:
        """Leave a line out, unless something in it is the sign of a message."""
        if sign:
            raise self._unreadable(sign)
        self.ignored += 1

    def _record(self, record: Any) -> Record:
        if not isinstance(record, dict):
            raise self._unreadable("is a RECORD without data")
        if record.get("file") or record.get("file_reference"):
            raise transfers_files(record.get("stream"), f"line {self.lines} of the input brings one")
        data, emitted_at, meta = record.get("data"), record.get("emitted_at"), record.get("meta")
        if not isinstance(data, dict):
            raise self._unreadable("is a RECORD without data")
        if type(emitted_at) is not int:
            emitted_at = int(emitted_at) if isinstance(emitted_at, (int, float)) else None
        stream = self._stream(record.get("namespace"), record.get("stream"))
        return Record(stream, data, emitted_at, self.lines, changes=source_changes(meta) if meta else ())

    def _state(self, state: Any, line: bytes) -> State:
        if not isinstance(state, dict):
            raise self._unreadable("is a STATE without content")
        # A type of null is LEGACY in the protocol, but some hosts leave the type out.
        if state.get("type") in ("GLOBAL", "LEGACY") or not isinstance(state.get("stream"), dict):
            return State(line, None)
        return State(line, self._described(state["stream"], "STATE"), marks_complete(state))

    def _trace(self, trace: Any) -> StreamStatus | SourceError | None:
        if not isinstance(trace, dict):
            return None
        if trace.get("type") == "ERROR" or isinstance(trace.get("error"), dict):
            error = trace.get("error")
            if not isinstance(error, dict):
                return SourceError(None, _words(error))
            return SourceError(_named(error), _words(error.get("message")))
        if isinstance(status := trace.get("stream_status"), dict):
            return StreamStatus(self._described(status, "STREAM_STATUS"), str(status.get("status")))
        return None

    def _described(self, content: dict[str, Any], kind: str) -> StreamKey:
        if stream := _named(content):
            return stream
        raise self._unnamed(kind)

    def _stream(self, namespace: Any, name: Any) -> StreamKey:
        if not isinstance(name, str):
            raise self._unnamed("RECORD")
        return _stream_key(namespace if isinstance(namespace, str) and namespace else None, name)

    def _unnamed(self, kind: str) -> UnreadableInput:
        return self._unreadable(f"is a {kind} that does not name its stream")

    def _unreadable(self, problem: str) -> UnreadableInput:
        return UnreadableInput(
            f"Line {self.lines} of the input {problem}. It may be a record, so the sync stops rather than lose it. "
            f"Everything acknowledged before that line is safe. {ADVICE}"
        )


# A look-up is quicker than a new one for each record.
_stream_key = lru_cache(maxsize=1000)(StreamKey)


def _named(content: dict[str, Any]) -> StreamKey | None:
    """The stream that a descriptor names, None if there is none."""
    descriptor = content.get("stream_descriptor")
    name = descriptor.get("name") if isinstance(descriptor, dict) else None
    if not isinstance(descriptor, dict) or not isinstance(name, str):
        return None
    namespace = descriptor.get("namespace")
    return StreamKey(namespace if isinstance(namespace, str) and namespace else None, name)


def _fatal(log: Any) -> SourceError | None:
    """The failure that a log message is about, None if it is about none."""
    if isinstance(log, dict) and log.get("level") == "FATAL":
        return SourceError(None, _words(log.get("message")))
    return None


def _words(message: Any) -> str:
    """What a source says of its failure, as one line, without the stack trace that some put behind it."""
    text = message if isinstance(message, str) else ""
    first, *_ = text.strip().partition("\n")
    return first[:LONGEST_ERROR] or "no reason given"
