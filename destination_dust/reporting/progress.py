"""The progress of a sync: counts by stream, progress lines, and the final report."""

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
from destination_dust.reporting.captured_changes import sentences
from destination_dust.reporting.counts import Counts

logger = logging.getLogger("airbyte")

# A retry is logged at once, then at most this often while it keeps failing.
RETRY_INTERVAL = 60.0
# A call that is repeated may take some seconds to fail again.
TROUBLE_SHOWN = 5.0
# Different errors of the source that are shown; a source that fails may report very many.
SOURCE_ERRORS_SHOWN = 10
# Shorter waits are those of a burst's calls for one another, not for the limit.
SHORTEST_WAIT_SHOWN = 1.0

# Why the value of a chosen field was of no use, and what was done, by setting.
LEFT_OUT = {
    "title_field": "without a text, number or boolean. They have the title that they would have without it",
    "source_url_field": "that is not a URL Dust takes (http or https). They were stored without it",
    "tag_fields": "entry without a text, number or boolean. They were stored without its tags",
    "timestamp_field": (
        "that is not a date or time, or is a number that gives no time from 1980 to 2100. They have the time at which "
        "the source emitted them"
    ),
}


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
        display: Display | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """`interval`: seconds between two progress lines, or two updates of the display."""
        self._interval = interval
        self._pacer = pacer
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
            if counts.not_utf8:
                logger.warning(
                    "Stream %s: %d records have bytes that are not UTF-8. Dust gets U+FFFD in their place. "
                    "Let the source write UTF-8.",
                    stream,
                    counts.not_utf8,
                )
            for setting, effect in LEFT_OUT.items():
                if records := counts.left_out[setting]:
                    logger.warning("Stream %s: %d records have a %s %s.", stream, records, setting, effect)
            if counts.lacking_text:
                logger.warning(
                    "Stream %s: %d records have none of the text_fields. Their documents have only their title as "
                    "text, or, until a record had one of the fields, all fields.",
                    stream,
                    counts.lacking_text,
                )
            for sentence in sentences(counts):
                logger.warning("Stream %s: %s", stream, sentence)
            if counts.with_surplus_tags:
                logger.warning(
                    "Stream %s: the tag_fields of %d records have more than 100 values. Their documents have the first "
                    "100 as tags.",
                    stream,
                    counts.with_surplus_tags,
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
