"""Like calls made only to compare: the write of each kind that succeeded last is sent once more.

When everything else is stored, nothing but such a call can show whether a write that still fails is to blame. Repeating
is safe: the same content arrives again, and no later write of the same key has begun, nor begins in the meantime.
"""

from __future__ import annotations

import threading
from typing import Any, NamedTuple

from destination_dust.dust.answers import Reader
from destination_dust.dust.evidence import Kind
from destination_dust.dust.request import Request


class Sample(NamedTuple):
    """A write that has succeeded, and how its answer is read."""

    request: Request
    read: Reader[Any]


class Samples:
    """The latest success of each kind, unless a later write of its key has begun. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._latest: dict[Kind, Sample] = {}
        self._lent: dict[Kind, str] = {}

    def keep(self, sample: Sample) -> None:
        """A write has succeeded."""
        with self._lock:
            self._latest[sample.request.kind] = sample

    def begins(self, key: str) -> bool:
        """A write of this key is to begin. False if it must wait, because the key's sample is under way."""
        with self._lock:
            self._latest = {kind: each for kind, each in self._latest.items() if each.request.key != key}
            return key not in self._lent.values()

    def lend(self, kind: Kind) -> Sample | None:
        """The sample to send, None if there is none or it is under way. To be given back."""
        with self._lock:
            sample = self._latest.get(kind)
            if sample is None or kind in self._lent:
                return None
            self._lent[kind] = sample.request.key
            return sample

    def give_back(self, kind: Kind) -> None:
        """The sample's exchange has ended."""
        with self._lock:
            del self._lent[kind]
