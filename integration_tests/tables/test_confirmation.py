"""A row is acknowledged when it can be read back, for Dust drops queued rows without a word."""

from __future__ import annotations

import itertools
import time
from typing import Any

import pytest

from integration_tests.harness.in_process import Finished, sync
from integration_tests.harness.messages import catalog, record, state
from integration_tests.harness.tables import GONE, TABLE, is_look, looks, settings, stored, upserts, users
from local_dust import Arrival, World
from local_dust.tables.cells import Moment
from local_dust.tables.csv_files import Rows

IMPATIENT = {"confirmation_limit": 2}


def states(finished: Finished) -> list[int]:
    """The numbers of the states that came back."""
    return [each["id"] for each in finished.states]


def truncate(world: World, row_id: str, **cells: Any) -> None:
    """Somebody else replaces all rows by one."""
    world.data_source.tables.replace_rows(TABLE, Rows(tuple(cells), [row_id], [tuple(cells.values())]))


def test_rows_that_replace_others_are_confirmed_by_their_own_version(world: World) -> None:
    """That a row is there proves nothing if it was there before: the dropped request is noticed all the same."""
    config = settings(table_batch_size=10, **IMPATIENT)
    sync(world, catalog("users"), users(30), **config)
    world.lose_rows(TABLE, which="middle")

    finished = sync(world, catalog("users"), [*users(30, version=2), state("users", 2)], **config)

    assert "transient_error" == finished.failure
    assert [] == states(finished)


@pytest.mark.parametrize("which", [None, "first", "middle", "last"])
def test_a_burst_that_ends_in_deletes_is_confirmed_rightly(world: World, which: str | None) -> None:
    """Upserts and deletes each have to be seen: any of the five requests may be the one that is dropped."""
    config = settings(table_batch_size=2, **IMPATIENT)
    sync(world, catalog("users"), users(10), **config)
    if which:
        world.lose_rows(TABLE, which=which)

    changes = [*users(4, version=2), *users(3, start=7, **GONE), state("users", 2)]
    finished = sync(world, catalog("users"), changes, **config)

    assert ([] if which else [2]) == states(finished)
    assert ("transient_error" if which else None) == finished.failure


def test_a_burst_of_deletes_alone_is_confirmed_by_a_missing_row(world: World) -> None:
    """A delete that Dust drops leaves its row, which is seen."""
    sync(world, catalog("users"), users(3), **settings())
    world.lose_rows(TABLE, which="last")

    finished = sync(world, catalog("users"), [*users(2, **GONE), state("users", 1)], **settings(**IMPATIENT))

    assert "transient_error" == finished.failure
    assert [] == states(finished)


def test_one_row_in_two_bursts_within_a_second_is_confirmed_twice(world: World) -> None:
    """Each burst of a table has a time of loading of its own, or the row of the first would pass for the second's."""
    world.limits.quiet_seconds = 0.01
    config = settings(table_batch_size=1, confirmation_delay=0.05, **IMPATIENT)
    messages = [record("users", id=1, version=1), *users(79, start=2), state("users", 1)]
    messages += [record("users", id=1, version=2), state("users", 2)]
    assert [1, 2] == states(sync(world, catalog("users"), messages, **config))
    assert 2 == stored(world)["users-1"]["version"]

    def lose_the_second(arrival: Arrival) -> None:
        if "'version': 2" in str(arrival.body):
            world.lose_rows(TABLE, which="last")

    finished = sync(world, catalog("users"), messages, on_arrival=lose_the_second, **config)

    assert "transient_error" == finished.failure
    assert [1] == states(finished)


def test_each_burst_of_a_table_is_loaded_at_a_later_second(world: World) -> None:
    """Also in the next sync, and if the clock was set back meanwhile."""
    world.limits.quiet_seconds = 0.01
    for number in range(3):
        messages = users(100, start=100 * number)
        sync(world, catalog("users"), messages, **settings(table_batch_size=1, confirmation_delay=0.05))

    times: list[int] = []
    for arrival in upserts(world):
        times += [row["value"]["_airbyte_loaded_at"]["epoch"] for row in arrival.body["rows"]]
    assert 6 == len(set(times))
    assert times == sorted(times)
    assert all(each % 1000 == 0 for each in times)


def test_a_row_that_somebody_else_has_changed_since_counts_as_stored(world: World) -> None:
    """A later time of loading is a confirmation, with a warning that two connections should not share a table."""
    world.limits.quiet_seconds = 1_000.0

    def change(arrival: Arrival) -> None:
        if is_look(arrival) and len(looks(world)) == 1:
            truncate(world, "users-0", id=1, _airbyte_loaded_at=Moment((int(time.time()) + 3600) * 1000))

    finished = sync(world, catalog("users"), [*users(1), state("users", 1)], on_arrival=change, **settings())

    assert [1] == states(finished)
    assert any("someone else" in line for line in finished.warnings)


