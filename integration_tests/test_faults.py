"""Faults of the network and the server, and the contents of Dust afterwards."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import pytest

from integration_tests.harness.connector import Connector, write
from integration_tests.harness.messages import catalog, record, state
from integration_tests.harness.tables import QUIET, settings, stored, users
from local_dust import LocalDust, World

SOON = {"retry_budget": 15}
"""All waits are a part of this, where it is small."""
MESSAGES = [*(record("users", id=number) for number in range(10)), state("users", 1)]
REFUSALS: list[dict[str, Any]] = [
    {"kind": "status", "status": 500},
    {"kind": "html", "status": 403},
    {"kind": "reset"},
]


def name_of(fault: dict[str, Any]) -> str:
    """The name of a test's fault."""
    return "-".join(str(fault[part]) for part in ("kind", "status", "effect", "body") if part in fault)


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status", "status": 500},
        {"kind": "status", "status": 503, "headers": {"Retry-After": "1"}},
        {"kind": "status", "status": 408},
        {"kind": "html", "status": 502},
        {"kind": "reset"},
        {"kind": "reset", "effect": True},
        {"kind": "truncated"},
        {"kind": "ok_error"},
        {"kind": "status", "status": 429, "type": "rate_limit_error", "headers": {"Retry-After": "1"}},
        {"kind": "html", "status": 429},
        {"kind": "html", "status": 403},
        {"kind": "html", "status": 404},
        {"kind": "html", "status": 421},
        {"kind": "html", "status": 499},
        {"kind": "html", "status": 200},
        {"kind": "redirect", "status": 302, "location": "https://elsewhere.example/login"},
        {"kind": "body", "status": 200, "body": "{}"},
        {"kind": "body", "status": 200, "body": '{"message": "please log in"}'},
        {"kind": "body", "status": 200, "body": '{"document": null}'},
        {"kind": "body", "status": 204},
        {"kind": "altered", "field": "document.hash"},
    ],
    ids=name_of,
)
def test_passing_trouble_costs_nothing_but_time(dust: LocalDust, tmp_path: Path, fault: dict[str, Any]) -> None:
    """The call is repeated until it succeeds; the state comes back."""
    rule = dust.faults.add(method="POST", path="users-[35]", times=2, **fault)

    connector = write(tmp_path, dust.config(timing=SOON), catalog("users"), MESSAGES)

    assert 2 == rule.hits
    assert {f"users-{number}" for number in range(10)} == set(dust.world.documents())
    assert [10.0] == [s["destinationStats"]["recordCount"] for s in connector.states()]


@pytest.mark.parametrize(
    ("fault", "kind", "words"),
    [
        ({"kind": "html", "status": 200}, "config_error", "does not seem to be a Dust server"),
        ({"kind": "redirect", "status": 302, "location": "https://elsewhere.example/x"}, "config_error", "redirect"),
        ({"kind": "redirect", "status": 307, "location": "https://elsewhere.example/x"}, "config_error", "redirect"),
        ({"kind": "status", "status": 403, "type": "workspace_quota_error"}, "config_error", "full"),
        ({"kind": "status", "status": 404, "type": "data_source_not_found"}, "config_error", "data source"),
        ({"kind": "html", "status": 502}, "transient_error", "Gave up"),
        ({"kind": "status", "status": 500}, "transient_error", "Gave up"),
        ({"kind": "huge", "size": 80_000_000}, "transient_error", "Gave up"),
        ({"kind": "slow_loris", "seconds": 0.2}, "transient_error", "Gave up"),
    ],
)
def test_lasting_trouble_fails_the_sync_without_a_state(
    dust: LocalDust, tmp_path: Path, fault: dict[str, Any], kind: str, words: str
) -> None:
    """With the right failure type and a message that says what happened."""
    dust.faults.add(method="POST", **fault)
    config = dust.config(timing={"retry_budget": 3, "call_deadline": 2})
    connector = Connector("write", tmp_path, config=config, catalog=catalog("users"))

    assert 1 == connector.finish(*MESSAGES)

    assert kind == connector.failure()["failure_type"]
    assert words in connector.failure()["message"]
    assert [] == connector.states()


