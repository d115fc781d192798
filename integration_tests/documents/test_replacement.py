"""Full refreshes of documents by the real process: nothing is lost, and what is unchanged costs nothing."""

from __future__ import annotations

import random
from pathlib import Path

from integration_tests.harness.connector import Connector, write
from integration_tests.harness.contents import calls, contents, keep, marks
from integration_tests.harness.in_process import sync
from integration_tests.harness.messages import catalog, complete, global_state, record, state, stream
from integration_tests.harness.replacements import USERS, ids, truncating, users
from local_dust import LocalDust


def test_unchanged_documents_cost_nothing_of_the_limit(dust: LocalDust, tmp_path: Path) -> None:
    """10,000 documents: unchanged, no upsert and at most 110 look-ups; with 1 % changed, 100 upserts."""
    everybody = users(*range(10_000))
    keep(dust.world, USERS, everybody)

    connector = write(tmp_path, dust.config(), catalog(USERS), [*everybody, state("users", 1)])

    assert 0 == calls(dust.world)["upserts"]
    assert 0 < calls(dust.world)["look-ups"] <= 110
    assert [10_000.0] == [each["destinationStats"]["recordCount"] for each in connector.states()]
    assert any("10000 unchanged" in log for log in connector.logs())
    assert max(len(each.query) + len(each.path) for each in dust.world.arrivals) <= 6 * 1024

    dust.world.arrivals.clear()
    changed = random.Random(1).sample(range(10_000), 100)
    for number in changed:
        everybody[number] = record("users", id=number, changed=True)

    write(tmp_path, dust.config(), catalog(USERS), everybody)

    upserted = [each.document_id for each in dust.world.arrivals if each.is_upsert]
    assert sorted(f"users-{number}" for number in changed) == sorted(map(str, upserted))
    assert calls(dust.world)["look-ups"] <= 110


def test_an_overwrite_deletes_exactly_what_is_gone_from_the_source(dust: LocalDust, tmp_path: Path) -> None:
    """500 of 10,000: those are deleted, one document is written again for the mark, nothing else happens."""
    everybody = users(*range(10_000))
    keep(dust.world, stream("users", generation=1), everybody)
    gone = set(random.Random(2).sample(range(10_000), 500))
    left = [each for each in everybody if each["record"]["data"]["id"] not in gone]
    overwritten = truncating(2, mode="overwrite")

    connector = write(tmp_path, dust.config(), catalog(overwritten), [*left, state("users", 1), complete("users")])

    deleted = {str(each.document_id) for each in dust.world.arrivals if each.method == "DELETE"}
    assert {f"users-{number}" for number in gone} == deleted
    assert (1, 500, 0) == tuple(calls(dust.world)[kind] for kind in ("upserts", "deletes", "look-ups"))
    assert 9_500 == len(contents(dust.world))
    assert ["airbyte:replaced:2"] == marks(dust.world)
    assert any("9500 unchanged" in log and "500 stale documents deleted" in log for log in connector.logs())


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


def test_an_attempt_after_a_finished_replacement_deletes_nothing(dust: LocalDust, tmp_path: Path) -> None:
    """The platform may try again after the states went out: few records or none, and COMPLETE all the same."""
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

    # What such an attempt writes has the mark as well: it may be the document that had it.
    for number in (1, 2, 4):
        again = sync(dust.world, streams, [*users(number, v=number), state("users", 3), complete("users")])
        assert again.failure is None
    assert ids(1, 2, 4) == contents(dust.world).keys()
    assert 3 == len(marks(dust.world))


def test_an_attempt_that_is_only_added_gives_its_states_back_at_once(dust: LocalDust, tmp_path: Path) -> None:
    """It is plain append: nothing waits for the end, and its end needs no proof."""
    streams = catalog(truncating(5))
    assert sync(dust.world, streams, [*users(1), state("users", 1), complete("users")]).failure is None
    connector = Connector("write", tmp_path, config=dust.config(), catalog=streams)
    connector.send(*users(2), state("users", 2))

    connector.wait_for(lambda: connector.states())

    assert connector.process.poll() is None
    assert 0 == connector.finish()


def test_states_of_a_replaced_stream_wait_for_the_end_and_others_do_not(dust: LocalDust, tmp_path: Path) -> None:
    """Also until the mark is there: an attempt that goes on behind them must find it."""
    keep(dust.world, stream("users", generation=4), users(1, 2))
    marking = dust.hold(lambda arrival: arrival.is_upsert and "airbyte:replaced:5" in arrival.body["tags"])
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
