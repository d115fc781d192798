"""Streams become tables: what arrives in them, and when it is acknowledged. All in the real process."""

from __future__ import annotations

import itertools
import json
import math
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from integration_tests.harness.connector import Connector, write
from integration_tests.harness.messages import EMITTED_AT, catalog, record, state, stream
from integration_tests.harness.tables import GONE, QUIET, TABLE, looks, settings, stored, upserts, users
from local_dust import LocalDust, World

PERSON = {
    "id": {"type": "integer"},
    "name": {"type": ["null", "string"]},
    "email": {"type": "string"},
    "createdAt": {"type": "string", "format": "date-time", "airbyte_type": "timestamp_with_timezone"},
    "score": {"type": "number"},
    "active": {"type": "boolean"},
    "notes": {"type": "string"},
    "address": {"type": "object"},
}


def person(number: int) -> dict[str, Any]:
    """The fields of a record of about 350 bytes."""
    return {
        "id": number,
        "name": f"Person № {number}" if number % 10 else None,
        "email": f"person.{number}@example.com",
        "createdAt": f"2025-03-04T05:{number % 60:02d}:07.25+02:00",
        "score": number / 8,
        "active": number % 3 == 0,
        "notes": f"{number}, as they say, " + "and so on " * 10,
        "address": {"street": f"Street {number % 100}", "geo": [number, 2.5]},
    }


def person_row(number: int) -> dict[str, Any]:
    """The row of `person(number)` in a table."""
    fields = person(number)
    row = {
        **fields,
        "created_at": f"2025-03-04 03:{number % 60:02d}:07",
        "address": json.dumps(fields["address"], separators=(",", ":")),
        "notes": fields["notes"].strip(),
    }
    del row["createdAt"]
    return {name: value for name, value in row.items() if value is not None}


def people(count: int, *streams: str, start: int = 0) -> list[dict[str, Any]]:
    """Records of each stream in turn, so many of each, and a state of each at the end."""
    numbers = range(start, start + count)
    records = [record(name, emitted_at=EMITTED_AT + 1234, **person(number)) for number in numbers for name in streams]
    return [*records, *(state(name, start + count) for name in streams)]


def assert_stored(dust: LocalDust, name: str, count: int) -> None:
    """Compare every cell of a table of people."""
    rows = stored(dust.world, f"airbyte_{name}")
    assert {f"{name}-{number}" for number in range(count)} == set(rows)
    for number in range(count):
        assert person_row(number) == rows[f"{name}-{number}"]
    for row in dust.world.tables()[f"airbyte_{name}"].rows().values():
        # Dust keeps times to the second.
        assert (1, EMITTED_AT + 1000) == (row["_airbyte_generation_id"], row["_airbyte_extracted_at"]["epoch"])


def assert_few_requests(dust: LocalDust, name: str) -> None:
    """Requests are nearly full, and none is over 1 MB."""
    sizes = [arrival.body_bytes for arrival in upserts(dust.world, f"airbyte_{name}")]
    assert max(sizes) <= 1_000_000
    assert len(sizes) <= math.ceil(1.1 * sum(sizes) / 900_000)


