"""Whether a write fails because of what it sends, or because Dust is in trouble.

Dust answers 500 to bad data and in outages, and a gateway or a firewall that cannot take one document answers as one
that lets nothing pass. Only like calls tell the two apart: those with the same method and target.

A write is to blame once all of this is so:

- it failed again and again, over minutes, and like calls that were sent after each of these failures succeeded;
- several like calls that were sent after its latest failure succeeded;
- it is no coincidence: at the rate at which the other like calls failed in that time, a good write would fail this
  often once in ten million times. So the more calls an outage hits, the more failures it takes.

Failures without a like success behind them (total outages, nothing else to write) prove nothing, however many they are.
"""

from __future__ import annotations

import threading
from collections import defaultdict, deque

FEWEST_FAILURES = 3
FEWEST_SUCCESSES = 3
# With as many after each failure, six failures are no coincidence; the budget has room for them, at a minute each.
WANTED_SUCCESSES = 5
LARGEST_CHANCE = 1e-7
# Enough for a budget of 15 minutes at Dust's limit of upserts. Where older ones are missing, the proof takes longer.
MAX_REMEMBERED = 2000

Kind = tuple[str, str]
"""Method and target."""


class LikeCalls:
    """The latest successes and failures of all calls, by kind. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._successes: defaultdict[Kind, deque[float]] = defaultdict(lambda: deque(maxlen=MAX_REMEMBERED))
        self._failures: defaultdict[Kind, deque[tuple[float, object]]] = defaultdict(
            lambda: deque(maxlen=MAX_REMEMBERED)
        )

    def succeeded(self, kind: Kind, sent_at: float) -> None:
        """A call has succeeded that was sent then."""
        with self._lock:
            self._successes[kind].append(sent_at)

    def failed(self, kind: Kind, now: float, call: object) -> None:
        """A try of a call has failed."""
        with self._lock:
            self._failures[kind].append((now, call))

    def successes(self, kind: Kind, since: float) -> int:
        """How many succeeded that were sent after that. One sent before may have passed before the trouble began."""
        with self._lock:
            return sum(sent_at > since for sent_at in self._successes[kind])

    def failures(self, kind: Kind, since: float, *, without: object) -> int:
        """How many tries of other calls have failed after that."""
        with self._lock:
            return sum(failed_at > since and call is not without for failed_at, call in self._failures[kind])


class Suspicion:
    """The failures of one write that what it sends may have caused."""

    def __init__(self, kind: Kind, others: LikeCalls, *, patience: float) -> None:
        """`patience`: seconds that must lie between the first and the last failure that count."""
        self._kind = kind
        self._others = others
        self._patience = patience
        self._failed_at: float | None = None
        self._first: float | None = None
        self._counted = 0

    def failed(self, now: float) -> None:
        """The write has failed in a way that may be its own fault."""
        if self._failed_at is not None and not self.lacks_comparison:
            self._counted += 1
            self._first = self._failed_at if self._first is None else self._first
        self._failed_at = now

    @property
    def lacks_comparison(self) -> bool:
        """Whether it has failed, and no like call that was sent after its latest failure has succeeded."""
        return self._failed_at is not None and not self._others.successes(self._kind, self._failed_at)

    @property
    def missing(self) -> int:
        """How many more like calls, sent after its latest failure, would make that failure prove much."""
        if self._failed_at is None:
            return 0
        return max(0, WANTED_SUCCESSES - self._others.successes(self._kind, self._failed_at))

    def is_proven(self) -> bool:
        """Whether the write itself is to blame. To be asked after a wait, in which like calls could succeed."""
        if self._failed_at is None or self._first is None:
            return False
        failures = self._counted + 1
        if failures < FEWEST_FAILURES or self._failed_at - self._first < self._patience:
            return False
        if self._others.successes(self._kind, self._failed_at) < FEWEST_SUCCESSES:
            return False
        passed = self._others.successes(self._kind, self._first)
        failed = self._others.failures(self._kind, self._first, without=self)
        rate = (failed + 1) / (failed + passed + 2)  # never 0 or 1, however few they are
        return bool(rate**failures <= LARGEST_CHANCE)
