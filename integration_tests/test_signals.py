"""Signals and readers that go away: the process ends soon, whatever it is doing."""

from __future__ import annotations

import fcntl
import os
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from integration_tests.harness.connector import Connector
from integration_tests.harness.launcher import ROOT, environment
from integration_tests.harness.messages import catalog, record, state, stream
from local_dust import LocalDust

# The connector promises to end within 15 s; a busy machine may need some more.
PROMISE = 20.0
FORMATS = pytest.mark.parametrize("data_format", ["documents", "tables"])


def replaced(name: str) -> dict[str, Any]:
    """A catalog with one stream that is replaced."""
    return catalog(stream(name, mode="overwrite", minimum=1))


def unread_bytes(connector: Connector) -> int:
    """How much of its output no one has read."""
    assert connector.process.stdout
    answer = fcntl.ioctl(connector.process.stdout, termios.FIONREAD, struct.pack("i", 0))
    return int(struct.unpack("i", answer)[0])


def test_a_signal_is_heeded_while_no_one_reads_the_output(dust: LocalDust, tmp_path: Path) -> None:
    """The loop is stuck in a write then, and never comes to an orderly end."""
    connector = Connector("write", tmp_path, reads_output=False, config=dust.config(), catalog=catalog("users"))
    connector.send(record("users", id=1), state("users", 1, filler="x" * 200_000))
    connector.wait_for(lambda: unread_bytes(connector) > 50_000)

    connector.kill(signal.SIGTERM)

    assert 143 == connector.wait(PROMISE)
    assert connector.process.stdout
    connector.process.stdout.close()


def test_a_signal_ends_a_check_at_once(dust: LocalDust, tmp_path: Path) -> None:
    """Though Dust does not answer."""
    hold = dust.hold(lambda arrival: arrival.method == "GET")
    connector = Connector("check", tmp_path, config=dust.config())
    hold.wait_for(1)

    connector.kill(signal.SIGTERM)

    assert 143 == connector.wait(PROMISE)
    assert [] == connector.messages("CONNECTION_STATUS"), "neither that it works nor that it does not"
    hold.let_go()


@FORMATS
def test_a_signal_is_heeded_while_only_replaced_streams_run(dust: LocalDust, tmp_path: Path, data_format: str) -> None:
    """Nothing is given out then, and the input may be silent for hours."""
    config = dust.config(data_format=data_format)
    connector = Connector("write", tmp_path, config=config, catalog=replaced("users"))
    connector.send(record("users", id=1), state("users", 1))
    connector.wait_for(lambda: connector.logs() and dust.world.arrivals)

    connector.kill(signal.SIGTERM)

    assert 143 == connector.wait(PROMISE)
    assert [] == connector.states()


@FORMATS
def test_a_reader_that_goes_away_is_noticed_while_only_replaced_streams_run(
    dust: LocalDust, tmp_path: Path, data_format: str
) -> None:
    """No state is written that would show it, and the sync would go on for hours for no one."""
    config = dust.config(data_format=data_format)
    connector = Connector("write", tmp_path, reads_output=False, config=config, catalog=replaced("users"))
    connector.send(record("users", id=1), state("users", 1))
    assert connector.process.stdout
    while b'"type":"LOG"' not in connector.process.stdout.readline():
        pass

    connector.process.stdout.close()

    assert 1 == connector.wait(PROMISE)
    assert b"Traceback" not in connector.stderr


@contextmanager
def starting(folder: Path) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """A connector that is importing its libraries, and its process ID here. Where allowed, its own ID is 1."""
    (folder / "orjson.py").write_text(
        f"import os, time; open({str(folder / 'pid')!r}, 'w').write(str(os.getpid())); time.sleep(1000)"
    )
    alone = ["unshare", "--pid", "--fork", "--kill-child"]
    can_be_first = subprocess.run([*alone, "true"], check=False, capture_output=True).returncode == 0
    command = [*(alone if can_be_first else []), sys.executable, "main.py", "check", "--config", "none"]
    with subprocess.Popen(
        command, cwd=ROOT, env=environment(PYTHONPATH=str(folder)), stdin=subprocess.DEVNULL
    ) as parent:
        try:
            while not (folder / "pid").exists() or not (own := (folder / "pid").read_text()):
                assert parent.poll() is None
            assert (own == "1") is can_be_first
            children = Path(f"/proc/{parent.pid}/task/{parent.pid}/children")
            yield int(children.read_text().split()[0]) if can_be_first else parent.pid, parent
        finally:
            parent.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_is_heeded_from_the_first_moment(tmp_path: Path, number: signal.Signals) -> None:
    """Libraries take seconds to import, and a process with the ID 1 is only ended by signals that it handles."""
    with starting(tmp_path) as (pid, parent):
        os.kill(pid, number)

        assert 128 + number == parent.wait(PROMISE)
