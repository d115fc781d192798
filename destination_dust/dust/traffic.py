"""The traffic of a sync with Dust, counted where it happens: requests, bytes, failures, waits for the limit."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from destination_dust.dust.permit import Reason
from destination_dust.dust.responses import RetryReason


@dataclass(frozen=True, slots=True)
class TrafficStatus:
    """Snapshot. Reasons that never occurred are left out."""

    requests: int
    """Tries, whether or not they reached Dust."""
    sent_bytes: int
    """In the bodies of the requests."""
    received_bytes: int
    """In the bodies of the answers, decompressed."""
    retries: Mapping[RetryReason, int]
    """Requests that failed for a reason that may pass. Each was sent again, unless the call was given up."""
    waited: Mapping[Reason, float]
    """Seconds in which the next upsert was held back. They do not overlap."""


class Traffic:
    """Counts from any thread. Only one may wait at a time."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._requests = self._sent_bytes = self._received_bytes = 0
        self._retries: Counter[RetryReason] = Counter()
        self._waited: dict[Reason, float] = {}
        self._waiting: tuple[Reason, float] | None = None
        """Why an upsert is being held back, and since when."""

    def requested(self, sent_bytes: int) -> None:
        """A request is about to be sent."""
        with self._lock:
            self._requests += 1
            self._sent_bytes += sent_bytes

    def answered(self, received_bytes: int) -> None:
        """An answer was read, whoever gave it."""
        with self._lock:
            self._received_bytes += received_bytes

    def failed(self, reason: RetryReason) -> None:
        """A request failed for a reason that may pass."""
        with self._lock:
            self._retries[reason] += 1

    @contextmanager
    def waiting(self, reason: Reason) -> Iterator[None]:
        """Inside the block, the next upsert is held back."""
        with self._lock:
            self._waiting = reason, self._now()
        try:
            yield
        finally:
            with self._lock:
                self._waited = self._waits()
                self._waiting = None

    def status(self) -> TrafficStatus:
        """The counts so far. A wait that goes on is among them: a sync that is stopped may end in the middle of one."""
        with self._lock:
            return TrafficStatus(
                self._requests, self._sent_bytes, self._received_bytes, dict(self._retries), self._waits()
            )

    def _waits(self) -> dict[Reason, float]:
        if not self._waiting:
            return {**self._waited}
        reason, since = self._waiting
        return {**self._waited, reason: self._waited.get(reason, 0.0) + self._now() - since}
