"""Repeating calls until Dust answers or time runs out, on a simulated clock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import orjson
import pytest

from destination_dust.dust.answers import WrongAnswer
from destination_dust.dust.connection_errors import Blocked, NotSent, OutcomeUnknown, TimedOut
from destination_dust.dust.errors import Ambiguous, Misconfigured, Rejected, Stopped, TooLarge, Unavailable
from destination_dust.dust.permit import NoPacing, Reason, Wait
from destination_dust.dust.request import Request
from destination_dust.dust.responses import Retry, RetryReason
from destination_dust.dust.retrying import (
    FIRST_WAIT,
    LONGEST_WAIT,
    PATIENCE,
    QUIET_AFTER_UNSETTLED,
    QUIET_FOR_PENDING_UPDATES,
    Clock,
    RetryingCaller,
)
from destination_dust.dust.traffic import Traffic
from destination_dust.dust.transport import Response
from unit_tests.dust.virtual_time import VirtualTime

BUDGET = 900.0
GET = Request("GET", "/spaces")
UPSERT = Request("POST", "/documents/a", body=b"{}", target="source", key="a", subject="document a")
DELETE = Request("DELETE", "/documents/a", target="source", key="a")
ROWS = Request("POST", "/rows", body=b"{}", target="rows", key="table", ambiguous_after=4)

Reply = Response | Exception
OK = Response(200, {}, b'{"ok":1}')
BAD_GATEWAY = Response(502, {}, b"")
WRONG = Response(200, {}, b'{"wrong":true}')
PAGE = Response(200, {}, b"<html>Please log in</html>")
NOT_FOUND = Response(404, {}, b"<html>Not found</html>")


def error(
    status: int, message: str = "what happened", *, kind: str = "internal_server_error", after: str = ""
) -> Response:
    """A response in Dust's envelope."""
    headers = {"Retry-After": after} if after else {}
    return Response(status, headers, orjson.dumps({"error": {"type": kind, "message": message}}))


SUSPICIOUS = error(500, "There was an error upserting the document.")
LIMIT = error(429, "You have reached the maximum number of 120 upserts per minute.")
PENDING = error(429, "Too many pending table updates are queued for this table.")


def as_it_is(answer: dict[str, Any]) -> dict[str, Any]:
    """Take any answer for one of Dust's, unless it says that it is not."""
    if answer.get("wrong"):
        raise WrongAnswer("document.hash is missing or of another type")
    return answer


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
            return Wait(self._due - self._world.time, Reason.SHARED)
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
        self.keys: list[str] = []
        self.reply_to: Callable[[Request], Reply] = self._next_reply
        self._takes = takes
        self._stops_at = stops_at
        self.traffic = Traffic(now=lambda: self.time)
        self.clock = Clock(now=lambda: self.time, pause=self._pause, random=lambda: random)
        self.caller = RetryingCaller(
            self,  # type: ignore[arg-type] # it only has to send
            host="dust.tt",
            budget=BUDGET,
            clock=self.clock,
            on_retry=lambda retry, seconds: self.told.append((retry.reason, seconds)),
            traffic=self.traffic,
        )

    def send(self, request: Request) -> Response:
        self.sent.append(self.time)
        self.keys.append(request.key)
        self.time += self._takes
        reply = self.reply_to(request)
        if isinstance(reply, Exception):
            raise reply
        return reply

    def call_in_vain(self, request: Request, error: type[Exception]) -> None:
        """Make a call that must raise this."""
        with pytest.raises(error):
            self.call(request)

    def _next_reply(self, _request: Request) -> Reply:
        return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]

    def _pause(self, seconds: float) -> bool:
        self.waits.append(seconds)
        self.time += seconds
        return self._stops_at is not None and self.time >= self._stops_at

    def call(self, request: Request = UPSERT, pacer: Gate | None = None) -> dict[str, Any]:
        return self.caller.call(request, as_it_is, pacer)  # type: ignore[arg-type]  # a gate does what is needed of one


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
        (WRONG, Misconfigured),
        (PAGE, Misconfigured),
        (NOT_FOUND, Misconfigured),
        (Blocked("certificate has expired"), Misconfigured),
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
        Response(408, {}, b""),
    ],
)
@pytest.mark.parametrize("request_", [GET, UPSERT])
def test_passing_errors_are_retried(reply: Reply, request_: Request) -> None:
    """Until it does."""
    world = World(reply, reply, reply, OK)

    assert {"ok": 1} == world.call(request_)
    assert 4 == len(world.sent)


