"""When the next upsert may leave: as fast as Dust's limit allows, and fair to everyone who shares it.

Dust's server accepts an upsert if fewer than 120 accepted ones arrived in the workspace in the last 60 s, whoever
sent them. It counts a call when it arrives, does not count the calls it refuses, and does not say when to come back.

Three states change side by side (docs/architecture.md has the details). A refusal leads to SHARED and to TRY DUE, a
try that never reached Dust back to TRY DUE:

    Others  ALONE ─ refused ─► SHARED ─ nearly the whole limit is ours, long after a refusal ─► ALONE
    Turn    TRY DUE ─ pause over, a call leaves ─► TRY OUT ─ counted, or not refused in time ─► OPEN
    Share   WHOLE ─ cut ─► GIVING WAY ─ we hold no more than is left ─► GROWING ─ the limit is reached ─► WHOLE

ALONE, the pacer keeps the window full: a slot is used again once its call has certainly left. The last two that come
free stay open a little longer, as a door: a newcomer that uses it makes Dust refuse a call of ours, so both learn of
each other. SHARED works like a shared line (TCP): a refusal cuts our share, a large one by more than a small one, and
without refusals all shares grow alike, so they converge. After a refusal one call goes ahead to try, later and later
while nothing succeeds; all others wait for it. In the first minute a refusal cuts nothing: it may be due to the last
calls of a previous run, which leave by themselves.
"""

from __future__ import annotations

import random as _random
import threading
import time
from collections.abc import Callable

from destination_dust.dust.permit import PacerStatus, Permit, Reason, Wait
from destination_dust.dust.share import CallWindow, Share

# A call has arrived when it is answered, and at the latest this many seconds after it was sent.
ARRIVAL = 1.0
# Dust refuses before it does any work: a call that has not come back by then has probably been accepted.
PROOF = 0.35
# A burst leaves one by one, or 30 calls would be under way when the first refusal comes back. Slow answers slow it
# down anyway (32 workers at 3 s send 11 a second). Where the limit is higher, a burst leaves as many times faster than
# the limit allows in the long run as under Dust's: 20 times.
BURST_GAP = 1 / 40
BURST_SPEED = 20
SLOW_ANSWER = 1.0
# SHARED, a share leaves in two sevenths of the window: spread, but still in time for slots that come free.
SPREAD = 3.5

# Seconds from a refusal to the next try, plus or minus a fifth. A refusal doubles them, an accepted call takes 5 %
# off: in balance at 14 accepted calls for each refusal.
FIRST_PAUSE = 1.5
LONGEST_PAUSE = 9.0
RELIEF = 0.95
JITTER = 0.2
LONGEST_RETRY_AFTER = 600.0


