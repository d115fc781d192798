"""Replacements that are repeated: the mark shows a later attempt that an earlier one has finished."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from integration_tests.harness.connector import Connector, write
from integration_tests.harness.contents import calls, contents, documents, keep, marks
from integration_tests.harness.in_process import sync
from integration_tests.harness.messages import catalog, complete, record, state, stream
from integration_tests.harness.replacements import ids, truncating, users
from integration_tests.harness.tables import GONE
from local_dust import LocalDust, World


def test_an_attempt_after_a_finished_replacement_deletes_nothing(dust: LocalDust, tmp_path: Path) -> None:
    """The platform may try again after the states went out, with few records or none, and still send COMPLETE."""
    keep(dust.world, stream("users", generation=4), users(1, 2, 3))
    streams = catalog(truncating(5))
    first = sync(dust.world, streams, [*users(1, 2), record("users", id=4), state("users", 1), complete("users")])
    assert (None, [1]) == (first.failure, [each["id"] for each in first.states])
    assert ids(1, 2, 4) == contents(dust.world).keys()
    assert ["airbyte:replaced:5:7"] == marks(dust.world)
    dust.world.arrivals.clear()

    connector = write(tmp_path, dust.config(), streams, [state("users", 2), complete("users")])
    assert ids(1, 2, 4) == contents(dust.world).keys()
    assert [2] == [each["id"] for each in connector.states()]
    assert (0, 0) == (calls(dust.world)["upserts"], calls(dust.world)["deletes"])

    for number in (1, 2, 4):
        again = sync(dust.world, streams, [*users(number, v=number), state("users", 3), complete("users")])
        assert again.failure is None
    assert ids(1, 2, 4) == contents(dust.world).keys()
    assert ["airbyte:replaced:5:7"] == marks(dust.world)


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
    assert (["airbyte:replaced:3:3"] if counts else []) == marks(world)


def test_tombstones_between_attempts_do_not_lose_the_mark(dust: LocalDust, tmp_path: Path) -> None:
    """A source with change data capture deletes some of the documents, whichever; the next attempt brings the rest."""
    streams = catalog(truncating(5))
    everybody = users(*range(40))
    assert sync(dust.world, streams, [*everybody, state("users", 1), complete("users")]).failure is None
    gone = [record("users", id=number, **GONE) for number in range(20)]
    assert sync(dust.world, streams, [*gone, state("users", 2), complete("users")]).failure is None

    write(tmp_path, dust.config(), streams, [*users(39, v=2), state("users", 3), complete("users")])

    assert ids(*range(20, 40)) == contents(dust.world).keys()


@pytest.mark.parametrize("old_generation", [1, 9])
def test_a_connection_that_is_made_again_cleans_up(dust: LocalDust, tmp_path: Path, old_generation: int) -> None:
    """Its generations begin at one, as those of the old connection did."""
    old = truncating(old_generation, mode="overwrite", sync=70)
    assert sync(dust.world, catalog(old), [*users(*range(40)), complete("users")]).failure is None
    new = catalog(truncating(1, mode="overwrite", sync=90))

    connector = write(tmp_path, dust.config(), new, [*users(*range(35, 40)), state("users", 1), complete("users")])

    assert ids(*range(35, 40)) == contents(dust.world).keys()
    assert ["airbyte:replaced:1:90"] == marks(dust.world)
    assert 1 == sum("Stream users: what this sync does not bring is deleted once" in log for log in connector.logs())


def test_a_refresh_that_may_be_another_syncs_only_adds_and_says_so(dust: LocalDust, tmp_path: Path) -> None:
    """An incremental source may go on behind what the other sync has acknowledged."""
    assert sync(dust.world, catalog(truncating(5, sync=70)), [*users(1, 2, 3), complete("users")]).failure is None

    refreshed = catalog(truncating(5, sync=90))
    connector = write(tmp_path, dust.config(), refreshed, [*users(3, 4), state("users", 1), complete("users")])

    assert ids(1, 2, 3, 4) == contents(dust.world).keys()
    assert 1 == len(connector.states())
    warnings = [each["log"]["message"] for each in connector.messages("LOG") if each["log"]["level"] == "WARN"]
    assert 1 == sum("not provably by this sync" in warning for warning in warnings)


def test_the_mark_of_version_0_1_0_is_read(world: World) -> None:
    """It was a tag of one of the documents: an attempt after an upgrade deletes nothing."""
    keep(world, stream("users", generation=5), users(1, 2, 3))
    old = world.documents()["users-2"]
    world.data_source.documents.upsert(
        "users-2",
        title=old.title,
        text=old.text,
        tags=[*old.tags, "airbyte:replaced:5"],
        timestamp=old.timestamp,
        mime_type=old.mime_type,
        source_url=None,
        parents=[],
    )

    finished = sync(world, catalog(truncating(5)), [*users(4), state("users", 1), complete("users")])

    assert finished.failure is None
    assert ids(1, 2, 3, 4) == contents(world).keys()


def test_a_document_that_only_looks_like_ours_is_never_touched(dust: LocalDust, tmp_path: Path) -> None:
    """Another program's copy, with our tags, of an id that a URL would fold into the data source itself."""
    keep(dust.world, stream("users", generation=4), users(1, 2))
    tags = dust.world.documents()["users-1"].tags
    for document_id in ("..", ".", "users/1"):
        dust.world.data_source.documents.upsert(
            document_id,
            title="t",
            text="x",
            tags=[*tags],
            timestamp=1,
            mime_type="text/plain",
            source_url=None,
            parents=[],
        )

    write(tmp_path, dust.config(), catalog(truncating(5)), [*users(2), state("users", 1), complete("users")])

    assert {"users-2", "..", ".", "users/1"} == documents(dust.world).keys()
    assert ["users-1"] == [each.document_id for each in dust.world.arrivals if each.method == "DELETE"]