@pytest.mark.parametrize("takes", [0.0, 10.0, 300.0])
@pytest.mark.parametrize("random", [0.0, 0.5, 1.0])
def test_repeating_ends_by_time(random: float, takes: float) -> None:
    """However long each call takes: not before the budget is nearly used, and never after it by more than a call."""
    world = World(BAD_GATEWAY, random=max(random, 0.001), takes=takes)

    with pytest.raises(
        Unavailable, match=r"^Gave up on dust\.tt after 15 minutes: Dust cannot be reached \(status 502\)\.$"
    ):
        world.call(GET)

    failing = world.time - (1000.0 + takes)
    assert BUDGET - LONGEST_WAIT - takes <= failing <= BUDGET + takes


def test_failures_within_the_budget_do_not_end_the_retries() -> None:
    """It ends by time, not by count."""
    world = World(*[BAD_GATEWAY] * 500, OK, random=0.05)

    assert {"ok": 1} == world.call(GET)
    assert 501 == len(world.sent)


@pytest.mark.parametrize("random", [0.0, 0.3, 1.0])
def test_waits_grow_and_are_spread_out(random: float) -> None:
    """Full jitter: threads that fail together do not come back together."""
    world = World(*[BAD_GATEWAY] * 8, OK, random=random)

    world.call(GET)

    bounds = [min(LONGEST_WAIT, FIRST_WAIT * 2**number) for number in range(8)]
    assert [bound * random for bound in bounds] == pytest.approx(world.waits or [0.0] * 8)


def test_waits_stay_bounded_however_often() -> None:
    """Powers of two end in infinity."""
    world = World(*[BAD_GATEWAY] * 2000, OK, random=0.0)

    world.call(GET)

    assert 2001 == len(world.sent)


def test_each_wait_is_told() -> None:
    """With its reason, before it begins."""
    world = World(BAD_GATEWAY, error(503, kind="service_unavailable"), OK)

    world.call(GET)

    assert [(RetryReason.UNREACHABLE, 1.0), (RetryReason.MAINTENANCE, 2.0)] == world.told


@pytest.mark.parametrize("status", [429, 500, 502, 503])
@pytest.mark.parametrize("random", [0.0, 1.0])
def test_a_wait_that_dust_asks_for_is_obeyed(status: int, random: float) -> None:
    """Never less than asked, and not all at once."""
    world = World(error(status, after="42"), OK, random=random)

    world.call(GET)

    assert [42 + random * FIRST_WAIT] == world.waits


def test_an_endless_wait_is_not_obeyed() -> None:
    """Within the budget, at most ten minutes."""
    world = World(error(503, after="1000000000"), OK, random=0.0)

    world.call()

    assert [600.0] == world.waits


UNSETTLED: list[Reply] = [
    TimedOut("silence"),
    OutcomeUnknown("broke"),
    BAD_GATEWAY,
    Response(500, {}, b"Internal Server Error"),
    Response(503, {}, b"<html>"),
    Response(504, {}, b"<html>"),
    Response(520, {}, b""),
    Response(524, {}, b"<html>"),
    Response(408, {}, b""),
    Response(200, {}, b""),
    Response(200, {}, b'{"document":'),
]
IN_A_WORKING_SYNC: list[Reply] = [
    WRONG,
    PAGE,
    NOT_FOUND,
    Response(204, {}, b""),
    Response(200, {}, b"[]"),
    Response(400, {}, b""),
    Response(403, {}, b"<html>Request blocked</html>"),
    Response(406, {}, b"<html>Request blocked</html>"),
    Response(421, {}, b""),
    Response(499, {}, b""),
    Response(302, {"Location": "/login"}, b""),
]


@pytest.mark.parametrize("random", [0.0, 1.0])
@pytest.mark.parametrize("reply", [*UNSETTLED, *IN_A_WORKING_SYNC])
@pytest.mark.parametrize("request_", [UPSERT, DELETE, ROWS])
def test_a_write_that_ended_without_an_answer_of_dust_has_time_to_end(
    request_: Request, reply: Reply, random: float
) -> None:
    """Dust may still be at it, and the repeat must not be overtaken by its own first try."""
    world = World(OK, random=random)
    world.call(GET)
    world.replies = [reply, OK]

    assert {"ok": 1} == world.call(request_)

    assert [QUIET_AFTER_UNSETTLED + random * FIRST_WAIT] == world.waits
    assert QUIET_AFTER_UNSETTLED >= 60


