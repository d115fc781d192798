"""Starts connectors at once: a process has imported everything already, and each start is a fork of it.

An interpreter needs longer to import the connector than many tests take. A fork is a process of its own all the same,
with its own pipes, signals, memory and exit code; only `python main.py` before it is left out. What that does is tested
by those that start the connector afresh, and `FRESH_PROCESSES=1` makes all tests do so.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import select
import selectors
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, cast

ROOT = Path(__file__).parents[2]
MESSAGE_BYTES = 200_000
# Standard input, output and error of the connector, and the pipe on which its exit code comes back.
DESCRIPTORS = 4

_launchers: list[socket.socket] = []


class Forked:
    """A process that was started by the launcher, with as much of `subprocess.Popen` as tests need."""

    def __init__(self, arguments: Sequence[str], environment: Mapping[str, str]) -> None:
        """`arguments`: those of `main.py`."""
        theirs_in, ours_in = os.pipe()
        ours_out, theirs_out = os.pipe()
        ours_err, theirs_err = os.pipe()
        self._status, theirs_status = os.pipe()
        theirs = [theirs_in, theirs_out, theirs_err, theirs_status]
        request = json.dumps({"arguments": arguments, "environment": dict(environment)}).encode()
        launcher = _launcher()
        socket.send_fds(launcher, [request], theirs)
        for descriptor in theirs:
            os.close(descriptor)
        self.pid = int(launcher.recv(100))
        self.stdin: IO[bytes] | None = cast("IO[bytes]", os.fdopen(ours_in, "wb"))
        self.stdout: IO[bytes] | None = os.fdopen(ours_out, "rb")
        self.stderr: IO[bytes] | None = os.fdopen(ours_err, "rb")
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Its exit code, or minus the signal that killed it; None while it runs."""
        return self._wait(0)

    def wait(self, timeout: float | None = None) -> int:
        """The same, once it has ended. Raises `subprocess.TimeoutExpired`."""
        code = self._wait(timeout)
        if code is None:
            raise subprocess.TimeoutExpired("main.py", timeout or 0)
        return code

    def send_signal(self, number: int) -> None:
        """Send it a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)

    def _wait(self, timeout: float | None) -> int | None:
        if self.returncode is None and select.select([self._status], [], [], timeout)[0]:
            self.returncode = os.waitstatus_to_exitcode(int(os.read(self._status, 100)))
            os.close(self._status)
        return self.returncode


def environment(**variables: str) -> dict[str, str]:
    """This process's, with these variables, for a process that starts a connector or is one.

    Not with PYTHONUNBUFFERED: Python would not buffer output, which hides a line that is never flushed.
    """
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    return {**inherited, **variables}


def can_fork() -> bool:
    """Whether this system can fork connectors, and `FRESH_PROCESSES` is not set."""
    return hasattr(os, "pidfd_open") and not os.environ.get("FRESH_PROCESSES")


def _launcher() -> socket.socket:
    """The connection to the launcher of this process, which is started when it is first needed."""
    if not _launchers:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            process = subprocess.Popen(
                [sys.executable, "-m", "integration_tests.harness.launcher", str(theirs.fileno())],
                cwd=ROOT,
                # Forks inherit how these are buffered: as pipes are, not as terminals.
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                env=environment(),
            )
        _launchers.append(ours)
        atexit.register(process.wait)
        atexit.register(ours.close)  # called first, and that ends it
    return _launchers[0]


def _serve(requests: socket.socket) -> list[str] | None:
    """Fork for each request. Returns its arguments in the fork, and None here when no more will come."""
    statuses: dict[int, int] = {}
    with selectors.DefaultSelector() as selector:
        selector.register(requests, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if key.fileobj is not requests:
                    selector.unregister(key.fileobj)
                    os.close(key.fd)
                    _, status = os.waitpid(key.data, 0)
                    os.write(statuses[key.data], str(status).encode())
                    os.close(statuses.pop(key.data))
                    continue
                request, descriptors, _, _ = socket.recv_fds(requests, MESSAGE_BYTES, DESCRIPTORS)
                if not request:
                    return None
                pid = os.fork()
                if pid == 0:
                    return _become(json.loads(request), descriptors[:3])
                *standard, statuses[pid] = descriptors
                for descriptor in standard:
                    os.close(descriptor)
                selector.register(os.pidfd_open(pid), selectors.EVENT_READ, pid)
                requests.send(str(pid).encode())


def _become(request: dict[str, list[str] | dict[str, str]], standard: Sequence[int]) -> list[str]:
    """Take on the pipes and the environment of the process to be."""
    for number, descriptor in enumerate(standard):
        os.dup2(descriptor, number)
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    os.environ.clear()
    os.environ.update(cast("dict[str, str]", request["environment"]))
    return cast("list[str]", request["arguments"])


def main() -> None:
    """Import what the process imports and no more, then be what each request asks for."""
    import destination_dust.command_line
    import destination_dust.commands  # noqa: F401  # so that no fork has to
    from destination_dust.__main__ import main as connector

    # Forks that had it would hide what it costs, and that the process needs it.
    assert "airbyte_cdk" not in sys.modules
    gc.freeze()
    arguments = _serve(socket.socket(fileno=int(sys.argv[1])))
    if arguments is not None:
        sys.argv = ["main.py", *arguments]
        connector()


if __name__ == "__main__":
    main()
