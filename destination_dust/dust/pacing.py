"""When the next upsert may leave: as fast as Dust's limit allows, and fair to whoever shares it.

Dust's server accepts an upsert if fewer than 120 accepted ones arrived in the workspace in the last 60 s, whoever
sent them. It counts a call when it arrives, does not count what it refuses, and does not say when to come back.

Alone, the pacer keeps that window full: each slot is used again as soon as its call has certainly left the window.
Two slots stay open a little longer, a door for others. Somebody who comes in by it makes one of our calls be refused,
and that is how both know. What follows is what TCP does on a shared line. A refusal ends the burst: all wait, then
one call goes ahead to try. It also cuts our share of the window, and a large share is cut by more than a small one;
without complaints shares grow again, all alike. So large shares shrink, small ones catch up, and they meet. In the
first minute a refusal cuts nothing, since it may be due to the last calls of a previous run, which leave by themselves.
"""

from __future__ import annotations

import random as _random
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

# A call has arrived when it is answered, and at the latest this many seconds after it was sent.
ARRIVAL = 1.0
# Clocks tick differently, and Dust counts whole milliseconds.
MARGIN = 0.02

# One slot in 60, so 2 of 120, stays open for longer than two tries of a newcomer are apart (8 s and a fifth of it).
DOOR = 60
DOOR_TIME = 12.0

# Dust refuses before it does any work. A call that has not come back by then has probably been accepted.
PROOF = 0.35
# A burst leaves one by one, or 30 would already be on their way when the first refusal comes. Slow answers hold a
# burst back by themselves: 32 workers at 3 s send 11 a second.
BURST_GAP = 1 / 30
SLOW_BURST_GAP = 1 / 200
SLOW_ANSWER = 2.0
# When sharing, a share leaves in a third of the window, so that it spreads but does not lag behind free slots.
SPREAD = 3.0
# The whole limit, not yet cut, leaves in a quarter.
WHOLE_SPREAD = 4.0

# Seconds before the next try after a refusal. Doubled by each, and taken back by 7 % by each accepted call: that is in
# balance at ten accepted calls for each refusal.
FIRST_PAUSE = 1.5
LONGEST_PAUSE = 12.0
NEWCOMER_PAUSE = 8.0
SHORTEST_PAUSE = 0.5
RELIEF = 0.93
JITTER = 0.2
LONGEST_RETRY_AFTER = 600.0

# A share of the whole limit is cut by a half, one of a half by an eighth, one of a quarter by a thirtieth.
LARGEST_CUT = 0.5
# Below an eighth of the limit nobody is asked to give: nine processes are more than anybody runs at once.
SMALLEST_SHARE = 1 / 8
# Calls by which a share grows in t quiet seconds: 18 t/60 + 22 (t/60)^3. Slow at first, to be refused about once a
# minute; then faster, so that somebody who left is replaced within another minute.
GROWTH = 0.3
ACCELERATION = 1e-4


class Reason(str, Enum):
    """Why a call has to wait."""

    LIMIT = "the limit of upserts per minute is used up"
    SHARED = "others use the workspace's limit of upserts per minute as well"
    SERVER = "Dust asked to wait"


@dataclass(eq=False, slots=True)
class Departure:
    """A call that may go now. Its slot is taken until it is accounted for."""

    sent_at: float = 0.0
    arrived_by: float = 0.0


@dataclass(frozen=True, slots=True)
class Wait:
    """Ask again after that many seconds, or earlier."""

    seconds: float
    reason: Reason = Reason.LIMIT


@dataclass(frozen=True, slots=True)
class PacerStatus:
    """For people to look at: calls of ours in the window, how many it may be, who else is there, seconds to wait."""

    calls: int
    share: int
    limit: int
    others_seen: bool
    wait: Wait | None


