"""The report for programs: one line in the log of every sync, whatever its end."""

from __future__ import annotations

import json
import signal
from contextlib import closing
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from airbyte_cdk.models import AirbyteMessageSerializer, ConfiguredAirbyteCatalogSerializer

from destination_dust.destination import DestinationDust
from integration_tests.harness.connector import Connector, write
from integration_tests.harness.in_process import logs
from integration_tests.harness.launcher import ROOT
from integration_tests.harness.messages import catalog, complete, record, state, stream
from integration_tests.harness.tables import QUIET, settings
from local_dust import LocalDust, World
from local_dust.client import Visitor

SCHEMA = json.loads((ROOT / "docs" / "sync-report.schema.json").read_text("utf-8"))
SECRET_TEXT = "not for the log"
USERS = [*(record("users", id=number, text=SECRET_TEXT) for number in range(10)), state("users", 1)]
ENDS = ("upserted", "unchanged", "superseded", "deleted", "rejected", "unsettled")


def report_of(connector: Connector) -> dict[str, Any]:
    """Its report, which has the fields that are promised, adds up, and holds nothing of a record."""
    found = connector.report()
    jsonschema.validate(found, SCHEMA)
    for counts in (found["totals"], *found["streams"]):
        assert counts["read"] == sum(counts[end] for end in ENDS)
    assert SECRET_TEXT not in json.dumps(found)
    return found


def nonzero(counts: dict[str, Any]) -> dict[str, Any]:
    """The counts of something that occurred."""
    return {name: count for name, count in counts.items() if count and name not in ("left_out", "namespace", "name")}


def test_a_sync_that_succeeds(dust: LocalDust, tmp_path: Path) -> None:
    """Counts by stream; the requests, bytes and retries are those that arrived."""
    dust.faults.add(method="POST", path="users-3$", times=1, kind="status", status=500)
    dust.faults.add(method="POST", path="users-5$", times=1, kind="reset")
    orders = [record("orders", namespace="shop", id=1), state("orders", 1, namespace="shop")]
    streams = catalog("users", stream("orders", namespace="shop"))

    connector = write(tmp_path, dust.config(timing={"retry_budget": 15}), streams, [*USERS, *orders])

    found = report_of(connector)
    assert ("succeeded", None) == (found["result"], found["failure_type"])
    assert {"read": 11, "upserted": 11} == nonzero(found["totals"])
    by_stream = {(each["namespace"], each["name"]): nonzero(each) for each in found["streams"]}
    users, order = {"read": 10, "upserted": 10}, {"read": 1, "upserted": 1}
    assert {(None, "users"): users, ("shop", "orders"): order} == by_stream
    assert {"read": 2, "acknowledged": 2} == found["states"]
    assert {"refused_for_now": 1, "disconnected": 1} == nonzero(found["http"]["retries"])
    arrivals = [*dust.world.arrivals]
    assert len(arrivals) == found["http"]["requests"]
    assert 11 + 2 == sum(arrival.is_upsert for arrival in arrivals)
    assert len(SECRET_TEXT) * 12 < found["http"]["sent_bytes"] < 10_000
    assert found["http"]["received_bytes"] > 1000
    assert connector.logs()[-1].startswith("SYNC_REPORT "), "where people look first"


def test_what_is_not_sent_has_its_own_counts(dust: LocalDust, tmp_path: Path) -> None:
    """Unchanged documents, deletes by the source, and documents that a replacement finds stale."""
    write(tmp_path, dust.config(), catalog("users"), USERS)
    Visitor(dust).upsert("teams-9", tags=["airbyte:stream:teams"])
    replaced = stream("teams", mode="overwrite", generation=2, minimum=2)
    deleted = record("users", id=3, _ab_cdc_deleted_at="2026-01-01")
    teams = [record("teams", id=1), state("teams", 1), complete("teams")]

    connector = write(
        tmp_path, dust.config(), catalog("users", replaced), [USERS[0], USERS[1], deleted, *teams, state("users", 2)]
    )

    found = report_of(connector)
    by_stream = {each["name"]: nonzero(each) for each in found["streams"]}
    assert {"read": 3, "unchanged": 2, "deleted": 1} == by_stream["users"]
    assert {"read": 1, "upserted": 1, "stale_deleted": 1} == by_stream["teams"]


def test_rows_have_the_same_counts(tmp_path: Path) -> None:
    """None is queued in the end: each can be read."""
    with LocalDust(World(quiet_seconds=QUIET)) as dust:
        connector = write(tmp_path, dust.config(**settings(batch_age=0.5)), catalog("users"), USERS)

    found = report_of(connector)
    assert {"read": 10, "upserted": 10} == nonzero(found["totals"])
    assert {} == nonzero(found["limit"]["waited_seconds"])


def test_records_that_are_skipped(dust: LocalDust, tmp_path: Path) -> None:
    """The sync succeeds without them, so the count is what an alert can see."""
    dust.faults.add(method="POST", path="users-3$", kind="status", status=400, type="invalid_request_error")

    connector = write(tmp_path, dust.config(on_record_error="skip"), catalog("users"), USERS)

    found = report_of(connector)
    assert "succeeded" == found["result"]
    assert {"read": 10, "upserted": 9, "rejected": 1} == nonzero(found["totals"])
    assert {} == nonzero(found["http"]["retries"])