class Pacer:
    """Lets calls go within a limit. Thread-safe; it never blocks: callers do their own waiting."""

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
        self._window = window
        self._now = now
        self._random = random
        self._calls = CallWindow(window)
        self._share = Share(limit)
        self._alone = True
        self._try_due = True
        self._try_out: Permit | None = None
        self._proof = PROOF
        self._fast_gap = min(BURST_GAP, window / limit / BURST_SPEED)
        self._burst_gap = 0.0
        self._pause = FIRST_PAUSE
        self._next_at = self._server_until = self._refused_at = float("-inf")
        self._first_asked_at: float | None = None
        self._full_since: float | None = None
        self._accepted_since_refusal = False

    def try_acquire(self) -> Permit | Wait:
        """Return a permit to go now, or a wait after which to ask again at the latest."""
        with self._lock:
            now = self._now()
            if self._first_asked_at is None:
                self._first_asked_at = now
            return self._wait(now) or self._depart(now)

    def counted(self, permit: Permit) -> None:
        """Dust counted the call: any answer but a refusal for the limit, or no answer to a call that was sent."""
        with self._lock:
            now = self._now()
            permit.arrived_by = min(permit.arrived_by, now)
            self._burst_gap = self._fast_gap if now - permit.sent_at < SLOW_ANSWER else 0.0
            self._pause = max(FIRST_PAUSE, self._pause * RELIEF)
            self._accepted_since_refusal = True
            self._full_since = None
            if permit is self._try_out:
                self._try_out = None
                self._next_at = now

    def refused(self, permit: Permit, retry_after: float | None) -> None:
        """Dust refused the call for the limit and did not count it; `retry_after`: seconds that it asked to wait."""
        with self._lock:
            now = self._now()
            self._calls.remove(permit)
            if permit.sent_at > self._refused_at:  # else it is part of a burst whose refusal is known
                self._proof = min(max(PROOF, 1.5 * (now - permit.sent_at)), LONGEST_PAUSE)
                self._give_way(now)
            if retry_after:
                self._server_until = max(self._server_until, now + min(retry_after, LONGEST_RETRY_AFTER))
                self._next_at = max(self._next_at, self._server_until + self._random() * FIRST_PAUSE)

    def returned(self, permit: Permit) -> None:
        """The call never got as far as Dust's limit: its slot is free again."""
        with self._lock:
            self._calls.remove(permit)
            if permit is self._try_out:
                self._try_out = None
                self._try_due = True
                self._next_at = self._now()

    def status(self) -> PacerStatus:
        with self._lock:
            now = self._now()
            wait = self._wait(now)
            held = len(self._calls)
            return PacerStatus(held, int(self._share.at(now, held)), self._limit, not self._alone, wait)

    def _wait(self, now: float) -> Wait | None:
        """Why the next call must wait, and how long; None if it may go."""
        if now < self._server_until:
            return Wait(self._server_until - now, Reason.SERVER)
        if now < self._next_at:
            # A refusal ends ALONE, so there only a try or a burst sets this time.
            return Wait(self._next_at - now, Reason.SPACING if self._alone else Reason.SHARED)
        self._calls.forget(now)
        held = len(self._calls)
        door, closes_at = self._calls.door(self._limit) if self._alone else (0, None)
        if held + door < int(self._share.at(now, held)):
            return None
        # A share that was cut grows in the meantime.
        due = (self._calls.free_at(), closes_at, None if self._share.whole else now + 1)
        reason = Reason.LIMIT if self._alone else Reason.SHARED
        return Wait(max(0.001, min(at for at in due if at is not None) - now), reason)

    def _depart(self, now: float) -> Permit:
        permit = Permit(now, now + ARRIVAL)
        self._calls.add(permit)
        if self._try_due:
            self._try_due = False
            self._try_out = permit
            self._next_at = now + self._proof
        elif self._alone:
            self._next_at = now + self._burst_gap
        else:
            held = len(self._calls)
            self._next_at = now + self._window / self._share.at(now, held) / SPREAD
            self._alone = held > 0.95 * self._limit and now > self._refused_at + 2 * self._window
        return permit

    def _give_way(self, now: float) -> None:
        """Pause, and cut our share unless no call was accepted since the last refusal, or it is the first minute."""
        self._calls.forget(now)
        if self._full_since is None:
            self._full_since = now
        # There is room once the oldest of our calls has left, or all that were there when it was found full.
        room_at = self._calls.free_at() or self._full_since + self._window
        pause = self._pause * (1 + JITTER * (2 * self._random() - 1))
        self._next_at = now + (min(pause, room_at - now) if room_at > now else pause)
        self._pause = min(self._pause * 2, LONGEST_PAUSE)
        first_window = self._first_asked_at is None or now < self._first_asked_at + self._window + ARRIVAL
        if self._accepted_since_refusal and not first_window:
            self._share.cut(now, self._limit if self._alone else len(self._calls))
            self._pause = FIRST_PAUSE * 2
        self._accepted_since_refusal = False
        self._alone = False
        self._refused_at = now
        self._try_due = True
        self._try_out = None
