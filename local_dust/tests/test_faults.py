"""The local Dust misbehaves on demand."""

from __future__ import annotations

import contextlib
import threading
import time

import pytest
import requests

from local_dust import LocalDust
from local_dust.client import Visitor, error
from local_dust.control.arrivals import Arrival
from local_dust.control.faults import Faults, Kind


def test_a_rule_hits_chosen_requests(dust: LocalDust, visitor: Visitor) -> None:
    """By method and path, after the first `skip`, `times` times; hits are counted; the write does not happen."""
    rule = dust.faults.add(
        "status",
        status=429,
        type="rate_limit_error",
        message="slow",
        headers={"Retry-After": "3"},
        method="POST",
        path="/documents/a",
        skip=1,
        times=2,
    )

    answers = [visitor.upsert(i) for i in ("a1", "b", "a2", "a3", "a4")]

    assert [200, 200, 429, 429, 200] == [answer.status_code for answer in answers]
    assert (429, "rate_limit_error", "slow") == error(answers[2])
    assert "3" == answers[2].headers["Retry-After"]
    assert (4, 2) == (rule.seen, rule.hits)
    assert {"a1", "b", "a4"} == set(dust.world.documents())
    assert [["status"], ["status"]] == [a.faults for a in dust.world.arrivals if a.faults]


def test_rules_can_inspect_the_arrival_and_can_be_removed(dust: LocalDust, visitor: Visitor) -> None:
    """`when` sees the decoded ids and the body."""
    rule = dust.faults.add("status", when=lambda arrival: arrival.body is not None and arrival.body["text"] == "x")
    assert [200, 500] == [visitor.upsert("a", text=text).status_code for text in "yx"]
    dust.faults.remove(rule)
    assert 200 == visitor.upsert("a", text="x").status_code
    dust.faults.add("html", status=503)
    dust.faults.clear()
    assert 200 == visitor.upsert("a").status_code
    with pytest.raises(ValueError, match="no such fault"):
        dust.faults.add("nonsense")  # type: ignore[arg-type]  # the mistake to report


def test_an_error_may_come_although_the_write_took_effect(dust: LocalDust, visitor: Visitor) -> None:
    """The client cannot know the outcome."""
    dust.faults.add("status", status=500, effect=True, times=1)
    dust.faults.add("reset", effect=True, times=1)
    dust.faults.add("reset", times=1)

    assert 500 == visitor.upsert("a").status_code
    with pytest.raises(requests.ConnectionError):
        visitor.upsert("b")
    with pytest.raises(requests.ConnectionError):
        visitor.upsert("c")
    assert {"a", "b"} == set(dust.world.documents())
    assert [500, None, None] == [a.status for a in dust.world.arrivals]


def test_pages_errors_and_redirects_in_place_of_answers(dust: LocalDust, visitor: Visitor) -> None:
    """As proxies, portals and careless servers send them."""
    dust.faults.add("html", status=502, times=1)
    dust.faults.add("html", status=200, times=1)
    dust.faults.add("ok_error", type="oops", message="inside", times=1)
    dust.faults.add("redirect", status=308, location="http://127.0.0.1:9/x", times=1)
    dust.faults.add("body", status=200, body='{"document":', times=1)

    bad_gateway, portal, inside, redirect, broken = [visitor.upsert("a") for _ in range(5)]

    assert (502, True) == (bad_gateway.status_code, bad_gateway.text.startswith("<!DOCTYPE html>"))
    assert (200, "text/html; charset=utf-8") == (portal.status_code, portal.headers["Content-Type"])
    assert (200, "oops", "inside") == error(inside)
    assert (308, "http://127.0.0.1:9/x") == (redirect.status_code, redirect.headers["Location"])
    assert '{"document":' == broken.text
    assert {} == dust.world.documents()


def test_an_error_may_echo_the_key(dust: LocalDust, visitor: Visitor) -> None:
    """Tests can catch a client that logs it. The log of arrivals leaves it out."""
    dust.faults.add("echo", status=400)

    assert dust.world.key.secret in error(visitor.upsert("a"))[2]
    assert dust.world.key.secret not in str(dust.world.arrivals)


def test_a_slow_answer_counts_on_arrival(dust: LocalDust, visitor: Visitor) -> None:
    """The limit counts calls when they arrive; a late write happens at the end of the wait."""
    dust.world.limits.upserts_per_minute = 1
    dust.faults.add("delay", seconds=0.3, late=True, times=1)
    slow = threading.Thread(target=visitor.upsert, args=("slow",))
    slow.start()
    while not dust.world.arrivals:
        time.sleep(0.001)

    assert 429 == Visitor(dust).upsert("b").status_code
    assert {} == dust.world.documents()
    slow.join()
    assert {"slow"} == set(dust.world.documents())
    (arrival, _) = dust.world.arrivals
    assert arrival.answered is not None
    assert 0.3 <= arrival.answered - arrival.time < 3


