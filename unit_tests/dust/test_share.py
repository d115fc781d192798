"""Shares of a limit: what a cut leaves, and how it grows again."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from destination_dust.dust.permit import Permit
from destination_dust.dust.share import CallWindow, Share

LIMIT = 120


def left(held: int) -> float:
    """What a cut leaves of some calls."""
    share = Share(LIMIT)
    share.cut(0, held)
    return share.at(0, held)


@pytest.mark.parametrize(("held", "kept"), [(120, 60), (60, 52.5), (30, 29.1)])
def test_a_large_share_gives_up_a_larger_part_than_a_small_one(held: int, kept: float) -> None:
    """Shares converge, however many there are."""
    assert pytest.approx(kept, abs=0.05) == left(held)


def test_others_who_hold_little_are_left_little() -> None:
    """A few calls a minute do not justify giving up half the limit."""
    assert LIMIT - 5 * 4 == left(LIMIT - 4)


@pytest.mark.parametrize("held", [0, 1, 10])
def test_a_small_share_is_not_cut(held: int) -> None:
    """It has nothing to give."""
    assert LIMIT / 8 == left(held)


def test_a_share_of_a_small_limit_is_never_nothing() -> None:
    """Or it would never be refused again, and never find out."""
    share = Share(3)
    share.cut(0, 0)

    assert 1 == share.at(0, 0)


def test_shares_grow_alike_whatever_their_size() -> None:
    """Were growth in proportion, a large share would win back what it gave up."""
    grown = []
    for held in (100, 30):
        share = Share(LIMIT)
        share.cut(0, held)
        before = share.at(1, 0)
        grown.append(share.at(21, 0) - before)

    assert pytest.approx(grown[0]) == grown[1]
    assert 6 <= grown[0] <= 8


def test_a_share_begins_to_grow_when_no_more_is_held_than_the_cut_left() -> None:
    """Before that, the others have not got what they were given."""
    share = Share(LIMIT)
    share.cut(0, LIMIT)

    assert 60 == share.at(30, held=80)
    assert 60 == share.at(50, held=60)
    assert share.at(60, held=60) > 60


def test_a_share_that_has_grown_to_the_limit_is_whole_again() -> None:
    """The others have gone."""
    share = Share(LIMIT)
    share.cut(0, LIMIT)
    share.at(0, held=10)

    assert not share.whole
    assert LIMIT == share.at(90, held=10)
    assert share.whole


def hold(times: Sequence[float]) -> CallWindow:
    """Calls that arrived at some times."""
    calls = CallWindow(60)
    for time in times:
        calls.add(Permit(time, time))
    return calls


def test_calls_leave_the_window_in_the_order_in_which_they_came() -> None:
    """Each a window after it has arrived for certain."""
    calls = hold([0, 10, 20])

    assert pytest.approx(60, abs=0.05) == calls.free_at()

    calls.forget(75)
    assert 1 == len(calls)
    assert pytest.approx(80, abs=0.05) == calls.free_at()

    calls.forget(90)
    assert calls.free_at() is None


def test_the_door_is_open_for_a_while_after_slots_came_free() -> None:
    """One slot in 60, of those that have just come free."""
    calls = hold([0, 1, 2, 3])
    assert (0, None) == calls.door(LIMIT)

    calls.forget(60.5)
    slots, closes_at = calls.door(LIMIT)
    assert 1 == slots
    assert closes_at == pytest.approx(72, abs=0.05)

    calls.forget(63.5)
    assert 2 == calls.door(LIMIT)[0]
    assert 0 == calls.door(limit=50)[0]

    calls.forget(80)
    assert (0, None) == calls.door(LIMIT)
