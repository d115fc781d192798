"""When states come back, and the state in which a failed sync leaves Dust."""

from __future__ import annotations

import json
import random
import signal
from pathlib import Path
from typing import Any

import pytest

from integration_tests.harness.connector import Connector, write
from integration_tests.harness.kills import at_many_points
from integration_tests.harness.messages import catalog, global_state, record, state
from local_dust import LocalDust
from local_dust.control.arrivals import Arrival


def upsert_of(*ids: str) -> Any:
    """Matches the upserts of some documents."""

    def matches(arrival: Arrival) -> bool:
        return arrival.is_upsert and arrival.document_id in ids

    return matches


@pytest.mark.airbyte_case("testMidSyncCheckpointingStreamState")
def test_a_state_comes_back_while_the_input_is_still_open(dust: LocalDust, tmp_path: Path) -> None:
    """It neither waits for the end of the input nor stays in a buffer."""
    connector = Connector("write", tmp_path, fresh=True, config=dust.config(), catalog=catalog("users"))
    connector.send(record("users", id=1), state("users", 1))

    connector.wait_for(lambda: connector.states())

    assert {"users-1"} == dust.world.documents().keys()
    assert connector.process.poll() is None
    assert 0 == connector.finish()


def test_a_state_waits_for_the_slowest_record_before_it(dust: LocalDust, tmp_path: Path) -> None:
    """Later records may overtake; their states wait. Other streams go on."""
    hold = dust.hold(upsert_of("users-2"))
    connector = Connector("write", tmp_path, config=dust.config(), catalog=catalog("users", "orders"))
    connector.send(record("users", id=1), state("users", 1), record("users", id=2), state("users", 2))
    connector.send(record("users", id=3), state("users", 3), record("orders", id=1), state("orders", 4))

    connector.wait_for(lambda: len(connector.states()) == 2 and "users-3" in dust.world.documents())
    hold.wait_for(1)
    assert {1, 4} == {s["id"] for s in connector.states()}

    hold.let_go()

    assert 0 == connector.finish()
    assert [1, 2, 3] == [s["id"] for s in connector.states() if s["stream"]["stream_descriptor"]["name"] == "users"]


def test_a_global_state_waits_for_all_streams(dust: LocalDust, tmp_path: Path) -> None:
    """It covers the records of all streams, and comes back as it was."""
    hold = dust.hold(upsert_of("orders-1"))
    connector = Connector("write", tmp_path, config=dust.config(), catalog=catalog("users", "orders"))
    connector.send(record("users", id=1), record("orders", id=1), global_state(1, "users", "orders"))
    connector.send(record("users", id=2), global_state(2, "users", "orders"))
    connector.wait_for(lambda: "users-2" in dust.world.documents())
    hold.wait_for(1)
    assert [] == connector.states()

    hold.let_go()

    assert 0 == connector.finish()
    first, second = connector.states()
    assert {**global_state(1, "users", "orders")["state"], "destinationStats": {"recordCount": 2.0}} == first
    assert (2, 1.0) == (second["id"], second["destinationStats"]["recordCount"])


def test_odd_states_are_echoed_exactly(dust: LocalDust, tmp_path: Path) -> None:
    """LEGACY states, states of unknown streams, and numbers that floats cannot hold."""
    legacy = b'{"type":"STATE","state":{"data":{"cursor":123456789012345678901234567890},"id":1}}'
    unknown = state("strangers", 2)

    connector = write(tmp_path, dust.config(), catalog("users"), [record("users", id=1), legacy, unknown])

    first, second = sorted(connector.states(), key=lambda content: content["id"])
    assert '"cursor":123456789012345678901234567890' in connector.text()
    assert 1.0 == first["destinationStats"]["recordCount"]
    assert {**unknown["state"], "destinationStats": {"recordCount": 0.0}} == second


def test_a_failed_sync_gives_out_what_is_safe_and_says_why_once(dust: LocalDust, tmp_path: Path) -> None:
    """States before the failure come back, none after it; one TRACE with the right kind."""
    dust.faults.add("status", method="POST", when=upsert_of("users-5"), status=401, type="invalid_api_key_error")
    messages: list[dict[str, Any]] = []
    for number in range(1, 10):
        messages += [record("users", id=number), state("users", number)]
    connector = Connector("write", tmp_path, config=dust.config(max_concurrency=1), catalog=catalog("users"))

    assert 1 == connector.finish(*messages)

    assert [1, 2, 3, 4] == [s["id"] for s in connector.states()]
    assert "config_error" == connector.failure()["failure_type"]
    assert "API key" in connector.failure()["message"]
    assert 1 == sum(a.document_id == "users-5" for a in dust.world.arrivals)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b'{"type":"RECORD","record":{"stream":"users","data":{"id":2', "not valid JSON"),
        (b'{"type":"RECORD","record":{"stream":"users","data":null,"emitted_at":1}}', "without data"),
        (
            b'{"type":"RECORD","record":{"stream":"strangers","data":{"secret":"s3cr3t"},"emitted_at":1}}',
            "strangers",
        ),
    ],
)
def test_input_that_may_hide_a_record_stops_the_sync(dust: LocalDust, tmp_path: Path, line: bytes, words: str) -> None:
    """With the line's number and without its content; what came before is safe."""
    connector = Connector("write", tmp_path, config=dust.config(), catalog=catalog("users"))

    assert 1 == connector.finish(
        record("users", id=1), state("users", 1), b"", b"plain text", line, record("users", id=3)
    )

    assert "Line 5 of the input" in connector.failure()["message"]
    assert words in connector.failure()["message"]
    assert "system_error" == connector.failure()["failure_type"]
    assert "s3cr3t" not in connector.text()
    assert [1] == [s["id"] for s in connector.states()]


