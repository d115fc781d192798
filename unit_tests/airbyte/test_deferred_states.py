"""States that wait for the end of a replacement."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing

import pytest

from destination_dust.airbyte.deferred_states import DeferredStates
from destination_dust.airbyte.reader import State, StreamKey
from unit_tests.builders import ORDERS, TEAMS, USERS, state

Keep = Callable[..., DeferredStates]


@pytest.fixture
def keep() -> Iterator[Keep]:
    """Makes one that keeps the states of some streams."""
    with ExitStack() as stack:
        yield lambda *streams: stack.enter_context(closing(DeferredStates(streams)))


def kept(states: DeferredStates, *all_states: State) -> list[bool]:
    """Whether each state had to wait, in the order in which they became safe."""
    waits = []
    for number, each in enumerate(all_states):
        waits.append(states.keeps(each))
        if waits[-1]:
            states.keep(each, b'{"number": %d}' % number)
    return waits


def released(states: DeferredStates) -> list[int]:
    return [int(line.split()[1][:-1]) for line in states.release()]


def test_states_of_replaced_streams_wait_and_others_do_not(keep: Keep) -> None:
    """A slow replacement holds back nobody else."""
    states = keep(USERS)

    assert [True, False, True] == kept(states, state(USERS), state(ORDERS), state(USERS))

    assert [] == released(states)
    states.let_go([USERS])
    assert [0, 2] == released(states)
    assert 0 == len(states)


def test_a_state_about_all_streams_waits_for_each_of_them(keep: Keep) -> None:
    """And what comes behind it keeps its place, whatever its stream."""
    states = keep(USERS, TEAMS)

    assert [False, True, True, True] == kept(states, state(ORDERS), state(None), state(ORDERS), state(USERS))

    states.let_go([USERS])
    assert [] == released(states)
    assert 3 == len(states)
    states.let_go([TEAMS])
    assert [1, 2, 3] == released(states)


def test_a_stream_that_failed_keeps_its_states_and_those_about_all(keep: Keep) -> None:
    """Streams that were replaced give theirs back all the same."""
    states = keep(USERS, TEAMS)
    kept(states, state(USERS), state(TEAMS), state(USERS), state(None), state(USERS))

    states.let_go([USERS])

    assert [0, 2] == released(states)
    assert 3 == len(states)


def test_nothing_waits_if_nothing_is_replaced(keep: Keep) -> None:
    """Not even states about all streams."""
    assert [False, False] == kept(keep(), state(None), state(USERS))


def test_streams_of_one_name_in_two_namespaces_are_two(keep: Keep) -> None:
    """Only the one that is replaced waits."""
    states = keep(StreamKey("a", "users"))

    assert [False, True] == kept(states, state(USERS), state(StreamKey("a", "users")))
