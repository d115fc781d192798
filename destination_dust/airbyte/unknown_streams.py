"""Streams that the catalog lacks: a prefix, the namespace or the case often differs from one that it contains."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from difflib import SequenceMatcher

from destination_dust.airbyte.messages import Record, StreamKey
from destination_dust.airbyte.reader import UnreadableInput

logger = logging.getLogger("airbyte")

# From 0 to 1: the share of a name that an unknown stream has in common with the one that it is meant to be.
SIMILAR = 0.8


class UnknownStreams:
    """What is said of them; each of their states once."""

    def __init__(self, known: Sequence[StreamKey]) -> None:
        """`known`: the streams of the catalog, at least one."""
        self._known = known
        self._warned: set[StreamKey] = set()

    def refuse(self, record: Record) -> UnreadableInput:
        """The error for a record of such a stream."""
        return UnreadableInput(
            f"Line {record.line} of the input is a record of the stream {record.stream}, which the catalog does not "
            f"contain{self._near(record.stream)}. Refresh the source's schema, or leave that stream out of the input."
        )

    def warn(self, stream: StreamKey) -> None:
        """Log, the first time, that there is a state of such a stream. When it goes back: see `Ledger`."""
        if stream in self._warned:
            return
        self._warned.add(stream)
        logger.warning(
            "The input has states of the stream %s, which the catalog does not contain%s. Each goes back once the "
            "records before it are stored, of whatever stream they are.",
            stream,
            self._near(stream),
        )

    def nearest(self, stream: StreamKey) -> StreamKey | None:
        """The stream that it is probably meant to be, None if there is none like it."""

        def likeness(known: StreamKey) -> float:
            ours, theirs = known.name.casefold(), stream.name.casefold()
            if ours.endswith(theirs) or theirs.endswith(ours):
                return 2.0 - abs(len(ours) - len(theirs)) / (len(ours) + len(theirs))
            return SequenceMatcher(None, str(known).casefold(), str(stream).casefold()).ratio()

        best = max(self._known, key=likeness)
        return best if likeness(best) >= SIMILAR else None

    def _near(self, stream: StreamKey) -> str:
        """That stream, in brackets."""
        nearest = self.nearest(stream)
        if nearest is None:
            return ""
        where = f" of the namespace {nearest.namespace}" if nearest.namespace else ", without a namespace"
        return f" (it contains the stream {nearest.name}{where})"
