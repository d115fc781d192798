"""What a sync did so far: counts, the line that tells of them now and then, the report at the end."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, fields

from destination_dust.dust.answers import Retry
from destination_dust.dust.pacing import Pacer
from destination_dust.reader import StreamKey

logger = logging.getLogger("airbyte")

# A call that has to be repeated is told of at once, and again this often while the trouble lasts.
RETRY_INTERVAL = 60.0


@dataclass(slots=True)
class Counts:
    """Records of one stream, by what became of them."""

    read: int = 0
    upserted: int = 0
    deleted: int = 0
    rejected: int = 0
    without_key: int = 0
    cleaned: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))


class Progress:
    """Counts by stream, and the log lines made of them."""

    def __init__(self, *, interval: float, pacer: Pacer, now: Callable[[], float] = time.monotonic) -> None:
        """`interval`: seconds between two progress lines."""
        self._interval = interval
        self._pacer = pacer
        self._now = now
        self._started = now()
        self._next = self._started + interval
        self._retries_told: dict[object, float] = {}
        self._streams: dict[StreamKey, Counts] = {}

    def of(self, stream: StreamKey) -> Counts:
        """The counts of a stream, to be added to."""
        counts = self._streams.get(stream)
        if counts is None:
            counts = self._streams[stream] = Counts()
        return counts

    def tick(self, in_flight: int) -> None:
        """Log a progress line if it is time for one."""
        now = self._now()
        if now < self._next:
            return
        self._next = now + self._interval
        done = sum(self._streams.values(), Counts())
        elapsed = now - self._started
        stored = done.upserted + done.deleted
        logger.info(
            "Progress after %s: %d records read, %d upserted, %d deleted, %d rejected, %d in flight; %.1f a minute%s.",
            duration(elapsed),
            done.read,
            done.upserted,
            done.deleted,
            done.rejected,
            in_flight,
            stored * 60 / elapsed if elapsed else 0,
            self._waiting(in_flight),
        )

    def retrying(self, retry: Retry, seconds: float) -> None:
        """Tell of a call that has to be repeated. May be called from any thread."""
        now = self._now()
        if now < self._retries_told.get(retry.trouble, 0.0):
            return
        self._retries_told[retry.trouble] = now + RETRY_INTERVAL
        logger.warning("%s (%s). Trying again in %.0f s.", _sentence(retry.trouble.value), retry.detail, seconds)

    def report(self, *, ignored_lines: int) -> None:
        """Log what became of each stream."""
        for stream, counts in self._streams.items():
            logger.info(
                "Stream %s: %d records read, %d upserted, %d deleted, %d rejected.",
                stream,
                counts.read,
                counts.upserted,
                counts.deleted,
                counts.rejected,
            )
            if counts.without_key:
                logger.warning(
                    "Stream %s: %d records lacked a part of their primary key. Each was stored under a hash of its "
                    "content, so a changed version of it is another document.",
                    stream,
                    counts.without_key,
                )
            if counts.cleaned:
                logger.warning(
                    "Stream %s: in %d records, characters that Dust cannot store (NUL, halves of surrogate pairs) "
                    "were removed or replaced by U+FFFD.",
                    stream,
                    counts.cleaned,
                )
        if ignored_lines:
            logger.info("%d lines of the input were no messages that a destination acts on.", ignored_lines)

    def _waiting(self, in_flight: int) -> str:
        """What keeps upserts from going, for how long, and when those that are read will all have gone."""
        status = self._pacer.status()
        if status.wait is None or not in_flight:
            return ""
        eta = duration(60 * in_flight / max(status.share, 1))
        return (
            f". Waiting because {status.wait.reason.value}: the next upsert can go in {status.wait.seconds:.0f} s, "
            f"those that were read so far in about {eta}"
        )


def duration(seconds: float) -> str:
    """A number of seconds as people say it."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 7200:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