@pytest.mark.parametrize(
    ("fault", "failure_type"),
    [
        ({"path": "users-3$", "kind": "status", "status": 400, "type": "invalid_request_error"}, "config_error"),
        ({"kind": "html", "status": 502}, "transient_error"),
    ],
)
def test_a_sync_that_fails(dust: LocalDust, tmp_path: Path, fault: dict[str, Any], failure_type: str) -> None:
    """Before the TRACE, and with the same failure type; what could not be stored is unsettled."""
    dust.faults.add(method="POST", **fault)
    config = dust.config(timing={"retry_budget": 2})
    connector = Connector("write", tmp_path, config=config, catalog=catalog("users"))

    assert 1 == connector.finish(*USERS, state("users", 2))

    found = report_of(connector)
    assert ("failed", failure_type) == (found["result"], found["failure_type"])
    assert connector.failure()["failure_type"] == failure_type
    assert found["totals"]["unsettled"] >= 1
    assert {"read": 2, "acknowledged": 0} == found["states"]
    kinds = [json.loads(line)["type"] for _, line in connector.lines]
    assert "TRACE" == kinds[-1]


def test_a_sync_that_does_not_begin(dust: LocalDust, tmp_path: Path) -> None:
    """Wrong settings are a failure like any other to whoever counts reports."""
    connector = Connector("write", tmp_path, config=dust.config(space_id=""), catalog=catalog("users"))

    assert 1 == connector.finish(*USERS)

    found = report_of(connector)
    assert ("failed", "config_error") == (found["result"], found["failure_type"])
    assert ([], 0) == (found["streams"], found["http"]["requests"])


def test_a_sync_that_is_stopped_while_it_waits_for_the_limit(tmp_path: Path) -> None:
    """With the seconds of the wait that goes on."""
    with LocalDust(World()) as dust:
        config = dust.config(documents_per_minute=3, timing={"progress_interval": 0.5})
        connector = Connector("write", tmp_path, config=config, catalog=catalog("users"))
        connector.send(*USERS)
        connector.wait_for(lambda: any(waited(line) > 1 for line in connector.logs()))

        connector.kill(signal.SIGTERM)

        assert 143 == connector.wait()

    found = report_of(connector)
    assert ("stopped", None) == (found["result"], found["failure_type"])
    assert {"read": 10, "upserted": 3, "unsettled": 7} == nonzero(found["totals"])
    assert found["limit"]["per_minute"] == 3
    assert 1 < found["limit"]["waited_seconds"]["limit"] <= found["seconds"]


def waited(log: str) -> float:
    """The seconds for which upserts were held back by the limit, if a log line is one of progress for programs."""
    prefix, _, content = log.partition(" ")
    if prefix != "SYNC_PROGRESS":
        return 0.0
    progress = json.loads(content)
    jsonschema.validate(progress, SCHEMA)
    return float(progress["limit"]["waited_seconds"]["limit"])


def test_others_and_refusals_are_told_apart_from_the_limit_itself(tmp_path: Path) -> None:
    """Someone else has used up the workspace's limit, so Dust refuses, and we wait for others."""
    with LocalDust(World(upserts_per_minute=5)) as dust:
        visitor = Visitor(dust)
        for number in range(5):
            assert 200 == visitor.upsert(f"by-hand-{number}").status_code
        connector = Connector("write", tmp_path, config=dust.config(), catalog=catalog("users"))
        connector.send(record("users", id=1))
        connector.wait_for(lambda: sum(arrival.status == 429 for arrival in dust.world.arrivals) >= 2)
        connector.kill(signal.SIGTERM)
        assert 143 == connector.wait()

    found = report_of(connector)
    assert found["limit"]["waited_seconds"]["shared"] > 0
    assert found["http"]["retries"]["upsert_limit"] >= 2
    assert {"upsert_limit"} == nonzero(found["http"]["retries"]).keys()


@pytest.mark.parametrize(("taken", "result"), [(2, "succeeded"), (1, "stopped")])
def test_a_host_finds_the_report_in_its_own_log(dust: LocalDust, taken: int, result: str) -> None:
    """Whether it takes all states, or closes the generator before."""
    messages = [record("users", id=1), state("users", 1), record("users", id=2), state("users", 2)]
    given = [AirbyteMessageSerializer.load(message) for message in messages]
    configured = ConfiguredAirbyteCatalogSerializer.load(catalog("users"))
    found: list[str] = []
    written: Any = DestinationDust().write(dust.config(), configured, given)
    with logs(found), closing(written) as states:
        for _ in range(taken):
            next(states)
        if result == "succeeded":
            assert [] == [*states]

    (line,) = [log for log in found if "SYNC_REPORT" in log]
    assert line.startswith("INFO SYNC_REPORT {")
    report = json.loads(line.partition("SYNC_REPORT ")[2])
    jsonschema.validate(report, SCHEMA)
    assert result == report["result"]
    # Only whoever asks for the next state has taken the one before.
    assert (2 if result == "succeeded" else 0) == report["states"]["acknowledged"]
