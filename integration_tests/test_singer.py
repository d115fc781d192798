"""The target of Singer's taps: the real process, with the lines that taps write, against the local Dust."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from integration_tests.conftest import FastDust
from integration_tests.harness.contents import contents
from integration_tests.harness.tables import QUIET
from integration_tests.harness.tables import settings as of_tables
from integration_tests.harness.target import Target, written
from local_dust import LocalDust, World
from local_dust.control.arrivals import Arrival
from unit_tests.hosts.singer.lines import activation, bookmarks, row, schema

SETTINGS: dict[str, dict[str, Any]] = {"documents": {}, "tables": of_tables(batch_age=0.2)}


@pytest.fixture(params=["documents", "tables"])
def settings(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Those of both formats, one after the other."""
    return SETTINGS[request.param]


@pytest.fixture
def dust() -> Iterator[LocalDust]:
    """A local Dust without the limit of upserts, which merges quickly."""
    with FastDust(World(upserts_per_minute=None, quiet_seconds=QUIET)) as server:
        yield server


def stored(dust: LocalDust) -> set[str]:
    """The ids of all records, in either format."""
    if tables := dust.world.tables():
        return {row_id for table in tables.values() for row_id in table.rows()}
    return set(contents(dust.world))


def users(*numbers: int) -> set[str]:
    return {f"users-{number}" for number in numbers}


def state(number: int) -> dict[str, Any]:
    """As the target gives it back."""
    value: dict[str, Any] = json.loads(bookmarks(number))["value"]
    return value


def table(version: int, *numbers: int) -> list[bytes]:
    """A full table, as taps of databases write it."""
    return [schema(), *(row(number, version=version) for number in numbers), activation(version)]


def test_states_come_back_as_they_were_once_dust_has_all_before_them(
    dust: LocalDust, tmp_path: Path, settings: dict[str, Any]
) -> None:
    """And standard output has nothing else."""
    odd = b'{"type":"STATE","value":{"n":12345678901234567890.5,"\xc3\xa9":[null,{}]}}'

    target = written(tmp_path, dust.config(**settings), schema(), row(1), row(2), bookmarks(2), row(3), odd)

    assert [state(2), {"n": 12345678901234567890.5, "é": [None, {}]}] == target.states
    assert users(1, 2, 3) == stored(dust)


def test_a_state_waits_for_every_record_before_it(dust: LocalDust, tmp_path: Path) -> None:
    """Of all streams."""

    def is_second(arrival: Arrival) -> bool:
        return arrival.is_upsert and arrival.document_id == "users-2"

    hold = dust.hold(is_second)
    with Target(tmp_path, dust.config()) as target:
        target.send(schema(), row(1), bookmarks(1), row(2), bookmarks(2), row(3), bookmarks(3))
        hold.wait_for(1)
        target.wait_for(lambda: "users-3" in stored(dust))
        assert [state(1)] == target.states
        hold.let_go()

        assert 0 == target.finish(), target.log

    assert [state(1), state(2), state(3)] == target.states


def test_streams_come_one_after_the_other(dust: LocalDust, tmp_path: Path, settings: dict[str, Any]) -> None:
    """Nothing tells the target their names before."""
    lines = [line for name in ("a", "b", "c") for line in (schema(name), row(1, name), bookmarks(1))]

    target = written(tmp_path, dust.config(**settings), *lines)

    assert {"a-1", "b-1", "c-1"} == stored(dust)
    assert 3 == len(target.states)


def test_a_full_table_takes_the_place_of_the_earlier_one(
    dust: LocalDust, tmp_path: Path, settings: dict[str, Any]
) -> None:
    """Once the tap has activated its version, after its records."""
    config = dust.config(**settings)
    written(tmp_path, config, *table(1, 1, 2, 3), bookmarks(1))

    target = written(tmp_path, config, *table(2, 2, 4), bookmarks(2))

    assert users(2, 4) == stored(dust)
    assert [state(2)] == target.states


def test_a_table_that_breaks_off_keeps_what_was_there(
    dust: LocalDust, tmp_path: Path, settings: dict[str, Any]
) -> None:
    """And the states within it stay back, so that the next run brings all of it."""
    config = dust.config(**settings)
    written(tmp_path, config, *table(1, 1, 2, 3), bookmarks(1))

    target = written(tmp_path, config, schema(), activation(2), row(2, version=2), bookmarks(2), row(4, version=2))

    assert users(1, 2, 3, 4) == stored(dust)
    assert [] == target.states
    assert "without ACTIVATE_VERSION after the last records" in target.log

    target = written(tmp_path, config, *table(3, 2, 4), bookmarks(3))

    assert users(2, 4) == stored(dust)
    assert [state(3)] == target.states


def test_changes_from_a_log_are_no_full_table(dust: LocalDust, tmp_path: Path, settings: dict[str, Any]) -> None:
    """pipelinewise-tap-mssql activates a version behind them, too, and names no bookmarks."""
    logged = schema(schema={"properties": {"id": {"type": "integer"}, "_sdc_lsn_deleted_at": {"type": "string"}}})
    config = dust.config(**settings)
    written(tmp_path, config, logged, activation(1), row(1, version=1), row(2, version=1), bookmarks(1), activation(1))

    target = written(tmp_path, config, logged, row(3, version=1), bookmarks(2), activation(1))

    assert users(1, 2, 3) == stored(dust)
    assert [state(2)] == target.states


