"""A loader in the process of a program: what it shares between calls, and what it leaves alone."""

from __future__ import annotations

import json
import logging
import os
import re
import resource
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from destination_dust import wiring
from destination_dust.dust.pacer import Pacer
from destination_dust.loading import Delete, Loader, NotStored, Stream
from integration_tests.harness.launcher import ROOT
from integration_tests.harness.loading import USERS, refuse, stored, users
from local_dust import LocalDust

PATIENCE = 60.0


def connections(dust: LocalDust) -> list[str]:
    """The established connections to a local Dust."""
    port = int(dust.url.rsplit(":", 1)[1])
    lines = Path("/proc/net/tcp").read_text().splitlines()
    return [line for line in lines if re.match(rf" *\d+: \S+ \w+:{port:04X} 01 ", line)]


def test_a_source_is_read_on_the_callers_thread(dust: LocalDust) -> None:
    """A connection of SQLite, for example, serves no other one."""
    database = sqlite3.connect(":memory:")
    rows = database.execute("SELECT 1 AS id UNION SELECT 2")

    with Loader(dust.config()) as loader:
        loader.upsert(USERS, ({"id": number} for (number,) in rows))

    assert {1, 2} == {*stored(dust)}
    database.close()


def test_a_closed_loader_has_no_connections_and_opens_them_again(dust: LocalDust) -> None:
    """A program may close it whenever it has nothing to load."""
    loader = Loader(dust.config())
    for number in (1, 2):
        loader.upsert(USERS, users(number))
        assert connections(dust)
        loader.close()
        assert [] == connections(dust)

    assert {1, 2} == {*stored(dust)}


def test_all_calls_share_one_pacer(dust: LocalDust, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each call with its own would send 120 documents at once, though the minute's limit is used up."""
    made: list[Pacer] = []

    def make(limit: int) -> Pacer:
        made.append(Pacer(limit))
        return made[-1]

    monkeypatch.setattr(wiring, "Pacer", make)

    with Loader(dust.config()) as loader:
        loader.upsert(USERS, users(1))
        loader.upsert(USERS, users(2))

    assert [2] == [pacer.status().calls for pacer in made]


def test_calls_about_one_stream_wait_for_one_another(dust: LocalDust) -> None:
    """Or an older version of a record could land behind a newer one. Those about others go on."""
    hold = dust.hold(lambda arrival: arrival.is_upsert and arrival.document_id == "users-1")
    second_began = threading.Event()

    def second() -> Iterator[dict[str, Any]]:
        second_began.set()
        yield from users(1, v=2)

    with Loader(dust.config()) as loader:
        threads = [threading.Thread(target=loader.upsert, args=(USERS, each)) for each in (users(1, v=1), second())]
        threads[0].start()
        hold.wait_for(1)
        threads[1].start()
        loader.upsert(Stream("orders", "id"), users(1))
        assert not second_began.is_set()
        hold.let_go()
        for thread in threads:
            thread.join(PATIENCE)

    assert 2 == json.loads(dust.world.documents()["users-1"].text)["v"]


@pytest.mark.timeout(60)
def test_a_call_within_one_about_the_same_stream_is_refused(dust: LocalDust) -> None:
    """It would wait for the outer call for ever. Afterwards, the stream can be written again."""
    with Loader(dust.config()) as loader:

        def given() -> Iterator[dict[str, Any]]:
            loader.upsert("others", users(1))
            loader.upsert(USERS, users(1))
            yield from users(2)

        with pytest.raises(RuntimeError, match="within another call about it"):
            loader.upsert(USERS, given())
        loader.upsert(USERS, users(3))

        loader.replace("others", [])

    assert {3} == {*stored(dust)}


def test_nothing_of_the_process_is_changed(dust: LocalDust) -> None:
    """The CDK, for example, has the root logger print JSON to standard output."""
    program = """
import json, logging, signal, sys, threading
def settings():
    loggers = [(each.handlers, each.level, each.propagate) for each in (logging.root, logging.getLogger("airbyte"))]
    hooks = sys.excepthook, threading.excepthook, sys.stdout, sys.stderr
    return [signal.getsignal(each) for each in signal.valid_signals()], hooks, loggers
before = settings()
from destination_dust.loading import Loader
with Loader(json.load(sys.stdin)) as loader:
    loader.upsert("users", [{"id": 1}])
assert before == settings()
assert "airbyte_cdk" not in sys.modules
"""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, input=json.dumps(dust.config()), capture_output=True, text=True
    )

    assert (0, "", "") == (done.returncode, done.stdout, done.stderr)


def test_an_interrupted_call_lets_go_soon(dust: LocalDust) -> None:
    """Ctrl-C reaches the program as in any other call, once what is under way has ended."""
    hold = dust.hold(lambda arrival: arrival.is_upsert)
    program = """
import json, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's job in the background ignores it
from destination_dust.loading import Loader
Loader(json.load(sys.stdin)).upsert("users", [b'{"id": 1}'])
"""
    with subprocess.Popen(
        [sys.executable, "-c", program], cwd=ROOT, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin
        assert process.stderr
        with process.stdin as settings:
            settings.write(json.dumps(dust.config()))
        hold.wait_for(1)

        process.send_signal(signal.SIGINT)
        hold.let_go()
        errors = process.stderr.read()

    assert -signal.SIGINT == process.returncode
    assert "KeyboardInterrupt" in errors


def resources() -> tuple[int, int, int]:
    """How many descriptors and threads this process has, and how many KB of memory it has had at most."""
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return len(os.listdir("/proc/self/fd")), threading.active_count(), memory  # noqa: PTH208 only counted


def load(dust: LocalDust, calls: int) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
    """The resources after ten calls, and after all: upserts, deletes, and one in ten that fails."""
    refuse(dust, 0)
    with Loader(dust.config()) as loader:
        for number in range(calls):
            if number == 10:
                before = resources()
            if number % 10:
                loader.apply(USERS, [*users(number), Delete({"id": number - 1})])
            else:
                with pytest.raises(NotStored):
                    loader.upsert(USERS, users(0, v=number))
        return before, resources()


@pytest.mark.parametrize("calls", [60, pytest.param(1000, marks=pytest.mark.long)])
def test_no_call_leaves_threads_or_descriptors_behind(
    dust: LocalDust, caplog: pytest.LogCaptureFixture, calls: int
) -> None:
    """However many there are; `-rP` shows the figures. The local Dust's ends of the connections are among them."""
    caplog.set_level(logging.CRITICAL, "airbyte")  # or pytest would keep each message
    began = time.monotonic()

    before, after = load(dust, calls)

    print(f"{calls} calls in {time.monotonic() - began:.1f} s; descriptors, threads, KB: {before}, {after}")
    assert after[0] <= before[0] + 8
    assert after[1] <= before[1] + 4