class Unpaced:
    """Lets every call go."""

    def ask(self) -> Departure | Wait:
        return Departure()

    def answered(self, departure: Departure) -> None: ...
    def refused(self, departure: Departure, retry_after: float | None) -> None: ...
    def uncounted(self, departure: Departure) -> None: ...


class _Window:
    """Our calls that Dust may still be counting, oldest first."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds + MARGIN
        self._calls: dict[Departure, None] = {}
        self._closing: deque[float] = deque()
        """Until when each slot that came free is part of the door."""

    def __len__(self) -> int:
        return len(self._calls)

    def add(self, call: Departure) -> None:
        self._calls[call] = None

    def remove(self, call: Departure) -> None:
        self._calls.pop(call, None)

    def forget(self, now: float) -> None:
        while (free_at := self.free_at()) is not None and free_at <= now:
            self._calls.pop(next(iter(self._calls)))
            self._closing.append(free_at + DOOR_TIME)
        while self._closing and self._closing[0] <= now:
            self._closing.popleft()

    def free_at(self) -> float | None:
        """When the next slot comes free; None if none is taken."""
        oldest = next(iter(self._calls), None)
        return None if oldest is None else oldest.arrived_by + self._seconds

    def freed_lately(self) -> int:
        return len(self._closing)

    def door_closes_at(self) -> float:
        return self._closing[0]


class _Share:
    """How many calls of a window are ours: all, or since a cut as many as it left and what grew again."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._left: float | None = None
        self._since = 0.0
        self._giving = False

    @property
    def whole(self) -> bool:
        return self._left is None

    def at(self, now: float, held: int) -> float:
        """The share; it begins to grow when no more are held than the cut has left."""
        if self._left is None:
            return self._limit
        if self._giving:
            self._giving = held > self._left
            self._since = now
        quiet = now - self._since
        grown = self._left + GROWTH * quiet + ACCELERATION * quiet**3
        if grown >= self._limit:
            self._left = None
        return min(grown, self._limit)

    def cut(self, now: float, held: int) -> None:
        kept = held * (1 - LARGEST_CUT * (held / self._limit) ** 2)
        self._left = max(kept, self._limit * SMALLEST_SHARE, 1)
        self._since = now
        self._giving = True