@pytest.mark.parametrize("fault", REFUSALS, ids=name_of)
def test_a_document_that_never_passes_is_left_out_once_others_pass(
    dust: LocalDust, tmp_path: Path, fault: dict[str, Any]
) -> None:
    """Dust answers 500 to bad data too, gateways and firewalls have pages; others that pass show the difference."""
    dust.faults.add(method="POST", path="users-3$", **fault)
    config = dust.config(on_record_error="skip", timing=SOON)
    connector = Connector("write", tmp_path, config=config, catalog=catalog("users"))
    connector.send(*MESSAGES)
    number = 100
    while not any("users-3 was left out" in log for log in connector.logs()):
        number += 1
        connector.send(record("users", id=number))
        newest = f"users-{number}"
        connector.wait_for(lambda: newest in dust.world.documents())  # noqa: B023  it is called before the next turn

    assert 0 == connector.finish()
    assert [{"recordCount": 9.0, "rejectedRecordCount": 1.0}] == [s["destinationStats"] for s in connector.states()]


@pytest.mark.parametrize(("fault", "on_record_error"), [(REFUSALS[0], "skip"), (REFUSALS[1], "fail")])
def test_the_only_document_that_is_left_is_compared_with_one_that_passed(
    dust: LocalDust, tmp_path: Path, fault: dict[str, Any], on_record_error: str
) -> None:
    """All others are stored within a second. It is left out, or the error names it; what passed stays as it was."""
    dust.faults.add(method="POST", path="users-9$", **fault)
    config = dust.config(on_record_error=on_record_error, timing=SOON)
    connector = Connector("write", tmp_path, config=config, catalog=catalog("users"))

    code = connector.finish(*MESSAGES)

    assert {f"users-{number}" for number in range(9)} == set(dust.world.documents())
    if on_record_error == "skip":
        assert 0 == code
        assert [1.0] == [s["destinationStats"]["rejectedRecordCount"] for s in connector.states()]
        assert any("users-9 was left out" in log for log in connector.logs())
    else:
        assert 1 == code
        assert "config_error" == connector.failure()["failure_type"]
        assert "(record users-9)" in connector.failure()["message"]
        assert "while other writes succeeded" in connector.failure()["message"]


def test_a_document_that_is_alone_is_named_when_it_is_given_up(dust: LocalDust, tmp_path: Path) -> None:
    """It may be bad, or Dust in trouble: nothing shows which, so the platform tries again."""
    dust.faults.add("status", method="POST", status=500)
    config = dust.config(on_record_error="skip", timing={"retry_budget": 3})
    connector = Connector("write", tmp_path, config=config, catalog=catalog("users"))

    assert 1 == connector.finish(record("users", id=1), state("users", 1))

    assert "transient_error" == connector.failure()["failure_type"]
    assert "The last call was for the document users-1." in connector.failure()["message"]
    assert [] == connector.states()


@pytest.mark.parametrize(
    ("fault", "on_record_error"),
    [
        ({"kind": "status", "status": 500}, "fail"),
        ({"kind": "status", "status": 500}, "skip"),
        ({"kind": "reset", "effect": True}, "skip"),
    ],
)
def test_a_partial_outage_makes_no_record_bad(
    dust: LocalDust, tmp_path: Path, fault: dict[str, Any], on_record_error: str
) -> None:
    """Most calls fail for some time, each document perhaps again and again."""
    rule = dust.faults.add(path="documents", share=0.8, seed=3, lasts=10, **fault)
    config = dust.config(on_record_error=on_record_error, timing={"retry_budget": 60}, skip_unchanged=False)
    messages = [*(record("users", id=number) for number in range(150)), state("users", 1)]

    connector = write(tmp_path, config, catalog("users"), messages)

    assert rule.hits > 25
    assert 150 == len(dust.world.documents())
    assert [{"recordCount": 150.0}] == [s["destinationStats"] for s in connector.states()]


