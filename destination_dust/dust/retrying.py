"""Calls that are repeated until Dust has answered them: the only place that sleeps or retries.

Repeating is safe because every write is keyed: the same document or row arrives once more. Retries
are limited in time, not in number. Waiting for Dust's upsert limit is not a retry and has no limit.
"""

from __future__ import annotations

import copy
import random as _random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from destination_dust.dust.answers import Reader, T
from destination_dust.dust.attempts import Attempts
from destination_dust.dust.comparisons import Sample, Samples
from destination_dust.dust.errors import Ambiguous, DustError, Misconfigured, Rejected, Stopped, Unavailable
from destination_dust.dust.evidence import LikeCalls
from destination_dust.dust.exchange import OVER_LIMIT, Exchanges, Success
from destination_dust.dust.pacer import Pacer
from destination_dust.dust.permit import NoPacing, Permit
from destination_dust.dust.request import Request
from destination_dust.dust.responses import Retry, RetryReason
from destination_dust.dust.traffic import Traffic
from destination_dust.dust.transport import Transport
from destination_dust.dust.unsettled import UnsettledWrites

FIRST_WAIT = 1.0
# With a small budget, this and the next are a fifteenth of it.
LONGEST_WAIT = 30.0
# Dust may still be working on a call that ended without its answer (it holds a table for up to 60 s), and a later
# write must not be overtaken by it.
QUIET_AFTER_UNSETTLED = 60.0
# How long a write must fail before it can be to blame. With a small budget, a fifth of it.
PATIENCE = 180.0
# A table's queue is merged once nothing has been added to it for 10 s.
QUIET_FOR_PENDING_UPDATES = 15.0
OnRetry = Callable[[Retry, float], None]


@dataclass(frozen=True, slots=True)
class Clock:
    """The caller's time: real in production, simulated in tests.

    `pause` waits for some seconds, and returns True as soon as the wait is cancelled.
    """

    now: Callable[[], float] = time.monotonic
    pause: Callable[[float], bool | None] = time.sleep
    random: Callable[[], float] = _random.random


