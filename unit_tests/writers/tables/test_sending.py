"""What Dust refuses, and what fails: halved, compared, left out, or waited for."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from destination_dust.dust.errors import Ambiguous, Rejected, TooLarge, Unavailable
from destination_dust.writers.outcomes import BadRecord
from destination_dust.writers.tables.client import UnusableTable
from unit_tests.builders import ORDERS, USERS
from unit_tests.writers.tables.fake_tables import TablesHarness


def fail_on(*bad: str, error: type[Exception] = Ambiguous) -> Callable[[list[str]], None]:
    """Answers an upsert of any of these rows with an error."""

    def fails(row_ids: list[str]) -> None:
        if set(bad) & set(row_ids):
            raise error("Dust said no")

    return fails


def test_a_refused_batch_is_halved_to_the_bad_row() -> None:
    """The good ones land, the bad one is booked as rejected."""
    tables = TablesHarness(skip=True)
    tables.dust.fails = fail_on("users-3", error=Rejected)
    tables.add(1, 2, 3, 4)
    tables.state(1)

    expected = ["create users", "upsert 1 2 3 4", "upsert 1 2", "upsert 3 4", "upsert 3", "upsert 4"]
    assert expected == tables.drain(5)
    tables.turn(20)
    assert [(3, 1)] == tables.released()
    assert 0 == tables.context.budget.used


def test_a_bad_row_ends_the_sync_if_it_may_not_be_skipped() -> None:
    """The default."""
    tables = TablesHarness()
    tables.dust.fails = fail_on("users-1", error=Rejected)
    tables.add(1)

    tables.drain()

    assert isinstance(tables.calls.outcomes.failure, BadRecord)
    assert "users-1" in str(tables.calls.outcomes.failure)


def test_a_batch_that_is_too_large_is_halved_and_the_size_remembered() -> None:
    """Later batches are smaller from the start; a single row that is too large is bad."""

    def too_large(row_ids: list[str]) -> None:
        if len(row_ids) > 2 or "users-9" in row_ids:
            raise TooLarge("status 413")

    tables = TablesHarness(skip=True)
    tables.dust.fails = too_large
    tables.add(1, 2, 3, 4, 9)
    tables.state(1)
    tables.drain(20)
    assert [(4, 1)] == tables.released()

    tables.add(*range(10, 16))
    assert all(len(entry.split()) <= 3 for entry in tables.drain(5) if entry.startswith("upsert"))


def test_a_lone_row_on_which_dust_fails_is_bad_only_if_others_go_through() -> None:
    """It must fail twice for minutes, and each time a row that Dust has taken already must pass after it."""
    tables = TablesHarness(skip=True)
    tables.dust.fails = fail_on("users-1")
    tables.add(1, 2)
    tables.state(1)

    sent = [entry for entry in tables.drain(20) if "upsert" in entry]

    before_any_passed, suspected = ["upsert 1 2", "upsert 1", "upsert 2"], ["upsert 1", "upsert 2"]
    assert [*before_any_passed, *suspected, *suspected] == sent
    assert ["users-1", "users-1"] == tables.dust.lasting
    assert [(1, 1)] == tables.released()


def test_a_lone_row_that_fails_like_all_others_is_not_bad() -> None:
    """A row that Dust had taken before is the comparison: as long as that fails, too, it is an outage."""
    tables = TablesHarness(skip=True)
    tables.add(1)
    tables.turn(60)

    def fails_for_a_while(row_ids: list[str]) -> None:
        if "patiently" not in tables.dust.log[-1]:
            fail_on("users-1", "users-2")(row_ids)

    tables.dust.fails = fails_for_a_while
    tables.add(2)
    tables.state(1)

    sent = tables.drain(20)

    compared = ["upsert 2", "upsert 1"] * 3
    assert [*compared, "upsert 2 patiently"] == [entry for entry in sent if "upsert" in entry]
    assert [(2, 0)] == tables.released()


def test_a_comparison_that_fails_once_is_made_again() -> None:
    """In a partial outage it may meet the one failure of its kind; a bad row is found out all the same."""
    tables = TablesHarness(skip=True)
    tables.add(1)
    tables.turn(60)
    troubles = [1]

    def fails(row_ids: list[str]) -> None:
        fail_on("users-2")(row_ids)
        if row_ids == ["users-1"] and troubles:
            raise Ambiguous(f"trouble {troubles.pop()}")

    tables.dust.fails = fails
    tables.add(2)
    tables.state(1)

    sent = [entry for entry in tables.drain(20) if "upsert" in entry]

    assert ["upsert 2", "upsert 1"] * 3 == sent
    assert [(1, 1)] == tables.released()


def test_a_bad_row_that_is_alone_in_its_table_is_found_out_by_other_tables() -> None:
    """Dust takes their rows that were sent after it failed, and a harmless change of its own table."""
    tables = TablesHarness(rows=1, skip=True)

    def fails(_row_ids: list[str]) -> None:
        tables.dust.now += 1
        tables.context.shared.rows_taken_since = tables.dust.now  # a request of another table
        raise Ambiguous("Dust said no")

    tables.dust.fails = fails
    tables.add(1)
    tables.state(1)

    sent = [entry for entry in tables.drain(20) if "upsert" in entry or "delete" in entry]

    assert ["upsert 1", *["upsert 1", "delete airbyte_nudge"] * 2] == sent
    assert [(0, 1)] == tables.released()


def test_a_row_that_was_deleted_is_not_sent_again_to_compare() -> None:
    """It would be back."""
    tables = TablesHarness(skip=True)
    tables.add(1)
    tables.turn(60)
    tables.delete(1)
    tables.turn(400)
    assert {} == tables.dust.rows_of["users"]
    tables.dust.fails = fail_on("users-2")
    tables.add(2, 3)
    tables.drain(20)

    assert 1 == tables.dust.log.count("upsert users-1")


def cut_off_above(size: int) -> Callable[[list[str]], None]:
    """A gateway that lets no more than some rows pass."""

    def fails(row_ids: list[str]) -> None:
        if len(row_ids) > size:
            raise Ambiguous("status 504", cut_off=True)

    return fails


def test_a_batch_that_a_gateway_cuts_off_is_halved_and_the_size_remembered() -> None:
    """Once two batches have failed of which both halves passed: later ones are smaller from the start."""
    tables = TablesHarness(skip=True)
    tables.dust.fails = cut_off_above(2)
    tables.add(*range(10, 26))
    tables.state(1)
    tables.drain(40)
    assert [(16, 0)] == tables.released()

    tables.add(*range(30, 40))
    assert all(len(entry.split()) <= 3 for entry in tables.drain(40) if entry.startswith("upsert"))


def test_a_row_that_a_firewall_refuses_does_not_make_requests_small() -> None:
    """Of each batch that it is in only the other half passes."""
    tables = TablesHarness(skip=True)

    def fails(row_ids: list[str]) -> None:
        if "users-13" in row_ids:
            raise Ambiguous("status 403", cut_off=True)

    size = tables.context.requests.size
    tables.dust.fails = fails
    tables.add(*range(10, 26))
    tables.state(1)

    tables.drain(60)

    assert [(15, 1)] == tables.released()
    assert size == tables.context.requests.size


def test_a_gateway_in_trouble_does_not_make_requests_small() -> None:
    """It fails once, whatever the size; then both halves pass."""
    tables = TablesHarness(skip=True)
    troubles = [Ambiguous("status 502", cut_off=True)]

    def fails(_row_ids: list[str]) -> None:
        if troubles:
            raise troubles.pop()

    size = tables.context.requests.size
    tables.dust.fails = fails
    tables.add(*range(10, 26))

    tables.drain(60)

    assert size == tables.context.requests.size


def test_an_outage_is_waited_out() -> None:
    """Without a success since, the row is sent with all the patience that a call may have, and not called bad."""

    def trouble(_row_ids: list[str]) -> None:
        raise Unavailable("gave up") if "patiently" in tables.dust.log[-1] else Ambiguous("trouble")

    tables = TablesHarness(skip=True)
    tables.dust.fails = trouble
    tables.add(1, 2)

    with pytest.raises(Unavailable):
        tables.drain(400)
    assert "upsert users-1 patiently" in tables.dust.log or "upsert users-2 patiently" in tables.dust.log


def test_if_everything_is_refused_it_is_not_the_rows() -> None:
    """Two thousand records are not rejected one by one."""
    tables = TablesHarness(rows=100, skip=True)
    tables.dust.fails = fail_on(*(f"users-{number}" for number in range(2000)), error=Rejected)
    tables.add(*range(2000))

    with pytest.raises(UnusableTable, match="not in single rows: Dust said no"):
        tables.drain()
    assert 20 == tables.calls.progress.of(USERS).rejected


def test_a_table_that_is_gone_is_no_bad_row() -> None:
    """Dust answers 500 for a missing table too, so it is asked."""

    def vanish(_row_ids: list[str]) -> None:
        del tables.dust.rows_of["users"]
        raise Ambiguous("Failed to upsert database rows.")

    tables = TablesHarness(skip=True)
    tables.dust.fails = vanish
    tables.add(1, 2)

    with pytest.raises(UnusableTable, match="was deleted"):
        tables.drain()


@pytest.mark.parametrize("rows", [1, 10])
def test_the_earlier_change_of_a_row_is_stored_if_dust_refuses_the_later_one(rows: int) -> None:
    """It waited when the later one came. Each record has its own fate, and the memory is given back."""
    tables = TablesHarness(rows=rows, skip=True)
    tables.dust.refuses = {"bad", "worse"}
    tables.add(2)
    for version in ("good", "bad", "worse"):
        tables.add(1, v=version)
    tables.state(1)

    tables.drain(300)

    assert {"users-1", "users-2"} == set(tables.dust.rows_of["users"])
    assert "good" == tables.dust.rows_of["users"]["users-1"]["v"]
    assert [(2, 2)] == tables.released()
    assert 0 == tables.context.budget.used


def test_an_earlier_delete_is_made_if_dust_refuses_the_later_change() -> None:
    """The source deleted the row once, and what it wrote then cannot be stored."""
    tables = TablesHarness(skip=True)
    tables.add(1, 2)
    tables.drain(300)
    tables.dust.refuses = {"bad"}
    tables.delete(1)
    tables.add(1, v="bad")

    tables.drain(600)

    assert {"users-2"} == set(tables.dust.rows_of["users"])
    assert 0 == tables.context.budget.used


def test_a_newer_change_outranks_the_earlier_one_of_a_refused_row() -> None:
    """It waits when the refusal comes; what the refused one superseded waits behind it."""
    tables = TablesHarness(rows=1, skip=True)
    tables.add(1, v="good")
    tables.add(1, v="bad")
    tables.dust.refuses = {"bad"}
    tables.add(2)
    tables.add(1, v="newest")

    tables.drain(300)

    assert "newest" == tables.dust.rows_of["users"]["users-1"]["v"]
    assert 0 == tables.context.budget.used


def test_an_idle_table_shows_that_a_bad_row_alone_in_its_table_is_bad() -> None:
    """It sends the row once more that Dust took last: nothing else is left to be sent."""
    tables = TablesHarness(skip=True)
    tables.add(7, 8, stream=ORDERS)
    tables.turn(80)
    tables.dust.fails = fail_on("users-1")
    tables.add(1)
    tables.state(1)

    sent = tables.drain(200)

    assert ["upsert 1", *["upsert 1", "upsert orders-7", "delete airbyte_nudge"] * 2] == [
        each for each in sent if each.split()[0] in ("upsert", "delete")
    ]
    assert [(0, 1)] == tables.released()
    assert tables.writer.idle


@pytest.mark.parametrize("error", [Ambiguous, Unavailable])
def test_an_outage_that_idle_tables_meet_as_well_proves_nothing(error: type[Exception]) -> None:
    """Their row is not taken, either, and that is no failure of theirs."""
    tables = TablesHarness(skip=True)
    tables.add(7, stream=ORDERS)
    tables.turn(80)

    def trouble(row_ids: list[str]) -> None:
        if "orders-7" in row_ids:
            raise error("trouble")
        raise Unavailable("gave up") if "patiently" in tables.dust.log[-1] else Ambiguous("trouble")

    tables.dust.fails = trouble
    tables.add(1)

    tables.drain(400)

    assert "upsert users-1 patiently" in tables.dust.log
    assert [USERS] == list(tables.writer.failures)
    assert 0 == tables.calls.progress.of(USERS).rejected
