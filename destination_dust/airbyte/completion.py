"""Whether a stream was read to its end: nothing old may be deleted unless that is proven.

To a destination, a source that failed looks like one that finished. The proof is that the platform, or
the source itself, says explicitly that a stream is complete.
"""

from __future__ import annotations

from enum import Enum

from destination_dust.airbyte.catalog import StreamPlan
from destination_dust.airbyte.messages import Message, Record, State, StreamKey, StreamStatus


class Ending(Enum):
    """How the input of a stream ended."""

    COMPLETE = "complete"
    """Proven: records that this sync did not receive are no longer in the source."""
    UNPROVEN = "unproven"
    """The host counts no generations; it may never say when a stream is complete."""
    INCOMPLETE = "incomplete"
    """The host counts generations and sent no COMPLETE, so the source must have failed."""


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

    def __init__(self, *, end_of_input_is_complete: bool) -> None:
        """`end_of_input_is_complete`: the user vouches that the input ends only when all streams are complete."""
        self._end_is_proof = end_of_input_is_complete
        self._complete: set[StreamKey] = set()
        self._marked_complete: set[StreamKey] = set()
        self._incomplete: set[StreamKey] = set()

    def observe(self, message: Message) -> None:
        """Record what this message implies about its stream. The last message wins."""
        if isinstance(message, Record):
            if message.stream in self._complete or message.stream in self._marked_complete:
                self._withdraw(message.stream)
        elif isinstance(message, StreamStatus):
            self._observe_status(message)
        elif message.stream:
            self._observe_state(message, message.stream)

    def ending(self, plan: StreamPlan) -> Ending:
        """How the input of a stream ended. Call after the end of the input."""
        if plan.stream in self._complete or plan.stream in self._marked_complete:
            return Ending.COMPLETE
        if self._end_is_proof and plan.stream not in self._incomplete:
            return Ending.COMPLETE
        return Ending.INCOMPLETE if plan.has_ids else Ending.UNPROVEN

    def _observe_state(self, state: State, stream: StreamKey) -> None:
        if state.marks_complete:
            self._marked_complete.add(stream)
            self._incomplete.discard(stream)
        else:
            self._marked_complete.discard(stream)

    def _observe_status(self, message: StreamStatus) -> None:
        self._withdraw(message.stream)
        self._incomplete.discard(message.stream)
        if message.status == "COMPLETE":
            self._complete.add(message.stream)
        elif message.status == "INCOMPLETE":
            self._incomplete.add(message.stream)

    def _withdraw(self, stream: StreamKey) -> None:
        self._complete.discard(stream)
        self._marked_complete.discard(stream)
