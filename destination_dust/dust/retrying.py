"""Calls that are repeated until Dust has answered them: the only place that sleeps or retries.

Repeating is safe because every write is keyed: the same document or row arrives once more. Retries
are limited in time, not in number. Waiting for Dust's upsert limit is not a retry and has no limit.
"""

from __future__ import annotations

import random as _random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from destination_dust.dust.errors import Ambiguous, DustError, Misconfigured, Rejected, Stopped, Unavailable
from destination_dust.dust.pacer import Pacer
from destination_dust.dust.permit import NoPacing, Permit
from destination_dust.dust.responses import Retry, RetryReason, classify
from destination_dust.dust.transport import NotSent, OutcomeUnknown, Request, TimedOut, Transport, Untrusted

FIRST_WAIT = 1.0
LONGEST_WAIT = 30.0
# Dust may still be working on a call that timed out (it holds a table for up to 60 s), and a repeat
# must not be overtaken by its own first try.
QUIET_AFTER_TIMEOUT = 60.0
# A table's queue is merged once nothing has been added to it for 10 s.
QUIET_FOR_PENDING_UPDATES = 15.0
# Waits of up to 1, 2, 4 and 8 s: long enough for another write to succeed, which shows that Dust itself is fine.
TRIES_BEFORE_AMBIGUOUS = 5

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
    ) -> None:
        """`budget`: seconds that one call may spend on failures; `on_retry` is called before each retry."""
        self._transport = transport
        self._host = host
        self._budget = budget
        self._clock = clock or Clock()
        self._on_retry = on_retry
        self._turn = threading.Lock()
        """Held by the one caller that waits for the pacer: if all waited, each free slot would wake every thread."""
        self._successes: dict[tuple[str, str], float] = {}
        """When the last call that succeeded was sent, by method and target."""

    def call(self, request: Request, pacer: Pacer | NoPacing | None = None) -> dict[str, Any]:
        """Return the JSON object that Dust answers. Raises the errors of `errors.py`."""
        first_failure: float | None = None
        tries = 0
        paced = 0.0
        while True:
            asked_at = self._clock.now()
            permit = self._permit(pacer) if pacer else Permit()
            sent_at = self._clock.now()
            paced += sent_at - asked_at
            outcome = self._attempt(request, pacer or NoPacing(), permit)
            now = self._clock.now()
            if isinstance(outcome, dict):
                self._successes[request.method, request.target] = sent_at
                return outcome
            if isinstance(outcome, DustError):
                raise outcome
            if pacer and outcome.reason is RetryReason.UPSERT_LIMIT:
                continue
            tries += 1
            if first_failure is None:
                first_failure, paced = now, 0.0
            if outcome.ambiguous and self._only_this_one_fails(request, first_failure, tries):
                raise Rejected(f"{outcome.detail} (refused {tries} times, while other writes succeeded)")
            if outcome.ambiguous and request.ambiguous_after and tries >= request.ambiguous_after:
                raise Ambiguous(outcome.detail)
            wait = self._wait_before(outcome, request, tries)
            if now + wait - first_failure - paced > self._budget:
                raise Unavailable(self._given_up(outcome))
            if wait:
                self._on_retry(outcome, wait)
                self._pause(wait)

    def _attempt(self, request: Request, pacer: Pacer | NoPacing, permit: Permit) -> dict[str, Any] | DustError | Retry:
        """One exchange and its outcome."""
        try:
            response = self._transport.send(request)
        except Untrusted as error:
            pacer.returned(permit)
            return Misconfigured(
                f"The certificate of {self._host} is not valid ({error}). Check the base URL, and whether a proxy "
                "in between presents its own certificate."
            )
        except NotSent as error:
            pacer.returned(permit)
            return Retry(RetryReason.UNREACHABLE, str(error))
        except TimedOut as error:
            pacer.counted(permit)
            return Retry(RetryReason.TIMED_OUT, str(error))
        except OutcomeUnknown as error:
            pacer.counted(permit)
            return Retry(RetryReason.DISCONNECTED, str(error))
        outcome = classify(response, host=self._host)
        if isinstance(outcome, Retry) and outcome.reason is RetryReason.UPSERT_LIMIT:
            pacer.refused(permit, outcome.after)
        else:
            pacer.counted(permit)
        return outcome

    def _permit(self, pacer: Pacer | NoPacing) -> Permit:
        """Wait until the pacer lets a call go."""
        with self._turn:
            while True:
                reply = pacer.try_acquire()
                if isinstance(reply, Permit):
                    return reply
                self._pause(reply.seconds)

    def _only_this_one_fails(self, request: Request, first_failure: float, tries: int) -> bool:
        """Dust answers 500 both to bad data and in outages; only success elsewhere distinguishes them.

        It must be of the same kind (deletes succeed while embedding fails), and of a call that was sent
        after this one had failed.
        """
        if not request.target or tries < TRIES_BEFORE_AMBIGUOUS:
            return False
        return self._successes.get((request.method, request.target), first_failure) > first_failure

    def _wait_before(self, outcome: Retry, request: Request, tries: int) -> float:
        """Seconds until the next try: what Dust needs or asked for, plus a random part of a growing time."""
        if outcome.reason is RetryReason.DISCONNECTED and tries == 1:
            # Dust closes a connection after 5 idle seconds; a call that reuses it at that moment breaks.
            return 0.0
        needed = outcome.after or 0.0
        if outcome.reason is RetryReason.TIMED_OUT and request.method != "GET":
            needed = max(needed, QUIET_AFTER_TIMEOUT)
        if outcome.reason is RetryReason.PENDING_UPDATES:
            needed = max(needed, QUIET_FOR_PENDING_UPDATES)
        return needed + self._clock.random() * min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** min(tries - 1, 10))

    def _pause(self, seconds: float) -> None:
        if self._clock.pause(seconds):
            raise Stopped("The sync is stopping.")

    def _given_up(self, outcome: Retry) -> str:
        spent = f"{self._budget / 60:.0f} minutes" if self._budget >= 120 else f"{self._budget:.0f} seconds"
        return f"Gave up on {self._host} after {spent}: {outcome.reason.value} ({outcome.detail})."
