"""Pacing: alone at the full limit, with others at a fair part of it, on a simulated clock."""

from __future__ import annotations

import threading
import time
from statistics import mean
from typing import Any

import pytest

from destination_dust.dust.pacer import (
    FIRST_PAUSE,
    JITTER,
    LONGEST_PAUSE,
    LONGEST_RETRY_AFTER,
    PROOF,
    Pacer,
)
from destination_dust.dust.permit import NoPacing, Permit, Reason, Wait
from unit_tests.dust.simulation import (
    FOUR_LATENCIES,
    LIMIT,
    OFFSETS,
    TWO_LATENCIES,
    after_previous_run,
    alone,
    beside_foreign,
    together,
)

SEEDS = range(4)


class PacerHarness:
    """A pacer, a clock, and workers that wait as long as the pacer says."""

    def __init__(self, limit: int = LIMIT, random: float = 0.5) -> None:
        self.time = 1000.0
        self.pacer = Pacer(limit, now=lambda: self.time, random=lambda: random)

    def permit(self) -> Permit:
        """The next permit, after the waits before it."""
        while isinstance(reply := self.pacer.try_acquire(), Wait):
            assert reply.seconds > 0
            self.time += reply.seconds
        return reply

    def departures(self, count: int) -> list[Permit]:
        return [self.permit() for _ in range(count)]

    def accepted(self, count: int = 1) -> list[Permit]:
        """Calls that leave as soon as they may and are answered at once."""
        calls = []
        for _ in range(count):
            calls.append(self.permit())
            self.pacer.counted(calls[-1])
        return calls

    def refused(self, retry_after: float | None = None) -> float:
        """A call that leaves as soon as it may and is refused at once; the seconds it had to wait."""
        before = self.time
        self.pacer.refused(self.permit(), retry_after)
        return self.time - before

    def wait(self) -> tuple[Any, Reason]:
        """How long a call that asks now has to wait, and why."""
        reply = self.pacer.try_acquire()
        assert isinstance(reply, Wait)
        return reply.seconds, reply.reason

    def settle(self) -> None:
        """Let the first minute pass, with the limit used up since just now."""
        self.accepted()
        self.time += 70
        self.accepted(LIMIT)


# Alone


def test_a_burst_leaves_while_the_window_has_room() -> None:
    """Nothing is held back for later: 120 calls leave within seconds."""
    pacing = PacerHarness()
    pacing.accepted(LIMIT)

    assert pacing.time <= 1000 + 6


@pytest.mark.parametrize(("limit", "gap"), [(30, 1 / 40), (LIMIT, 1 / 40), (2 * LIMIT, 1 / 80), (6000, 1 / 2000)])
def test_where_the_limit_is_higher_a_burst_leaves_faster(limit: int, gap: float) -> None:
    """Or 6,000 documents a minute would leave at 40 a second. A lower limit is no reason to go slower."""
    pacing = PacerHarness(limit)
    pacing.accepted()

    first, *_, last = pacing.accepted(limit - 1)
    assert pytest.approx(gap * (limit - 2)) == last.sent_at - first.sent_at


def test_the_first_call_goes_ahead() -> None:
    """If others have used up the limit, one refusal shows it instead of a burst."""
    pacing = PacerHarness()
    first = pacing.permit()

    assert (pytest.approx(PROOF), Reason.SPACING) == pacing.wait()

    pacing.pacer.counted(first)
    assert isinstance(pacing.pacer.try_acquire(), Permit)


def test_a_call_without_an_answer_does_not_hold_up_the_others() -> None:
    """A refusal comes at once, so a call without an answer was probably accepted."""
    pacing = PacerHarness()
    pacing.departures(2)

    assert pytest.approx(1000 + PROOF) == pacing.time


