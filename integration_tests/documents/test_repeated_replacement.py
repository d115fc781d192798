"""Replacements that are repeated: the mark shows a later attempt that an earlier one has finished."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from integration_tests.harness.connector import Connector, write
from integration_tests.harness.contents import calls, contents, keep, marks
from integration_tests.harness.in_process import sync
from integration_tests.harness.messages import catalog, complete, record, state, stream
from integration_tests.harness.replacements import ids, truncating, users
from local_dust import Arrival, LocalDust, World


def test_an_attempt_after_a_finished_replacement_deletes_nothing(dust: LocalDust, tmp_path: Path) -> None:
    """The platform may try again after the states went out, with few records or none, and still send COMPLETE."""
    keep(dust.world, stream("users", generation=4), users(1, 2, 3))
    streams = catalog(truncating(5))
    first = sync(dust.world, streams, [*users(1, 2), record("users", id=4), state("users", 1), complete("users")])
    assert (None, [1]) == (first.failure, [each["id"] for each in first.states])
    assert ids(1, 2, 4) == contents(dust.world).keys()
    assert ["airbyte:replaced:5"] == marks(dust.world)
    dust.world.arrivals.clear()

    connector = write(tmp_path, dust.config(), streams, [state("users", 2), complete("users")])
    assert ids(1, 2, 4) == contents(dust.world).keys()
    assert [2] == [each["id"] for each in connector.states()]
    assert (0, 0) == (calls(dust.world)["upserts"], calls(dust.world)["deletes"])

    # Such an attempt marks its documents too: one of them may have been the one with the mark.
    for number in (1, 2, 4):
        again = sync(dust.world, streams, [*users(number, v=number), state("users", 3), complete("users")])
        assert again.failure is None
    assert ids(1, 2, 4) == contents(dust.world).keys()
    assert 3 == len(marks(dust.world))


def test_an_attempt_that_only_adds_gives_its_states_back_at_once(dust: LocalDust, tmp_path: Path) -> None:
    """It is plain append: nothing waits for the end, and its end needs no proof."""
    streams = catalog(truncating(5))
    assert sync(dust.world, streams, [*users(1), state("users", 1), complete("users")]).failure is None
    connector = Connector("write", tmp_path, config=dust.config(), catalog=streams)
    connector.send(*users(2), state("users", 2))

    connector.wait_for(lambda: connector.states())

    assert connector.process.poll() is None
    assert 0 == connector.finish()


@pytest.mark.airbyte_case("testSecondSync", "testOverwriteSchemaEvolution")
@pytest.mark.parametrize(("mode", "counts"), [("append", False), ("overwrite", False), ("overwrite", True)])
def test_each_append_adds_and_each_overwrite_replaces(world: World, mode: str, counts: bool) -> None:
    """Also with hosts that always send 1/1/1: their overwrites are never taken for repeated attempts."""

    def synced(number: int, *messages: dict[str, Any]) -> None:
        ids = number if counts else 1
        users_stream = stream("users", mode=mode, generation=ids, minimum=ids, sync=ids)
        assert sync(world, catalog(users_stream, "orders"), [*messages, complete("users")]).failure is None

    synced(1, *users(1, 2, dropped=1, retyped=1), record("orders", id=1), state("users", 1))
    synced(2, *users(2, 3, added=2, retyped="2"), state("users", 2))
    synced(3, *users(3, 4, added=3))

    earlier = {"users-1": {"id": 1, "dropped": 1, "retyped": 1}, "users-2": {"id": 2, "added": 2, "retyped": "2"}}
    latest = {"users-3": {"id": 3, "added": 3}, "users-4": {"id": 4, "added": 3}}
    kept = earlier if mode == "append" else {}
    assert {**kept, **latest, "orders-1": {"id": 1}} == contents(world)
    assert (["airbyte:replaced:3"] if counts else []) == marks(world)


def test_deleting_the_document_with_the_mark_does_not_lose_the_mark(world: World) -> None:
    """A source with change data capture may delete just that one; the mark moves on first."""
    keep(world, stream("users", generation=4), users(1, 2, 3))
    streams = catalog(truncating(5))
    assert sync(world, streams, [*users(1, 2, 3), state("users", 1), complete("users")]).failure is None

    for left in (2, 1, 0):
        (holder,) = (each for each, document in world.documents().items() if "airbyte:replaced:5" in document.tags)
        number = int(holder.removeprefix("users-"))
        deletion = record("users", id=number, _ab_cdc_deleted_at="2026-01-01")
        order: list[str] = []

        def watch(arrival: Arrival, order: list[str] = order) -> None:
            if arrival.method != "GET":
                order.append(arrival.method)

        again = sync(world, streams, [deletion, state("users", 2), complete("users")], on_arrival=watch)

        assert again.failure is None
        assert left == len(contents(world))
        assert (["POST", "DELETE"] if left else ["DELETE"]) == order
        assert min(left, 1) == len(marks(world))


def test_the_mark_goes_to_a_document_that_dust_takes(world: World) -> None:
    """Documents may have become too large for the plan; if all have, the sync fails because it cannot set the mark."""
    keep(world, stream("users", generation=4), [*users(1, text="x" * 1_100_000), *users(2)])
    world.limits.text_mb = 1
    streams, messages = catalog(truncating(5)), [state("users", 1), complete("users")]
    large = users(1, text="x" * 1_100_000)

    finished = sync(world, streams, [*large, *users(2), *messages])

    assert finished.failure is None
    assert "airbyte:replaced:5" in world.documents()["users-2"].tags
    world.data_source.documents.delete("users-2")
    failed = sync(world, streams, [*large, *messages])
    assert ("config_error", []) == (failed.failure, failed.states)
