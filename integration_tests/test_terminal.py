"""The display for a person who runs a sync by hand: the real process on a real terminal."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from integration_tests.harness.connector import PATIENCE
from integration_tests.harness.launcher import ROOT
from integration_tests.harness.messages import catalog, record, state
from local_dust import LocalDust

ERASED = b"\r\x1b[K"


class TerminalSession:
    """A sync whose standard error, and if asked for standard output, is a terminal."""

    def __init__(self, folder: Path, config: dict[str, Any], *, columns: int = 120, output: bool = False) -> None:
        paths = []
        for name, content in {"config": config, "catalog": catalog("users", "orders")}.items():
            path = folder / f"{name}.json"
            path.write_text(json.dumps(content))
            paths += [f"--{name}", str(path)]
        self._screen, terminal = pty.openpty()
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        self._process = subprocess.Popen(
            [sys.executable, "main.py", "write", *paths],
            cwd=ROOT,
            env={**os.environ, "TERM": "xterm-256color"},
            stdin=subprocess.PIPE,
            stdout=terminal if output else subprocess.PIPE,
            stderr=terminal,
        )
        os.close(terminal)
        self.screen = b""
        self.output = b""
        self._threads = [threading.Thread(target=self._read_screen, daemon=True)]
        if not output:
            self._threads.append(threading.Thread(target=self._read_output, daemon=True))
        for thread in self._threads:
            thread.start()

    def send(self, *messages: dict[str, Any]) -> None:
        assert self._process.stdin
        self._process.stdin.write(b"".join(json.dumps(message).encode() + b"\n" for message in messages))
        self._process.stdin.flush()

    def finish(self) -> int:
        """Close its input and wait for the end of all of its output."""
        assert self._process.stdin
        self._process.stdin.close()
        code = self._process.wait(PATIENCE)
        for thread in self._threads:
            thread.join(PATIENCE)
        return code

    def stop(self) -> int:
        self._process.send_signal(signal.SIGTERM)
        return self.finish()

    def wait_for(self, condition: Callable[[], object]) -> None:
        until = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < until, self.screen
            time.sleep(0.01)

    def lines(self) -> list[str]:
        """Every version of the live line, and the lines that stay."""
        return [line for line in re.split(r"[\r\n]|\x1b\[K", self.screen.decode()) if line]

    def type(self, keys: bytes) -> None:
        os.write(self._screen, keys)

    def end(self) -> None:
        self._process.kill()
        self.finish()
        os.close(self._screen)

    def _read_screen(self) -> None:
        while True:
            try:
                self.screen += os.read(self._screen, 65536)
            except OSError:  # how a terminal reports that no process has it open
                return

    def _read_output(self) -> None:
        assert self._process.stdout
        with self._process.stdout as output:
            self.output = output.read()


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Callable[..., TerminalSession]]:
    """Starts sessions, and ends those that are left."""
    sessions: list[TerminalSession] = []

    def started(config: dict[str, Any], **options: Any) -> TerminalSession:
        sessions.append(TerminalSession(tmp_path, config, **options))
        return sessions[-1]

    yield started
    for each in sessions:
        each.end()


def test_a_person_sees_a_live_line_and_at_the_end_a_table(
    dust: LocalDust, session: Callable[..., TerminalSession]
) -> None:
    """In place of log lines, and standard output holds nothing but the protocol."""
    hold = dust.hold(lambda arrival: arrival.document_id == "users-2")
    sync = session(dust.config(timing={"progress_interval": 0.1}))
    sync.send(record("users", id=1), record("users", id=2), record("orders", id=1), state("users", 1))
    sync.wait_for(lambda: any("3 read, 2 stored, 1 to go" in line for line in sync.lines()))
    hold.let_go()

    assert 0 == sync.finish()
    first, *_ = [place for place, line in enumerate(sync.lines()) if line.startswith("stream")]
    head, users, orders, total, after = sync.lines()[first:]
    assert ["stream", "read", "upserted", "deleted", "rejected"] == head.split()
    assert [["users", "2", "2", "0", "0"], ["orders", "1", "1", "0", "0"]] == [users.split(), orders.split()]
    assert ["total", "3", "3", "0", "0"] == total.split()
    assert re.fullmatch(r"After \d+ s\.", after)
    messages = [json.loads(line) for line in sync.output.splitlines()]
    assert 1 == sum(message["type"] == "STATE" for message in messages)
    logs = [message["log"]["message"] for message in messages if message["type"] == "LOG"]
    assert [] == [log for log in logs if log.startswith(("Progress", "Stream"))]


def test_a_person_sees_what_a_sync_waits_for_and_how_long(
    dust: LocalDust, session: Callable[..., TerminalSession]
) -> None:
    """The limit, and when those that were read will all have gone."""
    sync = session(dust.config(documents_per_minute=4))
    sync.send(*(record("users", id=number) for number in range(20)))
    sync.wait_for(
        lambda: any(
            re.search(r"20 read, 4 stored, 16 to go in about 4 min.*; waiting because the limit of upserts", line)
            for line in sync.lines()
        )
    )

    assert 143 == sync.stop()


def test_a_person_sees_what_keeps_calls_from_succeeding(
    dust: LocalDust, session: Callable[..., TerminalSession]
) -> None:
    """And at the end why the sync failed."""
    dust.faults.add("status", status=503, method="POST")
    # With a smaller budget, the sync may end before it shows a line.
    sync = session(dust.config(timing={"retry_budget": 10}))
    sync.send(record("users", id=1))
    sync.wait_for(lambda: any("trying again in" in line for line in sync.lines()))

    assert 1 == sync.finish()
    assert any(line.startswith("The sync failed. ") for line in sync.lines())


def test_the_live_line_fits_the_terminal(dust: LocalDust, session: Callable[..., TerminalSession]) -> None:
    """A line that wraps could not be replaced."""
    sync = session(dust.config(documents_per_minute=4), columns=30)
    sync.send(*(record("users", id=number) for number in range(20)))
    sync.wait_for(lambda: any(line.endswith("…") for line in sync.lines()))
    live = [line for line in sync.lines() if "read" in line and not line.startswith("stream")]
    sync.stop()

    assert max(map(len, live)) == 29


def test_lines_of_the_protocol_are_whole_on_a_terminal_that_shows_both_outputs(
    dust: LocalDust, session: Callable[..., TerminalSession]
) -> None:
    """Each takes the place of the live line."""
    hold = dust.hold(lambda arrival: arrival.document_id == "users-9")
    sync = session(dust.config(), output=True)
    sync.send(*(message for number in range(9) for message in (record("users", id=number), state("users", number))))
    sync.send(record("users", id=9), state("users", 9))
    sync.wait_for(lambda: sync.screen.count(b'"STATE"') == 9)
    sync.wait_for(lambda: any("10 read, 9 stored, 1 to go" in line for line in sync.lines()))
    hold.let_go()

    assert 0 == sync.finish()
    lines = sync.screen.split(b"\r\n")
    messages = [line for line in lines if b'"type"' in line]
    assert 10 == sum(b'"STATE"' in message for message in messages)
    assert [] == [message for message in messages if not message.rpartition(ERASED)[2].startswith(b"{")]
    assert all(json.loads(message.rpartition(ERASED)[2]) for message in messages)


def test_a_terminal_that_has_been_paused_does_not_hold_the_sync(
    dust: LocalDust, session: Callable[..., TerminalSession]
) -> None:
    """Ctrl-S stops the display, not the delivery."""
    sync = session(dust.config())
    sync.type(b"\x13")
    sync.send(*(record("users", id=number) for number in range(200)), state("users", 1))
    sync.wait_for(lambda: len(dust.world.documents()) == 200)

    assert 0 == sync.finish()