GONE = {"_ab_cdc_deleted_at": "2026-01-01T00:00:00Z"}


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "html", "status": 504},
        {"kind": "reset"},
        {"kind": "body", "status": 200, "body": "{}"},
    ],
    ids=name_of,
)
@pytest.mark.parametrize("later", [{"name": "newer"}, GONE], ids=["newer", "deleted"])
def test_a_write_that_lands_late_does_not_undo_a_later_one(
    dust: LocalDust, tmp_path: Path, fault: dict[str, Any], later: dict[str, Any]
) -> None:
    """A gateway gives up on the first version, and Dust goes on with it."""
    dust.faults.add(method="POST", path="users-1$", times=1, lands_after=1.0, **fault)
    config = dust.config(timing={"retry_budget": 30}, cdc_deletes="hard")
    connector = Connector("write", tmp_path, config=config, catalog=catalog("users"))
    connector.send(record("users", id=2), record("users", id=1, name="older"))
    connector.wait_for(lambda: any(arrival.faults for arrival in [*dust.world.arrivals]))

    assert 0 == connector.finish(record("users", id=1, **later), state("users", 1))

    began = next(arrival.time for arrival in dust.world.arrivals if arrival.faults)
    connector.wait_for(lambda: dust.world.now() > began + 1.5)
    stored = dust.world.documents().get("users-1")
    assert (stored is None) if later is GONE else (stored is not None and "newer" in stored.text)
    assert 1 == len(connector.states())


def test_rows_that_a_gateway_cuts_off_are_sent_in_parts(tmp_path: Path) -> None:
    """It answers 504 to whatever is above its size. Twice that is found out; then requests are smaller."""
    with LocalDust(World(quiet_seconds=QUIET)) as dust:
        rule = dust.faults.add("html", method="POST", path="/rows$", status=504, larger_than=60_000)
        config = dust.config(**settings(timing={"retry_budget": 15}, table_batch_size=1000))
        messages = [*users(4000, text="x" * 150), state("users", 1)]

        connector = write(tmp_path, config, catalog("users"), messages)

        assert 4000 == len(stored(dust.world))
    assert [4000.0] == [s["destinationStats"]["recordCount"] for s in connector.states()]
    assert rule.hits <= 10


@pytest.mark.parametrize("body", ["{}", '{"message": "please log in"}', '{"spaces": {}}', "[]"])
def test_a_check_says_that_it_is_not_dust(dust: LocalDust, tmp_path: Path, body: str) -> None:
    """Not that the key sees no space."""
    dust.faults.add("body", status=200, body=body)
    connector = Connector("check", tmp_path, config=dust.config())

    assert 0 == connector.finish()

    (status,) = connector.messages("CONNECTION_STATUS")
    assert "FAILED" == status["connectionStatus"]["status"]
    assert "does not seem to be a Dust server" in status["connectionStatus"]["message"]


def test_a_server_that_is_down_for_a_while_costs_nothing_but_time(tmp_path: Path) -> None:
    """Connections are refused, then accepted: nothing is lost, and there is one warning."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    world = World(upserts_per_minute=None)
    config = {**world.config(), "base_url": f"http://127.0.0.1:{port}"}
    connector = Connector("write", tmp_path, config=config, catalog=catalog("users"))
    connector.send(*MESSAGES)
    connector.wait_for(lambda: any("cannot be reached" in log for log in connector.logs()))

    with LocalDust(world, port=port):
        assert 0 == connector.finish()

    assert 10 == len(world.documents())
    assert 1 == sum("cannot be reached" in log for log in connector.logs())


def test_the_key_is_in_no_output_when_a_server_sends_our_headers_back(dust: LocalDust, tmp_path: Path) -> None:
    """Neither in a warning nor in the failure. (That it is in no output otherwise, every test checks.)"""
    key = dust.config()["api_key"]
    body = json.dumps({"error": {"type": "invalid_request_error", "message": f"Got Authorization: Bearer {key}"}})
    dust.faults.add("body", method="POST", path="users-3$", status=500, body=body, times=2)
    dust.faults.add("body", method="POST", path="users-7$", status=400, body=body)
    connector = Connector("write", tmp_path, config=dust.config(), catalog=catalog("users"))

    assert 1 == connector.finish(*MESSAGES)

    assert "Bearer ****" in connector.failure()["message"]
    assert key not in connector.text()
