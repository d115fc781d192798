"""Repeating calls until Dust answers or time runs out, on a simulated clock."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

import orjson
import pytest

from destination_dust.dust.errors import Ambiguous, Misconfigured, Rejected, Stopped, TooLarge, Unavailable
from destination_dust.dust.permit import NoPacing
from destination_dust.dust.responses import Retry, RetryReason
from destination_dust.dust.retrying import (
    FIRST_WAIT,
    LONGEST_WAIT,
    QUIET_AFTER_TIMEOUT,
    QUIET_FOR_PENDING_UPDATES,
    TRIES_BEFORE_AMBIGUOUS,
    Clock,
    RetryingCaller,
)
from destination_dust.dust.transport import NotSent, OutcomeUnknown, Request, Response, TimedOut, Untrusted

BUDGET = 900.0
GET = Request("GET", "/spaces")
UPSERT = Request("POST", "/documents/a", body=b"{}", target="source")
DELETE = Request("DELETE", "/documents/a", target="source")

Reply = Response | Exception
OK = Response(200, {}, b'{"ok":1}')
BAD_GATEWAY = Response(502, {}, b"")


def error(
    status: int, message: str = "what happened", *, kind: str = "internal_server_error", after: str = ""
) -> Response:
    """A response in Dust's envelope."""
    headers = {"Retry-After": after} if after else {}
    return Response(status, headers, orjson.dumps({"error": {"type": kind, "message": message}}))


SUSPICIOUS = error(500, "There was an error upserting the document.")
LIMIT = error(429, "You have reached the maximum number of 120 upserts per minute.")
PENDING = error(429, "Too many pending table updates are queued for this table.")


class Gate:
    """A pacer that lets each call go after a time, and writes down what it hears."""

    def __init__(self, world: World, seconds: float = 0.0) -> None:
        self._world = world
        self._seconds = seconds
        self._due: float | None = None
        self.heard: list[Any] = []

    def try_acquire(self) -> Any:
        if self._due is None:
            self._due = self._world.time + self._seconds
        if self._world.time < self._due:
            return SimpleNamespace(seconds=self._due - self._world.time)
        self._due = None
        return NoPacing().try_acquire()

    def counted(self, _permit: object) -> None:
        self.heard.append("counted")

    def refused(self, _permit: object, retry_after: float | None) -> None:
        self.heard.append(("refused", retry_after))

    def returned(self, _permit: object) -> None:
        self.heard.append("returned")


class World:
    """A clock, a server that answers from a list, and a caller between the two."""

    def __init__(self, *replies: Reply, random: float = 1.0, takes: float = 0.0, stops_at: float | None = None) -> None:
        self.time = 1000.0
        self.replies = list(replies)
        self.sent: list[float] = []
        self.waits: list[float] = []
        self.told: list[tuple[RetryReason, float]] = []
        self.meanwhile: list[Request] = []
        """Calls that are made, and succeed, during the next wait."""
        self._takes = takes
        self._stops_at = stops_at
        self.caller = RetryingCaller(
            self,  # type: ignore[arg-type] # it only has to send
            host="dust.tt",
            budget=BUDGET,
            clock=Clock(now=lambda: self.time, pause=self._pause, random=lambda: random),
            on_retry=lambda retry, seconds: self.told.append((retry.reason, seconds)),
        )

    def send(self, _request: Request) -> Response:
        self.sent.append(self.time)
        self.time += self._takes
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        if isinstance(reply, Exception):
            raise reply
        return reply

    def _pause(self, seconds: float) -> bool:
        self.waits.append(seconds)
        self.time += seconds
        while self.meanwhile:
            replies, self.replies, sent = self.replies, [OK], list(self.sent)
            self.call(self.meanwhile.pop())
            self.replies, self.sent = replies, sent
        return self._stops_at is not None and self.time >= self._stops_at

    def call(self, request: Request = UPSERT, pacer: Gate | None = None) -> dict[str, Any]:
        return self.caller.call(request, pacer)  # type: ignore[arg-type]  # a gate does what is needed of one


def test_a_success_is_returned_at_once() -> None:
    """Without a wait, and without a word."""
    world = World(OK)

    assert {"ok": 1} == world.call()
    assert ([], []) == (world.waits, world.told)