class Pacer:
    """Lets calls go within a limit. Any thread may use it; it never blocks, and whoever has to wait does so itself."""

    def __init__(
        self,
        limit: int,
        *,
        window: float = 60.0,
        now: Callable[[], float] = time.monotonic,
        random: Callable[[], float] = _random.random,
    ) -> None:
        """`limit`: calls per `window` seconds, Dust's or a part of it; `random`: evenly spread over [0, 1)."""
        self._lock = threading.Lock()
        self._limit = limit
        self._length = window
        self._now = now
        self._random = random
        self._window = _Window(window)
        self._share = _Share(limit)
        self._alone = True
        self._door = limit // DOOR
        self._burst_gap = SLOW_BURST_GAP
        self._probing = True
        self._probe: Departure | None = None
        self._next_at = float("-inf")
        self._server_until = float("-inf")
        self._pause = FIRST_PAUSE
        self._started_at: float | None = None
        self._refused_at = float("-inf")
        self._full_since: float | None = None
        self._accepted_since_refusal = False

    def ask(self) -> Departure | Wait:
        """A departure: go now. A wait: ask again after at most that long."""
        with self._lock:
            now = self._now()
            if self._started_at is None:
                self._started_at = now
            wait = self._wait(now)
            return wait or self._depart(now)

    def answered(self, departure: Departure) -> None:
        """Dust counted the call: any answer but a refusal for the limit, or no answer to a call that was sent."""
        with self._lock:
            now = self._now()
            departure.arrived_by = min(departure.arrived_by, now)
            self._burst_gap = BURST_GAP if now - departure.sent_at < SLOW_ANSWER else SLOW_BURST_GAP
            self._pause = max(FIRST_PAUSE, self._pause * RELIEF)
            self._accepted_since_refusal = True
            self._full_since = None
            if departure is self._probe:
                self._probe = None
                self._next_at = now

    def refused(self, departure: Departure, retry_after: float | None) -> None:
        """Dust refused the call for the limit, and did not count it; `retry_after`: seconds that it asked for."""
        with self._lock:
            now = self._now()
            self._window.remove(departure)
            if retry_after:
                self._server_until = max(self._server_until, now + min(retry_after, LONGEST_RETRY_AFTER))
            if departure.sent_at > self._refused_at:
                self._complaint(now)
            # Not all at the same moment, when it is over.
            self._next_at = max(self._next_at, self._server_until + self._random() * FIRST_PAUSE)

    def uncounted(self, departure: Departure) -> None:
        """The call never reached Dust's limit: its slot is free again."""
        with self._lock:
            self._window.remove(departure)
            if departure is self._probe:
                self._probe = None
                self._probing = True
                self._next_at = self._now()

    def status(self) -> PacerStatus:
        with self._lock:
            now = self._now()
            wait = self._wait(now)
            share = int(self._share.at(now, len(self._window)))
            return PacerStatus(len(self._window), share, self._limit, not self._alone, wait)

    def _wait(self, now: float) -> Wait | None:
        """What keeps a call from going, if anything does."""
        if now < self._server_until:
            return Wait(self._server_until - now, Reason.SERVER)
        reason = Reason.LIMIT if self._alone else Reason.SHARED
        if now < self._next_at:
            return Wait(self._next_at - now, reason)
        self._window.forget(now)
        held = len(self._window)
        free = int(self._share.at(now, held)) - held
        if self._alone:
            free = max(free - self._door, free - self._window.freed_lately())
        if free > 0:
            return None
        due = self._window.free_at() or now + 1
        if self._alone and self._window.freed_lately():
            due = min(due, self._window.door_closes_at())
        if not self._share.whole:
            due = min(due, now + 1)  # it grows meanwhile
        return Wait(max(due - now, 0.001), reason)

    def _depart(self, now: float) -> Departure:
        departure = Departure(now, now + ARRIVAL)
        self._window.add(departure)
        if self._probing:
            self._probing = False
            self._probe = departure
            self._next_at = now + PROOF
        elif self._alone:
            self._next_at = now + self._burst_gap
        else:
            share = self._share.at(now, len(self._window))
            spread = WHOLE_SPREAD if self._share.whole else SPREAD
            self._next_at = now + self._jitter(self._length / share / spread)
            # Who has had all but a twentieth of the limit for a whole window is alone again.
            self._alone = len(self._window) > 0.95 * self._limit and now > self._refused_at + self._length + ARRIVAL
        return departure

    def _complaint(self, now: float) -> None:
        """Act upon a refusal: pause, then try with one call. Refusals of calls sent before it are the same complaint."""
        was_alone, self._alone = self._alone, False
        self._refused_at = now
        self._probing = True
        self._probe = None
        self._window.forget(now)
        held = len(self._window)
        if self._full_since is None:
            self._full_since = now
        self._next_at = now + self._pause_now(now)
        self._pause = min(self._pause * 2, LONGEST_PAUSE if held else NEWCOMER_PAUSE)
        first_window = self._started_at is not None and now < self._started_at + self._length + ARRIVAL
        if self._accepted_since_refusal and not first_window:
            self._share.cut(now, self._limit if was_alone else held)
            self._pause = FIRST_PAUSE * 2
        self._accepted_since_refusal = False

    def _pause_now(self, now: float) -> float:
        """Seconds until the next try, which is not later than when there is room for certain."""
        pause = self._jitter(self._pause)
        room_at = self._window.free_at() or (self._full_since or now) + self._length + MARGIN
        return min(pause, max(room_at - now, SHORTEST_PAUSE)) if room_at > now else pause

    def _jitter(self, seconds: float) -> float:
        return seconds * (1 - JITTER + 2 * JITTER * self._random())
