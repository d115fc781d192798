"""The local Dust as a server: connections, the log, the control routes, the command line."""

from __future__ import annotations

import json
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import requests

from local_dust import LocalDust, World
from local_dust.client import Visitor

CONTROL = "/__control__/"
PATIENCE = 120.0


def test_an_answer_is_one_packet(dust: LocalDust) -> None:
    """Head and body in one send, at once: nothing waits for an acknowledgement."""
    config = dust.config()
    port = int(dust.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port)) as connection:
        request = (
            f"GET /api/v1/w/{config['workspace_id']}/spaces HTTP/1.1\r\nHost: x\r\n"
            f"Authorization: Bearer {config['api_key']}\r\n\r\n"
        )
        for _ in range(5):
            connection.sendall(request.encode())
            received = connection.recv(65536)
            head, _, body = received.partition(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200")
            assert {"spaces"} == set(json.loads(body))


def test_answers_are_quick(dust: LocalDust) -> None:
    """No 40 ms of a delayed acknowledgement anywhere: sequential calls on one connection."""
    visitor = Visitor(dust)
    times = []
    for number in range(200):
        started = time.perf_counter()
        visitor.upsert(str(number), text="x" * 2000)
        times.append(time.perf_counter() - started)

    assert statistics.median(times) < 0.035


def test_every_request_is_in_the_log(dust: LocalDust) -> None:
    """With time, ids, status and parsed body; the control routes are not."""
    visitor = Visitor(dust)
    visitor.upsert("a/b", text="x")
    visitor.delete("/tables/t%201/rows/r%2F1")
    requests.get(dust.url + CONTROL + "stats", timeout=5)

    upsert, delete = dust.world.arrivals
    assert ("POST", "a/b", 200, True) == (upsert.method, upsert.document_id, upsert.status, upsert.is_upsert)
    assert {"text": "x", "light_document_output": True} == upsert.body
    assert ("t 1", "r/1", 404, None) == (delete.table_id, delete.row_id, delete.status, delete.body)
    assert upsert.answered is not None
    assert upsert.time <= upsert.answered <= delete.time <= time.monotonic()


def test_bodies_can_be_left_out_of_the_log() -> None:
    """This saves memory in long runs."""
    with LocalDust(World(keep_bodies=False)) as dust:
        Visitor(dust).upsert("a", text="x" * 1000)

        (arrival,) = dust.world.arrivals
        assert arrival.body is None
        assert arrival.body_bytes > 1000


def test_the_control_routes_show_everything(dust: LocalDust) -> None:
    """Without a key."""
    visitor = Visitor(dust)
    visitor.upsert("a", text="x", tags=["<b>"])
    visitor.table("t")
    visitor.rows("t", {"1": {"a": 1}}, truncate=True)

    def control(path: str) -> requests.Response:
        answer = requests.get(dust.url + CONTROL + path, timeout=5)
        assert 200 == answer.status_code
        return answer

    assert dust.config() == control("config").json()
    assert "x" == control("documents").json()["a"]["text"]
    assert {"1": {"a": 1}} == control("tables").json()["t"]["rows"]
    assert "rows" not in control("tables?rows=false").json()["t"]
    stats = control("stats").json()
    assert (3, 1, {"200": 3}) == (stats["arrivals"], stats["upserts"], stats["statuses"])
    assert ["t"] == [arrival["table_id"] for arrival in control("arrivals?since=2").json()]
    assert "&lt;b&gt;" in control("").text
    assert 404 == requests.get(dust.url + CONTROL + "nothing", timeout=5).status_code


def test_the_control_routes_change_everything(dust: LocalDust) -> None:
    """Limits, faults, holds, the workspace, lost rows, and the switches of tables."""
    visitor = Visitor(dust)

    def control(method: str, path: str, body: object = None) -> int:
        return requests.request(method, dust.url + CONTROL + path, json=body, timeout=5).status_code

    assert 200 == control("POST", "limits", {"upserts_per_minute": 0})
    assert 429 == visitor.upsert("a").status_code
    assert 400 == control("POST", "limits", {"upserts": 0})
    control("POST", "limits", {"upserts_per_minute": None, "quiet_seconds": 0.0})
    assert 200 == control("POST", "faults", {"kind": "status", "status": 418, "method": "POST", "times": 1})
    assert [418, 200] == [visitor.upsert("a").status_code for _ in "12"]
    assert 1 == requests.get(dust.url + CONTROL + "faults", timeout=5).json()["rules"][0]["hits"]
    assert 400 == control("POST", "faults", {"kind": "nonsense"})
    assert 400 == control("POST", "faults", {"kind": "status", "path": "("})
    control("POST", "faults", {"latency": 0.01})
    assert 0.01 == dust.faults.latency
    control("DELETE", "faults")
    control("POST", "workspace", {"maintenance": "relocation"})
    assert 503 == visitor.upsert("a").status_code
    control("POST", "workspace", {"maintenance": None})
    control("POST", "keys", {"disabled": True})
    assert 401 == visitor.upsert("a").status_code
    control("POST", "keys", {"disabled": False})
    control("POST", "holds", {"path": "documents/held"})
    held = threading.Thread(target=visitor.upsert, args=("held",))
    held.start()
    while dust.world.arrivals[-1].document_id != "held":
        time.sleep(0.001)
    control("DELETE", "holds")
    held.join()
    visitor.table("t")
    assert 200 == control("POST", "lost_rows", {"table_id": "t", "which": "last"})
    visitor.rows("t", {"1": {"a": 1}})
    assert {} == dust.world.tables()["t"].rows()
    assert 200 == control("POST", "table_faults", {"outage": 60, "late": {"seconds": 0}, "fails_while_empty": True})
    assert 500 == visitor.get("/tables").status_code
    assert 400 == control("POST", "table_faults", {"nonsense": True})
    control("DELETE", "table_faults")
    assert [200, 200] == [visitor.get("/tables").status_code, visitor.rows("t", {"1": {"a": 1}}).status_code]
    control("DELETE", "arrivals")
    assert [] == dust.world.arrivals


def test_a_server_stops_at_once_and_its_port_can_be_used_again() -> None:
    """Even with a held answer and a running delay."""
    with LocalDust() as first:
        port = int(first.url.rpartition(":")[2])
        first.hold(lambda arrival: arrival.method == "POST")
        first.faults.add("delay", seconds=60, method="GET")
        visitor = Visitor(first)

        def ignored(path: str) -> None:
            with suppress(requests.ConnectionError):
                Visitor(first).call("GET" if path == "/documents" else "POST", path, json={"text": "x"})

        threads = [threading.Thread(target=ignored, args=(path,)) for path in ("/documents", "/documents/a")]
        for thread in threads:
            thread.start()
        while len(first.world.arrivals) < 2:
            time.sleep(0.001)
        started = time.monotonic()
    assert time.monotonic() - started < 2
    for thread in threads:
        thread.join()
    with pytest.raises(requests.ConnectionError):
        visitor.get("/documents")
    first.faults.clear()
    with LocalDust(first.world, port=port) as second:
        assert 200 == Visitor(second).get("/documents").status_code
        with pytest.raises(OSError, match="in use"):
            LocalDust(port=port).start()


def test_the_command_line_serves_until_a_signal(tmp_path: Path) -> None:
    """It prints its address when it is ready, and exits with 0 on SIGTERM."""
    settings = tmp_path / "config.json"
    with _command("--config", str(settings), "--limit", "upserts_per_minute=1") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        url = process.stdout.readline().split()[-1]
        config = json.loads(settings.read_text())
        assert (url, "sk-") == (config["base_url"], config["api_key"][:3])
        limits = requests.get(url + CONTROL + "limits", timeout=5).json()
        assert (1, 10.0) == (limits["upserts_per_minute"], limits["quiet_seconds"])
        process.send_signal(signal.SIGTERM)
        assert 0 == process.wait(5)
        assert "" == process.stderr.read()


def test_the_command_line_prints_the_settings() -> None:
    """As `make local-dust` shows them: the address, a hint, and the settings as JSON."""
    with _command("--config", "-") as process:
        assert process.stdout is not None
        url = process.stdout.readline().split()[-1]
        hint, title = process.stdout.readline(), process.stdout.readline()
        process.send_signal(signal.SIGINT)  # at once: it may not be waiting for signals yet
        assert 0 == process.wait(20)
        config = json.loads(process.stdout.read())

        assert ("browser" in hint, "settings" in title) == (True, True)
        assert url == config["base_url"]


@pytest.mark.parametrize(("wanted", "reason"), [(None, "in use"), ("99999", "0-65535")])
def test_an_unusable_port_is_reported_in_one_line(dust: LocalDust, wanted: str | None, reason: str) -> None:
    """No traceback: the port, the reason and the option. None stands for the port of `dust`."""
    port = wanted or dust.url.rpartition(":")[2]
    with _command("--port", port) as process:
        output, errors = process.communicate(timeout=PATIENCE)

    assert (1, "", 1) == (process.returncode, output, len(errors.splitlines()))
    assert f"port {port}" in errors
    assert reason in errors
    assert "--port" in errors


@pytest.mark.parametrize(
    ("limit", "problem"),
    [
        ("upserts=1", "no such limit: upserts"),
        ("upserts_per_minute", "upserts_per_minute is a number"),
        ("upserts_per_minute=many", "upserts_per_minute is a number"),
        ("quiet_seconds=null", "quiet_seconds is a number"),
        ("ties=loose", "ties is one of stable, swapped, shuffled"),
    ],
)
def test_a_wrong_limit_is_refused_at_the_start(limit: str, problem: str) -> None:
    """Not by an internal error in the first request that meets it."""
    with _command("--limit", limit) as process:
        _, errors = process.communicate(timeout=PATIENCE)

    assert 2 == process.returncode
    assert problem in errors


@contextmanager
def _command(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """The local Dust as a process, which is killed at the end if it still runs."""
    with subprocess.Popen(
        [sys.executable, "-m", "local_dust", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    ) as process:
        try:
            yield process
        finally:
            process.kill()
