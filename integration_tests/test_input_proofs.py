"""What an input proves about its end: nothing old goes on a sign that proves less."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from integration_tests.harness.connector import Connector
from integration_tests.harness.contents import contents
from integration_tests.harness.in_process import sync
from integration_tests.harness.launcher import ROOT
from integration_tests.harness.messages import catalog, complete, global_state, record, state, stream
from integration_tests.harness.tables import QUIET, TABLE
from integration_tests.harness.tables import settings as of_tables
from local_dust import LocalDust, World

MARKED = state("users", 9, __ab_full_refresh_sync_complete=True)
FORMATS: dict[str, dict[str, Any]] = {"documents": {}, "tables": of_tables()}
in_both_formats = pytest.mark.parametrize("settings", FORMATS.values(), ids=FORMATS)


@pytest.fixture
def world() -> World:
    return World(upserts_per_minute=None, quiet_seconds=QUIET)


def overwriting(name: str = "users", *three_ids: int | None) -> dict[str, Any]:
    """A stream that a host without generations overwrites: one that sends none, or always the same."""
    generation, minimum, sync_id = three_ids or (1, 1, 1)
    return stream(name, mode="overwrite", generation=generation, minimum=minimum, sync=sync_id)


def error(message: str = "No access.", **descriptor: str) -> dict[str, Any]:
    """The trace with which a source says that it failed, for one stream or without naming any."""
    content: dict[str, Any] = {"message": message, "stack_trace": "s3cr3t", "internal_message": "s3cr3t"}
    if descriptor:
        content["stream_descriptor"] = descriptor
    return {"type": "TRACE", "trace": {"type": "ERROR", "emitted_at": 1, "error": content}}


FATAL = {"type": "LOG", "log": {"level": "FATAL", "message": "No access.\nTraceback: s3cr3t"}}


def users(*numbers: int) -> list[dict[str, Any]]:
    return [record("users", id=number) for number in numbers]


def stored(world: World) -> set[int]:
    """The numbers of the users in Dust, in documents or rows."""
    documents = {each["id"] for each in contents(world).values()}
    table = world.tables().get(TABLE)
    return documents | ({int(row["id"]) for row in table.rows().values()} if table else set())


@in_both_formats
@pytest.mark.parametrize("three_ids", [(1, 1, 1), (None, None, None)], ids=["1/1/1", "none"])
@pytest.mark.parametrize(
    "repeated",
    [[MARKED], [MARKED, complete("users")], [complete("users")], [state("users", 9), complete("users")]],
    ids=["mark", "mark and COMPLETE", "COMPLETE", "state and COMPLETE"],
)
def test_a_repeated_end_without_records_empties_no_stream(
    world: World, settings: dict[str, Any], three_ids: tuple[Any, ...], repeated: list[dict[str, Any]]
) -> None:
    """A host that keeps a state hands it to the source, which has nothing new and is complete at once."""
    streams = catalog(overwriting("users", *three_ids))
    assert sync(world, streams, [*users(*range(40)), MARKED, complete("users")], **settings).failure is None

    finished = sync(world, streams, repeated, **settings)

    assert finished.failure is None
    assert 40 == len(stored(world))
    (warning,) = [each for each in finished.warnings if "were kept" in each]
    assert "the input brought no record of the stream" in warning
    assert "force_full_refresh=True" in warning
    assert sum(each["type"] == "STATE" for each in repeated) == len(finished.states)


@in_both_formats
def test_with_generations_a_stream_may_be_empty(world: World, settings: dict[str, Any]) -> None:
    """The platform clears the state before it wants a stream replaced, and says itself that it is complete."""
    before = catalog(stream("users", mode="overwrite", generation=4, minimum=4))
    assert sync(world, before, [*users(1, 2), complete("users")], **settings).failure is None

    after = catalog(stream("users", mode="overwrite", generation=5, minimum=5))
    assert sync(world, after, [complete("users")], **settings).failure is None

    assert set() == stored(world)


@in_both_formats
@pytest.mark.parametrize("vouches", [False, True])
@pytest.mark.parametrize(
    "failure",
    [error(), error(name="users"), error(name="Users", namespace="crm"), FATAL],
    ids=["any", "named", "unknown", "fatal"],
)
def test_a_source_that_reported_an_error_is_not_complete(
    world: World, settings: dict[str, Any], failure: dict[str, Any], vouches: bool
) -> None:
    """Whatever the user says about the end of the input. The error is said at once and in the report."""
    streams = catalog(overwriting())
    assert sync(world, streams, [*users(1, 2, 3), complete("users")], **settings).failure is None

    settings = {**settings, "end_of_input_is_complete": vouches}
    finished = sync(world, streams, [*users(3), failure, *users(4)], **settings)

    assert finished.failure is None
    assert {1, 2, 3, 4} == stored(world)
    assert 2 == sum("The source reported an error" in each and "No access." in each for each in finished.warnings)
    assert any("kept, because the source reported that it failed" in each for each in finished.warnings)
    assert not any("s3cr3t" in each for each in finished.logs)


@in_both_formats
def test_an_error_of_another_stream_does_not_matter(world: World, settings: dict[str, Any]) -> None:
    """Sources go on with the other streams, and this one is complete."""
    streams = catalog(overwriting(), "orders")
    assert sync(world, streams, [*users(1, 2), complete("users")], **settings).failure is None

    finished = sync(world, streams, [*users(2), error(name="orders")], **settings, end_of_input_is_complete=True)

    assert {2} == stored(world)
    assert any("in the stream orders: No access." in each for each in finished.warnings)


@pytest.mark.parametrize(
    "messages",
    [[], [{"type": "LOG", "log": {"level": "INFO", "message": "started"}}], [global_state(1, "users")]],
    ids=["empty", "logs", "state"],
)
@in_both_formats
def test_the_end_of_an_input_without_records_is_no_proof(
    world: World, settings: dict[str, Any], messages: list[dict[str, Any]]
) -> None:
    """A source that did not start, or a filter that let nothing through, ends cleanly, too."""
    streams = catalog(overwriting())
    assert sync(world, streams, [*users(1, 2), complete("users")], **settings).failure is None

    finished = sync(world, streams, messages, **settings, end_of_input_is_complete=True)

    assert finished.failure is None
    assert {1, 2} == stored(world)
    assert any("were kept" in each for each in finished.warnings)


def test_an_empty_input_is_said(dust: LocalDust, tmp_path: Path) -> None:
    """As by `docker run` without `-i`: otherwise a sync of nothing looks like one that went well."""
    connector = Connector("write", tmp_path, config=dust.config(), catalog=catalog("users"))

    assert 0 == connector.finish()

    assert 1 == sum("The input was empty" in each for each in connector.logs())


def upsert_of(document: str) -> Any:
    return lambda arrival: arrival.is_upsert and arrival.document_id == document


@pytest.mark.parametrize(
    "stranger",
    [state("Users", 5), state("users", 5, namespace="crm"), state("crm_users", 5), state("payments", 5)],
    ids=["case", "namespace", "prefix", "other"],
)
def test_a_state_of_an_unknown_stream_waits_for_every_record_before_it(
    dust: LocalDust, tmp_path: Path, stranger: dict[str, Any]
) -> None:
    """Its stream may be one of the catalog, under another name: if it went out first and the sync were killed, the
    records before it would be lost."""
    hold = dust.hold(upsert_of("users-2"))
    connector = Connector("write", tmp_path, config=dust.config(), catalog=catalog("users", "orders"))
    connector.send(*users(1, 2), stranger, record("orders", id=1), state("orders", 6), stranger)
    hold.wait_for(1)
    connector.wait_for(lambda: {"users-1", "orders-1"} <= dust.world.documents().keys())
    assert [] == connector.states()

    hold.let_go()

    assert 0 == connector.finish()
    assert [5, 6, 5] == [each["id"] for each in connector.states()]
    assert [0, 1, 0] == [each["destinationStats"]["recordCount"] for each in connector.states()]
    (warning,) = [each for each in connector.logs() if "has states of the stream" in each]
    assert ("users" in stranger["state"]["stream"]["stream_descriptor"]["name"].lower()) == (
        "(it contains the stream users, without a namespace)" in warning
    )


@in_both_formats
def test_a_state_of_an_unknown_stream_waits_for_replacements(world: World, settings: dict[str, Any]) -> None:
    """As a GLOBAL one does: the next attempt would go on behind it and bring only the rest of the stream."""
    streams = catalog(stream("users", mode="overwrite", generation=5, minimum=5))
    stranger = state("Users", 1)

    failed = sync(world, streams, [*users(1), stranger], **settings)
    assert ("transient_error", []) == (failed.failure, failed.states)

    assert [1] == [each["id"] for each in sync(world, streams, [*users(1), stranger, complete("users")]).states]


def test_a_record_of_an_unknown_stream_names_the_one_that_it_may_be_of(dust: LocalDust, tmp_path: Path) -> None:
    """Nothing is lost: the sync stops."""
    connector = Connector("write", tmp_path, config=dust.config(), catalog=catalog("users"))

    assert 1 == connector.finish(record("Users", id=1, namespace="crm"))

    message = connector.failure()["message"]
    assert "Line 1 of the input is a record of the stream crm.Users" in message
    assert "(it contains the stream users, without a namespace)" in message


@pytest.mark.parametrize(
    ("redirection", "code", "words"),
    [
        ("<&-", 1, "The standard input is closed."),
        ("</dev/null", 0, "The input was empty"),
        (">&- <<< ''", 1, "The standard output is closed."),
        ("2>&- <<< ''", 0, ""),
        ("<&- 2>&-", 1, "The standard input is closed."),
    ],
)
def test_closed_descriptors_are_said(dust: LocalDust, tmp_path: Path, redirection: str, code: int, words: str) -> None:
    """The next file that is opened would get their number, and be read as input, or written over with states."""
    (tmp_path / "config.json").write_text(json.dumps(dust.config()))
    (tmp_path / "catalog.json").write_text(json.dumps(catalog("users")))
    command = f"main.py write --config {tmp_path}/config.json --catalog {tmp_path}/catalog.json {redirection}"

    run = subprocess.run(
        ["bash", "-c", f"exec {sys.executable} {command}"], cwd=ROOT, capture_output=True, text=True, timeout=120
    )

    assert code == run.returncode
    assert words in run.stdout + run.stderr
    assert "Traceback" not in run.stdout + run.stderr
