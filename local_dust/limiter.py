"""The limit on document upserts."""

from __future__ import annotations

from collections import deque


class SlidingWindow:
    """Accepts at most `limit` calls in any window. Refused calls do not count."""

    def __init__(self) -> None:
        self._accepted: deque[float] = deque()

    def accept(self, now: float, limit: int, window: float) -> bool:
        """Whether a call at `now` passes, in seconds. A call that passes is counted."""
        while self._accepted and self._accepted[0] <= now - window:
            self._accepted.popleft()
        if len(self._accepted) >= limit:
            return False
        self._accepted.append(now)
        return True

    def fill(self, times: list[float]) -> None:
        """Count calls of someone else, at the given (ascending) times."""
        self._accepted = deque(sorted([*self._accepted, *times]))


class FixedMinute:
    """Counts calls per name in fixed minutes, as the server's per-route counter does."""

    def __init__(self) -> None:
        self._minute = -1
        self._calls: dict[str, int] = {}

    def accept(self, name: str, now: float, limit: int) -> float | None:
        """None if the call passes, else the seconds until the next minute."""
        minute = int(now // 60)
        if minute != self._minute:
            self._minute, self._calls = minute, {}
        self._calls[name] = self._calls.get(name, 0) + 1
        return None if self._calls[name] <= limit else 60 - now % 60
