"""The messages of Airbyte's protocol that a destination acts on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, NamedTuple, Protocol

from destination_dust import exact_json

# Keys in the state of a stream with which a source says that it has read the stream to its end.
COMPLETE_MARKS = ("__ab_full_refresh_sync_complete", "__ab_no_cursor_state_message")
# The field's name aside, `meta.changes` has words of the protocol.
_WORD = re.compile(r"[A-Z][A-Z0-9_]{0,59}")


class FailureType(Enum):
    """How the platform should treat a failure. The CDK has the same, but importing it takes over the root logger."""

    config_error = "config_error"
    """The user must act."""
    system_error = "system_error"
    """A program is broken."""
    transient_error = "transient_error"
    """It may pass, so the platform tries again."""


class StreamKey(NamedTuple):
    """The identity of a stream: its namespace (None if it has none) and its name."""

    namespace: str | None
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}.{self.name}" if self.namespace else self.name


class SourceChange(NamedTuple):
    """A value that the source changed on its way, as `meta.changes` of the record says."""

    field: str
    change: str
    """`NULLED` or `TRUNCATED`."""
    reason: str
    """Such as `SOURCE_SERIALIZATION_ERROR`."""


class Record(NamedTuple):
    """A RECORD message. `emitted_at` is in ms since 1970, None if the source did not say."""

    stream: StreamKey
    data: dict[str, Any]
    emitted_at: int | None
    line: int
    is_utf8: bool = True
    """Whether all bytes were. If not, `data` has a lone surrogate from U+DC80 to U+DCFF for each other byte."""
    is_too_deep: bool = False
    """Whether values are nested deeper than the connector reads. `data` then has null for them."""
    changes: tuple[SourceChange, ...] = ()


@dataclass(frozen=True, slots=True)
class State:
    """A STATE message."""

    line: bytes
    """The whole line, as read. Many may wait, and bytes take less memory than objects."""
    stream: StreamKey | None
    """None for a GLOBAL or LEGACY state, which covers all streams."""
    marks_complete: bool = False
    """Whether the source marks the stream as read to the end."""


@dataclass(frozen=True, slots=True)
class StreamStatus:
    """A STREAM_STATUS trace: STARTED, RUNNING, COMPLETE or INCOMPLETE."""

    stream: StreamKey
    status: str


@dataclass(frozen=True, slots=True)
class SourceError:
    """A TRACE with an error, or a LOG of the level FATAL: the source says that it failed."""

    stream: StreamKey | None
    """None if it names no stream, so that it may be about any."""
    message: str
    """The source's own words, without a stack trace."""


Message = Record | State | StreamStatus | SourceError


class LineReader(Protocol):
    """What the loop makes messages with."""

    def read(self, line: bytes) -> Message | None:
        """The message of a line (without its line end), or None if it contains nothing for the loop.

        Raises `UnreadableInput`.
        """

    def end(self) -> None:
        """Log what the end of the input shows."""

    def report(self) -> None:
        """At the end of the sync, log what is to be known about the lines."""


def marks_complete(state: Mapping[str, Any]) -> bool:
    """Whether the `state` of a STATE message marks its stream as read to the end."""
    stream_state = (state.get("stream") or {}).get("stream_state")
    return isinstance(stream_state, Mapping) and any(stream_state.get(mark) is True for mark in COMPLETE_MARKS)


def source_changes(meta: object) -> tuple[SourceChange, ...]:
    """What a source says in the `meta` of a RECORD that it changed. Words that the protocol lacks are kept, too."""
    changes = meta.get("changes") if isinstance(meta, Mapping) else None
    return tuple(
        SourceChange(str(change.get("field") or "unknown"), _word(change.get("change")), _word(change.get("reason")))
        for change in (changes if isinstance(changes, list) else ())
        if isinstance(change, Mapping)
    )


def _word(text: object) -> str:
    """A word of the protocol as it is. Anything else may be data, and new in each record."""
    if text is None:
        return "unknown"
    return text if isinstance(text, str) and _WORD.fullmatch(text) else "OTHER"


def acknowledgement(line: bytes, *, stored: int, rejected: int) -> bytes:
    """The line that acknowledges a state: the state as it was read, and the counts that the protocol requires."""
    message = exact_json.loads(line)
    statistics: dict[str, float] = {"recordCount": float(stored)}
    if rejected:
        statistics["rejectedRecordCount"] = float(rejected)
    return exact_json.dumps({**message, "state": {**message["state"], "destinationStats": statistics}})
