"""One exchange with Dust and what came of it: a success only if the answer proves one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic

from destination_dust.dust.answers import Answer, Reader, T, WrongAnswer
from destination_dust.dust.connection_errors import Blocked, NotSent, OutcomeUnknown, TimedOut, TooLarge
from destination_dust.dust.errors import AnswerTooLarge, DustError, Misconfigured
from destination_dust.dust.evidence import Kind
from destination_dust.dust.pacer import Pacer
from destination_dust.dust.permit import NoPacing, Permit
from destination_dust.dust.request import Request
from destination_dust.dust.responses import Retry, RetryReason, classify, not_dust
from destination_dust.dust.traffic import Traffic
from destination_dust.dust.transport import Transport

# What a refused upsert waits for, in whatever words Dust says it: the pacer sets the pauses, and no budget is used.
OVER_LIMIT = (RetryReason.UPSERT_LIMIT, RetryReason.SLOW_DOWN)


@dataclass(frozen=True, slots=True)
class Success(Generic[T]):
    """Dust has carried out the call; `value` is what its answer says."""

    value: T


class Exchanges:
    """Makes exchanges through a transport."""

    def __init__(self, transport: Transport, host: str) -> None:
        self._transport = transport
        self._host = host
        self._answered: set[Kind] = set()
        """Kinds of calls that were ever answered as Dust does."""

    def make(
        self, request: Request, read: Reader[T], pacer: Pacer | NoPacing, permit: Permit, traffic: Traffic
    ) -> Success[T] | DustError | Retry:
        """Send a request, and say what came of it. The pacer hears whether Dust counted the call."""
        outcome = self._make(request, read, pacer, permit, traffic)
        if isinstance(outcome, Retry):
            traffic.failed(outcome.reason)
        return outcome

    def _make(
        self, request: Request, read: Reader[T], pacer: Pacer | NoPacing, permit: Permit, traffic: Traffic
    ) -> Success[T] | DustError | Retry:
        traffic.requested(len(request.body or b""))
        try:
            response = self._transport.send(request)
        except Blocked as error:
            pacer.returned(permit)
            return Misconfigured(str(error))
        except NotSent as error:
            pacer.returned(permit)
            return Retry(RetryReason.UNREACHABLE, str(error))
        except TimedOut as error:
            pacer.counted(permit)
            return Retry(RetryReason.TIMED_OUT, str(error), unsettled=True)
        except OutcomeUnknown as error:
            pacer.counted(permit)
            if isinstance(error, TooLarge) and request.divisible:
                return AnswerTooLarge(f"{self._host} sent too large a list: {error}.")
            return Retry(RetryReason.DISCONNECTED, str(error), unsettled=True)
        traffic.answered(len(response.body))
        outcome = classify(response, host=self._host)
        if isinstance(outcome, Retry) and outcome.reason in OVER_LIMIT:
            pacer.refused(permit, outcome.after)
        else:
            pacer.counted(permit)
        return self._believed(request, outcome, read)

    def _believed(
        self, request: Request, outcome: Answer | DustError | Retry, read: Reader[T]
    ) -> Success[T] | DustError | Retry:
        """What an outcome means once an answer was held against what Dust answers.

        Before Dust has answered any call, other answers show a mistake in the settings.
        """
        if isinstance(outcome, dict):
            try:
                success = Success(read(outcome))
            except WrongAnswer as error:
                outcome = not_dust(str(error), self._host)
            else:
                self._answered.add(request.kind)
                return success
        if isinstance(outcome, Retry) and outcome.at_first and not self._answered:
            return outcome.at_first
        return outcome

    def mistake(self, request: Request, outcome: Retry) -> Misconfigured | None:
        """The mistake in the settings that an outcome shows in the end, as no call of its kind was ever answered."""
        return None if request.kind in self._answered else outcome.at_first
