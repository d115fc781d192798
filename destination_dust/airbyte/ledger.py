"""Which states may go back: those whose records, and all before them, are stored.

The ledger counts, it does not remember records. A *span* is the stretch of one stream between two
of its states; a record belongs to the span in which it was read, and a state is safe once its spans,
and every state before it in the same streams, are settled. A state never causes anything to be sent.

Only the loop touches the ledger, so it needs no lock.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from destination_dust.airbyte.reader import State, StreamKey


@dataclass(slots=True, eq=False)
class Span:
    """The records of one stream between two states, as counts."""

    outstanding: int = 0
    stored: int = 0
    rejected: int = 0
    held: WaitingState | None = None
    """The state that closed the span; None while records are still added to it."""


@dataclass(slots=True, eq=False)
class WaitingState:
    """A state that was read and not yet given back, with the spans that it closes, by stream."""

    state: State
    spans: dict[StreamKey, Span] = field(default_factory=dict)
    unsettled: int = 0


@dataclass(frozen=True, slots=True)
class SafeState:
    """A state that is safe, with the number of records it covers (since the state before)."""

    state: State
    stored: int
    rejected: int


class Ledger:
    """The spans and states of a sync. The protocol's rules: one state out for each state in, in order
    within a stream; a STREAM state waits for its stream, a GLOBAL or LEGACY state for all of them."""

    def __init__(self, streams: Iterable[StreamKey]) -> None:
        self._open: dict[StreamKey, Span] = {}
        self._queues: dict[StreamKey, deque[WaitingState]] = {stream: deque() for stream in streams}
        self._safe: deque[SafeState] = deque()
        self._waiting = 0

    @property
    def waiting(self) -> int:
        """How many states were read and are not safe yet."""
        return self._waiting

    def add_record(self, stream: StreamKey) -> Span:
        """The span that a record just read belongs to. The record is outstanding until it is settled."""
        span = self._open.get(stream)
        if span is None:
            span = self._open[stream] = Span()
        span.outstanding += 1
        return span

    def settle(self, span: Span, *, stored: int = 0, rejected: int = 0) -> None:
        """Records of a span are durable in Dust, or were refused for good and counted."""
        span.stored += stored
        span.rejected += rejected
        span.outstanding -= stored + rejected
        if span.held and not span.outstanding:
            span.held.unsettled -= 1
            self._advance(span.held)

    def add_state(self, state: State) -> None:
        """Take in a state, closing the open span of its stream, or of every stream."""
        held = WaitingState(state)
        self._waiting += 1
        if state.stream:
            self._queues.setdefault(state.stream, deque())
        for stream in [state.stream] if state.stream else self._queues:
            span = self._open.pop(stream, None) or Span()
            span.held = held
            held.spans[stream] = span
            held.unsettled += span.outstanding > 0
            self._queues[stream].append(held)
        self._advance(held)

    def release(self) -> Iterator[SafeState]:
        """The states that have become safe since the last call, in the order to send them."""
        while self._safe:
            yield self._safe.popleft()

    def _advance(self, held: WaitingState) -> None:
        """Move a state, and those that waited behind it, from their queues to the safe ones."""
        candidates = deque([held])
        while candidates:
            first = candidates.popleft()
            queues = [self._queues[stream] for stream in first.spans]
            if first.unsettled or any(not queue or queue[0] is not first for queue in queues):
                continue
            spans = first.spans.values()
            self._safe.append(SafeState(first.state, sum(s.stored for s in spans), sum(s.rejected for s in spans)))
            self._waiting -= 1
            for queue in queues:
                queue.popleft()
            # A GLOBAL state is at the head of every queue: looking at it once is enough.
            candidates.extend(dict.fromkeys(queue[0] for queue in queues if queue))
