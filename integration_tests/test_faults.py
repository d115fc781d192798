"""Faults of the network and the server, and the contents of Dust afterwards."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import pytest

from integration_tests.harness.connector import Connector, write
from integration_tests.harness.messages import catalog, record, state
from local_dust import LocalDust, World

MESSAGES = [*(record("users", id=number) for number in range(10)), state("users", 1)]


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
    ],
    ids=lambda fault: "-".join(str(fault[part]) for part in ("kind", "status", "effect") if part in fault),
)
def test_passing_trouble_costs_nothing_but_time(dust: LocalDust, tmp_path: Path, fault: dict[str, Any]) -> None:
    """The call is repeated until it succeeds; the state comes back."""
    rule = dust.faults.add(method="POST", path="users-[35]", times=2, **fault)

    connector = write(tmp_path, dust.config(), catalog("users"), MESSAGES)

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


def test_a_document_that_dust_keeps_refusing_is_a_bad_record_once_others_pass(dust: LocalDust, tmp_path: Path) -> None:
    """Dust answers 500 to bad data too; other documents that are stored show the difference."""
    dust.faults.add("status", method="POST", path="users-3$", status=500)
    connector = Connector("write", tmp_path, config=dust.config(on_record_error="skip"), catalog=catalog("users"))
    connector.send(*MESSAGES)
    number = 100
    while not any("users-3 was left out" in log for log in connector.logs()):
        number += 1
        connector.send(record("users", id=number))
        newest = f"users-{number}"
        connector.wait_for(lambda: newest in dust.world.documents())  # noqa: B023  it is called before the next turn

    assert 0 == connector.finish()
    assert [{"recordCount": 9.0, "rejectedRecordCount": 1.0}] == [s["destinationStats"] for s in connector.states()]


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
