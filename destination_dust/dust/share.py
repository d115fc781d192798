"""One process's part of a limit that others may also use: its calls, and how many it may make."""

from __future__ import annotations

from collections import deque

from destination_dust.dust.permit import Permit

# Clocks tick differently, and Dust's server counts whole milliseconds.
MARGIN = 0.02

# One slot in 60 (so 2 of 120) stays open for a while when it has come free. A newcomer that tries every 9 s, give or
# take a fifth, is sure to find one.
DOOR = 60
DOOR_TIME = 12.0

# A share of the whole limit is cut by a half, one of a half by an eighth, one of a quarter by a thirtieth.
LARGEST_CUT = 0.5
# Someone with a few calls a minute needs room for a few more, not half the limit: this many times their own.
ROOM_FOR_OTHERS = 5
# No share is cut below an eighth of the limit. More than eight processes displace each other, equally.
SMALLEST_SHARE = 1 / 8
# In t quiet minutes a share grows by 18 t + 22 t^3 calls: first so slowly that it is refused about once a minute, then
# so fast that freed capacity is taken within a minute and a half.
GROWTH = 0.3
ACCELERATION = 1e-4


class CallWindow:
    """Our calls that Dust may still be counting, oldest first."""

    def __init__(self, window: float) -> None:
        self._window = window + MARGIN
        self._calls: dict[Permit, None] = {}
        self._freed: deque[float] = deque()

    def __len__(self) -> int:
        return len(self._calls)

    def add(self, call: Permit) -> None:
        self._calls[call] = None

    def remove(self, call: Permit) -> None:
        self._calls.pop(call, None)

    def forget(self, now: float) -> None:
        """Drop the calls that have left the window."""
        while (free_at := self.free_at()) is not None and free_at <= now:
            del self._calls[next(iter(self._calls))]
            self._freed.append(free_at)
        while self._freed and self._freed[0] + DOOR_TIME <= now:
            self._freed.popleft()

    def free_at(self) -> float | None:
        """When the oldest call leaves the window; None if the window is empty."""
        oldest = next(iter(self._calls), None)
        return None if oldest is None else oldest.arrived_by + self._window

    def door(self, limit: int) -> tuple[int, float | None]:
        """How many slots stay open for others, and when the next of them closes."""
        if not self._freed:
            return 0, None
        return min(len(self._freed), limit // DOOR), self._freed[0] + DOOR_TIME


class Share:
    """How many calls may be ours: the whole limit, or what the last cut left plus what has grown since."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._left: float | None = None
        self._quiet_since = 0.0
        self._giving = False

    @property
    def whole(self) -> bool:
        return self._left is None

    def at(self, now: float, held: int) -> float:
        """The share. It grows only once we hold no more calls than the cut left us."""
        if self._left is None:
            return self._limit
        if self._giving:
            self._giving = held > self._left
            self._quiet_since = now
        quiet = now - self._quiet_since
        share = self._left + GROWTH * quiet + ACCELERATION * quiet**3
        if share < self._limit:
            return share
        self._left = None
        return self._limit

    def cut(self, now: float, held: int) -> None:
        """Give way to others, who hold the rest of the limit."""
        kept = held * (1 - LARGEST_CUT * (held / self._limit) ** 2)
        if held < self._limit:
            kept = max(kept, self._limit - ROOM_FOR_OTHERS * (self._limit - held))
        self._left = max(kept, self._limit * SMALLEST_SHARE, 1)
        self._quiet_since = now
        self._giving = True
