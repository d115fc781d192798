"""Which states may go back: those whose records, and all before them, are stored.

The ledger counts; it does not remember records. A *span* is the stretch of one stream between two of its states. A
record belongs to the span in which it was read. A state is safe once its spans, and every state before it in the same
streams, are settled. A state never causes anything to be sent.

The states of a stream that is being replaced wait for the end of the replacement: if one went out and the sync then
failed, the next attempt would go on behind it and bring only the rest of the stream, and a replacement that rests on
that attempt would delete the other part. So `hold` adds one more open record to the stream.

Only the loop touches the ledger, so it needs no lock.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from destination_dust.airbyte.messages import State, StreamKey
from destination_dust.spool import Spool


@dataclass(slots=True, eq=False)
class Span:
    """The records of one stream between two states, as counts."""

    stream: StreamKey
    outstanding: int = 0
    stored: int = 0
    rejected: int = 0
    closed_by: WaitingState | None = None
    """None while records are still added."""


class _Covered(NamedTuple):
    """A state, as the number of its line, and the records since the state before."""

    line: int
    stored: int
    rejected: int


@dataclass(slots=True, eq=False)
class WaitingState:
    """A state that was read and not given back yet, with the spans that it closes."""

    line: int
    spans: tuple[Span, ...]
    unsettled: int
    counts: bool = True
    """Whether it covers the records before it. Otherwise it only waits for them, and the next state counts them."""
    followers: list[_Covered] | None = None
    """States behind it that wait for nothing else, so that very many of them take little memory."""


@dataclass(frozen=True, slots=True)
class SafeState:
    """The line of a state that is safe, with the number of records it covers (since the state before)."""

    line: bytes
    stored: int
    rejected: int


class Ledger:
    """The spans and states of a sync. The protocol's rules: one state out for each state in, in order
    within a stream; a STREAM state waits for its stream, a GLOBAL or LEGACY state for all of them.

    A state of a stream that the catalog lacks may be about any stream (its name may have lost a prefix, for example),
    so it waits for all of them. It covers no records, because the next state of each stream has to count those.
    """

    def __init__(self, streams: Iterable[StreamKey]) -> None:
        self._open: dict[StreamKey, Span] = {}
        self._queues: dict[StreamKey, deque[WaitingState]] = {stream: deque() for stream in streams}
        self._lines = Spool()
        self._safe: deque[_Covered] = deque()
        self._waiting = 0

    @property
    def waiting(self) -> int:
        """How many states were read and are not safe yet."""
        return self._waiting

    def add_record(self, stream: StreamKey) -> Span:
        """The span of a record just read. The record is outstanding until it is settled."""
        span = self._open.get(stream)
        if span is None:
            span = self._open[stream] = Span(stream)
        span.outstanding += 1
        return span

    def settle(self, span: Span, *, stored: int = 0, rejected: int = 0) -> None:
        """Records of a span are durable in Dust, or were refused for good and counted."""
        span.stored += stored
        span.rejected += rejected
        self._close(span, stored + rejected)

    def hold(self, stream: StreamKey) -> Span:
        """Hold back the states of a stream from now on. Returns what `let_go` takes."""
        return self.add_record(stream)

    def let_go(self, held: Span) -> None:
        """States need not wait for this hold any longer."""
        self._close(held, 1)

    def add_state(self, state: State) -> None:
        """Take a state, closing the open span of its stream, or of every stream. Raises `DiskFull`."""
        is_known = state.stream in self._queues
        streams: list[StreamKey] = [state.stream] if state.stream and is_known else list(self._queues)
        counts = is_known or state.stream is None
        spans = tuple(self._open.pop(stream, Span(stream)) for stream in streams)
        line = self._lines.put(state.line)
        self._waiting += 1
        unsettled = sum(span.outstanding > 0 for span in spans)
        before = None if unsettled else self._last_of_all(streams)
        if before and (before.counts or not counts):
            before.followers = before.followers or []
            before.followers.append(_covered(line, spans if counts else ()))
            if not counts:
                self._open.update((span.stream, span) for span in spans)
            return
        waiting = WaitingState(line, spans, unsettled, counts)
        for span in spans:
            span.closed_by = waiting
            self._queues[span.stream].append(waiting)
        self._advance(waiting)

    def release(self) -> Iterator[SafeState]:
        """The states that have become safe since the last call, in the order to send them."""
        while self._safe:
            covered = self._safe.popleft()
            yield SafeState(self._lines.take(covered.line), covered.stored, covered.rejected)

    def close(self) -> None:
        """Forget the states that wait."""
        self._lines.close()

    def _close(self, span: Span, records: int) -> None:
        if not records:
            return  # or a span that is settled would count as settled once more
        span.outstanding -= records
        if span.closed_by and not span.outstanding:
            span.closed_by.unsettled -= 1
            self._advance(span.closed_by)

    def _last_of_all(self, streams: list[StreamKey]) -> WaitingState | None:
        """The last state in the queues of these streams, if it is the same one and of no other stream."""
        lasts = {queue[-1] if (queue := self._queues[stream]) else None for stream in streams}
        last = lasts.pop() if len(lasts) == 1 else None
        return last if last and len(last.spans) == len(streams) else None

    def _advance(self, waiting: WaitingState) -> None:
        """Move a state, and those that waited behind it, from their queues to the safe ones."""
        candidates = deque([waiting])
        while candidates:
            first = candidates.popleft()
            queues = [self._queues[span.stream] for span in first.spans]
            if first.unsettled or any(not queue or queue[0] is not first for queue in queues):
                continue
            self._waiting -= 1 + len(first.followers or ())
            for queue in queues:
                queue.popleft()
            self._safe.append(_covered(first.line, first.spans if first.counts else ()))
            if not first.counts:
                self._carry(first.spans)
            self._safe.extend(first.followers or ())
            # A GLOBAL state is at the head of every queue: looking at it once is enough.
            candidates.extend(dict.fromkeys(queue[0] for queue in queues if queue))

    def _carry(self, spans: tuple[Span, ...]) -> None:
        """Leave the records that a state does not count to the next state of each stream."""
        for span in spans:
            if not span.stored and not span.rejected:
                continue
            queue = self._queues[span.stream]
            following = [each for each in queue[0].spans if each.stream == span.stream] if queue else []
            into = following[0] if following else self._open.setdefault(span.stream, Span(span.stream))
            into.stored += span.stored
            into.rejected += span.rejected


def _covered(line: int, spans: tuple[Span, ...]) -> _Covered:
    return _Covered(line, sum(span.stored for span in spans), sum(span.rejected for span in spans))