@pytest.mark.parametrize(("answered_after", "free_after"), [(0.2, 60.2), (0.9, 60.9), (30.0, 61.0)])
def test_a_slot_is_used_again_60_s_after_its_call_has_certainly_arrived(
    answered_after: float, free_after: float
) -> None:
    """Dust counts a call when it arrives: before it is answered, and within a second."""
    pacing = PacerHarness(limit=1)
    first = pacing.permit()
    pacing.time += answered_after
    pacing.pacer.counted(first)
    pacing.permit()

    assert pytest.approx(1000 + free_after, abs=0.05) == pacing.time


def test_a_lower_limit_is_kept() -> None:
    """A user may leave a part of Dust's limit to others."""
    pacing = PacerHarness(limit=30)
    calls = [call.sent_at for call in pacing.accepted(100)]

    assert all(later - earlier >= 60 for earlier, later in zip(calls, calls[30:], strict=False))
    assert calls[-1] - calls[0] < 3 * 61.5


def test_two_slots_stay_open_for_a_while_when_they_come_free() -> None:
    """Otherwise a newcomer would never find a slot, and would never be noticed."""
    pacing = PacerHarness()
    pacing.accepted(LIMIT)
    again = [call.sent_at - 1000 for call in pacing.accepted(LIMIT)]

    assert again[-3] < 66
    assert 72 <= again[-2] < again[-1]


def test_a_call_that_never_reached_dust_gives_its_slot_back() -> None:
    """Dust did not count it."""
    pacing = PacerHarness(limit=10)
    calls = pacing.accepted(9)
    lost = pacing.permit()
    pacing.time = calls[-1].sent_at + 5
    pacing.pacer.returned(lost)
    pacing.permit()

    assert pacing.time == calls[-1].sent_at + 5


def test_when_the_first_call_is_lost_the_next_goes_ahead_in_its_place() -> None:
    """The lost call revealed nothing about the limit."""
    pacing = PacerHarness()
    pacing.pacer.returned(pacing.permit())
    pacing.permit()

    assert (pytest.approx(PROOF), Reason.SPACING) == pacing.wait()


# When Dust refuses


def test_after_a_refusal_all_wait_then_one_call_goes_ahead() -> None:
    """Someone used up the limit, so every other try would be refused too."""
    pacing = PacerHarness()
    pacing.accepted(5)
    pacing.refused()
    before = pacing.time
    ahead = pacing.permit()

    assert pytest.approx(FIRST_PAUSE) == pacing.time - before
    assert (pytest.approx(PROOF), Reason.SHARED) == pacing.wait()

    pacing.pacer.counted(ahead)
    assert isinstance(pacing.pacer.try_acquire(), Permit)


@pytest.mark.parametrize(("random", "factor"), [(0.0, 1 - JITTER), (0.5, 1.0), (1.0, 1 + JITTER)])
def test_tries_come_later_and_later_while_nothing_succeeds(random: float, factor: float) -> None:
    """Up to a bound, or a newcomer would miss the moment in which a slot is open."""
    pacing = PacerHarness(random=random)
    pacing.refused()

    assert pytest.approx([s * factor for s in (1.5, 3, 6, 9, 9)]) == [pacing.refused() for _ in range(5)]
    assert (FIRST_PAUSE, LONGEST_PAUSE) == (1.5, 9)


def test_a_try_is_made_when_all_calls_of_a_previous_run_must_have_left() -> None:
    """A minute after the first refusal, its calls are out of the window, whenever they were made."""
    pacing = PacerHarness()
    tries = []
    while pacing.time < 1070:
        pacing.refused()
        tries.append(pacing.time - 1000)

    assert 60 in [pytest.approx(time) for time in tries]


def test_a_try_is_made_when_a_slot_of_ours_comes_free() -> None:
    """Then there is room for certain."""
    pacing = PacerHarness()
    own = pacing.accepted()[0]
    pacing.time += 40
    for _ in range(4):
        pacing.refused()
    pacing.time = own.sent_at + 58
    pacing.refused()
    pacing.permit()

    assert pytest.approx(own.sent_at + 60, abs=0.05) == pacing.time


