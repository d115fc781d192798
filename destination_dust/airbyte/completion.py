"""Whether a stream was read to its end: nothing old may be deleted unless that is proven.

To a destination, a source that failed looks like one that finished. The proof is that the platform, or
the source itself, says explicitly that a stream is complete.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

from destination_dust.airbyte.catalog import StreamPlan
from destination_dust.airbyte.messages import Message, Record, SourceError, State, StreamKey, StreamStatus


class Ending(Enum):
    """How the input of a stream ended."""

    COMPLETE = "complete"
    """Proven: records that this sync did not receive are no longer in the source."""
    INCOMPLETE = "incomplete"
    """The host counts generations and sent no COMPLETE, so the source must have failed."""
    UNPROVEN = "unproven"
    """The host counts no generations; it may never say when a stream is complete."""
    NO_RECORDS = "no records"
    """Complete, as far as it was said; but hosts that keep a state have only its end repeated."""
    FAILED = "failed"
    """The host counts no generations, and the source said that it failed."""

    @property
    def doubt(self) -> str | None:
        """Why the old data of the stream stays though the sync ends well, as a clause; None if it does not."""
        return _DOUBTS.get(self)


_DOUBTS = {
    Ending.UNPROVEN: (
        "the input ended without saying that the stream is complete, so the source may have failed. "
        "If your input only ends when everything was read, set end_of_input_is_complete to true"
    ),
    Ending.NO_RECORDS: (
        "the input brought no record of the stream, so the source may only have repeated that there is nothing new. "
        "Let the source read the whole stream again (in PyAirbyte: force_full_refresh=True); "
        "if the stream is empty now, delete its old data in Dust"
    ),
    Ending.FAILED: (
        "the source reported that it failed. Fix what made it fail (the log has its message), and sync again"
    ),
}


class SourceFailed(Exception):
    """The input ended before streams that are being replaced were complete."""

    @classmethod
    def in_streams(cls, streams: list[StreamKey]) -> SourceFailed:
        """The failure, with its effect on the data."""
        return cls(
            f"The source ended before it had sent all of: {', '.join(map(str, streams))}. Nothing old was deleted, and "
            "the states of these streams were not given back, so the next attempt brings all of them."
        )


class Completion:
    """What the input said about the end of each stream. The last word counts."""

    def __init__(self, streams: Iterable[StreamKey], *, end_of_input_is_complete: bool) -> None:
        """`streams`: those of the catalog.

        `end_of_input_is_complete`: the user vouches that the input ends only when all streams are complete.
        """
        self._streams = frozenset(streams)
        self._end_is_proof = end_of_input_is_complete
        self._brought: set[StreamKey] = set()
        """Streams that brought a record."""
        self._reading: set[StreamKey] = set()
        """Streams whose last word is a record, so that there is nothing to withdraw."""
        self._complete: set[StreamKey] = set()
        self._marked_complete: set[StreamKey] = set()
        self._failed: set[StreamKey | None] = set()
        """Streams that failed; None: any may have."""

    def observe(self, message: Message) -> None:
        """Record what this message implies about its stream. The last message wins."""
        if isinstance(message, Record):
            if message.stream not in self._reading:
                self._withdraw(message.stream)
                self._brought.add(message.stream)
                self._reading.add(message.stream)
        elif isinstance(message, SourceError):
            self._fail(message.stream)
        elif isinstance(message, StreamStatus):
            self._observe_status(message)
        else:
            self._observe_state(message)

    def ending(self, plan: StreamPlan) -> Ending:
        """How the input of a stream ended. Call after the end of the input.

        What proves that it is complete: a COMPLETE or the source's mark after its last record; or, if the user vouches
        for it, the end of an input that reports no failure. But hosts that keep a state have the source repeat the
        former, and an input from which everything is missing has an end, too. So the stream must have brought a record,
        except where generations tell a new reading from a repeated one, or the host keeps no state (`is_whole`).
        """
        stream = plan.stream
        is_said = stream in self._complete or stream in self._marked_complete
        has_failed = not is_said and (stream in self._failed or None in self._failed)
        if is_said and plan.has_ids:
            return Ending.COMPLETE
        if (is_said or self._end_is_proof) and not has_failed:
            if stream in self._brought or plan.is_whole:
                return Ending.COMPLETE
            return Ending.INCOMPLETE if plan.has_ids else Ending.NO_RECORDS
        if plan.has_ids:
            return Ending.INCOMPLETE
        return Ending.FAILED if has_failed else Ending.UNPROVEN

    def _observe_state(self, state: State) -> None:
        stream = state.stream
        if stream is None:
            return
        self._reading.discard(stream)
        if state.marks_complete:
            self._marked_complete.add(stream)
            self._failed.discard(stream)
        else:
            self._marked_complete.discard(stream)

    def _observe_status(self, message: StreamStatus) -> None:
        if message.status == "INCOMPLETE":
            self._fail(message.stream)
            return
        self._withdraw(message.stream)
        if message.status == "COMPLETE":
            self._complete.add(message.stream)
            self._failed.discard(message.stream)

    def _fail(self, stream: StreamKey | None) -> None:
        """A stream failed. If the catalog does not know it, under this name or any, it may be every stream."""
        if stream in self._streams and stream is not None:
            self._failed.add(stream)
            self._withdraw(stream)
            return
        self._failed.add(None)
        for each in self._streams:
            self._withdraw(each)

    def _withdraw(self, stream: StreamKey) -> None:
        self._reading.discard(stream)
        self._complete.discard(stream)
        self._marked_complete.discard(stream)
