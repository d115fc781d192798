"""Messages from an iterator as an input of the loop, read on the loop's own thread."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

# After either, the loop gets its turn: a source may be fast or slow.
CHUNK = 256 * 1024
SLICE = 0.05


class Feed:
    """Lines of an iterator; see `airbyte.input.Lines`. What the iterator raises, `lines` raises.

    While the iterator makes the loop wait, calls under way go on, and their outcomes are handled afterwards. Unlike a
    pipe, this needs no thread for the iterator, which may belong to the caller's (as a connection of SQLite does).
    """

    def __init__(self, lines: Iterator[bytes], *, now: Callable[[], float] = time.monotonic) -> None:
        self.ended = False
        """Whether the iterator has ended without raising."""
        self._lines = lines
        self._now = now
        self._woken = threading.Event()

    def wake(self) -> None:
        """See `Lines`."""
        self._woken.set()

    def lines(self, timeout: float, *, reading: bool) -> list[bytes]:
        """See `Lines`."""
        if not reading or self.ended:
            self._woken.wait(timeout)
        # Before the loop looks for outcomes: a wake-up from now on is about later ones.
        self._woken.clear()
        return self._chunk() if reading and not self.ended else []

    def _chunk(self) -> list[bytes]:
        lines, size, until = [], 0, self._now() + SLICE
        while size < CHUNK and self._now() < until:
            try:
                line = next(self._lines)
            except StopIteration:
                self.ended = True
                break
            lines.append(line)
            size += len(line)
        return lines
