"""Which rows show that the requests of a burst were merged."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from destination_dust.airbyte.ledger import Span
from destination_dust.mapping.tables.contents import Contents
from destination_dust.mapping.tables.rows import Row
from destination_dust.mapping.tables.sizes import Size
from destination_dust.writers.tables.burst import PAUSE, Batch, Burst
from destination_dust.writers.tables.changes import Change
from destination_dust.writers.tables.context import BurstLimits
from destination_dust.writers.tables.witnesses import Witness
from unit_tests.builders import USERS
from unit_tests.writers.outcomes import FakeWorkers

SPAN = Span(USERS)

requests = st.lists(
    st.tuples(st.lists(st.integers(0, 30), min_size=1, max_size=20, unique=True), st.booleans()),
    min_size=1,
    max_size=25,
)


def burst(loaded_at: int = 0) -> Burst:
    """A burst without requests."""
    return Burst(0.0, Contents(Size()), loaded_at=loaded_at, time_is_new=True)


def take(
    found: Burst, row_ids: Sequence[str], *, began: float = 0.0, ended: float = 0.0, deletes: bool = False
) -> None:
    """Dust takes a request with changes of these rows."""
    row = None if deletes else Row(b"x" * 10, 10, 1)
    found.took(Batch([Change(row_id, row, SPAN) for row_id in row_ids]), began=began, ended=ended)


def witnesses(*batches: list[str], pause: float = 0.0, deletes: bool = False) -> list[Witness]:
    """What is to be read after these requests, with so many seconds between two."""
    found = burst()
    for number, row_ids in enumerate(batches):
        at = number * (pause + 0.1)
        take(found, row_ids, began=at, ended=at + 0.1, deletes=deletes)
    return found.witnesses()


@given(requests, st.sampled_from([0.0, PAUSE + 1]))
def test_a_witness_was_changed_by_its_request_and_by_none_after_it(
    batches: list[tuple[list[int], bool]], pause: float
) -> None:
    """Else its time of loading would say nothing about that request. Against a model that remembers everything."""
    found, last = burst(), dict[str, int]()
    for number, (ids, deletes) in enumerate(batches):
        row_ids = [str(each) for each in ids]
        at = number * (pause + 0.1)
        take(found, row_ids, began=at, ended=at + 0.1, deletes=deletes)
        last.update(dict.fromkeys(row_ids, number))

    chosen = found.witnesses()

    proven = {last[each.row_id] for each in chosen}
    assert len(chosen) == len(proven)
    assert all(each.deleted == batches[last[each.row_id]][1] for each in chosen)
    needed = set(last.values())
    assert max(needed) == last[chosen[0].row_id]
    if pause or len(needed) <= 10:
        # Each run stands for itself, and so few need no choice.
        assert needed == proven
    else:
        assert 10 == len(proven)
        assert {*sorted(needed)[:2]} <= proven


def test_the_last_request_is_looked_at_first() -> None:
    """When it is merged, so is all before it that will ever be."""
    assert Witness("c") == witnesses(["a"], ["b"], ["c"])[0]


def test_many_are_read_at_their_ends_and_evenly_between() -> None:
    """Dust merges or drops together what came without a pause."""
    numbers = [int(each.row_id) for each in witnesses(*([str(number)] for number in range(80)))]

    assert [79, 0, 1] == numbers[:3]
    assert 10 == len(numbers)
    ordered = sorted(numbers)
    assert max(later - earlier for earlier, later in itertools.pairwise(ordered)) <= 12


def test_after_a_pause_each_part_is_read() -> None:
    """Dust may have merged what came before, and drop what comes after."""
    assert 40 == len(witnesses(*([str(number)] for number in range(40)), pause=PAUSE))


def test_slow_answers_are_no_pauses() -> None:
    """Of requests that take 2.6 s each, Dust may have received two 5.2 s apart, and still merges them together."""
    found = burst()
    for number in range(80):
        take(found, [str(number)], began=number * 2.6, ended=(number + 1) * 2.6)

    assert 10 == len(found.witnesses())


def test_what_came_before_a_pause_may_be_merged_before_the_burst_ends() -> None:
    """Then what is read there at the end of the burst does not show how it was before."""
    found = witnesses(["a"], ["b"], pause=PAUSE)

    assert [("b", False), ("a", True)] == [(each.row_id, each.may_be_merged) for each in found]


def test_requests_that_share_rows_have_different_times(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a row that both changed would show the first where the second was lost."""
    monkeypatch.setattr("destination_dust.writers.tables.burst.SHARING", 4)
    found, times = burst(100), list[int]()
    for row_ids in (["a", "b"], ["c"], ["d", "a"], ["e"], ["a"], ["f", "g", "h"], ["i"]):
        found.set_time(row_ids)
        times.append(found.loaded_at)
        take(found, row_ids)

    assert [100, 100, 101, 101, 102, 102, 103] == times
    assert {"b": 100, "c": 100, "d": 101} == {
        each.row_id: each.times[1] for each in found.witnesses() if each.row_id in "bcd"
    }


def test_the_row_that_may_be_sent_once_more_is_no_witness_if_others_are() -> None:
    """The first of a request: the repeat may be merged where the request was lost."""
    assert [Witness("c")] == witnesses(["a", "b", "c"])
    assert [Witness("b")] == witnesses(["a", "b", "c"], ["c"])[1:]
    assert [Witness("a")] == witnesses(["a", "b", "c"], ["b", "c"])[1:]


def test_each_delete_can_be_read() -> None:
    """Of rows that were not there before, one says nothing about another."""
    found = burst()
    for number in range(80):
        take(found, [str(number)], deletes=number >= 40)

    assert {str(number) for number in range(40, 80)} <= {each.row_id for each in found.witnesses(every_delete=True)}


def test_a_request_whose_rows_were_all_changed_again_needs_no_witness() -> None:
    """What it did cannot be seen, and need not be there."""
    assert ["a", "b"] == [each.row_id for each in witnesses(["a", "b"], ["a"])]
    assert [Witness("a")] == witnesses(["a"], ["a"])
    assert [] == burst().witnesses()


def test_a_delete_is_witnessed_by_a_missing_row() -> None:
    """And an upsert that it undoes is not."""
    assert [Witness("b", deleted=True)] == witnesses(["a"], ["b"], deletes=True)[:1]


@pytest.mark.parametrize("limits", [BurstLimits(requests=3), BurstLimits(rows=5), BurstLimits(size=400)])
def test_a_burst_is_full_by_requests_rows_or_bytes(limits: BurstLimits) -> None:
    """Two rows of some 80 bytes with their head in each request."""
    found = burst()
    for _ in range(3):
        assert not found.is_full(limits)
        take(found, ["a", "b"])
    assert found.is_full(limits)
    assert Size(6, 60, 6) == found.contents.size


def test_what_was_acknowledged_is_not_acknowledged_again() -> None:
    """Without `confirm_rows`, each request is as soon as Dust has taken it."""
    workers, found = FakeWorkers(), burst()
    for row_ids in (["a", "b"], ["c"]):
        for _ in row_ids:
            workers.ledger.add_record(USERS)
        take(found, row_ids)
        workers.outcomes.queued(USERS, len(row_ids))
        found.settle(USERS, workers.outcomes)
    counts = workers.outcomes.counts(USERS)

    assert (3, 0, 0) == (counts.upserted, counts.deleted, counts.queued)
