"""Which rows show that the requests of a burst were merged."""

from __future__ import annotations

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from destination_dust.writers.tables.witnesses import RUN_GAP, Witness, Witnesses

requests = st.lists(
    st.tuples(st.lists(st.integers(0, 30), min_size=1, max_size=20, unique=True), st.booleans()),
    min_size=1,
    max_size=25,
)


def witnesses(*batches: list[str], pause: float = 0.0, deletes: bool = False) -> list[Witness]:
    """What is to be read after these requests, with so many seconds between two."""
    found = Witnesses()
    for number, row_ids in enumerate(batches):
        at = number * (pause + 0.1)
        found.took(row_ids, began=at, ended=at + 0.1, deletes=deletes)
    return found.to_read()


@settings(deadline=None)
@given(requests, st.sampled_from([0.0, RUN_GAP + 1]))
def test_a_witness_was_changed_by_its_request_and_by_none_after_it(
    batches: list[tuple[list[int], bool]], pause: float
) -> None:
    """Else its time of loading would say nothing about that request. Against a model that remembers everything."""
    found, last = Witnesses(), dict[str, int]()
    for number, (ids, deletes) in enumerate(batches):
        row_ids = [str(each) for each in ids]
        at = number * (pause + 0.1)
        found.took(row_ids, began=at, ended=at + 0.1, deletes=deletes)
        last.update(dict.fromkeys(row_ids, number))

    chosen = found.to_read()

    proven = {last[each.row_id] for each in chosen}
    assert len(chosen) == len(proven)
    assert all(each.deleted == batches[last[each.row_id]][1] for each in chosen)
    needed = set(last.values())
    assert max(needed) == last[chosen[0].row_id]
    if pause or len(needed) <= 11:
        # Each run stands for itself, and so few need no choice.
        assert needed == proven
    else:
        assert 11 == len(proven)
        assert min(needed) in proven


def test_the_last_request_is_looked_at_first() -> None:
    """When it is merged, so is all before it that will ever be."""
    assert Witness("c") == witnesses(["a"], ["b"], ["c"])[0]


def test_a_run_of_many_is_read_at_its_ends_and_evenly_between() -> None:
    """Dust merges or drops together what came without a pause."""
    numbers = [int(each.row_id) for each in witnesses(*([str(number)] for number in range(80)))]

    assert [79, 0] == numbers[:2]
    assert 11 == len(numbers)
    ordered = sorted(numbers)
    assert max(later - earlier for earlier, later in itertools.pairwise(ordered)) <= 10


def test_each_run_is_read() -> None:
    """After a pause Dust may have merged what came before, and drop what comes after."""
    assert 40 == len(witnesses(*([str(number)] for number in range(40)), pause=RUN_GAP))


def test_a_request_whose_rows_were_all_changed_again_needs_no_witness() -> None:
    """What it did cannot be seen, and need not be there."""
    assert ["a"] == [each.row_id for each in witnesses(["a", "b"], ["a"])][:1]
    assert [Witness("a")] == witnesses(["a"], ["a"])


def test_a_delete_is_witnessed_by_a_missing_row() -> None:
    """And an upsert that it undoes is not."""
    assert [Witness("b", deleted=True)] == witnesses(["a"], ["b"], deletes=True)[:1]