def test_the_last_line_needs_no_end(dust: LocalDust, tmp_path: Path) -> None:
    """A valid record at the end of the input counts, line end or not."""
    connector = Connector("write", tmp_path, config=dust.config(), catalog=catalog("users"))
    connector.send(record("users", id=1), state("users", 1))

    connector.end_input(json.dumps(record("users", id=2)).encode())

    assert 0 == connector.wait()
    assert {"users-1", "users-2"} == set(dust.world.documents())


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_ends_the_sync_with_what_is_under_way(
    dust: LocalDust, tmp_path: Path, number: signal.Signals, code: int
) -> None:
    """Calls under way end, those that wait for the limit are abandoned, safe states go out."""
    dust.world.limits.upserts_per_minute = 2
    hold = dust.hold(upsert_of("users-2"))
    connector = Connector("write", tmp_path, fresh=True, config=dust.config(), catalog=catalog("users"))
    for each in range(1, 6):
        connector.send(record("users", id=each), state("users", each))
    hold.wait_for(1)
    connector.wait_for(lambda: connector.states())

    connector.kill(number)
    connector.wait_for(lambda: "Stopping" in connector.text())
    hold.let_go()

    assert code == connector.wait(15)
    assert [s["id"] for s in connector.states()] == list(range(1, 1 + len(connector.states())))
    assert len(connector.states()) <= 2 == len(dust.world.documents())


def test_a_second_signal_ends_the_process_at_once(dust: LocalDust, tmp_path: Path) -> None:
    """A second signal does not wait for calls under way."""
    hold = dust.hold(upsert_of("users-1"))
    connector = Connector("write", tmp_path, fresh=True, config=dust.config(), catalog=catalog("users"))
    connector.send(record("users", id=1))
    hold.wait_for(1)

    connector.kill(signal.SIGTERM)
    connector.wait_for(lambda: "Stopping" in connector.text())
    connector.kill(signal.SIGTERM)

    assert 143 == connector.wait(5)


def test_a_reader_of_the_output_that_goes_away_ends_the_sync(dust: LocalDust, tmp_path: Path) -> None:
    """A closed pipe causes no traceback."""
    connector = Connector(
        "write", tmp_path, fresh=True, reads_output=False, config=dust.config(), catalog=catalog("users")
    )
    assert connector.process.stdout
    connector.send(record("users", id=1), state("users", 1))
    while b"STATE" not in connector.process.stdout.readline():
        pass
    connector.process.stdout.close()

    connector.finish(record("users", id=2), state("users", 2))

    assert 1 == connector.wait(15)
    assert b"Traceback" not in connector.stderr


@pytest.mark.airbyte_case("testMidSyncCheckpointingStreamState")
@at_many_points
def test_nothing_acknowledged_is_missing_after_a_kill(dust: LocalDust, tmp_path: Path, seed: int) -> None:
    """SIGKILL at any point: what a state on stdout covers is stored, and the next sync completes it."""
    chance = random.Random(seed)
    dust.faults.latency = 0.005
    messages: list[dict[str, Any]] = []
    for number in range(300):
        name = ("users", "orders", "products")[number % 3]
        messages += [record(name, id=number), *([state(name, number)] if number % 10 == 9 else [])]
    names = catalog("users", "orders", "products")
    connector = Connector("write", tmp_path, fresh=seed % 10 == 0, config=dust.config(), catalog=names)
    connector.send(*messages)
    fatal = chance.randrange(1, 300)
    connector.wait_for(lambda: len(dust.world.arrivals) >= fatal)
    connector.kill()
    connector.wait()

    promised = {s["stream"]["stream_descriptor"]["name"]: s["id"] for s in connector.states()}
    stored = set(dust.world.documents())
    for number in range(300):
        name = ("users", "orders", "products")[number % 3]
        if number <= promised.get(name, -1):
            assert f"{name}-{number}" in stored

    rest = [
        m
        for m in messages
        if m["type"] == "STATE" or m["record"]["data"]["id"] > promised.get(m["record"]["stream"], -1)
    ]
    write(tmp_path, dust.config(), names, rest)
    assert 300 == len(dust.world.documents())
