"""Replacements of tables, each rule in a case in which breaking it loses data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from integration_tests.harness.connector import Connector
from integration_tests.harness.in_process import Finished, Killed, sync
from integration_tests.harness.messages import catalog, complete, global_state, record, state, stream
from integration_tests.harness.replacements import ids, truncating, users
from integration_tests.harness.tables import QUIET, TABLE, has_row, settings, stored, upserts
from local_dust import Arrival, LocalDust, World
from local_dust.tables.merging import Deletion

# Dust's own quiet time would make each of them last ten seconds.
QUICK = settings(confirmation_delay=QUIET, table_batch_size=2)


def quick(**timing: float) -> dict[str, float]:
    """The times of these tests, with others."""
    return {**QUICK["timing"], **timing}


class Clock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.time = 1_000.0

    def __call__(self) -> float:
        return self.time


def run(world: World, configured: dict[str, Any], messages: list[dict[str, Any]], **more: Any) -> Finished:
    """A sync into tables, with two rows in a request."""
    return sync(world, catalog(configured, "orders"), messages, **{**QUICK, **more})


def keep(world: World, *numbers: int, generation: int = 4) -> None:
    """Store some users in an earlier sync."""
    appended = stream("users", generation=generation, minimum=0)
    assert run(world, appended, [*users(*numbers, v=1), state("users", 0)]).failure is None
    world.arrivals.clear()


def tags(world: World) -> list[str]:
    return [tag for tag in world.tables()[TABLE].tags if not tag.startswith("airbyte:column")]


def values(world: World) -> dict[str, Any]:
    """The field `v` of each user, by row id."""
    return {row_id: row.get("v") for row_id, row in stored(world).items()}


def dies_at(upsert: int) -> Any:
    """Kills the process when so many requests with rows have arrived."""
    seen = 0

    def on_arrival(arrival: Arrival) -> None:
        nonlocal seen
        seen += arrival.method == "POST" and arrival.path.endswith("/rows")
        if seen == upsert:
            raise Killed

    return on_arrival


@pytest.mark.airbyte_case("testTruncateRefresh")
@pytest.mark.parametrize("mode", ["overwrite", "append", "append_dedup"])
def test_a_complete_stream_replaces_its_table(world: World, mode: str) -> None:
    """The last of each row arrives, the rest goes; one state, and the mark; other streams are only added to."""
    keep(world, 1, 2, 3)
    messages = [*users(2, 4, 5, v=2), record("orders", id=1), *users(4, v=3), state("users", 7), complete("users")]

    finished = run(world, truncating(5, mode=mode), messages)

    assert finished.failure is None, finished.message
    assert {"users-2": 2, "users-4": 3, "users-5": 2} == values(world)
    assert {5} == {row["_airbyte_generation_id"] for row in world.tables()[TABLE].rows().values()}
    assert {"orders-1"} == stored(world, "airbyte_orders").keys()
    assert ["airbyte:replaced:5:7"] == tags(world)
    (given,) = finished.states
    assert (7, 4.0) == (given["id"], given["destinationStats"]["recordCount"])
    assert [True, False] == [bool(each.body.get("truncate")) for each in upserts(world, TABLE)]


def test_what_fits_into_one_request_is_replaced_at_once(world: World) -> None:
    """No row is missing at any moment, and nothing waits for a merge."""
    keep(world, 1, 2, 3)
    states = []

    def look(_arrival: Arrival) -> None:
        states.append(frozenset(values(world).items()))

    messages = [*users(*range(50), v=2), state("users", 1), complete("users")]
    more = {"timing": quick(confirmation_delay=60)}
    finished = run(world, truncating(5), messages, table_batch_size=500, on_arrival=look, **more)

    assert finished.failure is None
    assert {3, 50} == {len(each) for each in states}


@pytest.mark.airbyte_case("testTruncateRefresh", "testInterruptedTruncateWithPriorData", "resumeAfterCancelledTruncate")
def test_nothing_is_touched_before_everything_was_read(world: World) -> None:
    """Until the proof, the old table stands; a source that fails changes nothing and gets no state back."""
    keep(world, 1, 2, 3)

    messages = [*users(2, 4, v=2), state("users", 1), record("orders", id=1), state("orders", 2)]
    finished = run(world, truncating(5), [*messages, global_state(3, "users", "orders")])

    assert "transient_error" == finished.failure
    assert "users" in finished.message
    assert {"users-1": 1, "users-2": 1, "users-3": 1} == values(world)
    assert [] == upserts(world, TABLE)
    assert {"orders-1": {"id": 1}} == stored(world, "airbyte_orders")
    assert [2] == [each["id"] for each in finished.states]


@pytest.mark.parametrize("three_ids", [(1, 1, 1), (None, None, None)])
def test_without_ids_and_proof_rows_are_added_with_a_warning(world: World, three_ids: tuple[Any, ...]) -> None:
    """The source may have failed without a word."""
    keep(world, 1, 2, 3)
    generation, minimum, sync_id = three_ids
    overwritten = stream("users", mode="overwrite", generation=generation, minimum=minimum, sync=sync_id)

    finished = run(world, overwritten, [*users(3, 4, v=2), state("users", 1)])

    assert finished.failure is None
    assert {"users-1": 1, "users-2": 1, "users-3": 2, "users-4": 2} == values(world)
    assert [2.0] == [each["destinationStats"]["recordCount"] for each in finished.states]
    (warning,) = [each for each in finished.warnings if "kept" in each]
    assert "end_of_input_is_complete" in warning


@pytest.mark.parametrize("proof", ["complete", "vouched"])
def test_hosts_without_ids_replace_again_and_again(world: World, proof: str) -> None:
    """Their overwrite is never taken for a repeated attempt."""
    overwritten = stream("users", mode="overwrite", generation=1, minimum=1, sync=1)
    ends = [complete("users")] if proof == "complete" else []
    for numbers in ((1, 2), (2, 3), (3, 4)):
        messages = [*users(*numbers), state("users", 1), *ends]
        finished = run(world, overwritten, messages, end_of_input_is_complete=proof == "vouched")
        assert finished.failure is None
        assert ids(*numbers) == stored(world).keys()
    assert [] == tags(world)


@pytest.mark.airbyte_case("testTruncateRefresh")
def test_an_attempt_after_a_finished_replacement_only_adds(world: World) -> None:
    """The platform may try again after the states went out, with few records or none, and still send COMPLETE."""
    keep(world, 1, 2, 3)
    assert run(world, truncating(5), [*users(1, 2, 4, v=2), state("users", 1), complete("users")]).failure is None

    for number in (4, 5):
        again = run(world, truncating(5), [*users(number, v=3), state("users", 2), complete("users")])
        assert (None, [2]) == (again.failure, [each["id"] for each in again.states])
        assert ["airbyte:replaced:5:7"] == tags(world)
    assert run(world, truncating(5), [state("users", 3), complete("users")]).failure is None

    assert {"users-1": 2, "users-2": 2, "users-4": 3, "users-5": 3} == values(world)


def test_an_attempt_that_only_adds_gives_its_states_back_at_once(world: World, tmp_path: Path) -> None:
    """It is plain append: nothing waits for the end of the input."""
    assert run(world, truncating(5), [*users(1, v=1), state("users", 1), complete("users")]).failure is None
    with LocalDust(world) as dust:
        config = dust.config(**settings(batch_age=0.2))
        connector = Connector("write", tmp_path, config=config, catalog=catalog(truncating(5)))
        connector.send(*users(2, v=2), state("users", 2))

        connector.wait_for(connector.states)

        assert connector.process.poll() is None
        assert 0 == connector.finish()


def test_rows_of_this_generation_without_a_mark_are_added_to(world: World) -> None:
    """Without the mark we cannot know what was acknowledged, so nothing is deleted."""
    assert run(world, truncating(5), [*users(1, 2, v=1), state("users", 1), complete("users")]).failure is None
    keep(world, 1, generation=5)  # which describes the table anew
    assert [] == tags(world)

    assert run(world, truncating(5), [*users(2, 3, v=2), state("users", 2), complete("users")]).failure is None

    assert {"users-1": 1, "users-2": 2, "users-3": 2} == values(world)
    assert ["airbyte:replaced:5:7"] == tags(world)


@pytest.mark.parametrize("upsert", range(1, 5))
def test_a_replacement_that_is_killed_is_done_again(world: World, upsert: int) -> None:
    """Its states were not returned, so the next attempt brings everything and removes what the killed one wrote."""
    keep(world, 1, 2, 3)
    messages = [*users(2, 4, 5, 6, 7, 8, 9, v=2), state("users", 1), complete("users")]
    killed = run(world, truncating(5), messages, on_arrival=dies_at(upsert))
    assert ("killed", []) == (killed.failure, killed.states)

    # In between, one row has gone from the source.
    assert run(world, truncating(5), messages[1:]).failure is None

    assert {f"users-{number}": 2 for number in (4, 5, 6, 7, 8, 9)} == values(world)
    assert ["airbyte:replaced:5:7"] == tags(world)


@pytest.mark.airbyte_case("testTruncateRefreshNoData", "testClear")
@pytest.mark.parametrize("states", [[], [state("users", 1)], [global_state(1, "users", "orders")]])
@pytest.mark.parametrize("exists", [True, False])
def test_a_complete_stream_without_records_ends_empty(world: World, exists: bool, states: list[dict[str, Any]]) -> None:
    """That is how the platform clears a stream, once or again. No table is created for it, and others stay."""
    if exists:
        keep(world, 1, 2, 3)
    assert run(world, stream("others"), [record("others", id=1)]).failure is None

    for _ in range(2):
        finished = run(world, truncating(5), [*states, complete("users")])

        assert (None, len(states)) == (finished.failure, len(finished.states))
        assert ({} if exists else None) == (stored(world) if TABLE in world.tables() else None)
        assert {"others-1": {"id": 1}} == stored(world, "airbyte_others")
        assert {"airbyte_others", *([TABLE] if exists else [])} == world.tables().keys()


@pytest.mark.parametrize("mode", ["append_dedup", "overwrite_dedup"])
def test_deletes_of_a_replaced_stream_leave_no_row(world: World, mode: str) -> None:
    """Inserted and deleted in one sync, deleted without ever having been there, or back again."""
    keep(world, 1, 2, 3)
    gone = {"_ab_cdc_deleted_at": "2026-01-01T00:00:00Z"}
    messages = [*users(1, 2, v=2), *users(2, 9, **gone), *users(3, **gone), *users(3, v=3), state("users", 1)]

    finished = run(world, truncating(5, mode=mode), [*messages, complete("users")])

    assert finished.failure is None
    assert {"users-1": 2, "users-3": 3} == values(world)
    assert [6.0] == [each["destinationStats"]["recordCount"] for each in finished.states]


def test_deletes_are_carried_out_where_rows_are_only_added(world: World) -> None:
    """Without ids and proof, deletes of the source still apply."""
    keep(world, 1, 2, 3)
    deduplicated = stream("users", mode="append_dedup", generation=6, minimum=0)
    gone = {"_ab_cdc_deleted_at": "2026-01-01T00:00:00Z"}
    assert run(world, deduplicated, [*users(2, **gone), state("users", 1)]).failure is None
    assert ids(1, 3) == stored(world).keys()


@pytest.mark.parametrize("choice", ["fail", "skip"])
def test_a_row_that_dust_refuses_does_not_stop_the_others(world: World, choice: str) -> None:
    """The table is cut off already: all others are stored, then the setting decides."""
    keep(world, 1, 2, 3)
    world.faults.add("status", status=400, path="/rows", method="POST", when=lambda arrival: has_row(arrival, 5))
    messages = [*users(*range(4, 12), v=2), state("users", 1), complete("users")]

    finished = run(world, truncating(5), messages, on_record_error=choice)

    assert ids(4, 6, 7, 8, 9, 10, 11) == stored(world).keys()
    assert any("users-5" in each for each in finished.warnings)
    if choice == "fail":
        assert ("config_error", []) == (finished.failure, finished.states)
        assert [] == [tag for tag in tags(world) if "replaced" in tag]
    else:
        (given,) = finished.states
        stats = given["destinationStats"]
        assert (7.0, 1.0) == (stats["recordCount"], stats["rejectedRecordCount"])
        assert ["airbyte:replaced:5:7"] == tags(world)


@pytest.mark.parametrize("choice", ["fail", "skip"])
def test_if_dust_refuses_every_row_the_setting_decides_about_the_old_ones(world: World, choice: str) -> None:
    """To skip them leaves an empty table; to fail leaves it as it was."""
    keep(world, 1, 2, 3)
    world.faults.add("status", status=400, path="/rows", method="POST", when=lambda arrival: has_row(arrival, 5))
    messages = [*users(5, v=2), state("users", 1), complete("users")]

    finished = run(world, truncating(5), messages, on_record_error=choice)

    if choice == "fail":
        assert ("config_error", []) == (finished.failure, finished.states)
        assert ids(1, 2, 3) == stored(world).keys()
    else:
        assert (None, 1) == (finished.failure, len(finished.states))
        assert {} == stored(world)
        assert ["airbyte:replaced:5:7"] == tags(world)


def test_limits_are_seen_before_a_table_is_touched(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """One stream is too large: its table loses no row, and its states do not go out. The others are replaced."""
    keep(world, 1, 2, 3)
    assert sync(world, catalog("orders"), [record("orders", id=9)], **QUICK).failure is None
    monkeypatch.setattr("destination_dust.mapping.tables.sizes.MAX_ROWS", 5)
    large = stream("orders", mode="overwrite", generation=5, minimum=5)
    messages = [*users(7, v=2), *(record("orders", id=number) for number in range(6))]
    messages += [complete("users"), complete("orders"), state("users", 1), state("orders", 2)]

    finished = sync(world, catalog(truncating(5), large), messages, **QUICK)

    assert "config_error" == finished.failure
    assert "orders" in finished.message
    assert "6 rows" in finished.message
    assert {"orders-9": {"id": 9}} == stored(world, "airbyte_orders")
    assert {"users-7": 2} == values(world)
    assert [1] == [each["id"] for each in finished.states]


def test_a_delimiter_that_dust_would_mistake_is_seen_before_the_table_is_touched(world: World) -> None:
    """Rows that would be garbled, in a request that is not the first."""
    keep(world, 1, 2, 3)
    messages = [*users(4, 5, 6, 7, v=2), *users(8, v="a;" * 50), state("users", 1), complete("users")]

    finished = run(world, truncating(5), messages)

    assert "config_error" == finished.failure
    assert "semicolons" in finished.message
    assert {"users-1": 1, "users-2": 1, "users-3": 1} == values(world)


def test_a_table_that_is_cut_off_is_named_and_the_others_go_on(world: World) -> None:
    """Dust loses rows of one table for good: the message says what it lacks, and no state of it goes out."""
    keep(world, 1, 2, 3)

    def lose(arrival: Arrival) -> None:
        if arrival.table_id == TABLE and len(upserts(world, TABLE)) == 2 and arrival.method == "POST":
            world.faults.add("status", status=503, path=f"{TABLE}/rows", method="POST")

    other = stream("orders", mode="overwrite", generation=5, minimum=5)
    messages = [*users(4, 5, 6, 7, 8, 9, v=2), record("orders", id=1), complete("users"), complete("orders")]
    messages += [state("users", 1), state("orders", 2)]
    more = {**QUICK, "timing": quick(retry_budget=3)}

    finished = sync(world, catalog(truncating(5), other), messages, on_arrival=lose, **more)

    assert ("transient_error", [2]) == (finished.failure, [each["id"] for each in finished.states])
    assert "airbyte_users is not complete: Dust has taken 2 of 6 rows" in finished.message
    assert "next complete sync of the stream users brings all" in finished.message
    assert any("2 of 6 rows" in each for each in finished.warnings)
    assert {"orders-1"} == stored(world, "airbyte_orders").keys()


def test_a_full_disk_leaves_the_table_as_it_was(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows wait on disk; if they do not fit, the failure says so."""
    keep(world, 1, 2, 3)
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.setattr("tempfile._candidate_tempdir_list", lambda: ["/nonexistent"])

    finished = run(world, truncating(5), [*users(4), state("users", 1), complete("users")])

    assert "system_error" == finished.failure
    assert "disk" in finished.message
    assert {"users-1": 1, "users-2": 1, "users-3": 1} == values(world)


