"""Standard input as whole lines, waited for together with a wake-up from other threads.

The loop waits here, and only here, for whatever comes first: input, a finished call, a signal, or the
next tick. Reading the bare descriptor, and only when it has something, means that no thread can be
stuck in a read, or hold a buffer's lock, when the process wants to end.
"""

from __future__ import annotations

import os
import select

CHUNK = 1024 * 1024


class Input:
    """Lines of a file descriptor, and a wake-up that may come from any thread or signal handler."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._wake_out, self._wake_in = os.pipe()
        os.set_blocking(self._wake_out, False)
        os.set_blocking(self._wake_in, False)
        self._partial: list[bytes] = []
        self.ended = False
        """Whether the input has come to its end."""

    def wake(self) -> None:
        """End the current wait of `lines`, or the next one."""
        try:
            os.write(self._wake_in, b"!")
        except BlockingIOError:
            pass  # the pipe is full of wake-ups already

    def lines(self, timeout: float, *, reading: bool) -> list[bytes]:
        """The next lines, without their ends; none if `timeout` seconds pass or a wake-up comes first.

        Without `reading`, the input is left alone. The last line need not have an end.
        """
        reads = reading and not self.ended
        ready, _, _ = select.select([self._wake_out, *([self._descriptor] if reads else [])], [], [], max(timeout, 0.0))
        if self._wake_out in ready:
            os.read(self._wake_out, CHUNK)
        return self._read() if self._descriptor in ready else []

    def close(self) -> None:
        """Give the wake-up's descriptors back."""
        os.close(self._wake_in)
        os.close(self._wake_out)

    def _read(self) -> list[bytes]:
        chunk = os.read(self._descriptor, CHUNK)
        if not chunk:
            self.ended = True
            last = b"".join(self._partial)
            self._partial = []
            return [last] if last else []
        head, end, tail = chunk.rpartition(b"\n")
        if not end:
            # A long line is joined once, when it is whole, not again with each piece.
            self._partial.append(chunk)
            return []
        lines = (b"".join(self._partial) + head).split(b"\n")
        self._partial = [tail] if tail else []
        return lines