def test_a_time_of_loading_that_is_none_counts_as_stored(world: World) -> None:
    """What cannot be compared is trusted, with one warning."""
    world.limits.quiet_seconds = 1_000.0

    def change(arrival: Arrival) -> None:
        if is_look(arrival) and len(looks(world)) == 1:
            truncate(world, "users-0", id=1, _airbyte_loaded_at="once upon a time")

    finished = sync(world, catalog("users"), [*users(1), state("users", 1)], on_arrival=change, **settings())

    assert [1] == states(finished)
    assert 1 == sum("cannot be read as a time" in line for line in finished.warnings)


def test_few_rows_are_looked_at_in_a_run_of_many_requests(world: World) -> None:
    """Each look makes Dust read the whole table: the last, the first and nine between them must do."""
    sync(world, catalog("users"), users(60), **settings(table_batch_size=1))

    assert 60 == len(upserts(world))
    seen = sorted({int(row_id.removeprefix("users-")) for row_id in looks(world)})
    assert 11 == len(seen)
    assert (0, 59) == (seen[0], seen[-1])
    assert max(later - earlier for earlier, later in itertools.pairwise(seen)) <= 8


def test_a_table_that_is_deleted_meanwhile_is_a_failure_at_once(world: World) -> None:
    """No row of it will ever come, so nobody waits for one."""
    world.limits.quiet_seconds = 1_000.0

    def delete(arrival: Arrival) -> None:
        if is_look(arrival):
            world.data_source.tables.delete(TABLE)

    began = time.monotonic()
    finished = sync(world, catalog("users"), [*users(1), state("users", 1)], on_arrival=delete, **settings())

    assert "config_error" == finished.failure
    assert "deleted" in finished.message
    assert time.monotonic() - began < 15


def test_a_full_burst_lets_the_table_rest_and_a_second_one_follows(world: World) -> None:
    """No more than 80 requests are pending: the table is left alone, confirmed, and then gets the others."""
    finished = sync(world, catalog("users"), [*users(100), state("users", 1)], **settings(table_batch_size=1))

    assert 100 == len(stored(world))
    assert {200} == {arrival.status for arrival in upserts(world)}
    times = [row["_airbyte_loaded_at"]["epoch"] for row in world.tables()[TABLE].rows().values()]
    assert [20, 80] == sorted(times.count(each) for each in set(times))
    assert [1] == states(finished)


def test_a_merge_that_dust_gives_up_is_noticed(world: World) -> None:
    """A merge that fails for good drops the whole queue."""
    world.lose_rows(TABLE, error="Too many columns")

    finished = sync(world, catalog("users"), [*users(3), state("users", 1)], **settings(**IMPATIENT))

    assert "transient_error" == finished.failure
    assert [] == states(finished)


def test_a_table_near_dusts_limit_is_not_ruined(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """One row too many, and Dust can never read the table again: the sync fails before, with the figures."""
    world.limits.table_rows = 2_000
    monkeypatch.setattr("destination_dust.writers.tables.limits.MAX_ROWS", 2_000)
    assert [1] == states(sync(world, catalog("users"), [*users(1_990), state("users", 1)], **settings()))

    finished = sync(world, catalog("users"), [*users(20, start=5_000), state("users", 2)], **settings())

    assert "config_error" == finished.failure
    assert "1990 rows" in finished.message
    assert [] == states(finished)
    assert 1_990 == world.tables()[TABLE].row_count


def test_a_burst_is_no_larger_than_the_room_in_the_table(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """What changes rows that are there needs no room: it goes in by smaller bursts, each measured before."""
    world.limits.table_rows = 2_500
    monkeypatch.setattr("destination_dust.writers.tables.limits.MAX_ROWS", 2_500)
    sync(world, catalog("users"), users(1_200), **settings())
    world.arrivals.clear()

    messages = [*users(2_000, start=500, version=2), state("users", 1)]
    finished = sync(world, catalog("users"), messages, **settings())

    assert [1] == states(finished)
    assert 2_500 == world.tables()[TABLE].row_count
    assert [1_300, 700] == [len(arrival.body["rows"]) for arrival in upserts(world)]


def test_a_table_that_dust_cannot_read_is_named(world: World) -> None:
    """A table beyond Dust's limits swallows everything, so nothing more is sent to it."""
    sync(world, catalog("users"), users(1), **settings())
    world.faults.add("status", status=500, method="GET", path="/rows", message="Failed to list database rows.")
    world.arrivals.clear()

    finished = sync(world, catalog("users"), [*users(2), state("users", 1)], **settings())

    assert "config_error" == finished.failure
    assert f"cannot read the table {TABLE}" in finished.message
    assert [] == upserts(world)