@pytest.mark.parametrize("reply", [SUSPICIOUS, error(502), error(503), error(409), NotSent("refused")])
def test_a_write_that_dust_has_answered_is_repeated_soon(reply: Reply) -> None:
    """It has ended, or never begun."""
    world = World(reply, OK)

    world.call(UPSERT)

    assert [FIRST_WAIT] == world.waits


@pytest.mark.parametrize("later", [UPSERT, DELETE])
def test_a_later_write_waits_for_one_that_was_given_up(later: Request) -> None:
    """The last try of an older version could land on a newer one, or bring back what was deleted."""
    world = World(OutcomeUnknown("broke"), random=0.0)
    world.call_in_vain(UPSERT, Unavailable)
    given_up, world.replies, world.sent = world.sent[-1], [OK], []

    world.call(later)

    assert [given_up + QUIET_AFTER_UNSETTLED] == world.sent


def test_a_sync_that_gives_up_leaves_its_last_write_time_to_end() -> None:
    """The next process knows nothing of it."""
    world = World(OutcomeUnknown("broke"), random=0.0)

    world.call_in_vain(UPSERT, Unavailable)

    assert world.time - world.sent[-1] == QUIET_AFTER_UNSETTLED


@pytest.mark.parametrize("later", [UPSERT, DELETE])
def test_a_later_sync_of_the_same_process_waits_for_a_write_that_was_stopped(later: Request) -> None:
    """The earlier sync had no time to wait for it."""
    world = World(OutcomeUnknown("broke"), OK)
    stopping = Clock(now=lambda: world.time, pause=lambda _seconds: True)
    with pytest.raises(Stopped):
        world.caller.for_sync(clock=stopping, on_retry=lambda _retry, _seconds: None, traffic=world.traffic).call(
            UPSERT, as_it_is
        )

    world.call(later)

    assert world.sent[0] + QUIET_AFTER_UNSETTLED == world.sent[1]


def test_a_later_sync_of_the_same_process_knows_that_dust_has_answered() -> None:
    """A gateway's page is then trouble that passes, and no mistake in the settings."""
    world = World(OK)
    world.call(UPSERT)
    told: list[Retry] = []
    later = world.caller.for_sync(
        clock=world.clock, on_retry=lambda retry, _seconds: told.append(retry), traffic=world.traffic
    )
    world.replies = [PAGE, OK]

    later.call(UPSERT, as_it_is)

    assert ([], 1) == (world.told, len(told))


def test_halves_of_rows_wait_for_the_whole() -> None:
    """A batch that a gateway cut off may land after its own parts, and with the versions of then."""
    world = World(Response(504, {}, b""), random=0.0)
    world.call_in_vain(ROWS, Ambiguous)
    cut_off, world.replies, world.sent = world.sent[-1], [OK], []

    world.call(Request("DELETE", "/rows/1", target="table", key="table"))

    assert [cut_off + QUIET_AFTER_UNSETTLED] == world.sent


def test_writes_elsewhere_wait_for_nothing() -> None:
    """Only what has the same key could be overtaken."""
    world = World(OutcomeUnknown("broke"), random=0.0)
    world.call_in_vain(ROWS, Ambiguous)
    world.replies, world.waits = [OK], []

    world.call(UPSERT)
    world.call(GET)

    assert [] == world.waits


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


@pytest.mark.parametrize("reply", IN_A_WORKING_SYNC)
@pytest.mark.parametrize("request_", [GET, UPSERT, DELETE, ROWS])
def test_what_is_not_dust_shows_a_mistake_in_the_settings_only_at_first(request_: Request, reply: Reply) -> None:
    """Before Dust has ever answered, repeating would not help; after that, it passes, or is told as what it is."""
    world = World(reply)
    with pytest.raises(Misconfigured):
        world.call(request_)
    assert 1 == len(world.sent)

    world.replies = [OK]
    world.call(GET)
    world.replies = [reply, OK]
    assert {"ok": 1} == world.call(request_)

    world.replies = [reply]
    with pytest.raises((Unavailable, Ambiguous), match=r"something other than Dust answered|^status|missing"):
        world.call(request_)


def test_what_is_never_dust_for_one_kind_of_call_is_a_mistake_in_the_end() -> None:
    """A firewall that lets only reads pass: for all the time that a call may take, and no write has ever passed."""
    world = World(OK)
    world.call(GET)
    world.replies = [NOT_FOUND]

    with pytest.raises(Misconfigured, match=r"does not seem to be a Dust server.* for the document a\.$"):
        world.call()

    assert world.time - 1000.0 > BUDGET - QUIET_AFTER_UNSETTLED - LONGEST_WAIT


