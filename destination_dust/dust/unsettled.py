"""Writes without an answer of Dust, which may still land.

A gateway that times out, a proxy that breaks off and our own timeouts end the exchange, not the write: Dust goes on,
and what it writes late would undo a newer version or bring back what was deleted in between. So after such an end
nothing else is written to the same document or table for some time. That the time is enough is not proven, only
likely: Dust holds a table for up to 60 s, and most documents are embedded in seconds.
"""

from __future__ import annotations

import threading


class UnsettledWrites:
    """When they ended, by what they write. Thread-safe."""

    def __init__(self, quiet: float) -> None:
        """`quiet`: seconds for which nothing else is written there."""
        self.quiet = quiet
        self._lock = threading.Lock()
        self._ended: dict[str, float] = {}

    def add(self, key: str, now: float) -> None:
        """An exchange has ended without an answer of Dust. Without a key, it changes nothing."""
        if not key:
            return
        with self._lock:
            self._ended = {each: at for each, at in self._ended.items() if at > now - self.quiet}
            self._ended[key] = now

    def wait(self, key: str, now: float) -> float:
        """Seconds until something may be written there."""
        with self._lock:
            ended = self._ended.get(key)
        return 0.0 if ended is None else max(0.0, ended + self.quiet - now)
