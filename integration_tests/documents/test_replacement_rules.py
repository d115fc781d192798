"""The rules of full refreshes of documents, each in a case in which breaking it loses data."""

from __future__ import annotations

from typing import Any

import pytest

from integration_tests.harness.contents import calls, contents, keep, marks
from integration_tests.harness.in_process import sync
from integration_tests.harness.messages import catalog, complete, global_state, record, state, stream
from integration_tests.harness.replacements import USERS, ids, truncating, users
from local_dust import Arrival, World

DONE: dict[str, Any] = {"__ab_full_refresh_sync_complete": True}


@pytest.fixture
def world() -> World:
    """A local Dust without the limit of upserts, and without sockets."""
    return World(upserts_per_minute=None)


@pytest.mark.parametrize("three_ids", [(1, 1, 1), (None, None, None)])
def test_without_ids_and_proof_everything_is_kept_and_the_user_is_told(
    world: World, three_ids: tuple[Any, ...]
) -> None:
    """The source may have failed, and nobody would say so: what it sent is stored and acknowledged."""
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
    assert all(not tag.startswith("airbyte:generation:") for tag in world.documents()["users-4"].tags)


@pytest.mark.parametrize("mode", ["append", "overwrite"])
def test_hosts_that_always_send_1_1_1_can_write_again_and_again(world: World, mode: str) -> None:
    """Their append appends; their overwrite replaces each time, and is never taken for a repeated attempt."""
    configured = catalog(stream("users", mode=mode, generation=1, minimum=1, sync=1))
    first = [*users(1, 2), state("users", 1), complete("users")]
    assert sync(world, configured, first).failure is None
    assert sync(world, configured, [*users(2, 3), state("users", 2), complete("users")]).failure is None

    assert sync(world, configured, [*users(3, 4), complete("users")]).failure is None

    assert (ids(1, 2, 3, 4) if mode == "append" else ids(3, 4)) == contents(world).keys()
    assert [] == marks(world)


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
    """The one is replaced and gets its states; the other keeps all, and fails the sync."""
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


def test_users_can_vouch_for_the_end_of_their_input(world: World) -> None:
    """`end_of_input_is_complete` is for pipes in which nobody says that a stream is complete."""
    keep(world, stream("users", generation=None, minimum=None), users(1, 2))
    overwritten = stream("users", mode="overwrite", generation=None, minimum=None, sync=None)

    finished = sync(world, catalog(overwritten), users(2, 3), end_of_input_is_complete=True)

    assert ids(2, 3) == contents(world).keys()
    assert [] == finished.warnings


def test_a_rejected_record_keeps_its_document(world: World) -> None:
    """Its id counts as seen, for the source still has it."""
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


def test_the_mark_goes_to_a_document_that_dust_takes(world: World) -> None:
    """Documents may have become too large for the plan; if all have, the sync fails rather than go on without."""
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


def test_a_rejected_record_without_an_id_stops_the_clean_up(world: World) -> None:
    """Nobody knows which document it is, not even an attempt that does not see the record."""
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


def test_everything_is_sent_again_if_that_is_asked_for(world: World) -> None:
    """`skip_unchanged: false` repairs what was changed in Dust behind our back, in every mode."""
    for configured in (USERS, truncating(5)):
        keep(world, USERS, users(1, 2))
        world.arrivals.clear()

        finished = sync(world, catalog(configured), [*users(1, 2), complete("users")], skip_unchanged=False)

        assert finished.failure is None
        assert 0 == calls(world)["look-ups"]
        assert 2 == calls(world)["upserts"] - len(marks(world))


def test_a_document_that_was_changed_in_dust_is_sent_again(world: World) -> None:
    """What lost our tags, or has those of another stream, is in doubt."""
    keep(world, USERS, users(1, 2, 3))
    documents = world.data_source.documents
    for number, tags in ((1, ()), (2, ("airbyte:stream:orders", "airbyte:fingerprint:" + "0" * 32))):
        stored = documents.stored[f"users-{number}"]
        changed = {"title": "changed", "text": "changed", "tags": tags, "timestamp": 1, "mime_type": "text/plain"}
        documents.upsert(stored.document_id, source_url=None, parents=[], **changed)  # type: ignore[arg-type]

    assert sync(world, catalog(USERS), users(1, 2, 3)).failure is None

    assert {f"users-{number}": {"id": number} for number in (1, 2, 3)} == contents(world)
    assert 2 == calls(world)["upserts"]


def test_a_listing_that_is_not_complete_deletes_nothing(world: World) -> None:
    """If Dust listed documents in another order one day, none could be told to be stale."""
    keep(world, stream("users", generation=4), [*users(1, emitted_at=2 * 10**12), *users(2, emitted_at=10**12)])
    documents = world.data_source.documents
    right_order = documents.page
    documents.page = lambda *wanted: right_order(*wanted)[::-1]  # type: ignore[method-assign]

    finished = sync(world, catalog(truncating(5)), [*users(2), state("users", 1), complete("users")])

    assert finished.failure is None
    assert ids(1, 2) == contents(world).keys()
    assert any("1 old documents were kept" in each for each in finished.warnings)


def test_only_a_replacement_lists_the_data_source(world: World) -> None:
    """Plain appends do not pay for it."""
    assert sync(world, catalog(USERS), users(1)).failure is None

    assert 0 == calls(world)["pages"]
