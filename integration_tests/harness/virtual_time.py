"""A clock that jumps: work that pauses side by side, each on a stack of its own, while time passes only if all wait.

What happens at which moment is decided by the caller's seed alone, so each run can be repeated. Greenlets rather than
threads, because a switch between threads takes as long as the machine is busy.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable
from dataclasses import dataclass

from greenlet import getcurrent, greenlet

from integration_tests.harness.in_process import Killed
from integration_tests.harness.simulation import Time

Action = Callable[[], object]


class VirtualTime(Time):
    """Actions at moments of a clock, and work that may wait. Actions themselves may not."""

    def __init__(self) -> None:
        super().__init__()
        self._order = itertools.count()
        self._due: list[tuple[float, int, Action]] = []
        self._waits: dict[greenlet, Wait] = {}
        self._owner = getcurrent()

    def at(self, moment: float, action: Action) -> None:
        """Have something done at a moment, in seconds of the clock."""
        heapq.heappush(self._due, (moment, next(self._order), action))

    def step(self, until: float) -> bool:
        """Go on to the next moment at which something is to be done, and do it. Returns False if that is later."""
        if not self._due or self._due[0][0] > until:
            self.now = max(self.now, until)
            return False
        moment, _, action = heapq.heappop(self._due)
        self.now = max(self.now, moment)
        action()
        return True

    def rest(self, seconds: float) -> None:
        """Let all happen that is due in the next seconds."""
        until = self.now + seconds
        while self.step(until):
            pass

    def work(self, job: Action) -> None:
        """Begin something that may wait, until it first does."""

        def run() -> None:
            try:
                job()
            except Killed:
                pass  # as its process was

        greenlet(run, self._owner).switch()

    def pause(self, seconds: float) -> bool:
        """As part of some work: let seconds pass. Returns True if `cancel` has ended that."""
        wait = Wait(getcurrent(), cancellable=True)
        self.at(self.now + seconds, lambda: self.end(wait))
        return self.suspend(wait)

    def suspend(self, wait: Wait) -> bool:
        """As part of some work: wait until `end` is called. Returns True if `cancel` was instead."""
        self._waits[wait.worker] = wait
        try:
            return bool(self._owner.switch())
        finally:
            del self._waits[wait.worker]

    def end(self, wait: Wait) -> None:
        """End a wait that has begun, unless it has ended."""
        if self._waits.get(wait.worker) is wait:
            wait.worker.switch(False)

    def cancel(self) -> None:
        """End all pauses."""
        for wait in [*self._waits.values()]:
            if wait.cancellable:
                wait.worker.switch(True)

    def kill(self) -> None:
        """End all work where it waits."""
        for wait in [*self._waits.values()]:
            wait.worker.throw(Killed)


@dataclass(eq=False)
class Wait:
    """A wait of some work; `cancellable`: a pause."""

    worker: greenlet
    cancellable: bool = False