@pytest.mark.parametrize(
    ("reply", "raised"),
    [
        (error(401, kind="invalid_api_key_error"), Misconfigured),
        (error(400, kind="invalid_request_error"), Rejected),
        (error(413, kind="content_too_large"), TooLarge),
        (Response(307, {"Location": "https://x"}, b""), Misconfigured),
        (Untrusted("certificate has expired"), Misconfigured),
    ],
)
def test_permanent_errors_are_not_retried(reply: Reply, raised: type[Exception]) -> None:
    """The first response is the last."""
    world = World(reply, OK)

    with pytest.raises(raised):
        world.call()

    assert 1 == len(world.sent)


@pytest.mark.parametrize(
    "reply",
    [
        BAD_GATEWAY,
        SUSPICIOUS,
        NotSent("refused"),
        OutcomeUnknown("broke"),
        TimedOut("silence"),
        error(429),
        Response(200, {}, b""),
    ],
)
def test_passing_errors_are_retried(reply: Reply) -> None:
    """Until it does."""
    world = World(reply, reply, reply, OK)

    assert {"ok": 1} == world.call()
    assert 4 == len(world.sent)


@pytest.mark.parametrize("takes", [0.0, 10.0, 300.0])
@pytest.mark.parametrize("random", [0.0, 0.5, 1.0])
def test_repeating_ends_by_time(random: float, takes: float) -> None:
    """However long each call takes: not before the budget is nearly used, and never after it by more than a call."""
    world = World(BAD_GATEWAY, random=max(random, 0.001), takes=takes)

    with pytest.raises(
        Unavailable, match=r"^Gave up on dust\.tt after 15 minutes: Dust cannot be reached \(status 502\)\.$"
    ):
        world.call()

    failing = world.time - (1000.0 + takes)
    assert BUDGET - LONGEST_WAIT - takes <= failing <= BUDGET + takes


def test_failures_within_the_budget_do_not_end_the_retries() -> None:
    """It ends by time, not by count."""
    world = World(*[BAD_GATEWAY] * 500, OK, random=0.05)

    assert {"ok": 1} == world.call()
    assert 501 == len(world.sent)


@pytest.mark.parametrize("random", [0.0, 0.3, 1.0])
def test_waits_grow_and_are_spread_out(random: float) -> None:
    """Full jitter: threads that fail together do not come back together."""
    world = World(*[BAD_GATEWAY] * 8, OK, random=random)

    world.call()

    bounds = [min(LONGEST_WAIT, FIRST_WAIT * 2**number) for number in range(8)]
    assert [bound * random for bound in bounds] == pytest.approx(world.waits or [0.0] * 8)


def test_waits_stay_bounded_however_often() -> None:
    """Powers of two end in infinity."""
    world = World(*[BAD_GATEWAY] * 2000, OK, random=0.0)

    world.call()

    assert 2001 == len(world.sent)


def test_each_wait_is_told() -> None:
    """With its reason, before it begins."""
    world = World(BAD_GATEWAY, error(503, kind="service_unavailable"), OK)

    world.call()

    assert [(RetryReason.UNREACHABLE, 1.0), (RetryReason.MAINTENANCE, 2.0)] == world.told


@pytest.mark.parametrize("status", [429, 500, 502, 503])
@pytest.mark.parametrize("random", [0.0, 1.0])
def test_a_wait_that_dust_asks_for_is_obeyed(status: int, random: float) -> None:
    """Never less than asked, and not all at once."""
    world = World(error(status, after="42"), OK, random=random)

    world.call()

    assert [42 + random * FIRST_WAIT] == world.waits


def test_an_endless_wait_is_not_obeyed() -> None:
    """Within the budget, at most ten minutes."""
    world = World(error(503, after="1000000000"), OK, random=0.0)

    world.call()

    assert [600.0] == world.waits


@pytest.mark.parametrize("random", [0.0, 1.0])
def test_a_write_that_timed_out_has_time_to_end(random: float) -> None:
    """Dust may still be at it, and the repeat must not be overtaken by its own first try."""
    for request in (UPSERT, DELETE):
        world = World(TimedOut("silence"), OK, random=random)
        world.call(request)
        assert [QUIET_AFTER_TIMEOUT + random * FIRST_WAIT] == world.waits
    assert QUIET_AFTER_TIMEOUT >= 60


