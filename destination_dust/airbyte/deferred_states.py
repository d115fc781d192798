"""States of streams that are being replaced: they wait until everything of the sync is done.

If one went out earlier and the sync then failed, the next attempt would go on behind it and bring only
the rest of the stream; a replacement that rests on what this attempt brings would delete the other part.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from destination_dust.airbyte.reader import State, StreamKey
from destination_dust.spool import Spool

_ALL_STREAMS = 0


class DeferredStates:
    """Lines of states, on disk once they are many. Their order is kept."""

    def __init__(self, streams: Iterable[StreamKey]) -> None:
        """`streams`: those whose states are kept until somebody lets them go."""
        self._kept = set(streams)
        self._numbers: dict[StreamKey | None, int] = {None: _ALL_STREAMS}
        self._lines: Spool | None = None
        self._behind_all = False
        self._released = 0

    def __len__(self) -> int:
        """How many are kept."""
        return (len(self._lines) if self._lines else 0) - self._released

    def keeps(self, state: State) -> bool:
        """Whether a state has to wait: for its stream, for any stream if it is about all, or behind such a one."""
        return self._behind_all or (state.stream in self._kept if state.stream else bool(self._kept))

    def keep(self, state: State, line: bytes) -> None:
        """Put aside the line of a state."""
        self._behind_all |= state.stream is None
        self._lines = self._lines or Spool()
        number = self._numbers.setdefault(state.stream, len(self._numbers))
        self._lines.add(b"%d %s" % (number, line))

    def let_go(self, streams: Iterable[StreamKey]) -> None:
        """These streams need not wait any longer."""
        self._kept.difference_update(streams)

    def release(self) -> Iterator[bytes]:
        """The lines that need not wait any longer, to be asked for once.

        A state about all streams waits for all of them, and nothing goes out past it.
        """
        if not self._lines:
            return
        waiting = {number for stream, number in self._numbers.items() if stream in self._kept}
        for line in self._lines:
            number, _, content = line.partition(b" ")
            if int(number) == _ALL_STREAMS and self._kept:
                return
            if int(number) not in waiting:
                self._released += 1
                yield content

    def close(self) -> None:
        """Forget all of them."""
        if self._lines:
            self._lines.close()
