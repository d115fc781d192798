"""What waits for a table, and in what portions it is sent."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from destination_dust.airbyte.ledger import Span
from destination_dust.mapping.tables.rows import Row
from destination_dust.writers.tables.burst import Batch
from destination_dust.writers.tables.changes import MAX_EARLIER, Change, Waiting
from destination_dust.writers.tables.context import MemoryBudget, RequestLimits
from unit_tests.builders import USERS

SPAN = Span(USERS)
LARGE = RequestLimits(1_000)


def change(row_id: str, content: bytes | None = b"", *, since: float = 0.0, span: Span = SPAN) -> Change:
    """A change that gives a row some content, or removes it."""
    return Change(row_id, None if content is None else Row(content, len(content), 1), span, since)


def waiting(*changes: Change, keeps: bool = False) -> Waiting:
    """Changes that wait."""
    found = Waiting(MemoryBudget(), keeps_earlier=keeps)
    for each in changes:
        found.put(each)
    return found


def ids(changes: list[Change]) -> list[str]:
    """The rows of changes."""
    return [each.row_id for each in changes]


@given(
    st.lists(st.tuples(st.integers(0, 6), st.booleans(), st.sampled_from(["", "cut", "put back"])), max_size=60),
    st.integers(1, 5),
    st.booleans(),
)
def test_the_last_change_of_each_row_is_what_comes_out(
    sequence: list[tuple[int, bool, str]], rows: int, keeps: bool
) -> None:
    """However requests are cut in between, or put back, played back they leave the same rows; every record is settled
    exactly once, and the memory is given back."""
    budget = MemoryBudget()
    found, limits = Waiting(budget, keeps_earlier=keeps), RequestLimits(rows)
    table: dict[str, bytes] = {}
    records: Counter[Span] = Counter()

    def take(changes: list[Change]) -> None:
        batch = Batch(changes)
        records.update(batch.records)
        for each in changes:
            if each.row:
                table[each.row_id] = each.row.content
            else:
                table.pop(each.row_id, None)
        found.release(batch.held)

    expected: dict[str, bytes] = {}
    on_the_way: list[Change] = []
    for number, (row, deletes, then) in enumerate(sequence):
        content = None if deletes else b"%d" % number
        found.put(change(str(row), content, since=number))
        if content is None:
            expected.pop(str(row), None)
        else:
            expected[str(row)] = content
        if then == "cut":
            take(on_the_way)
            on_the_way = found.cut(limits, number)
        elif then:
            found.put_back(on_the_way)
            on_the_way = []
    take(on_the_way)
    while changes := found.cut(limits, float("inf")):
        assert len({each.row_id for each in changes}) == len(changes) <= rows
        assert len({each.row is None for each in changes}) == 1
        take(changes)

    assert expected == table
    assert len(sequence) == records.total()
    assert 0 == budget.used == found.held == len(found) == found.rows == found.size


def test_a_row_that_changes_all_the_time_costs_the_same_each_time() -> None:
    """A hundred thousand records leave one change, with one count for each span."""
    first, second = Span(USERS), Span(USERS)
    found = waiting()
    for number in range(100_000):
        found.put(change("hot", b"%d" % number, span=first if number < 30_000 else second))

    (only,) = found.cut(LARGE, 1.0)

    assert {first: 30_000, second: 70_000} == Batch([only]).records
    assert only.held < 1_000


def test_few_earlier_changes_are_kept_and_the_records_of_all() -> None:
    """In case Dust refuses the latest."""
    found = waiting(*(change("hot", b"%d" % number) for number in range(1_000)), keeps=True)
    (only,) = found.cut(LARGE, 1.0)

    assert [b"999", b"998", b"997", b"996", b"995"] == [each.row and each.row.content for each in only.chain]
    assert MAX_EARLIER + 1 == len([*only.chain])
    assert {SPAN: 1_000} == Batch([only]).records
    assert {SPAN: 1} == only.own_records


def test_requests_are_full_and_the_oldest_rows_go_first() -> None:
    """A row keeps its turn when it changes again."""
    found = waiting(*(change(str(number), since=number) for number in range(5)))
    found.put(change("0", b"new", since=9))

    assert not found.fills(RequestLimits(6))
    assert found.fills(RequestLimits(5))
    assert 0 == found.since
    assert ["0", "1"] == ids(found.cut(RequestLimits(2), -1))
    assert ["2", "3"] == ids(found.cut(RequestLimits(2), -1))
    assert [] == ids(found.cut(RequestLimits(2), 3))
    assert ["4"] == ids(found.cut(RequestLimits(2), 4))
    assert found.since is None


def test_a_request_is_full_by_its_bytes() -> None:
    """One row may be larger than that."""
    found = waiting(*(change(str(number), b"x" * 1_000) for number in range(10)))

    assert 4 == len(found.cut(RequestLimits(10, 5_000), 0))
    assert found.fills(RequestLimits(10, 6_000))
    assert 1 == len(found.cut(RequestLimits(10, 100), 0))


def test_deletes_are_requests_of_their_own() -> None:
    """What has waited longer goes first, unless it has to be one or the other; what came later waits on."""
    changes = change("a", None, since=1), change("b", since=2), change("c", None, since=3)
    found = waiting(*changes)

    assert [] == ids(found.cut(LARGE, 1, deletes=False))
    assert ["a"] == ids(found.cut(LARGE, 2))
    assert ["b"] == ids(found.cut(LARGE, 2))
    assert [] == ids(found.cut(LARGE, 2))
    assert ["c"] == ids(found.cut(LARGE, 3))

    assert ["b"] == ids(waiting(*changes).cut(LARGE, 3, deletes=False))


@pytest.mark.parametrize("newer", [None, b"newer"])
def test_what_is_put_back_goes_first_unless_a_newer_change_waits(newer: bytes | None) -> None:
    """Which takes its records over."""
    found = waiting(change("a"), change("b"))
    cut = found.cut(LARGE, 1)
    found.put(change("c"))
    found.put(change("b", newer))

    assert 1 == found.put_back(cut)

    assert ["a", "c"] == ids([each for each in found.cut(LARGE, 1) if each.row_id != "b"])


def test_a_refused_change_makes_room_for_the_one_before_it() -> None:
    """Unless a newer one waits."""
    found = waiting(change("a", b"good"), change("a", b"bad"), keeps=True)
    (bad,) = found.cut(LARGE, 1)
    assert found.restore(bad)
    (good,) = found.cut(LARGE, 1)
    assert good.row == Row(b"good", 4, 1)
    assert not found.restore(good)
    assert 0 == found.held


def test_the_one_before_a_refused_change_is_not_sent_if_a_newer_one_waits() -> None:
    """Which supersedes it, and takes its records over."""
    found = waiting(change("a", b"good"), change("a", b"bad"), keeps=True)
    (bad,) = found.cut(LARGE, 1)
    found.put(change("a", b"newer"))

    assert not found.restore(bad)

    (newer,) = found.cut(LARGE, 1)
    assert [b"newer", b"good"] == [each.row and each.row.content for each in newer.chain]