def test_a_look_up_that_timed_out_is_repeated_soon() -> None:
    """It changes nothing."""
    world = World(TimedOut("silence"), OK)

    world.call(GET)

    assert [FIRST_WAIT] == world.waits


def test_a_table_with_too_many_updates_is_left_alone() -> None:
    """Dust merges them once nothing was added for ten seconds."""
    world = World(PENDING, OK, random=0.0)

    world.call()

    assert [QUIET_FOR_PENDING_UPDATES] == world.waits
    assert QUIET_FOR_PENDING_UPDATES > 10


def test_a_first_broken_connection_is_repeated_at_once_and_not_told() -> None:
    """Dust closes connections after five idle seconds, which is normal. Only the second break counts as a failure."""
    world = World(OutcomeUnknown("broke"), OutcomeUnknown("broke"), OK)

    world.call()

    assert [2 * FIRST_WAIT] == world.waits
    assert [(RetryReason.DISCONNECTED, 2 * FIRST_WAIT)] == world.told


def test_waiting_for_the_upsert_limit_does_not_count_as_failing() -> None:
    """It uses no budget and is not reported; the pacer sets the pauses."""
    world = World(*[LIMIT] * 500, OK)
    gate = Gate(world, seconds=60.0)

    assert {"ok": 1} == world.call(UPSERT, gate)

    assert world.time - 1000.0 > 10 * BUDGET
    assert [] == world.told
    assert [("refused", None)] * 500 + ["counted"] == gate.heard


def test_time_in_which_the_pacer_holds_a_call_back_is_not_charged() -> None:
    """Of a workspace that others use up, each repeat can wait for minutes."""
    world = World(*[BAD_GATEWAY] * 8, OK)

    assert {"ok": 1} == world.call(UPSERT, Gate(world, seconds=300.0))


def test_an_upsert_limit_without_a_pacer_is_waited_for_like_other_trouble() -> None:
    """Nothing else would keep the call from being repeated at once."""
    world = World(LIMIT, OK)

    world.call()

    assert [FIRST_WAIT] == world.waits


@pytest.mark.parametrize(
    ("reply", "heard"),
    [
        (NotSent("refused"), "returned"),
        (OutcomeUnknown("broke"), "counted"),
        (TimedOut("silence"), "counted"),
        (BAD_GATEWAY, "counted"),
        (SUSPICIOUS, "counted"),
        (error(429), "counted"),
        (error(429, "120 upserts per minute", after="30"), ("refused", 30.0)),
    ],
)
def test_the_pacer_hears_what_dust_counted(reply: Reply, heard: object) -> None:
    """What may have been counted is taken as counted; what certainly was not gives its slot back."""
    world = World(reply, OK)
    gate = Gate(world)

    world.call(UPSERT, gate)

    assert [heard, "counted"] == gate.heard


def test_the_pacer_hears_of_calls_that_fail_for_good() -> None:
    """Dust has counted them, or not, all the same."""
    for reply, heard in ((error(400), "counted"), (Untrusted("expired"), "returned")):
        world = World(reply)
        gate = Gate(world)
        with pytest.raises((Rejected, Misconfigured)):
            world.call(UPSERT, gate)
        assert [heard] == gate.heard


def test_data_that_fails_while_other_writes_succeed_is_bad() -> None:
    """Dust answers 500 to bad data and in an outage; only success elsewhere distinguishes them."""
    world = World(SUSPICIOUS)
    world.meanwhile = [Request("POST", "/documents/b", body=b"{}", target="source")]

    with pytest.raises(Rejected, match=rf"refused {TRIES_BEFORE_AMBIGUOUS} times, while other writes succeeded"):
        world.call()

    assert TRIES_BEFORE_AMBIGUOUS == len(world.sent)


def test_data_that_fails_while_nothing_succeeds_is_not_known_to_be_bad() -> None:
    """Dust may be in trouble: no record is left out for that."""
    world = World(SUSPICIOUS)

    with pytest.raises(Unavailable):
        world.call()


