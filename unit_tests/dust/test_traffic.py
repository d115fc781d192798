"""What is counted of the traffic with Dust."""

from __future__ import annotations

import orjson
import pytest

from destination_dust.dust.connection_errors import NotSent, OutcomeUnknown, TimedOut
from destination_dust.dust.exchange import Exchanges
from destination_dust.dust.permit import NoPacing, Permit, Reason
from destination_dust.dust.request import Request
from destination_dust.dust.responses import RetryReason
from destination_dust.dust.traffic import Traffic, TrafficStatus
from destination_dust.dust.transport import Response

UPSERT = Request("POST", "/documents/a", body=b'{"text":"a"}')
GET = Request("GET", "/documents/a")
LIMIT = {"error": {"type": "rate_limit_error", "message": "You have reached the maximum of 120 upserts per minute."}}
ANSWER = b'{"ok":1}'


class Line:
    """A transport with one answer."""

    def __init__(self, reply: Response | Exception) -> None:
        self._reply = reply

    def send(self, _request: Request) -> Response:
        if isinstance(self._reply, Exception):
            raise self._reply
        return self._reply


def counted(reply: Response | Exception, request: Request = UPSERT) -> TrafficStatus:
    """What is counted of one exchange."""
    traffic = Traffic()
    exchanges = Exchanges(Line(reply), "dust.tt")  # type: ignore[arg-type] # it can send
    exchanges.make(request, lambda answer: answer, NoPacing(), Permit(), traffic)
    return traffic.status()


def test_an_exchange_counts_with_the_bytes_of_both_bodies() -> None:
    """A request without a body has none."""
    assert TrafficStatus(1, len(UPSERT.body or b""), len(ANSWER), {}, {}) == counted(Response(200, {}, ANSWER))
    assert TrafficStatus(1, 0, len(ANSWER), {}, {}) == counted(Response(200, {}, ANSWER), GET)


@pytest.mark.parametrize(
    ("reply", "reason", "received"),
    [
        (Response(429, {}, orjson.dumps(LIMIT)), RetryReason.UPSERT_LIMIT, len(orjson.dumps(LIMIT))),
        (Response(502, {}, b"<html>"), RetryReason.UNREACHABLE, 6),
        (NotSent("no route"), RetryReason.UNREACHABLE, 0),
        (TimedOut("no answer in time"), RetryReason.TIMED_OUT, 0),
        (OutcomeUnknown("reset"), RetryReason.DISCONNECTED, 0),
    ],
)
def test_a_failure_that_may_pass_counts_under_its_reason(
    reply: Response | Exception, reason: RetryReason, received: int
) -> None:
    """Whether Dust, something else or no one answered."""
    assert TrafficStatus(1, len(UPSERT.body or b""), received, {reason: 1}, {}) == counted(reply)


def test_a_refusal_for_good_is_no_retry() -> None:
    """It is a rejected record, or the end of the sync."""
    refused = Response(400, {}, orjson.dumps({"error": {"type": "invalid_request_error", "message": "no"}}))

    assert {} == counted(refused).retries


def test_waits_add_up_by_reason() -> None:
    """In the seconds that they took, not those that were asked for."""
    time = [100.0]
    traffic = Traffic(now=lambda: time[0])
    for reason, seconds in [(Reason.LIMIT, 50.0), (Reason.SHARED, 2.0), (Reason.LIMIT, 0.5)]:
        with traffic.waiting(reason):
            time[0] += seconds
        time[0] += 7

    assert {Reason.LIMIT: 50.5, Reason.SHARED: 2.0} == traffic.status().waited


def test_a_wait_that_goes_on_counts_so_far() -> None:
    """A sync may be stopped in the middle of one; then the wait ends at once, and still counts."""
    time = [100.0]
    traffic = Traffic(now=lambda: time[0])
    so_far = []

    def stopped() -> None:
        time[0] += 30
        so_far.append(traffic.status().waited)
        raise InterruptedError

    with pytest.raises(InterruptedError), traffic.waiting(Reason.LIMIT):
        stopped()
    time[0] += 30

    assert [{Reason.LIMIT: 30.0}] == so_far
    assert {Reason.LIMIT: 30.0} == traffic.status().waited