@pytest.mark.airbyte_case("testBasicWrite", "testSync", "testSyncWithLargeRecordBatch")
def test_interleaved_streams_arrive_whole_and_in_few_requests(dust: LocalDust, tmp_path: Path) -> None:
    """Each stream becomes one table with exactly its rows, all its states come back, requests are full."""
    names = [f"s{letter}" for letter in "abcd"]
    streams = catalog(*(stream(name, fields=PERSON) for name in names))

    messages = people(3_000, *names)

    connector = write(tmp_path, dust.config(**settings()), streams, messages)

    for name in names:
        assert_stored(dust, name, 3_000)
        assert_few_requests(dust, name)
    sent = [message["state"] for message in messages if message["type"] == "STATE"]
    returned = sorted(connector.states(), key=lambda each: str(each["stream"]["stream_descriptor"]["name"]))
    assert [{**each, "destinationStats": {"recordCount": 3_000.0}} for each in sent] == returned


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(("names", "count"), [(["people"], 150_000), ([f"s_{n}" for n in range(20)], 5_000)])
def test_large_syncs_are_exact_thrice(dust: LocalDust, tmp_path: Path, names: list[str], count: int) -> None:
    """150,000 rows of one stream, and 20 streams of 5,000: every cell, few requests, all states, no new columns."""
    dust.world.keep_bodies = False
    dust.world.limits.quiet_seconds = 1.0
    streams = catalog(*(stream(name, fields=PERSON) for name in names))
    config = dust.config(**settings(confirmation_delay=1.5, confirmation_limit=120))
    columns = []
    for _ in range(3):
        dust.world.arrivals.clear()
        connector = write(tmp_path, config, streams, people(count, *names), patience=550)
        for name in names:
            assert_few_requests(dust, name)
        assert len(names) == len(connector.states())
        tables = dust.world.tables()
        columns.append({name: {each["name"] for each in table.schema or ()} for name, table in tables.items()})

    for name in names:
        assert_stored(dust, name, count)
    assert columns[0] == columns[1] == columns[2]


def test_the_latest_change_of_a_row_decides(dust: LocalDust, tmp_path: Path) -> None:
    """Within a request, over several requests and over deletes, the last record of a row is what it becomes."""
    messages = [
        *users(6, version=1),
        record("users", id=1, version=2),
        record("users", id=2, **GONE),
        record("users", id=3, **GONE),
        record("users", id=3, version=3),
        record("users", id=4, version=4),
        record("users", id=4, **GONE),
        record("users", id=7, **GONE),
        state("users", 1),
    ]

    connector = write(tmp_path, dust.config(**settings(table_batch_size=2)), catalog("users"), messages)

    rows = {row_id: row["version"] for row_id, row in stored(dust.world).items()}
    assert {"users-0": 1, "users-1": 2, "users-3": 3, "users-5": 1} == rows
    assert [{"recordCount": 13.0}] == [each["destinationStats"] for each in connector.states()]


def test_states_wait_until_rows_can_be_read(dust: LocalDust, tmp_path: Path) -> None:
    """A 200 means queued: no state comes before the rows are in the table."""
    dust.world.limits.quiet_seconds = 1_000.0
    connector = Connector("write", tmp_path, config=dust.config(**settings()), catalog=catalog("users"))
    connector.send(*users(1), state("users", 1))
    connector.end_input()
    connector.wait_for(lambda: len(looks(dust.world)) >= 3)
    assert [] == connector.states()

    dust.world.limits.quiet_seconds = QUIET

    assert 0 == connector.wait()
    assert 1 == len(connector.states())


@pytest.mark.airbyte_case("testMidSyncCheckpointingStreamState")
@pytest.mark.parametrize("which", ["first", "middle", "last"])
def test_a_request_that_dust_drops_fails_the_sync(dust: LocalDust, tmp_path: Path, which: str) -> None:
    """No state after the last row that was read back is given out, and the message lists possible reasons."""
    config = dust.config(**settings(table_batch_size=10, confirmation_limit=3, batch_age=1))
    connector = Connector("write", tmp_path, config=config, catalog=catalog("users"))
    connector.send(*users(50), state("users", 1))
    connector.wait_for(connector.states)
    assert {f"users-{number}": {"id": number} for number in range(50)} == stored(dust.world)
    dust.world.lose_rows(TABLE, which=which)

    assert 1 == connector.finish(*users(50, start=100), state("users", 2))
    assert [1] == [each["id"] for each in connector.states()]
    assert "transient_error" == connector.failure()["failure_type"]
    for reason in (TABLE, "511 columns", "500,000 rows", "100 MB", "semicolons", "confirm_rows"):
        assert reason in connector.failure()["message"]