def test_a_replacement_fixes_a_table_that_dust_cannot_read(world: World) -> None:
    """The table has outgrown Dust's limits; only replacing all rows helps."""
    keep(world, 1, 2, 3)
    unreadable: dict[str, Any] = {
        "status": 500,
        "method": "GET",
        "path": "/rows$",
        "message": "Failed to list database rows.",
    }
    world.faults.add("status", when=lambda _: not upserts(world), **unreadable)

    messages = [*users(4, v=2), state("users", 1), complete("users")]
    finished = run(world, truncating(5), messages, timing=quick(retry_budget=10))

    assert finished.failure is None, finished.message
    assert {"users-4": 2} == values(world)


def test_the_table_keeps_its_mark_when_its_columns_are_described_anew(world: World) -> None:
    """The attempt that only adds creates the table like any other."""
    assert run(world, truncating(5), [*users(1, v=1), state("users", 1), complete("users")]).failure is None
    assert run(world, truncating(5), [*users(2, more=1), state("users", 2), complete("users")]).failure is None
    assert ["airbyte:replaced:5:7"] == tags(world)


def test_a_truncate_that_lands_late_is_noticed(world: World) -> None:
    """It was answered with an error, so it was repeated; then it lands, and deletes rows that came after it."""
    keep(world, 1, 2, 3)
    world.table_faults.land_late(10_000.0, truncates=True, status=500)

    def land(arrival: Arrival) -> None:
        if arrival.method == "POST" and arrival.path.endswith("/rows") and len(upserts(world)) == 4:
            with world.lock:
                world.table_faults.land()

    messages = [*users(*range(100, 140), v=2), state("users", 1), complete("users")]
    finished = run(world, truncating(5), messages, on_arrival=land, timing=quick(confirmation_limit=3))

    assert 38 == len(values(world))
    assert ("transient_error", []) == (finished.failure, finished.states)
    assert ["airbyte:replacing:5:7"] == tags(world)