def test_latency_delays_every_answer(dust: LocalDust, visitor: Visitor) -> None:
    """Also the answers of faults."""
    dust.faults.latency = 0.05
    dust.faults.add("status", path="/documents/b")

    started = time.monotonic()
    assert [200, 500] == [visitor.upsert(i).status_code for i in "ab"]
    assert time.monotonic() - started >= 0.1


def test_bodies_may_be_slow_cut_off_or_huge(dust: LocalDust, visitor: Visitor) -> None:
    """They test clients that trust a status."""
    dust.faults.add("slow_loris", seconds=0.001, times=1)
    dust.faults.add("truncated", times=1)
    dust.faults.add("huge", size=3_000_000, times=1)
    dust.faults.add("huge", size=3_000_000, gzip=True, times=1)

    started = time.monotonic()
    assert "document" in visitor.upsert("a").json()
    assert time.monotonic() - started > 0.1
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        visitor.upsert("b")
    assert 3_000_000 == len(visitor.upsert("c").json()["document"])
    packed = visitor.upsert("d")
    assert (3_000_000, "gzip") == (len(packed.json()["document"]), packed.headers["Content-Encoding"])
    assert {"a", "b"} == set(dust.world.documents())


def test_headers_may_be_slow(dust: LocalDust, visitor: Visitor) -> None:
    """The right answer follows, on a connection that is closed then."""
    dust.faults.add("slow_headers", seconds=0.002, times=1)

    started = time.monotonic()
    answer = visitor.upsert("a")

    assert time.monotonic() - started > 0.1
    assert "document" in answer.json()
    assert "document" in visitor.upsert("b").json()
    assert {"a", "b"} == set(dust.world.documents())


def test_an_answer_may_lack_what_proves_it(dust: LocalDust, visitor: Visitor) -> None:
    """The write takes effect, and its answer says something else, or nothing."""
    dust.faults.add("altered", field="document.hash", times=1)
    dust.faults.add("altered", field="data_source.sId", value=7, times=1)

    without, another = (visitor.upsert("a").json() for _ in range(2))

    assert "hash" not in without["document"]
    assert 7 == another["data_source"]["sId"]
    assert {"a"} == set(dust.world.documents())


@pytest.mark.parametrize("kind", ["html", "reset"])
def test_a_write_may_land_after_its_gateway_gave_up(dust: LocalDust, visitor: Visitor, kind: Kind) -> None:
    """Also after a later one, which it then undoes."""
    dust.faults.add(kind, status=504, lands_after=0.3, times=1)
    with contextlib.suppress(requests.ConnectionError):
        assert 504 == visitor.upsert("a", text="older").status_code

    assert 200 == visitor.upsert("a", text="newer").status_code
    assert "newer" == dust.world.documents()["a"].text
    while dust.world.documents()["a"].text == "newer":
        time.sleep(0.01)
    assert "older" == dust.world.documents()["a"].text


def test_an_outage_may_hit_a_share_of_requests_for_some_time() -> None:
    """By seed; its time begins with the first request that it could hit."""

    def run(seed: int) -> list[int]:
        faults, hits = Faults(), []
        faults.add("status", method="POST", share=0.5, seed=seed, starts=10, lasts=100)
        for now in range(200):
            arrival = Arrival(float(now), "POST", "/x", "", (), {})
            hits += [now] if faults.strike(arrival) else []
        return hits

    assert run(1) == run(1) != run(2)
    assert 10 <= min(run(1)) < 20
    assert 100 <= max(run(1)) < 110
    assert 30 < len(run(1)) < 70


def test_rules_can_look_at_the_body(dust: LocalDust, visitor: Visitor) -> None:
    """As a firewall does, and a gateway that lets no large request pass."""
    dust.faults.add("html", status=403, containing="DROP TABLE")
    dust.faults.add("html", status=504, larger_than=1000)

    statuses = [visitor.upsert("a", text=text).status_code for text in ("fine", "x; DROP TABLE y", "x" * 2000)]

    assert [200, 403, 504] == statuses


@pytest.mark.parametrize(("late", "while_held"), [(False, {"a", "b"}), (True, {"b"})])
def test_answers_can_be_held(dust: LocalDust, visitor: Visitor, late: bool, while_held: set[str]) -> None:
    """Other requests go on; with `late` the write waits, too."""
    hold = dust.hold(lambda arrival: arrival.document_id == "a", late=late)
    statuses: list[int] = []
    held = threading.Thread(target=lambda: statuses.append(visitor.upsert("a").status_code))
    held.start()

    hold.wait_for(1)
    assert 200 == Visitor(dust).upsert("b").status_code
    assert while_held == set(dust.world.documents())
    assert [] == statuses
    assert ["a"] == [arrival.document_id for arrival in hold.held]

    hold.let_go()
    held.join()
    assert [200] == statuses
    assert 200 == visitor.upsert("a").status_code


def test_waiting_for_a_request_that_never_comes_times_out(dust: LocalDust) -> None:
    """A test must not hang."""
    with pytest.raises(TimeoutError, match="0 of 1"):
        dust.hold(lambda _: True).wait_for(1, timeout=0.01)