def test_a_mistake_is_not_disproved_by_errors() -> None:
    """Other servers have errors in the same words."""
    world = World(SUSPICIOUS, WRONG)

    with pytest.raises(Misconfigured):
        world.call()


@pytest.mark.parametrize("limit", [LIMIT, error(429, "Upsert quota exceeded, come back later.")])
def test_waiting_for_the_upsert_limit_does_not_count_as_failing(limit: Reply) -> None:
    """It uses no budget and is not reported, in whatever words Dust says it; the pacer sets the pauses."""
    world = World(*[limit] * 500, OK)
    gate = Gate(world, seconds=60.0)

    assert {"ok": 1} == world.call(UPSERT, gate)

    assert world.time - 1000.0 > 10 * BUDGET
    assert [] == world.told
    assert [("refused", None)] * 500 + ["counted"] == gate.heard


def test_time_in_which_the_pacer_holds_a_call_back_is_not_charged() -> None:
    """Of a workspace that others use up, each repeat can wait for minutes."""
    world = World(*[error(502)] * 8, OK)

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
        (error(429), ("refused", None)),
        (error(429, "120 upserts per minute", after="30"), ("refused", 30.0)),
        (Response(429, {"Retry-After": "7"}, b"<html>Slow down</html>"), ("refused", 7.0)),
        (PENDING, "counted"),
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
    for reply, heard in ((error(400), "counted"), (Blocked("expired"), "returned")):
        world = World(reply)
        gate = Gate(world)
        with pytest.raises((Rejected, Misconfigured)):
            world.call(UPSERT, gate)
        assert [heard] == gate.heard


def test_data_that_fails_while_nothing_succeeds_is_not_known_to_be_bad() -> None:
    """Dust may be in trouble: no record is left out for that. The message says which one it was."""
    world = World(SUSPICIOUS)

    with pytest.raises(
        Unavailable, match=r"\(There was an error upserting the document\.\)\. .* for the document a\.$"
    ):
        world.call()


def test_trouble_that_no_data_can_cause_names_none() -> None:
    """It would send people to the wrong place."""
    world = World(NotSent("refused"))

    with pytest.raises(Unavailable, match=r"\(refused\)\.$"):
        world.call()


def test_a_write_that_still_fails_is_compared_with_the_one_that_succeeded_last() -> None:
    """It is sent again, as nothing else shows whether Dust takes writes now (see also `test_evidence`)."""
    world = World(OK)
    world.call(Request("POST", "/documents/b", body=b"{}", target="source", key="b"))
    world.reply_to = lambda request: SUSPICIOUS if request.key == "a" else OK

    with pytest.raises(Rejected, match=r"could not carry out .* times in . minutes, while other writes succeeded\)$"):
        world.call()

    assert {"a", "b"} == set(world.keys)


def test_no_document_is_sent_again_after_a_later_version_has_begun() -> None:
    """It would bring back the earlier one."""
    world = World(OK)
    other = Request("POST", "/documents/b", body=b"{}", target="source", key="b")
    world.call(other)
    world.reply_to = lambda _request: SUSPICIOUS
    world.call_in_vain(other, Unavailable)
    world.keys.clear()

    world.call_in_vain(UPSERT, Unavailable)

    assert {"a"} == set(world.keys)


