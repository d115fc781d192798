"""A row is acknowledged when it can be read back, because Dust may drop queued rows silently."""

from __future__ import annotations

import itertools
import time
from typing import Any

import pytest

from integration_tests.harness.in_process import Finished, sync
from integration_tests.harness.messages import catalog, state
from integration_tests.harness.tables import GONE, QUIET, TABLE, is_look, looks, settings, stored, upserts, users
from local_dust import Arrival, World
from local_dust.tables.cells import Moment
from local_dust.tables.csv_files import Rows
from local_dust.tables.merging import Deletion

IMPATIENT = {"confirmation_limit": 2}


def states(finished: Finished) -> list[int]:
    """The numbers of the states that came back."""
    return [each["id"] for each in finished.states]


def test_rows_that_replace_others_are_confirmed_by_their_own_version(world: World) -> None:
    """A row that existed before proves nothing: the dropped request is still noticed."""
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


def test_each_burst_of_a_table_is_loaded_at_a_later_second(world: World) -> None:
    """Also after a sync whose clock was ahead. A burst ends after 80 requests, so Dust never has to refuse one."""
    sync(world, catalog("users"), users(1), **settings())
    ahead = (int(time.time()) + 3600) * 1000
    rows = Rows(("id", "_airbyte_loaded_at"), ["users-0"], [(0, Moment(ahead))])
    world.data_source.tables.replace_rows(TABLE, rows)
    world.arrivals.clear()

    messages = [*users(100, start=1), state("users", 1)]
    finished = sync(world, catalog("users"), messages, **settings(table_batch_size=1))

    assert [1] == states(finished)
    assert 101 == len(stored(world))
    assert {200} == {arrival.status for arrival in upserts(world)}
    times = [row["value"]["_airbyte_loaded_at"]["epoch"] for each in upserts(world) for row in each.body["rows"]]
    assert [80, 20] == [len([*burst]) for _, burst in itertools.groupby(times)]
    assert [ahead, *times] == sorted([ahead, *times])
    assert ahead < times[0]
    assert all(each % 1000 == 0 for each in times)


@pytest.mark.parametrize(
    "loaded_at", [Moment((int(time.time()) + 3600) * 1000), "once upon a time"], ids=["a later time", "no time"]
)
def test_rows_that_someone_else_changed_do_not_count_as_stored(world: World, loaded_at: Any) -> None:
    """Only our own time is proof: the error says that another program or a wrong clock has touched the table."""
    world.limits.quiet_seconds = 1_000.0

    def change(arrival: Arrival) -> None:
        if is_look(arrival) and len(looks(world)) == 1:
            rows = Rows(("id", "_airbyte_loaded_at"), ["users-0", "users-1"], [(0, loaded_at), (1, loaded_at)])
            world.data_source.tables.replace_rows(TABLE, rows)

    messages = [*users(2), state("users", 1)]
    finished = sync(world, catalog("users"), messages, on_arrival=change, **settings(table_batch_size=1, **IMPATIENT))

    assert ("transient_error", []) == (finished.failure, states(finished))
    assert "a clock that was wrong" in finished.message


def test_a_row_of_a_fast_clock_is_no_proof(world: World) -> None:
    """With a clock that was five minutes fast once, a row that Dust loses is not acknowledged."""
    known = [Moment((int(time.time()) - 60) * 1000)] * 99 + [Moment((int(time.time()) + 300) * 1000)]
    sync(world, catalog("users"), users(100), **settings())
    ids = [f"users-{number}" for number in range(100)]
    rows = Rows(("id", "_airbyte_loaded_at"), ids, list(zip(range(100), known, strict=True)))
    world.data_source.tables.replace_rows(TABLE, rows)
    world.lose_rows(TABLE, which="last")

    messages = [*users(1, start=99, version=2), state("users", 1)]
    finished = sync(world, catalog("users"), messages, **settings(**IMPATIENT))

    assert ("transient_error", []) == (finished.failure, states(finished))


