"""Signals that ask the process to stop. They are obeyed from the first moment on, and within 15 s.

The connector may be the first process of its container (PID 1). For that process, the kernel ignores signals that have
no handler, so the defaults do not end it. This module imports nothing that takes time.
"""

from __future__ import annotations

import os
import select
import signal
import time
from collections.abc import Callable
from types import FrameType

STOPPING = (signal.SIGTERM, signal.SIGINT)
# The loop gives calls under way 10 s to end; what takes longer than this hangs.
LONGEST = 13.0
# States can no longer be given back once no one has read the output for this long.
UNREAD = 3.0
CHECK_EVERY = 0.5


def exit_at_once() -> None:
    """Let each signal end the process: there is nothing to finish."""
    for number in STOPPING:
        signal.signal(number, _exit)


def wind_down(interrupt: Callable[[int], None], output: int, *, now: Callable[[], float] = time.monotonic) -> None:
    """Let the first signal call `interrupt` with its number, and the second end the process.

    A process that has not ended after 13 s is ended, or after 3 s in which no one has read its `output` (a descriptor):
    it may be stuck in a write.
    """

    def on_signal(number: int, _frame: FrameType | None) -> None:
        exit_at_once()
        begun = read_at = now()

        def check(*_: object) -> None:
            nonlocal read_at
            if not _is_full(output):
                read_at = now()
            if now() - begun >= LONGEST or now() - read_at >= UNREAD:
                _exit(number)

        signal.signal(signal.SIGALRM, check)
        signal.setitimer(signal.ITIMER_REAL, CHECK_EVERY, CHECK_EVERY)
        interrupt(number)

    for number in STOPPING:
        signal.signal(number, on_signal)


def stand_down() -> None:
    """The process is about to end by itself. Python gives up its handlers then, and the timer's default kills."""
    signal.setitimer(signal.ITIMER_REAL, 0)


def _exit(number: int, _frame: FrameType | None = None) -> None:
    os._exit(128 + number)


def _is_full(output: int) -> bool:
    try:
        return not select.select([], [output], [], 0)[1]
    except (OSError, ValueError):
        return False  # it is closed: writing to it does not block
