"""Good documents survive outages, and bad ones are found: by simulation, with many seeds."""

from __future__ import annotations

import random

import pytest

from destination_dust.dust.connection_errors import OutcomeUnknown, TimedOut
from destination_dust.dust.errors import Rejected, Unavailable
from destination_dust.dust.evidence import FEWEST_FAILURES, FEWEST_SUCCESSES, LikeCalls, Suspicion
from destination_dust.dust.retrying import PATIENCE
from destination_dust.dust.transport import Response
from unit_tests.dust.outages import FAILED, Fate, sync

KIND = ("POST", "source")
PAGE = Response(502, {}, b"<html>Bad Gateway</html>")
REFUSAL = Response(403, {}, b"<html>Request blocked</html>")


def outage(share: float, *, start: float = 10.0, seconds: float = 120.0, reply: Response | Exception = FAILED) -> Fate:
    """For some time, a share of all tries fails."""

    def fate(_number: int, now: float, rng: random.Random) -> Response | Exception | None:
        return reply if start <= now < start + seconds and rng.random() < share else None

    return fate


def always(bad: set[int], reply: Response | Exception, otherwise: Fate = lambda *_: None) -> Fate:
    """Some documents always fail."""

    def fate(number: int, now: float, rng: random.Random) -> Response | Exception | None:
        return reply if number in bad else otherwise(number, now, rng)

    return fate


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("share", "seconds"), [(0.5, 120.0), (0.9, 120.0), (1.0, 170.0), (0.5, 600.0)])
def test_no_outage_makes_a_good_document_bad(share: float, seconds: float, seed: int) -> None:
    """Whether it hits some calls or all, for two minutes or for ten."""
    result = sync(outage(share, seconds=seconds), seed=seed, documents=500)

    assert {} == result.errors
    assert set(range(500)) == result.stored


@pytest.mark.parametrize("seed", range(2))
def test_outages_that_follow_one_another_make_no_good_document_bad(seed: int) -> None:
    """Between them, others pass."""
    first, second, third = (outage(1.0, start=start, seconds=60.0) for start in (10.0, 90.0, 170.0))

    def fate(number: int, now: float, rng: random.Random) -> Response | Exception | None:
        return first(number, now, rng) or second(number, now, rng) or third(number, now, rng)

    assert {} == sync(fate, seed=seed, documents=500).errors


@pytest.mark.parametrize("seed", range(1))
@pytest.mark.parametrize(
    "reply",
    [
        FAILED,
        PAGE,
        REFUSAL,
        Response(504, {}, b""),
        Response(406, {}, b"<html>"),
        OutcomeUnknown("the connection was closed before an answer came"),
    ],
    ids=["500", "502", "403", "504", "406", "reset"],
)
def test_a_bad_document_is_found(reply: Response | Exception, seed: int) -> None:
    """Whoever refuses it: within the budget, but not before it has failed for minutes while others passed."""
    result = sync(always({7}, reply), seed=seed, documents=1500)

    assert {7: Rejected} == {number: type(error) for number, error in result.errors.items()}
    assert PATIENCE <= result.seconds[7] <= 2 * PATIENCE + 60
    assert "while other writes succeeded" in str(result.errors[7])


def test_several_bad_documents_are_found() -> None:
    """Each at its own cost: to one, the others look like an outage."""
    bad = set(range(5, 300, 60))

    result = sync(always(bad, FAILED), seed=1, documents=1500)

    assert bad == result.errors.keys()
    assert all(isinstance(error, Rejected) for error in result.errors.values())


def test_a_bad_document_is_found_in_spite_of_an_outage() -> None:
    """It takes longer; no other one is left out with it."""
    result = sync(always({7}, FAILED, outage(0.5)), seed=2, documents=1500)

    assert {7} == result.errors.keys()
    assert isinstance(result.errors[7], Rejected)


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("reply", [FAILED, REFUSAL], ids=["500", "403"])
def test_the_last_document_is_compared_with_one_that_is_sent_again(reply: Response, seed: int) -> None:
    """All others are stored within seconds, and nothing else would show whether Dust takes documents."""
    result = sync(always({9}, reply), seed=seed, documents=10)

    assert {9: Rejected} == {number: type(error) for number, error in result.errors.items()}


def test_an_outage_that_begins_with_the_last_document_makes_it_not_bad() -> None:
    """That it fails alone proves nothing: the one to compare it with fails, too."""
    result = sync(outage(1.0, start=4.4, seconds=10_000.0), seed=1, documents=10)

    assert {Unavailable} == {type(error) for error in result.errors.values()}


def test_a_document_that_is_alone_is_not_known_to_be_bad() -> None:
    """There is nothing to compare it with."""
    result = sync(always({0}, FAILED), seed=1, documents=1)

    assert {0: Unavailable} == {number: type(error) for number, error in result.errors.items()}


def test_a_document_that_never_gets_an_answer_is_given_up_within_the_budget() -> None:
    """Each of its tries takes minutes, so few fit in: those that pass beside it must be many."""
    result = sync(always({7}, TimedOut("no answer in time")), seed=1, documents=2500)

    assert {7} == result.errors.keys()
    assert isinstance(result.errors[7], Rejected)


@pytest.mark.parametrize(
    ("failures", "after_each", "after_the_last", "proven"),
    [
        (30, 1, FEWEST_SUCCESSES, True),
        (30, 1, FEWEST_SUCCESSES - 1, False),
        (30, 0, FEWEST_SUCCESSES, False),
        (FEWEST_FAILURES - 1, 900, 100, False),
        (FEWEST_FAILURES, 900, 100, True),
        (FEWEST_FAILURES, 20, 10, False),
    ],
)
def test_the_proof_takes_failures_and_successes(
    failures: int, after_each: int, after_the_last: int, proven: bool
) -> None:
    """Many of one kind make up for few of the other, but each has its minimum; some must come last."""
    others = LikeCalls()
    suspicion = Suspicion(KIND, others, patience=PATIENCE)
    for number in range(failures):
        suspicion.failed(number * PATIENCE)
        for n in range(after_each if number < failures - 1 else after_the_last):
            others.succeeded(KIND, number * PATIENCE + 1 + n / 1000)

    assert proven is suspicion.is_proven()


def test_the_proof_takes_time() -> None:
    """Whatever happens within less than the patience may be an outage that hits some documents."""
    others = LikeCalls()
    suspicion = Suspicion(KIND, others, patience=PATIENCE)
    for now in range(int(PATIENCE)):
        suspicion.failed(now)
        others.succeeded(KIND, now + 0.5)
        others.succeeded(KIND, now + 0.5)
        others.succeeded(KIND, now + 0.5)

        assert not suspicion.is_proven()


def test_successes_that_prove_nothing_are_not_counted() -> None:
    """Of calls that were sent before the failure, of another method, or to another target."""
    others = LikeCalls()
    suspicion = Suspicion(KIND, others, patience=0.0)
    for now in range(1, 20):
        others.succeeded(KIND, now - 0.5)
        suspicion.failed(now + 100 * now)
        others.succeeded(("DELETE", "source"), now + 100 * now + 1)
        others.succeeded(("POST", "another source"), now + 100 * now + 1)

        assert suspicion.lacks_comparison
        assert not suspicion.is_proven()