def test_a_later_version_waits_for_a_comparison_under_way() -> None:
    """Else the earlier one could land on it."""
    time = VirtualTime()
    other = Request("POST", "/documents/b", body=b"{}", target="source", key="b")
    log: list[tuple[str, str]] = []

    class Dust:
        def send(self, request: Request) -> Response:
            log.append(("begins", request.key))
            time.pause(100.0 if len(log) > 3 and request.key == "b" else 0.0)
            log.append(("ends", request.key))
            return SUSPICIOUS if request.key == "a" else OK

    clock = Clock(now=lambda: time.now, pause=time.pause, random=lambda: 0.5)
    caller = RetryingCaller(Dust(), host="dust.tt", budget=BUDGET, clock=clock)  # type: ignore[arg-type] # it can send

    def first() -> None:
        caller.call(other, as_it_is)
        with pytest.raises((Rejected, Unavailable)):
            caller.call(UPSERT, as_it_is)

    def second() -> None:
        while log.count(("begins", "b")) < 2:
            time.pause(0.1)
        caller.call(other, as_it_is)

    time.run(first, second)

    of_b = [what for what, key in log if key == "b"]
    assert len(of_b) > 4
    assert ["begins", "ends"] * (len(of_b) // 2) == of_b


@pytest.mark.parametrize("code", ["unexpected_network_error", "unexpected_response_format"])
def test_trouble_between_dusts_own_services_makes_no_data_bad(code: str) -> None:
    """However long it lasts for one document, and though others pass."""
    core = {"type": "internal_server_error", "message": "x", "data_source_error": {"code": code, "message": "y"}}
    world = World(OK)
    world.call(Request("POST", "/documents/b", body=b"{}", target="source", key="b"))
    world.reply_to = lambda request: Response(500, {}, orjson.dumps({"error": core})) if request.key == "a" else OK

    with pytest.raises(Unavailable):
        world.call()


def test_a_look_up_is_never_refused_for_the_success_of_others() -> None:
    """It sends nothing that could be bad."""
    world = World(OK)
    world.call(replace(GET, path="/other"))
    world.reply_to = lambda request: SUSPICIOUS if request.path == GET.path else OK

    world.call_in_vain(GET, Unavailable)


@pytest.mark.parametrize(
    ("reply", "tries"), [(SUSPICIOUS, 4), (BAD_GATEWAY, 2), (OutcomeUnknown("broke"), 2), (TimedOut("silence"), 2)]
)
def test_a_caller_that_knows_better_hears_of_doubt_early(reply: Reply, tries: int) -> None:
    """A batch can be halved to find the bad row, or to get it through a gateway, which waiting never does."""
    world = World(reply)

    with pytest.raises(Ambiguous) as caught:
        world.call(ROWS)

    assert tries == len(world.sent)
    assert caught.value.cut_off is (reply is not SUSPICIOUS)


@pytest.mark.parametrize("reply", [SUSPICIOUS, BAD_GATEWAY])
def test_a_lasting_doubt_takes_minutes(reply: Reply) -> None:
    """Of a single row, which cannot be halved."""
    world = World(reply)

    world.call_in_vain(replace(ROWS, lasting=True), Ambiguous)

    assert PATIENCE <= world.time - 1000.0 <= PATIENCE + QUIET_AFTER_UNSETTLED + LONGEST_WAIT


def test_a_look_up_is_in_doubt_only_by_dusts_own_answer() -> None:
    """A gateway that is restarted says nothing about a row."""
    look_up = Request("GET", "/rows/1", ambiguous_after=1)
    world = World(*[BAD_GATEWAY] * 10, OK)
    assert {"ok": 1} == world.call(look_up)

    world.replies = [SUSPICIOUS]
    world.call_in_vain(look_up, Ambiguous)


def test_limits_and_maintenance_are_not_ambiguous() -> None:
    """No row causes them."""
    maintenance = [error(503, kind="service_unavailable")] * 2
    world = World(*maintenance, PENDING, *maintenance, PENDING, NotSent("refused"), OK)

    assert {"ok": 1} == world.call(replace(ROWS, ambiguous_after=1))


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
        world.call(GET)

    assert world.time - 1000.0 <= 20.0


def test_the_retry_that_is_told_holds_what_dust_said() -> None:
    """For the log line."""
    told: list[Retry] = []
    world = World(error(503, "down for repairs", kind="service_unavailable"), OK)
    world.caller._on_retry = lambda retry, _seconds: told.append(retry)

    world.call()

    assert ["down for repairs"] == [retry.detail for retry in told]


def test_waits_for_the_pacer_are_counted_and_waits_after_failures_are_not() -> None:
    """Also those of an upsert that Dust refused for the limit: they are what the limit costs."""
    world = World(LIMIT, error(500), OK, random=0.0)
    world.call(pacer=Gate(world, 20.0))

    status = world.traffic.status()
    assert {Reason.SHARED: 60.0} == status.waited
    assert {RetryReason.UPSERT_LIMIT: 1, RetryReason.REFUSED_FOR_NOW: 1} == status.retries
    assert 3 == status.requests


def test_the_wait_in_which_a_sync_is_stopped_is_counted() -> None:
    """It may be a long one."""
    world = World(OK, stops_at=1010.0)
    with pytest.raises(Stopped):
        world.call(pacer=Gate(world, 20.0))

    assert {Reason.SHARED: 20.0} == world.traffic.status().waited