def test_one_burst_of_refusals_is_one_cut() -> None:
    """Refused calls that were sent before the last refusal came are the same complaint."""
    pacing = PacerHarness()
    pacing.settle()
    pacing.time += 65
    calls = pacing.departures(32)
    for call in calls:
        pacing.pacer.refused(call, None)
    share = pacing.pacer.status().share

    assert LIMIT / 2 == share
    assert pytest.approx(FIRST_PAUSE, abs=0.2) == pacing.wait()[0]


def test_no_share_is_cut_in_the_first_minute() -> None:
    """A refusal may be due to a run that has just ended, and its calls leave by themselves."""
    pacing = PacerHarness()
    pacing.accepted(5)
    pacing.refused()

    assert LIMIT == pacing.pacer.status().share


def test_a_share_that_is_not_refused_grows_back_to_the_limit() -> None:
    """The others may have gone."""
    pacing = PacerHarness()
    pacing.settle()
    pacing.time += 65
    pacing.refused()
    shares = []
    while (share := pacing.pacer.status().share) < LIMIT:
        shares.append(share)
        pacing.accepted()

    assert LIMIT / 2 == shares[0]
    assert sorted(shares) == shares


def test_a_retry_after_is_obeyed() -> None:
    """Nothing leaves before it, not even when other answers come in."""
    pacing = PacerHarness()
    calls = pacing.departures(3)
    pacing.pacer.refused(calls[0], 200.0)
    pacing.pacer.counted(calls[1])
    pacing.pacer.refused(calls[2], None)

    assert (pytest.approx(200), Reason.SERVER) == pacing.wait()

    before = pacing.time
    pacing.permit()
    assert before + 200 <= pacing.time <= before + 200 + FIRST_PAUSE


def test_a_retry_after_of_a_refusal_in_the_same_burst_is_obeyed() -> None:
    """It does not cut the share again, but it extends the wait."""
    pacing = PacerHarness()
    calls = pacing.departures(2)
    pacing.pacer.refused(calls[0], 20.0)
    pacing.pacer.refused(calls[1], 40.0)

    assert (pytest.approx(40), Reason.SERVER) == pacing.wait()


def test_a_retry_after_is_at_most_ten_minutes() -> None:
    """A mistake of a server in between must not stop a sync for ever."""
    pacing = PacerHarness()
    pacing.refused(retry_after=1e9)

    assert (pytest.approx(LONGEST_RETRY_AFTER), Reason.SERVER) == pacing.wait()


def test_an_answer_that_comes_twice_or_too_late_changes_nothing() -> None:
    """A call may be answered when its slot has long been in use again."""
    pacing = PacerHarness(limit=2)
    calls = pacing.accepted(6)
    for call in calls[:4]:
        pacing.pacer.returned(call)
        pacing.pacer.counted(call)
    pacing.time += 1  # the burst has left

    assert 2 == pacing.pacer.status().calls
    assert Reason.LIMIT == pacing.wait()[1]


# Status


def test_the_status_tells_what_a_progress_line_needs() -> None:
    """Calls in the window, our share, whether others are present, and the current wait."""
    pacing = PacerHarness()
    fresh = pacing.pacer.status()
    assert (0, LIMIT, LIMIT, False, None) == (fresh.calls, fresh.share, fresh.limit, fresh.others_seen, fresh.wait)

    calls = pacing.accepted(LIMIT)
    pacing.time += 1
    full = pacing.pacer.status()
    assert (LIMIT, False) == (full.calls, full.others_seen)
    assert full.wait is not None
    assert pytest.approx(calls[0].sent_at + 60 - pacing.time, abs=0.05) == full.wait.seconds

    pacing.refused()
    assert pacing.pacer.status().others_seen