def test_a_record_that_the_source_deleted_goes(dust: LocalDust, tmp_path: Path, settings: dict[str, Any]) -> None:
    """Taps that read a log say so in a field."""
    config = dust.config(**settings)
    written(tmp_path, config, schema(), row(1), row(2))

    written(tmp_path, config, schema(), row(1, _sdc_deleted_at=None), row(2, _sdc_deleted_at="2026-01-01T00:00:00Z"))

    assert users(1) == stored(dust)


def test_each_stream_may_have_settings_of_its_own(dust: LocalDust, tmp_path: Path) -> None:
    """Also if it comes later, and without a warning about those that are not there yet."""
    overrides = [{"stream": name, "title_field": "name"} for name in ("a", "b")]
    declared = {"properties": {"id": {"type": "integer"}, "name": {"type": "string"}}}
    lines = [line for name in "ab" for line in (schema(name, schema=declared), row(1, name, name=f"of {name}"))]

    target = written(tmp_path, dust.config(stream_overrides=overrides), *lines)

    assert {"of a", "of b"} == {each.title for each in dust.world.documents().values()}
    assert "stream_overrides" not in target.log


def test_numbers_arrive_exactly(dust: LocalDust, tmp_path: Path) -> None:
    """With all the digits of a decimal."""
    exact = row(1, n=0).replace(b'"n":0', b'"n":12345678901234567890.123456789')

    written(tmp_path, dust.config(text_format="json"), schema(), exact)

    (document,) = dust.world.documents().values()
    assert "12345678901234567890.123456789" in document.text


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (b'{"type":"BATCH","stream":"users","manifest":["file:///s3cr3t"]}', "Line 4 of the input is a BATCH"),
        (b'{"type":"RECORD","stream":"users","record":{"name":"s3cr3t"', "Line 4 of the input is not valid JSON"),
        (row(1, "teams", name="s3cr3t"), "which no SCHEMA has declared before it"),
        (b'{"type":"RECORD","stream":"users","record":{"name":"s3cr3t"}}', "primary key field id is missing or null"),
    ],
    ids=["batch", "cut off", "undeclared", "no key"],
)
def test_a_line_that_cannot_be_stored_stops_the_target(
    dust: LocalDust, tmp_path: Path, line: bytes, problem: str
) -> None:
    """In words, behind the states of what came before, and without its content."""
    with Target(tmp_path, dust.config()) as target:
        code = target.finish(schema(), row(1), bookmarks(1), line, bookmarks(2))

    assert 1 == code
    assert problem in target.log
    assert "s3cr3t" not in target.log
    assert [state(1)] == target.states


def test_a_failure_of_dust_is_said_on_standard_error(dust: LocalDust, tmp_path: Path) -> None:
    """In the connector's words."""
    with Target(tmp_path, dust.config(workspace_id="another")) as target:
        assert 1 == target.finish(schema(), row(1), bookmarks(1))

    assert "ERROR" in target.log
    assert "workspace" in target.log
    assert "Traceback" not in target.log
    assert [] == target.states


@pytest.mark.parametrize("under_way", [True, False], ids=["under way", "waiting"])
def test_a_signal_stops_the_target(dust: LocalDust, tmp_path: Path, under_way: bool) -> None:
    """Within a stretch, and between two."""
    with Target(tmp_path, dust.config()) as target:
        target.send(schema(), row(1), bookmarks(1))
        target.wait_for(lambda: target.states)
        if not under_way:
            target.send(*table(1, 2))
            target.wait_for(lambda: "users-2" in stored(dust))

        target.kill(signal.SIGTERM)

        assert 143 == target.wait()
    assert [state(1)] == target.states


def test_a_killed_target_has_given_back_only_what_is_stored(dust: LocalDust, tmp_path: Path) -> None:
    """The next run goes on from there, and nothing is missing."""
    hold = dust.hold(lambda arrival: arrival.is_upsert and arrival.document_id == "users-3")
    with Target(tmp_path, dust.config()) as target:
        target.send(schema(), *(line for number in (1, 2, 3, 4) for line in (row(number), bookmarks(number))))
        hold.wait_for(1)
        target.wait_for(lambda: len(target.states) == 2)
        target.kill(signal.SIGKILL)
        target.wait()
    hold.let_go()

    target = written(tmp_path, dust.config(), schema(), row(3), row(4), bookmarks(4))

    assert users(1, 2, 3, 4) == stored(dust)
    assert [state(4)] == target.states


def test_a_setting_without_a_meaning_in_singer_is_refused(dust: LocalDust, tmp_path: Path) -> None:
    """The end of the input is the same for all streams."""
    with Target(tmp_path, dust.config(end_of_input_is_complete=True)) as target:
        assert 1 == target.finish()

    assert "ACTIVATE_VERSION says that a table is complete" in target.log