def test_rows_that_arrive_during_a_merge_are_merged_by_a_nudge() -> None:
    """Dust leaves them lying until the table changes again, however long one waits."""
    skipped = [0.0]
    world = World(now=lambda: time.monotonic() + skipped[0], quiet_seconds=QUIET)
    assert [1] == states(sync(world, catalog("users"), [*users(10), state("users", 1)], **settings()))
    world.limits.merge_rows_per_second = 0.01
    world.data_source.tables.queue(TABLE, Deletion("users-99"))
    skipped[0] += QUIET
    world.tables()
    world.arrivals.clear()

    def end_merge(arrival: Arrival) -> None:
        if is_look(arrival) and len(looks(world)) == 1:
            world.limits.merge_rows_per_second = None
            skipped[0] += 10_000

    finished = sync(
        world, catalog("users"), [*users(2, start=20), state("users", 2)], on_arrival=end_merge, **settings()
    )

    assert [2] == states(finished)
    assert 12 == len(stored(world))
    assert any(arrival.method == "DELETE" for arrival in world.arrivals)


def test_a_table_that_is_deleted_meanwhile_is_a_failure_at_once(world: World) -> None:
    """Its rows will never come, so the sync does not wait for them."""
    world.limits.quiet_seconds = 1_000.0

    def delete(arrival: Arrival) -> None:
        if is_look(arrival):
            world.data_source.tables.delete(TABLE)

    began = time.monotonic()
    finished = sync(world, catalog("users"), [*users(1), state("users", 1)], on_arrival=delete, **settings())

    assert "config_error" == finished.failure
    assert "deleted" in finished.message
    assert time.monotonic() - began < 15


def test_a_table_near_dusts_limit_is_not_ruined(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """One row too many, and Dust can never read the table again: the sync fails before, with the figures."""
    world.limits.table_rows = 2_000
    monkeypatch.setattr("destination_dust.mapping.tables.sizes.MAX_ROWS", 2_000)
    assert [1] == states(sync(world, catalog("users"), [*users(1_990), state("users", 1)], **settings()))

    finished = sync(world, catalog("users"), [*users(20, start=5_000), state("users", 2)], **settings())

    assert "config_error" == finished.failure
    assert "1990 rows" in finished.message
    assert [] == states(finished)
    assert 1_990 == world.tables()[TABLE].row_count


def test_a_burst_is_no_larger_than_the_room_in_the_table(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Changes of existing rows need no room: they go in smaller bursts, each measured before."""
    world.limits.table_rows = 2_500
    monkeypatch.setattr("destination_dust.mapping.tables.sizes.MAX_ROWS", 2_500)
    sync(world, catalog("users"), users(1_200), **settings())
    world.arrivals.clear()

    messages = [*users(2_000, start=500, version=2), state("users", 1)]
    finished = sync(world, catalog("users"), messages, **settings())

    assert [1] == states(finished)
    assert 2_500 == world.tables()[TABLE].row_count
    assert [1_300, 700] == [len(arrival.body["rows"]) for arrival in upserts(world)]


def test_a_table_that_dust_cannot_read_is_named(world: World) -> None:
    """Dust silently drops rows of a table beyond its limits, so nothing more is sent to it."""
    sync(world, catalog("users"), users(1), **settings())
    world.faults.add("status", status=500, method="GET", path="/rows", message="Failed to list database rows.")
    world.arrivals.clear()

    soon = settings(timing={"retry_budget": 10})
    finished = sync(world, catalog("users"), [*users(2), state("users", 1)], **soon)

    assert "config_error" == finished.failure
    assert f"cannot read the table {TABLE}" in finished.message
    assert [] == upserts(world)


def test_a_table_that_dust_could_not_read_for_a_while_is_not_called_unreadable(world: World) -> None:
    """Some tries fail in an outage, too."""
    world.faults.add("status", status=500, method="GET", path="/rows$", lasts=6)

    finished = sync(world, catalog("users"), [*users(2), state("users", 1)], **settings(timing={"retry_budget": 40}))

    assert finished.failure is None
    assert 1 == len(finished.states)