def test_trouble_is_not_the_datas_fault_while_other_writes_succeed() -> None:
    """Some gateways of many may be down."""
    world = World(BAD_GATEWAY)
    world.meanwhile = [Request("POST", "/documents/b", body=b"{}", target="source")]

    with pytest.raises(Unavailable):
        world.call()


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(Request("POST", "/documents/b", body=b"{}", target="another source"), id="elsewhere"),
        pytest.param(DELETE, id="of another kind"),
        pytest.param(GET, id="no write"),
    ],
)
def test_success_of_another_kind_proves_nothing(other: Request) -> None:
    """Deletes go well while nothing can be embedded; another table says nothing about this one."""
    world = World(SUSPICIOUS)
    world.meanwhile = [other]

    with pytest.raises(Unavailable):
        world.call()


def test_success_before_the_failure_proves_nothing() -> None:
    """The trouble may have begun in between."""
    world = World(OK)
    world.call()
    world.time += 1
    world.replies = [SUSPICIOUS]

    with pytest.raises(Unavailable):
        world.call()


def test_success_of_a_call_that_was_sent_before_the_failure_proves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its slow response comes when others are in trouble already."""
    world = World(SUSPICIOUS)
    slow = Request("POST", "/documents/slow", body=b"{}", target="source")
    under_way, goes_on = threading.Event(), threading.Event()
    slow_call = threading.Thread(target=world.call, args=(slow,))

    def send(request: Request) -> Response:
        if request is slow:
            under_way.set()
            assert goes_on.wait(10)
            return OK
        world.sent.append(world.time)
        world.time += 1
        if len(world.sent) == 2:
            goes_on.set()
            slow_call.join()
        return SUSPICIOUS

    monkeypatch.setattr(world, "send", send)
    slow_call.start()
    assert under_way.wait(10)

    with pytest.raises(Unavailable):
        world.call()


def test_a_look_up_is_never_refused_for_the_success_of_others() -> None:
    """It sends nothing that could be bad."""
    world = World(SUSPICIOUS)
    world.meanwhile = [Request("GET", "/other")]

    with pytest.raises(Unavailable):
        world.call(GET)


@pytest.mark.parametrize("tries", [1, 3])
def test_a_caller_that_knows_better_hears_of_doubt_early(tries: int) -> None:
    """A batch can be halved to find the bad row, which waiting never does."""
    world = World(SUSPICIOUS)

    with pytest.raises(Ambiguous):
        world.call(Request("POST", "/rows", body=b"{}", target="table", ambiguous_after=tries))

    assert tries == len(world.sent)


def test_an_outage_is_not_ambiguous() -> None:
    """A gateway that is restarted says nothing about the data."""
    world = World(*[BAD_GATEWAY] * 10, OK)

    assert {"ok": 1} == world.call(Request("POST", "/rows", body=b"{}", target="table", ambiguous_after=1))


def test_stopping_ends_the_wait_for_a_repeat() -> None:
    """At once, with an error of its own."""
    world = World(error(503, after="300"), stops_at=0.0)

    with pytest.raises(Stopped):
        world.call()

    assert (1, 1) == (len(world.sent), len(world.waits))


def test_stopping_ends_the_wait_for_the_limit() -> None:
    """The call is never sent."""
    world = World(OK, stops_at=0.0)

    with pytest.raises(Stopped):
        world.call(UPSERT, Gate(world, seconds=60.0))

    assert ([], [60.0]) == (world.sent, world.waits)


def test_a_short_budget_is_told_in_seconds() -> None:
    """A user waits for the result of a check."""
    world = World(BAD_GATEWAY)
    world.caller = RetryingCaller(
        world,  # type: ignore[arg-type]  # it only has to send
        host="dust.tt",
        budget=20.0,
        clock=Clock(now=lambda: world.time, pause=world._pause, random=lambda: 1.0),
    )

    with pytest.raises(Unavailable, match="after 20 seconds"):
        world.call()

    assert world.time - 1000.0 <= 20.0


def test_the_retry_that_is_told_holds_what_dust_said() -> None:
    """For the log line."""
    told: list[Retry] = []
    world = World(error(503, "down for repairs", kind="service_unavailable"), OK)
    world.caller._on_retry = lambda retry, _seconds: told.append(retry)

    world.call()

    assert ["down for repairs"] == [retry.detail for retry in told]