def test_old_rows_that_a_long_merge_writes_back_are_noticed() -> None:
    """It outlives its lock, so the table is replaced meanwhile; a minute later it is counted again."""
    clock = Clock()
    world = World(now=clock, quiet_seconds=QUIET, merge_rows_per_second=None)
    table = [record("users", id=number, v=1) for number in (1, 2, 3)]
    at_once = {"table_batch_size": 500}
    assert run(world, truncating(4), [*table, state("users", 0), complete("users")], **at_once).failure is None
    world.limits.merge_rows_per_second = 0.04
    world.data_source.tables.queue(TABLE, Deletion("users-9"))
    clock.time += QUIET
    world.tables()
    clock.time += 70

    def end_merge(arrival: Arrival) -> None:
        if "limit=1&" in arrival.query and sum("limit=1&" in each.query for each in world.arrivals) == counted + 2:
            clock.time += 100

    counted = sum("limit=1&" in each.query for each in world.arrivals)
    messages = [*users(7, v=2), state("users", 1), complete("users")]
    finished = run(world, truncating(5), messages, on_arrival=end_merge, timing=quick(confirmation_limit=6))

    assert ids(1, 2, 3) == stored(world).keys()
    assert ("transient_error", []) == (finished.failure, finished.states)
    assert "has 3 rows instead of 1" in finished.message
