"""The proof that bizon has handed over all that its source has."""

from __future__ import annotations

import pytest

from destination_dust.hosts.bizon.reading import NotAll, Reading

MORE = {"page": 1}


def reading(*iterations: tuple[int, object]) -> Reading:
    """What has come: iterations and their next paginations."""
    read = Reading()
    for number, pagination in iterations:
        read.take(number, pagination)
    return read


@pytest.mark.parametrize("end", [{}, None])
def test_all_is_there_if_the_last_iteration_leads_nowhere(end: object) -> None:
    """bizon has both words for it."""
    reading((0, MORE), (1, end)).prove_all(2)


@pytest.mark.parametrize(
    "iterations",
    [
        [(1, {})],  # the first was lost
        [(0, MORE), (0, MORE), (1, {})],  # one came twice: of another run
        [(0, MORE), (2, {})],  # one was lost
        [(1, MORE), (0, {})],  # they came in another order
        [(0, {})],  # the last was lost
        [],  # all were
    ],
)
def test_a_gap_is_another_run_or_a_loss(iterations: list[tuple[int, object]]) -> None:
    """A queue outside of the process may have either."""
    with pytest.raises(NotAll, match="Empty the queue"):
        reading(*iterations).prove_all(2)


def test_a_source_that_had_more_was_cut_short() -> None:
    """By `max_iterations`, for example, which bizon calls a success."""
    with pytest.raises(NotAll, match="max_iterations"):
        reading((0, MORE), (1, MORE)).prove_all(2)


def test_nothing_at_all_is_no_proof() -> None:
    """A source that is empty brings one iteration without records."""
    with pytest.raises(NotAll):
        reading().prove_all(0)


def test_a_source_is_exhausted_or_not() -> None:
    """The last iteration counts."""
    assert not reading().is_exhausted
    assert not reading((0, {}), (1, MORE)).is_exhausted
    assert reading((3, MORE), (4, {})).is_exhausted