def test_a_signal_ends_the_wait_for_a_merge(dust: LocalDust, tmp_path: Path) -> None:
    """A process that should stop does not wait half an hour."""
    dust.world.limits.quiet_seconds = 1_000.0
    connector = Connector("write", tmp_path, config=dust.config(**settings()), catalog=catalog("users"))
    connector.send(*users(2), state("users", 1))
    connector.end_input()
    connector.wait_for(lambda: upserts(dust.world))

    began = time.monotonic()
    connector.kill(signal.SIGTERM)

    assert 143 == connector.wait()
    assert time.monotonic() - began < 12
    assert [] == connector.states()


def test_a_signal_leaves_time_to_see_what_was_merged(dust: LocalDust, tmp_path: Path) -> None:
    """What was sent before is acknowledged if it can be read in time; what waits is not sent."""
    config = dust.config(**settings(confirmation_delay=3.0, batch_age=0.2))
    connector = Connector("write", tmp_path, config=config, catalog=catalog("users"))
    connector.send(*users(2), state("users", 1))
    connector.wait_for(lambda: upserts(dust.world))
    connector.send(*users(2, start=5), state("users", 2))
    connector.kill(signal.SIGTERM)

    assert 143 == connector.wait()
    assert [1] == [each["id"] for each in connector.states()]
    assert 1 == len(upserts(dust.world))


@pytest.mark.parametrize(("delay", "acknowledged"), [(0.5, [1]), (11, [])])
def test_after_a_bad_line_rows_are_sent_that_can_be_acknowledged_in_time(
    dust: LocalDust, tmp_path: Path, delay: float, acknowledged: list[int]
) -> None:
    """Others would only be sent twice."""
    config = dust.config(**settings(confirmation_delay=delay))
    connector = Connector("write", tmp_path, config=config, catalog=catalog("users"))

    connector.finish(*users(2), state("users", 1), b'{"type": "RECORD", "record": {"stream": "users", "data": {"id": ')

    assert acknowledged == [each["id"] for each in connector.states()]
    assert len(acknowledged) == len(upserts(dust.world))


@pytest.mark.long
@pytest.mark.timeout(300)
def test_a_slow_continuous_stream_is_acknowledged_steadily(tmp_path: Path) -> None:
    """A small record every 0.2 s for two minutes, with Dust's own 10 s: states come at least every 45 s."""
    with LocalDust(World()) as dust:
        config = dust.config(**settings(batch_age=30, confirmation_delay=10.5, confirmation_limit=100))
        connector = Connector("write", tmp_path, config=config, catalog=catalog("users"))
        began = time.monotonic()
        blocked = 0.0
        number = 0
        while time.monotonic() - began < 120:
            sent = time.monotonic()
            connector.send(*users(1, start=number), state("users", number))
            blocked = max(blocked, time.monotonic() - sent)
            number += 1
            time.sleep(0.2)
        assert 0 == connector.finish()

        # It says where the stream goes when it reads the first record, and takes a while to get there.
        started = next(at for at, line in connector.lines if b"goes to the table" in line)
        times = [started, *(at for at, line in connector.lines if json.loads(line)["type"] == "STATE")]
        assert number == len(times) - 1
        assert max(later - earlier for earlier, later in itertools.pairwise(times)) <= 45
        assert 429 not in {arrival.status for arrival in dust.world.arrivals}
        assert number == len(stored(dust.world))
        assert blocked < 1


@pytest.mark.airbyte_case("testCheckConnection", "testCheckConnectionInvalidCredentials")
@pytest.mark.parametrize(("selected", "status"), [(True, "SUCCEEDED"), (False, "FAILED")])
def test_a_check_says_whether_rows_may_be_written_and_writes_none(
    dust: LocalDust, tmp_path: Path, selected: bool, status: str
) -> None:
    """A key that may only read is detected without creating a table or row."""
    if not selected:
        dust.world.key.spaces = frozenset()
    connector = Connector("check", tmp_path, config=dust.config(**settings()))

    assert 0 == connector.finish()
    (message,) = connector.messages("CONNECTION_STATUS")
    assert status == message["connectionStatus"]["status"]
    assert ("may read" in message["connectionStatus"].get("message", "")) == (status == "FAILED")
    assert {} == dust.world.tables()
