"""What a burst takes in, and in what portions it is sent."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from destination_dust.airbyte.ledger import Span
from destination_dust.writers.tables.batch import Batch, Change
from destination_dust.writers.tables.burst import Burst
from destination_dust.writers.tables.limits import BurstLimits, Capacity, RequestLimits
from unit_tests.builders import USERS

SPAN = Span(USERS)


def upsert(row_id: int, size: int = 10) -> Change:
    """A change that gives a row some content."""
    return Change(str(row_id), b"x" * size, SPAN)


def delete(row_id: int) -> Change:
    """A change that removes a row."""
    return Change(str(row_id), None, SPAN)


def filled(*changes: Change, rows: int = 2, size: int = 900_000) -> Burst:
    """A closed burst of these changes."""
    burst = Burst(0.0, BurstLimits())
    for change in changes:
        burst.add(change, RequestLimits(rows, size), 0.0)
    burst.close()
    return burst


def ids(batch: Batch | None) -> list[str]:
    """The rows of a batch."""
    assert batch is not None
    return list(batch.changes)


def test_an_open_batch_that_lost_its_last_row_has_no_room_of_its_own() -> None:
    """A row that is deleted before it was sent leaves an empty batch, which may not bring one request too many."""
    limits, burst = RequestLimits(1), Burst(0.0, BurstLimits(requests=2))
    for change in (upsert(2), delete(2), delete(0)):
        assert burst.accepts(change, limits)
        burst.add(change, limits, 0.0)

    assert not burst.accepts(upsert(1), limits)


changes = st.lists(st.tuples(st.integers(0, 6), st.booleans()), min_size=1, max_size=40)


@given(changes, st.integers(1, 5), st.integers(1, 6))
def test_the_last_change_of_each_row_is_what_comes_out(
    sequence: list[tuple[int, bool]], rows: int, requests: int
) -> None:
    """However changes are spread over bursts, batches and deletes, played back they leave the same rows, and every
    record is settled exactly once."""
    limits, bursts = RequestLimits(rows), [Burst(0.0, BurstLimits(requests=requests))]
    for number, (row, deletes) in enumerate(sequence):
        change = delete(row) if deletes else Change(str(row), b"%d" % number, SPAN)
        if not bursts[-1].accepts(change, limits):
            bursts[-1].close()
            bursts.append(Burst(0.0, BurstLimits(requests=requests)))
        bursts[-1].add(change, limits, 0.0)
    bursts[-1].close()

    table: dict[str, bytes] = {}
    settled = sent = 0
    for burst in bursts:
        sent = 0
        while burst.batches:
            batch = burst.next_batch(limits)
            assert batch is not None
            table.update((row_id, change.content or b"") for row_id, change in batch.changes.items())
            burst.took(batch.changes.values(), size=batch.size, began=0.0, ended=0.0)
            sent += 1
        for row_id, change in burst.deletes.items():
            table.pop(row_id, None)
            burst.took([change], size=0, began=0.0, ended=0.0)
            sent += 1
        assert sent <= requests
        settled += burst.upserted.total() + burst.deleted.total()

    expected: dict[str, bytes] = {}
    for number, (row, deletes) in enumerate(sequence):
        if deletes:
            expected.pop(str(row), None)
        else:
            expected[str(row)] = b"%d" % number
    assert expected == table
    assert len(sequence) == settled


def test_a_batch_is_cut_to_the_room_that_is_left() -> None:
    """The first of a burst at least; what does not fit waits for the next measurement."""
    burst = filled(*map(upsert, range(6)), rows=4)
    burst.capacity = Capacity(3, 10_000)

    first = burst.next_batch(RequestLimits(4))
    assert ["0", "1", "2"] == ids(first)
    assert first is not None
    burst.took(first.changes.values(), size=first.size, began=0.0, ended=0.0)

    assert burst.next_batch(RequestLimits(4)) is None
    rest = burst.split_off()
    assert burst.closed
    assert rest.closed
    assert (3, ["3"]) == (rest.waiting[0], ids(rest.next_batch(RequestLimits(4))))


def test_a_batch_is_cut_to_a_size_that_was_learned_later() -> None:
    """So that no request is as large as one that was refused."""
    burst = filled(*(upsert(number, 1_000) for number in range(10)), rows=10)

    batch = burst.next_batch(RequestLimits(10, 5_000))

    assert batch is not None
    assert batch.size <= 5_000
    assert 4 == len(batch)


def test_deletes_move_to_the_rest_with_the_rows_that_wait() -> None:
    """A delete must never be sent before a row that came before it."""
    burst = filled(upsert(1), upsert(2), upsert(3), delete(9))

    rest = burst.split_off()

    assert {} == burst.deletes
    assert ["9"] == list(rest.deletes)


def test_a_batch_ages_from_its_first_row() -> None:
    """Also if the rows before it were deleted again."""
    burst = Burst(0.0, BurstLimits())
    limits = RequestLimits(10)
    burst.add(upsert(1), limits, 0.0)
    burst.add(delete(1), limits, 1.0)
    assert burst.open_since is None
    burst.add(upsert(2), limits, 50.0)
    burst.add(upsert(3), limits, 51.0)

    assert 50.0 == burst.open_since


def test_a_request_on_its_way_counts_among_those_of_the_burst() -> None:
    """Else one too many is let in, becomes a burst of its own, and costs the table another rest."""
    limits, one_row = BurstLimits(requests=2), RequestLimits(1)
    burst = Burst(0.0, limits)
    for number in (1, 2):
        burst.add(upsert(number), one_row, 0.0)
    burst.seal()
    assert ["1"] == ids(burst.next_batch(one_row))

    burst.under_way = True

    assert not burst.accepts(upsert(3), one_row)
