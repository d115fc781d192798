"""Threads on a clock that jumps: minutes of many calls at once take no time, and come out the same each time."""

from __future__ import annotations

import heapq
import itertools
import threading
from collections.abc import Callable


class VirtualTime:
    """Runs jobs, each on its own thread, one at a time: another one goes on whenever a job pauses or ends."""

    def __init__(self) -> None:
        self.now = 0.0
        self._order = itertools.count()
        self._due: list[tuple[float, int, threading.Event]] = []
        self._turn_is_over = threading.Event()
        self._failures: list[BaseException] = []

    def pause(self, seconds: float) -> None:
        """Let a job wait."""
        go_on = threading.Event()
        heapq.heappush(self._due, (self.now + seconds, next(self._order), go_on))
        self._turn_is_over.set()
        go_on.wait()

    def run(self, *jobs: Callable[[], None]) -> None:
        """Run jobs until all have ended. Raises what one of them raised."""
        threads = [threading.Thread(target=self._run, args=(job,), daemon=True) for job in jobs]
        for thread in threads:
            self._turn_is_over.clear()
            thread.start()
            self._turn_is_over.wait()
        while self._due and not self._failures:
            self.now, _, go_on = heapq.heappop(self._due)
            self._turn_is_over.clear()
            go_on.set()
            self._turn_is_over.wait()
        if self._failures:
            raise self._failures[0]

    def _run(self, job: Callable[[], None]) -> None:
        try:
            self.pause(0.0)
            job()
        except BaseException as error:
            self._failures.append(error)
        finally:
            self._turn_is_over.set()
