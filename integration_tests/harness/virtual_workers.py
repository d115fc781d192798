"""Calls on a clock that jumps."""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable

from destination_dust.workers import Call, Lane, Outcome
from integration_tests.harness.virtual_time import VirtualTime


class VirtualWorkers:
    """Stands for `Workers`: as many calls at once as there are threads, those of equal keys in order."""

    def __init__(self, time: VirtualTime, threads: dict[Lane, int]) -> None:
        self.woken = False
        self.stopped = False
        self.has_room = True
        self._time = time
        self._threads = threads
        self._waiting: dict[Hashable, deque[Call]] = {}
        self._ready: dict[Lane, deque[Call]] = {lane: deque() for lane in threads}
        self._outcomes: list[Outcome] = []
        self.in_flight = 0

    @property
    def busy(self) -> bool:
        return bool(self._waiting or self._outcomes)

    def submit(self, call: Call) -> None:
        if self.stopped:
            return
        self.in_flight += 1
        queue = self._waiting.setdefault(call.key, deque())
        queue.append(call)
        if len(queue) == 1:
            self._make_ready(call)

    def outcomes(self) -> list[Outcome]:
        ended, self._outcomes = self._outcomes, []
        self.in_flight -= len(ended)
        return ended

    def stop(self) -> None:
        self.stopped = True
        for ready in self._ready.values():
            for call in ready:
                del self._waiting[call.key]
            ready.clear()
        self._waiting = {key: deque([queue[0]]) for key, queue in self._waiting.items()}
        self._time.cancel()

    def pause(self, seconds: float) -> bool:
        """Let seconds pass in a call. Returns True as soon as the sync is stopping."""
        return self.stopped or self._time.pause(seconds)

    def _make_ready(self, call: Call) -> None:
        self._ready[call.lane].append(call)
        self._time.at(self._time.now, lambda: self._begin(call.lane))

    def _begin(self, lane: Lane) -> None:
        if self._threads[lane] and self._ready[lane]:
            self._threads[lane] -= 1
            call = self._ready[lane].popleft()
            self._time.work(lambda: self._make(call))

    def _make(self, call: Call) -> None:
        try:
            outcome = Outcome(call, call.send(), None)
        except Exception as error:
            outcome = Outcome(call, None, error)
        self._outcomes.append(outcome)
        self._threads[call.lane] += 1
        queue = self._waiting[call.key]
        queue.popleft()
        if queue:
            self._make_ready(queue[0])
        else:
            del self._waiting[call.key]
        self._time.at(self._time.now, lambda: self._begin(call.lane))
        self.woken = True
