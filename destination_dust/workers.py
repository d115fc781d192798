"""The threads that make the calls that the loop submits, and hand the outcomes back to it.

Calls with equal keys are made one at a time, in the order submitted; others run side by side. A worker ends every call
it starts, with a value or an error, and touches nothing else: the loop's thread handles the outcomes.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import partial
from typing import Any

from destination_dust.threads import NoThread, start_thread

logger = logging.getLogger("airbyte")


class Lane(Enum):
    """Calls that wait for Dust's upsert limit have their own threads, so that other calls overtake them."""

    LIMITED = "limited"
    FREE = "free"


def _raise(error: Exception) -> None:
    raise error


@dataclass(frozen=True, slots=True)
class Call:
    """Work for a worker thread, and what the loop's thread does with the result."""

    key: Hashable
    send: Callable[[], Any]
    done: Callable[[Any], None]
    """Receives what `send` returned."""
    failed: Callable[[Exception], None] = _raise
    """Receives what `send` raised; what it raises itself ends the sync."""
    size: int = 0
    """Bytes that the call keeps in memory."""
    lane: Lane = Lane.FREE


@dataclass(frozen=True, slots=True)
class Outcome:
    """A call that has ended."""

    call: Call
    value: Any
    error: BaseException | None

    def deliver(self) -> None:
        """Hand the result to the call. Raises errors that should end the sync."""
        if self.error is None:
            self.call.done(self.value)
        elif isinstance(self.error, Exception):
            self.call.failed(self.error)
        else:
            raise self.error


class Workers:
    """A bounded number of calls in flight, on threads that are started as they are needed."""

    def __init__(
        self, threads: Mapping[Lane, int], *, max_calls: int, max_bytes: int, wake: Callable[[], None]
    ) -> None:
        """`wake` is called, from a worker, each time a call has ended."""
        self.stopping = threading.Event()
        """Set when the sync is stopping; waits on it return immediately."""
        self._max_calls = max_calls
        self._max_bytes = max_bytes
        self._wake = wake
        self._lock = threading.Lock()
        self._lanes = {lane: _Lane(f"dust-{lane.value}", self._lock, limit) for lane, limit in threads.items()}
        self._waiting: dict[Hashable, deque[Call]] = {}
        self._outcomes: list[Outcome] = []
        self._calls = 0
        self._bytes = 0

    @property
    def has_room(self) -> bool:
        """Whether there is room for another call. `submit` accepts it anyway: the loop must stop reading."""
        return self._calls < self._max_calls and self._bytes < self._max_bytes

    @property
    def in_flight(self) -> int:
        """Calls submitted whose outcome has not been taken yet."""
        return self._calls

    def submit(self, call: Call) -> None:
        """Queue a call behind earlier ones of the same key. After `stop`, it is dropped. Raises `NoThread`."""
        with self._lock:
            if self.stopping.is_set():
                return
            self._calls += 1
            self._bytes += call.size
            if call.key in self._waiting:
                self._waiting[call.key].append(call)
                return
            self._waiting[call.key] = deque([call])
            self._make_ready(call)

    def outcomes(self) -> list[Outcome]:
        """Take the outcomes since the last time; their calls are no longer in flight."""
        with self._lock:
            ended, self._outcomes = self._outcomes, []
            self._calls -= len(ended)
            self._bytes -= sum(outcome.call.size for outcome in ended)
        return ended

    def stop(self) -> None:
        """Start no more calls, and end every wait. Calls under way continue to their end."""
        with self._lock:
            self.stopping.set()
            for lane in self._lanes.values():
                while lane.ready:
                    del self._waiting[lane.ready.popleft()]
                lane.condition.notify_all()
            self._waiting = {key: deque([queue[0]]) for key, queue in self._waiting.items()}

    def join(self, seconds: float) -> bool:
        """After `stop`, wait until all threads have ended, but not longer. Returns whether they have."""
        until = time.monotonic() + seconds
        threads = [thread for lane in self._lanes.values() for thread in lane.threads]
        for thread in threads:
            thread.join(max(until - time.monotonic(), 0.0))
        return not any(thread.is_alive() for thread in threads)

    @property
    def busy(self) -> bool:
        """Whether a call is under way, or an outcome has not been taken yet."""
        with self._lock:
            return bool(self._waiting or self._outcomes)

    def _work(self, lane: _Lane) -> None:
        while (call := self._next(lane)) is not None:
            try:
                outcome = Outcome(call, call.send(), None)
            except BaseException as error:  # every call must end, whatever it raises
                outcome = Outcome(call, None, error)
            self._end(call, outcome)
            self._wake()

    def _next(self, lane: _Lane) -> Call | None:
        with self._lock:
            while not lane.ready:
                if self.stopping.is_set():
                    return None
                lane.condition.wait()
            lane.idle -= 1
            return self._waiting[lane.ready.popleft()][0]

    def _end(self, call: Call, outcome: Outcome) -> None:
        """Hand over an outcome, and make the next call of the same key ready."""
        with self._lock:
            self._outcomes.append(outcome)
            self._lanes[call.lane].idle += 1
            queue = self._waiting[call.key]
            queue.popleft()
            if queue:
                self._make_ready(queue[0])
            else:
                del self._waiting[call.key]

    def _make_ready(self, call: Call) -> None:
        """Let a thread of the call's lane take it, starting one if all are busy. The lock is held."""
        lane = self._lanes[call.lane]
        lane.ready.append(call.key)
        lane.condition.notify()
        for each in self._lanes.values():
            # One lane must not use up the threads that the process may have before the other has any.
            if not each.threads or len(each.ready) > each.idle:
                self._start_thread(each)

    def _start_thread(self, lane: _Lane) -> None:
        """Start a thread if the lane may have one more, or go on with those that there are."""
        if len(lane.threads) == lane.limit:
            return
        try:
            lane.threads.append(start_thread(partial(self._work, lane), name=lane.name))
        except NoThread:
            if not lane.threads:
                raise
            lane.limit = len(lane.threads)
            logger.warning("The system gives the connector no more threads: %d calls at most at once.", lane.limit)
        else:
            lane.idle += 1


class _Lane:
    """Keys whose next call may start, and the threads that take them."""

    def __init__(self, name: str, lock: threading.Lock, limit: int) -> None:
        self.name = name
        self.condition = threading.Condition(lock)
        self.limit = limit
        self.ready: deque[Hashable] = deque()
        self.threads: list[threading.Thread] = []
        self.idle = 0
        """Threads without a call, including those that have just been started."""
