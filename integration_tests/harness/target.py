"""`target-dust` as a process of its own, with real pipes, as Meltano runs it."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from integration_tests.harness.launcher import ROOT, environment

PATIENCE = 120.0


class Target:
    """A run of the target. Use it as a context manager, so that a test that fails leaves no process behind."""

    def __init__(self, folder: Path, config: dict[str, Any]) -> None:
        path = folder / f"config-{time.monotonic_ns()}.json"
        path.write_text(json.dumps(config))
        self._secret = config["api_key"]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "destination_dust.hosts.singer", "--config", str(path)],
            cwd=ROOT,
            env=environment(LOG_LEVEL="DEBUG"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self.states: list[Any] = []
        """The lines of its standard output. All must be states."""
        self.log = ""
        self._readers = [threading.Thread(target=work, daemon=True) for work in (self._read_states, self._read_log)]
        for reader in self._readers:
            reader.start()

    def __enter__(self) -> Target:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        assert self.process.stdin
        with contextlib.suppress(BrokenPipeError):  # it did not read the last lines
            self.process.stdin.close()
        for reader in self._readers:
            reader.join(PATIENCE)

    def send(self, *lines: bytes) -> None:
        """Write lines to its input."""
        assert self.process.stdin
        self.process.stdin.write(b"".join(line + b"\n" for line in lines))
        self.process.stdin.flush()

    def finish(self, *lines: bytes) -> int:
        """Send the last lines, close its input, and wait for its exit code."""
        assert self.process.stdin
        try:
            self.send(*lines)
            self.process.stdin.close()
        except BrokenPipeError:
            pass  # it has already ended, which its exit code shows
        return self.wait()

    def wait(self) -> int:
        """Its exit code, once it has ended and all its output was read."""
        code = self.process.wait(PATIENCE)
        for reader in self._readers:
            reader.join(PATIENCE)
        assert self._secret not in self.log
        return code

    def wait_for(self, condition: Callable[[], object]) -> None:
        """Wait until something has become true."""
        until = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < until, self.log
            assert self.process.poll() is None or condition(), self.log
            time.sleep(0.01)

    def kill(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self.process.send_signal(number)

    def _read_states(self) -> None:
        assert self.process.stdout
        with self.process.stdout as output:
            for line in output:
                self.states.append(json.loads(line))

    def _read_log(self) -> None:
        assert self.process.stderr
        with self.process.stderr as errors:
            for line in errors:
                self.log += line.decode(errors="replace")


def written(folder: Path, config: dict[str, Any], *lines: bytes) -> Target:
    """A whole run that must succeed."""
    with Target(folder, config) as target:
        assert target.finish(*lines) == 0, target.log
    return target