def test_threads_use_it_one_at_a_time() -> None:
    """What one sees is still so when it acts on it. The clock notices a second thread inside the pacer."""
    inside = threading.Lock()
    met: list[bool] = []
    started = threading.Barrier(8)

    def now() -> float:
        alone_here = inside.acquire(blocking=False)
        met.append(not alone_here)
        time.sleep(0.0002)
        if alone_here:
            inside.release()
        return 1000.0

    pacer = Pacer(LIMIT, now=now, random=lambda: 0.5)
    call = Permit(1000.0, 1001.0)

    def work() -> None:
        started.wait(timeout=10)
        for _ in range(10):
            if isinstance(reply := pacer.try_acquire(), Permit):
                pacer.returned(reply)
            pacer.counted(call)
            pacer.status()
        pacer.refused(call, None)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)

    assert met
    assert not any(met)


def test_calls_that_no_limit_counts_are_not_paced() -> None:
    """Look-ups and deletes are free."""
    pacer = NoPacing()

    assert all(isinstance(pacer.try_acquire(), Permit) for _ in range(1000))


# Against Dust's limit: several seeds, and answers in 0.05, 1 and 3 s


@pytest.mark.parametrize("latency", [0.05, 1, 3])
def test_alone_a_process_uses_the_whole_limit(latency: float) -> None:
    """300 calls are two windows and a half: Dust takes them in 120 s at best."""
    for seed in SEEDS:
        seconds, refused = alone(latency, seed)

        assert seconds <= 1.05 * 120
        assert refused <= 3


@pytest.mark.parametrize("latencies", TWO_LATENCIES, ids=str)
@pytest.mark.parametrize("offset", OFFSETS)
def test_two_processes_share_the_limit(offset: float, latencies: tuple[float, float]) -> None:
    """The second gets its part within minutes, and hardly a call is wasted."""
    for seed in SEEDS[:2]:
        both = together((0, offset), latencies, seed)

        assert {"A", "B"} == set(both.shares)
        assert both.smallest_share >= 0.30
        assert both.fullness >= 0.90
        assert both.refused <= 0.10


@pytest.mark.parametrize("latencies", FOUR_LATENCIES, ids=str)
def test_four_processes_share_the_limit(latencies: tuple[float, ...]) -> None:
    """Three more that begin while the first has all of it do not starve."""
    fours = [together((0, 10, 20, 30), latencies, seed) for seed in SEEDS]

    assert {4} == {len(four.shares) for four in fours}
    assert min(four.smallest_share for four in fours) >= 0.12
    assert min(four.fullness for four in fours) >= 0.90
    assert mean(four.refused for four in fours) <= 0.10
    assert max(four.refused for four in fours) <= 0.11


def test_in_the_long_run_shares_are_equal() -> None:
    """Half an hour of two processes, and hardly a refusal in it."""
    both = together((0, 30), (1, 1), seed=0, minutes=30)

    assert both.smallest_share >= 0.45
    assert both.fullness >= 0.93
    assert both.refused <= 0.03


@pytest.mark.parametrize("latency", [0.05, 1, 3])
def test_capacity_that_a_foreign_client_leaves_is_used(latency: float) -> None:
    """It takes 60 a minute and never gives way; when it stops, the limit is ours within minutes."""
    for seed in SEEDS:
        beside = beside_foreign(latency, seed)

        assert beside.of_the_rest >= 0.85
        assert beside.refused <= 0.15
        assert beside.back_after <= 150


@pytest.mark.parametrize("latency", [0.05, 1, 3])
@pytest.mark.parametrize("spread", [1, 6, 55])
def test_a_previous_run_holds_us_up_for_a_minute_only(latency: float, spread: float) -> None:
    """Then its calls have left the window."""
    for seed in SEEDS:
        seconds, refused = after_previous_run(latency, seed, spread)

        assert seconds <= 60 + 1.1 * 120
        assert refused <= 30
