"""At most so many calls in any minute."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Departure:
    sent: float = 0.0


@dataclass(frozen=True, slots=True)
class Wait:
    seconds: float
    reason: str = ""


class Unpaced:
    def ask(self) -> Departure | Wait:
        return Departure()

    def answered(self, departure: Departure) -> None: ...
    def refused(self, departure: Departure, retry_after: float | None) -> None: ...
    def uncounted(self, departure: Departure) -> None: ...


class Pacer:
    def __init__(self, limit: int, *, now: Callable[[], float] = time.monotonic) -> None:
        self._limit = limit
        self._now = now
        self._sent: deque[float] = deque()
        self._lock = threading.Lock()

    def ask(self) -> Departure | Wait:
        with self._lock:
            now = self._now()
            while self._sent and self._sent[0] < now - 61:
                self._sent.popleft()
            if len(self._sent) >= self._limit:
                return Wait(self._sent[0] + 61 - now)
            self._sent.append(now)
            return Departure(now)

    def answered(self, departure: Departure) -> None: ...
    def refused(self, departure: Departure, retry_after: float | None) -> None: ...
    def uncounted(self, departure: Departure) -> None: ...