class RetryingCaller:
    """Makes calls through a transport, each until it succeeds, is refused, or the time is up."""

    def __init__(
        self,
        transport: Transport,
        *,
        host: str,
        budget: float,
        clock: Clock | None = None,
        on_retry: OnRetry = lambda _retry, _seconds: None,
        traffic: Traffic | None = None,
    ) -> None:
        """`budget`: seconds that one call may spend on failures; `on_retry` is called before each retry."""
        self._transport = transport
        self._host = host
        self._budget = budget
        self._clock = clock or Clock()
        self._on_retry = on_retry
        self._turn = threading.Lock()
        """Held by the one caller that waits for the pacer: if all waited, each free slot would wake every thread."""
        self._patience = min(PATIENCE, budget / 5)
        self._traffic = traffic or Traffic(self._clock.now)
        self._exchanges = Exchanges(transport, host)
        self._longest_wait = min(LONGEST_WAIT, budget / 15)
        self._unsettled = UnsettledWrites(min(QUIET_AFTER_UNSETTLED, budget / 15))
        self._others = LikeCalls()
        self._samples = Samples()

    def for_sync(self, *, clock: Clock, on_retry: OnRetry, traffic: Traffic) -> RetryingCaller:
        """The same caller for one of several syncs, which has its own waits and counts.

        All of them know what one has learnt: which writes may still land, and that Dust has answered.
        """
        same = copy.copy(self)
        same._clock, same._on_retry, same._traffic = clock, on_retry, traffic
        return same

    def close(self) -> None:
        """See `Transport.close`."""
        self._transport.close()

    def call(
        self,
        request: Request,
        read: Reader[T],
        pacer: Pacer | NoPacing | None = None,
        *,
        harmless: Sample | None = None,
    ) -> T:
        """Return what `read` makes of Dust's answer. Raises the errors of `errors.py`.

        `harmless`: a like call that changes nothing, for the case that none has succeeded before.
        """
        self._wait_for_earlier(request)
        attempts = Attempts(request, self._others, patience=self._patience)
        while True:
            asked_at = self._clock.now()
            permit = self._permit(pacer) if pacer else Permit()
            sent_at = self._clock.now()
            attempts.held_back(sent_at - asked_at)
            outcome = self._exchanges.make(request, read, pacer or NoPacing(), permit, self._traffic)
            if isinstance(outcome, Success):
                self._succeeded(request, read, sent_at)
                return outcome.value
            if isinstance(outcome, DustError):
                raise outcome
            if pacer and outcome.reason in OVER_LIMIT:
                continue
            now = self._clock.now()
            attempts.failed(outcome, now)
            if outcome.unsettled:
                self._unsettled.add(request.key, now)
            if attempts.are_doubtful(outcome, now):
                raise Ambiguous(outcome.detail, cut_off=outcome.unsettled)
            wait = self._wait_before(outcome, request, attempts.number, now)
            if attempts.seconds(now) + wait > self._budget:
                raise self._given_up(outcome, request, now)
            if wait:
                self._on_retry(outcome, wait)
                self._pause(wait)
            self._compare(request, pacer, attempts.missing_comparisons, harmless)
            if attempts.prove_guilt():
                raise Rejected(_blamed(outcome, attempts.number, attempts.seconds(self._clock.now())))

    def _wait_for_earlier(self, request: Request) -> None:
        """Let no write overtake an earlier one of its key that may still land."""
        if request.writes:
            while not self._samples.begins(request.key):
                self._pause(FIRST_WAIT)
            self._pause(self._unsettled.wait(request.key, self._clock.now()))

    def _succeeded(self, request: Request, read: Reader[T], sent_at: float) -> None:
        if request.writes:
            self._others.succeeded(request.kind, sent_at)
            self._samples.keep(Sample(request, read))

    def _compare(
        self, request: Request, pacer: Pacer | NoPacing | None, times: int, harmless: Sample | None = None
    ) -> None:
        """Send a like call that has succeeded before, or is harmless, to see whether Dust takes such calls now."""
        lent = self._samples.lend(request.kind) if times else None
        sample = lent or harmless
        if sample is None:
            return
        try:
            for _ in range(times):
                permit = self._permit(pacer) if pacer else Permit()
                sent_at = self._clock.now()
                outcome = self._exchanges.make(sample.request, sample.read, pacer or NoPacing(), permit, self._traffic)
                if isinstance(outcome, Success):
                    self._others.succeeded(request.kind, sent_at)
                    continue
                self._others.failed(request.kind, self._clock.now(), sample)
                if isinstance(outcome, Retry) and outcome.unsettled:
                    self._unsettled.add(sample.request.key, self._clock.now())
                return
        finally:
            if lent:
                self._samples.give_back(request.kind)

    def _permit(self, pacer: Pacer | NoPacing) -> Permit:
        """Wait until the pacer lets a call go."""
        with self._turn:
            while True:
                reply = pacer.try_acquire()
                if isinstance(reply, Permit):
                    return reply
                with self._traffic.waiting(reply.reason):
                    self._pause(reply.seconds)

    def _wait_before(self, outcome: Retry, request: Request, tries: int, now: float) -> float:
        """Seconds until the next try: what Dust needs or asked for, plus a random part of a growing time."""
        needed = max(outcome.after or 0.0, self._unsettled.wait(request.key, now))
        if outcome.reason is RetryReason.PENDING_UPDATES:
            needed = max(needed, QUIET_FOR_PENDING_UPDATES)
        return needed + self._clock.random() * min(self._longest_wait, FIRST_WAIT * 2.0 ** min(tries - 1, 10))

    def _pause(self, seconds: float) -> None:
        if seconds and self._clock.pause(seconds):
            raise Stopped("The sync is stopping.")

    def _given_up(self, outcome: Retry, request: Request, now: float) -> DustError:
        """The error for a call whose time is up. The next process must not be overtaken by its last try either."""
        self._clock.pause(self._unsettled.wait(request.key, now))
        subject = f" The last call was for the {request.subject}." if outcome.suspicious and request.subject else ""
        if mistake := self._exchanges.mistake(request, outcome):
            return Misconfigured(f"{mistake}{subject}", reason=mistake.reason)
        return Unavailable(
            f"Gave up on {self._host} after {_duration(self._budget)}: {outcome.reason.value} ({outcome.detail})."
            f"{subject}"
        )


def _blamed(outcome: Retry, tries: int, seconds: float) -> str:
    what = f"{outcome.reason.value}: {outcome.detail}"
    return f"{what} ({tries} times in {_duration(seconds)}, while other writes succeeded)"


def _duration(seconds: float) -> str:
    return f"{seconds / 60:.0f} minutes" if seconds >= 120 else f"{seconds:.0f} seconds"
