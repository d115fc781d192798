"""Standard input as whole lines, waited for together with a wake-up from other threads.

The loop waits here, and only here, for whatever comes first: input, a finished call, a signal, or the
next tick. Reading the bare descriptor, and only when it has something, means that no thread can be
stuck in a read, or hold a buffer's lock, when the process wants to end.
"""

from __future__ import annotations

import errno
import os
import select
from collections.abc import Iterable
from typing import Protocol

from destination_dust.airbyte.reader import UnreadableInput

# What a pipe holds. A larger buffer is made and cut to size for each read, which takes longer than the reading.
CHUNK = 64 * 1024
# Dust takes 5 MB at most, and a line is kept in memory several times while it is read.
LONGEST_LINE = 256 * 1024 * 1024


class Lines(Protocol):
    """What the loop reads from, and where it waits. `wake` may be called from any thread."""

    @property
    def ended(self) -> bool:
        """Whether the input has come to its end."""

    def wake(self) -> None:
        """End the current wait of `lines`, or the next one."""

    def lines(self, timeout: float, *, reading: bool) -> Iterable[bytes]:
        """The next lines; none if `timeout` seconds pass or a wake-up comes first. None are read without `reading`."""


class Input:
    """Lines of a file descriptor, and a wake-up that may come from any thread or signal handler."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._wake_out, self._wake_in = os.pipe()
        os.set_blocking(self._wake_out, False)
        os.set_blocking(self._wake_in, False)
        # Not `select`, which takes no descriptor beyond 1,023: a host may have more of its own.
        self._wake_up = select.poll()
        self._wake_up.register(self._wake_out, select.POLLIN)
        self._wake_up_or_input = select.poll()
        self._wake_up_or_input.register(self._wake_out, select.POLLIN)
        self._wake_up_or_input.register(descriptor, select.POLLIN)
        self._partial: list[bytes] = []
        self._partial_bytes = 0
        self._lines = 0
        self.ended = False
        """Whether the input has come to its end: a read that went well returned nothing."""

    def wake(self) -> None:
        """End the current wait of `lines`, or the next one. After `close`, do nothing."""
        try:
            os.write(self._wake_in, b"!")
        except BlockingIOError:
            pass  # the pipe is full of wake-ups already
        except OSError:
            if self._wake_in >= 0:
                raise

    def lines(self, timeout: float, *, reading: bool) -> list[bytes]:
        """The next lines, without their ends; none if `timeout` seconds pass or a wake-up comes first.

        Without `reading`, the input is left alone. The last line need not have an end. Raises `OSError` if the input
        cannot be read, and `UnreadableInput` for a line that is too long.
        """
        poll = self._wake_up_or_input if reading and not self.ended else self._wake_up
        ready = dict(poll.poll(max(timeout, 0.0) * 1000))
        if self._wake_out in ready:
            os.read(self._wake_out, CHUNK)
        # At the end of a pipe there is nothing to read, only a hang-up.
        if ready.get(self._descriptor, 0) & select.POLLNVAL:
            raise OSError(errno.EBADF, "the input was closed in this process")
        return self._read() if self._descriptor in ready else []

    def close(self) -> None:
        """Give the wake-up's descriptors back."""
        wake_in, self._wake_in = self._wake_in, -1
        os.close(wake_in)
        os.close(self._wake_out)

    def _read(self) -> list[bytes]:
        try:
            chunk = os.read(self._descriptor, CHUNK)
        except BlockingIOError:
            return []  # another process that shares the pipe made it non-blocking, and was faster
        if not chunk:
            self.ended = True
            last = b"".join(self._partial)
            self._partial = []
            return [last] if last else []
        head, end, tail = chunk.rpartition(b"\n")
        if not end:
            # A long line is joined once, when it is whole, not again with each piece.
            self._keep(chunk)
            return []
        lines = (b"".join(self._partial) + head).split(b"\n")
        self._lines += len(lines)
        self._partial, self._partial_bytes = [], 0
        if tail:
            self._keep(tail)
        return lines

    def _keep(self, piece: bytes) -> None:
        self._partial.append(piece)
        self._partial_bytes += len(piece)
        if self._partial_bytes > LONGEST_LINE:
            self._partial = []
            raise UnreadableInput(
                f"Line {self._lines + 1} of the input is longer than {LONGEST_LINE >> 20} MB. Dust takes no record "
                "that large: leave its largest fields out in the source. Everything acknowledged before it is safe."
            )
