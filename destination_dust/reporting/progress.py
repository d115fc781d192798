"""The progress of a sync: counts by stream, progress lines, and the final report for people."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable, Mapping
from typing import Protocol

from destination_dust.airbyte.messages import StreamKey
from destination_dust.dust.pacer import Pacer
from destination_dust.dust.permit import PacerStatus, Wait
from destination_dust.dust.responses import Retry
from destination_dust.dust.traffic import Traffic
from destination_dust.reporting.counts import Counts, States
from destination_dust.reporting.figures import Figures, Result, line
from destination_dust.reporting.warnings import warnings

logger = logging.getLogger("airbyte")

# A retry is logged at once, then at most this often while it keeps failing.
RETRY_INTERVAL = 60.0
# A call that is repeated may take some seconds to fail again.
TROUBLE_SHOWN = 5.0
# Different errors of the source that are shown; a source that fails may report very many.
SOURCE_ERRORS_SHOWN = 10
# Shorter waits are those of a burst's calls for one another, not for the limit.
SHORTEST_WAIT_SHOWN = 1.0


class Display(Protocol):
    """A live display, used instead of log lines. `trouble` is empty while calls succeed."""

    def live(self, done: Counts, seconds: float, status: PacerStatus, trouble: str) -> None: ...
    def report(self, streams: Mapping[StreamKey, Counts], seconds: float) -> None: ...
    def say(self, message: str) -> None: ...


class Progress:
    """Counts by stream, and the log lines made of them."""

    def __init__(
        self,
        *,
        interval: float,
        pacer: Pacer,
        traffic: Traffic | None = None,
        display: Display | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """`interval`: seconds between two progress lines, or two updates of the display."""
        self.states = States()
        """The counts of states, for the loop to update."""
        self._interval = interval
        self._pacer = pacer
        self._traffic = traffic or Traffic()
        self._display = display
        self._trouble = (-math.inf, "")
        """When the last call that failed is repeated, and why it failed."""
        self._now = now
        self._started = now()
        self._next = self._started + interval
        self._next_retry_lines: dict[object, float] = {}
        self._retrying = threading.Lock()
        self._streams: dict[StreamKey, Counts] = {}
        self._source_errors: dict[str, None] = {}

    def of(self, stream: StreamKey) -> Counts:
        """The counts of a stream, for the caller to update."""
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
        if self._display:
            self._display.live(done, elapsed, self._pacer.status(), self._latest_trouble(now))
            return
        stored = done.upserted + done.deleted + done.stale
        logger.info(
            "Progress after %s: %s, %d in flight; %.1f a minute%s.",
            duration(elapsed),
            done,
            in_flight,
            stored * 60 / elapsed if elapsed else 0,
            self._waiting(done.unsettled),
        )
        logger.debug("%s", line(self.figures(), Result.RUNNING))

    def retrying(self, retry: Retry, seconds: float) -> None:
        """Log that a call is repeated. May be called from any thread."""
        with self._retrying:
            now = self._now()
            self._trouble = (now + seconds, retry.reason.value)
            if now < self._next_retry_lines.get(retry.reason, 0.0):
                return
            self._next_retry_lines[retry.reason] = now + RETRY_INTERVAL
        logger.warning("%s (%s). Trying again in %.0f s.", _sentence(retry.reason.value), retry.detail, seconds)

    def source_failed(self, stream: StreamKey | None, message: str) -> None:
        """Log an error that the source reported, and once more in the report: much may come in between."""
        error = f"The source reported an error{f' in the stream {stream}' if stream else ''}: {message}"
        if error not in self._source_errors and len(self._source_errors) < SOURCE_ERRORS_SHOWN:
            self._source_errors[error] = None
            logger.warning("%s", error)

    def report(self) -> None:
        """Log what became of each stream, and how the source failed, if it did."""
        if self._display:
            self._display.report(self._streams, self._now() - self._started)
        for error in self._source_errors:
            logger.warning("%s", error)
            if self._display:
                self._display.say(error)
        for stream, counts in self._streams.items():
            if not self._display:
                logger.info("Stream %s: %s.", stream, counts)
            for warning in warnings(stream, counts):
                logger.warning("%s", warning)

    def figures(self) -> Figures:
        """What the sync has done so far."""
        return Figures(
            self._now() - self._started, self._streams, self.states, self._pacer.status(), self._traffic.status()
        )

    def _latest_trouble(self, now: float) -> str:
        """Why a call failed, until it was repeated and had some seconds to fail again."""
        again_at, trouble = self._trouble
        if now > again_at + TROUBLE_SHOWN:
            return ""
        return f"{trouble}, trying again in {max(again_at - now, 0):.0f} s"

    def _waiting(self, unsettled: int) -> str:
        """Why upserts are waiting, for how long, and the ETA."""
        status = self._pacer.status()
        wait = wait_to_show(status, unsettled)
        if not wait:
            return ""
        eta = duration(60 * unsettled / max(status.share, 1))
        return (
            f". Waiting because {wait.reason.value}: the next upsert can leave in {wait.seconds:.0f} s, "
            f"all records read so far in about {eta}"
        )


def wait_to_show(status: PacerStatus, unsettled: int) -> Wait | None:
    """The current wait, if unsettled records are held up by it for long enough to mention."""
    return status.wait if status.wait and status.wait.seconds >= SHORTEST_WAIT_SHOWN and unsettled else None


def duration(seconds: float) -> str:
    """A duration in words, such as `90 s`, `5 min` or `2.5 h`."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 7200:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
