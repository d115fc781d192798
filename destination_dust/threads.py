"""Threads, which the system may refuse. None of them keeps the process from ending."""

from __future__ import annotations

import threading
from collections.abc import Callable


class NoThread(Exception):
    """The system gives the process no further thread. Its text says which limits to raise."""


def start_thread(work: Callable[[], None], *, name: str) -> threading.Thread:
    """Start a thread. Raises `NoThread`."""
    thread = threading.Thread(target=work, name=name, daemon=True)
    try:
        thread.start()
    except RuntimeError:  # the only sign that Python gives of a limit
        raise NoThread(
            "The system gives the connector no thread. Raise its limit of processes (ulimit -u, or pids)."
        ) from None
    return thread


def ends_within(seconds: float, work: Callable[[], None]) -> bool:
    """Whether work ends in time, on a thread of its own. Raises what the work raises.

    Late work is left to itself: nothing can stop a thread that waits for a name server or for the header of an
    answer. The end of the process does not wait for it.
    """
    errors: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:
            errors.append(error)

    try:
        thread = start_thread(run, name="dust-deadline")
    except NoThread:
        work()
        return True
    thread.join(seconds)
    if thread.is_alive():
        return False
    if errors:
        raise errors[0]
    return True
