"""Replacements of documents, each rule in a case in which breaking it loses data."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from integration_tests.harness.connector import Connector, write
from integration_tests.harness.contents import calls, contents, keep, marks
from integration_tests.harness.in_process import sync
from integration_tests.harness.messages import catalog, complete, global_state, record, state, stream
from integration_tests.harness.replacements import USERS, ids, truncating, users
from local_dust import LocalDust, World

DONE: dict[str, Any] = {"__ab_full_refresh_sync_complete": True}


def test_an_overwrite_deletes_exactly_what_is_gone_from_the_source(dust: LocalDust, tmp_path: Path) -> None:
    """500 of 10,000: those are deleted, the mark is written, nothing else happens."""
    everybody = users(*range(10_000))
    keep(dust.world, stream("users", generation=1), everybody)
    gone = set(random.Random(2).sample(range(10_000), 500))
    left = [each for each in everybody if each["record"]["data"]["id"] not in gone]
    overwritten = truncating(2, mode="overwrite")

    connector = write(tmp_path, dust.config(), catalog(overwritten), [*left, state("users", 1), complete("users")])

    deleted = {str(each.document_id) for each in dust.world.arrivals if each.method == "DELETE"}
    assert {f"users-{number}" for number in gone} == deleted
    assert (1, 500, 1) == tuple(calls(dust.world)[kind] for kind in ("upserts", "deletes", "look-ups"))
    assert 9_500 == len(contents(dust.world))
    assert ["airbyte:replaced:2:7"] == marks(dust.world)
    assert any("9500 unchanged" in log and "500 stale documents deleted" in log for log in connector.logs())


@pytest.mark.airbyte_case("testTruncateRefresh", "testInterruptedTruncateWithPriorData", "resumeAfterCancelledTruncate")
def test_a_source_that_fails_deletes_nothing_and_fails_the_sync(dust: LocalDust, tmp_path: Path) -> None:
    """With ids, the missing proof means that the source failed; other streams get their states."""
    keep(dust.world, stream("users", generation=4), users(1, 2, 3))
    streams = catalog(truncating(5), "orders")
    messages = [
        *users(2, 4, v=2),
        state("users", 1),
        record("orders", id=1),
        state("orders", 2),
        global_state(3, "users", "orders"),
    ]
    connector = Connector("write", tmp_path, config=dust.config(), catalog=streams)

    assert 1 == connector.finish(*messages)

    assert {"users-1", "users-2", "users-3", "users-4", "orders-1"} == contents(dust.world).keys()
    assert {"id": 2, "v": 2} == contents(dust.world)["users-2"]
    assert [2] == [each["id"] for each in connector.states()]
    assert "transient_error" == connector.failure()["failure_type"]
    assert "users" in connector.failure()["message"]
    assert [] == marks(dust.world)
    assert 0 == calls(dust.world)["deletes"]


def test_states_of_a_replaced_stream_wait_for_the_end_and_others_do_not(dust: LocalDust, tmp_path: Path) -> None:
    """They also wait for the mark, which an attempt that resumes after them must find."""
    keep(dust.world, stream("users", generation=4), users(1, 2))
    marking = dust.hold(lambda arrival: arrival.is_upsert and "airbyte:replaced:5:7" in arrival.body["tags"])
    connector = Connector("write", tmp_path, config=dust.config(), catalog=catalog(truncating(5), "orders"))
    connector.send(*users(1), state("users", 1), record("orders", id=1), state("orders", 2), *users(3))
    connector.wait_for(lambda: connector.states())
    connector.send(state("users", 3), complete("users"))
    connector.end_input()

    marking.wait_for(1, timeout=60)
    assert [2] == [each["id"] for each in connector.states()]
    assert ids(1, 3) | {"orders-1"} == contents(dust.world).keys()
    marking.let_go()

    assert 0 == connector.wait()
    assert [2, 1, 3] == [each["id"] for each in connector.states()]


@pytest.mark.parametrize(
    ("messages", "is_proof"),
    [
        ([state("users", 1, **DONE)], True),
        ([state("users", 1, __ab_no_cursor_state_message=True)], True),
        ([state("users", 1, **DONE), *users(9)], False),
        ([state("users", 1, **DONE), state("users", 2)], False),
        ([complete("users"), state("users", 1)], True),
        ([state("users", 1)], False),
    ],
)
def test_only_proof_deletes(world: World, messages: list[dict[str, Any]], is_proof: bool) -> None:
    """From the source in the last message of the stream, or from the platform."""
    keep(world, stream("users", generation=4), users(1, 2))

    finished = sync(world, catalog(truncating(5)), [*users(2), *messages])

    assert (None if is_proof else "transient_error") == finished.failure
    assert ("users-1" in contents(world)) is not is_proof


@pytest.mark.parametrize("three_ids", [(1, 1, 1), (None, None, None)])
def test_without_ids_and_proof_everything_is_kept_with_a_warning(world: World, three_ids: tuple[Any, ...]) -> None:
    """The source may have failed without a word: its records are stored and acknowledged."""
    keep(world, USERS, users(1, 2, 3))
    generation, minimum, sync_id = three_ids
    overwritten = stream("users", mode="overwrite", generation=generation, minimum=minimum, sync=sync_id)

    finished = sync(world, catalog(overwritten), [*users(3, 4, v=2), state("users", 1)])

    assert finished.failure is None
    assert ids(1, 2, 3, 4) == contents(world).keys()
    assert [2.0] == [each["destinationStats"]["recordCount"] for each in finished.states]
    (warning,) = finished.warnings
    assert warning.startswith("Stream users: 2 old documents were kept, because")
    assert "end_of_input_is_complete" in warning
    assert any(tag.startswith("airbyte::") for tag in world.documents()["users-4"].tags)


def test_users_can_vouch_for_the_end_of_their_input(world: World) -> None:
    """`end_of_input_is_complete` is for pipes without a message that a stream is complete."""
    keep(world, stream("users", generation=None, minimum=None), users(1, 2))
    overwritten = stream("users", mode="overwrite", generation=None, minimum=None, sync=None)

    finished = sync(world, catalog(overwritten), users(2, 3), end_of_input_is_complete=True)

    assert ids(2, 3) == contents(world).keys()
    assert [] == finished.warnings


@pytest.mark.parametrize("legacy", [False, True])
def test_states_about_all_streams_wait_for_every_replacement(world: World, legacy: bool) -> None:
    """GLOBAL and LEGACY ones, also if all that came before them is stored."""
    states: list[dict[str, Any]] = [global_state(1, "users", "orders"), global_state(2, "users", "orders")]
    if legacy:
        states = [{"type": "STATE", "state": {"data": {"at": number}, "id": number}} for number in (1, 2)]
    streams = catalog(truncating(5), "orders")
    unfinished = sync(world, streams, [record("orders", id=1), states[0], *users(1), states[1]])
    assert ("transient_error", []) == (unfinished.failure, unfinished.states)

    finished = sync(world, streams, [record("orders", id=1), states[0], *users(1), states[1], complete("users")])

    assert finished.failure is None
    assert [1, 2] == [each["id"] for each in finished.states]
    assert [1.0, 1.0] == [each["destinationStats"]["recordCount"] for each in finished.states]


def test_a_stream_may_be_complete_while_another_is_not(world: World) -> None:
    """The complete one is replaced and gets its states; the other keeps everything and fails the sync."""
    orders = stream("orders", generation=5, minimum=5)
    keep(world, stream("users", generation=4), users(1, 2))
    keep(world, stream("orders", generation=4), [record("orders", id=1)])
    messages = [*users(2), state("users", 1, **DONE), record("orders", id=2), state("orders", 2)]

    finished = sync(world, catalog(truncating(5), orders), messages)

    assert "transient_error" == finished.failure
    assert "orders" in finished.message
    assert "users" not in finished.message
    assert {"users-2", "orders-1", "orders-2"} == contents(world).keys()
    assert [1] == [each["id"] for each in finished.states]


def test_a_rejected_record_keeps_its_document(world: World) -> None:
    """Its id counts as seen, because the source still has it."""
    keep(world, stream("users", generation=4), users(1, 2))
    world.limits.text_mb = 1

    finished = sync(
        world,
        catalog(truncating(5)),
        [*users(1, text="x" * 1_100_000), state("users", 1), complete("users")],
        on_record_error="skip",
    )

    assert {"users-1": {"id": 1}} == contents(world)
    assert [{"recordCount": 0.0, "rejectedRecordCount": 1.0}] == [each["destinationStats"] for each in finished.states]


def test_a_rejected_record_without_an_id_stops_the_clean_up(world: World) -> None:
    """Its document is unknown, also to a later attempt without the record."""
    keep(world, stream("users", generation=4), users(1, 2))
    streams = catalog(truncating(5))
    messages = [record("users", id=None), state("users", 1), complete("users")]

    finished = sync(world, streams, messages, on_record_error="skip")

    assert finished.failure is None
    assert ids(1, 2) == contents(world).keys()
    assert any(
        "2 old documents were kept, because the key of a record is missing" in each for each in finished.warnings
    )
    again = sync(world, streams, [state("users", 2), complete("users")])
    assert again.failure is None
    assert ids(1, 2) == contents(world).keys()


def test_an_incomplete_listing_deletes_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """If Dust ever listed documents in another order, no document would count as stale."""
    keep(world, stream("users", generation=4), [*users(1, emitted_at=2 * 10**12), *users(2, emitted_at=10**12)])
    documents = world.data_source.documents
    right_order = documents.page
    monkeypatch.setattr(documents, "page", lambda *wanted: right_order(*wanted)[::-1])

    finished = sync(world, catalog(truncating(5)), [*users(2), state("users", 1), complete("users")])

    assert finished.failure is None
    assert ids(1, 2) == contents(world).keys()
    assert any("1 old documents were kept" in each for each in finished.warnings)


def test_only_a_replacement_lists_the_data_source(world: World) -> None:
    """Plain appends do not pay for it."""
    assert sync(world, catalog(USERS), users(1)).failure is None

    assert 0 == calls(world)["pages"]
