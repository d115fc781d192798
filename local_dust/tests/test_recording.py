"""Recording exchanges for the contract tests."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests

from local_dust import LocalDust, World

ROOT = Path(__file__).parents[2]


def recorded(path: Path) -> list[dict[str, Any]]:
    """The lines of a recording."""
    return [json.loads(line) for line in path.read_text().splitlines()]


def post(config: dict[str, Any], document_id: str, body: str) -> requests.Response:
    """Upsert a document with this exact body."""
    url = (
        f"{config['base_url']}/api/v1/w/{config['workspace_id']}/spaces/{config['space_id']}"
        f"/data_sources/{config['data_source_id']}/documents/{document_id}"
    )
    headers = {"Authorization": f"Bearer {config['api_key']}", "Content-Type": "application/json", "User-Agent": "me"}
    return requests.post(url, data=body, headers=headers, timeout=10)


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that CONTRACT_LOG names."""
    file = tmp_path / "contract.jsonl"
    monkeypatch.setenv("CONTRACT_LOG", str(file))
    return file


def test_an_exchange_is_recorded_as_on_the_wire(path: Path) -> None:
    """Both bodies as texts, with the route, the sender and the test."""
    with LocalDust() as dust:
        answer = post(dust.config(), "a%2Fb", '{"text" : "x"}')

    (exchange,) = recorded(path)
    assert exchange.pop("test").startswith("local_dust/tests/test_recording.py::test_an_exchange_is_recorded")
    assert exchange.pop("path").endswith("/documents/a%2Fb")
    assert {
        "server": "hono",
        "method": "POST",
        "route": "documents/*",
        "agent": "me",
        "request_type": "application/json",
        "request": '{"text" : "x"}',
        "status": 200,
        "answer_type": "application/json",
        "answer": answer.text,
    } == exchange


def test_answers_of_faults_are_not_recorded(path: Path) -> None:
    """A request that never took effect is left out; any other has its right answer, even if a fault withheld it."""
    with LocalDust() as dust:
        dust.faults.add("status", path="refused", status=500)
        dust.faults.add("status", path="stored", status=500, effect=True)
        config = dust.config()
        for document_id in ("refused", "stored"):
            post(config, document_id, '{"text": "x"}')

    (exchange,) = recorded(path)
    assert exchange["path"].endswith("/documents/stored")
    assert 200 == exchange["status"]
    assert "document" in json.loads(exchange["answer"])


def test_unknown_routes_are_recorded_without_a_name_and_control_routes_are_not(path: Path) -> None:
    """Control routes are not part of Dust."""
    with LocalDust() as dust:
        requests.get(f"{dust.url}/api/v1/w/x/nothing/here", timeout=10)
        requests.get(f"{dust.url}/elsewhere", timeout=10)
        requests.get(f"{dust.url}/__control__/stats", timeout=10)

    assert [None, None] == [exchange["route"] for exchange in recorded(path)]
    assert ["/api/v1/w/x/nothing/here", "/elsewhere"] == [exchange["path"] for exchange in recorded(path)]


def test_the_key_is_not_recorded(path: Path) -> None:
    """Neither the headers nor the bodies contain it."""
    with LocalDust() as dust:
        post(dust.config(), "1", "{}")

        assert dust.config()["api_key"] not in path.read_text()


def test_several_servers_share_a_file(path: Path) -> None:
    """Each adds its lines; none is lost or torn."""
    with LocalDust(World(upserts_per_minute=None)) as one, LocalDust(World(server="legacy")) as other:
        configs = (one.config(), other.config())
        body = json.dumps({"text": "x" * 100_000})
        with ThreadPoolExecutor(8) as threads:
            list(threads.map(lambda number: post(configs[number % 2], str(number), body), range(20)))

    assert 20 == len(recorded(path))
    assert {"hono", "legacy"} == {exchange["server"] for exchange in recorded(path)}


def test_the_command_records_too(path: Path, tmp_path: Path) -> None:
    """A separate process reads the same variable."""
    settings = tmp_path / "config.json"
    command = [sys.executable, "-m", "local_dust", "--config", str(settings)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, env=os.environ) as process:
        assert process.stdout
        process.stdout.readline()
        post(json.loads(settings.read_text()), "1", '{"text": "x"}')
        process.terminate()

    assert ["documents/*"] == [exchange["route"] for exchange in recorded(path)]


def test_nothing_is_recorded_unless_asked_for(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the variable there is no file."""
    monkeypatch.delenv("CONTRACT_LOG")

    with LocalDust() as dust:
        assert 200 == post(dust.config(), "1", '{"text": "x"}').status_code

    assert not path.exists()
