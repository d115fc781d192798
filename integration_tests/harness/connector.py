"""The connector as a process of its own, with real pipes, as the platform runs it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from integration_tests.harness.launcher import ROOT, Forked, can_fork, environment

PATIENCE = 180.0

_started: list[Connector] = []


def kill_what_is_left() -> None:
    """End the processes of a test that failed midway."""
    while _started:
        process = _started.pop().process
        if process.poll() is None:
            process.kill()
            process.wait()


class Connector:
    """A run of `main.py`. Lines of its output are collected as they come, with their time."""

    def __init__(
        self,
        command: str,
        folder: Path,
        *,
        log_level: str = "DEBUG",
        reads_output: bool = True,
        fresh: bool = False,
        **files: dict[str, Any],
    ) -> None:
        """`files`: what the command takes (config, catalog), written to `folder` and passed by path.

        `fresh`: in an interpreter of its own, from `main.py` on; it takes seconds longer to start.
        """
        self._secret = str(files.get("config", {}).get("api_key") or "")
        arguments = []
        for name, content in files.items():
            path = folder / f"{name}-{time.monotonic_ns()}.json"
            path.write_text(json.dumps(content))
            arguments += [f"--{name}", str(path)]
        variables = environment(LOG_LEVEL=log_level)
        self.process: Forked | subprocess.Popen[bytes]
        if fresh or not can_fork():
            self.process = subprocess.Popen(
                [sys.executable, "main.py", command, *arguments],
                cwd=ROOT,
                env=variables,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
        else:
            self.process = Forked([command, *arguments], variables)
        _started.append(self)
        self.lines: list[tuple[float, bytes]] = []
        self.stderr = b""
        self._readers = [threading.Thread(target=self._read_errors, daemon=True)]
        if reads_output:
            self._readers.append(threading.Thread(target=self._read_output, daemon=True))
        for reader in self._readers:
            reader.start()

    def send(self, *messages: dict[str, Any] | bytes) -> None:
        """Write messages, or lines as they are, to its input."""
        assert self.process.stdin
        lines = (each if isinstance(each, bytes) else json.dumps(each).encode() for each in messages)
        self.process.stdin.write(b"".join(line + b"\n" for line in lines))
        self.process.stdin.flush()

    def end_input(self, rest: bytes = b"") -> None:
        """Close its input, after some last bytes."""
        assert self.process.stdin
        if self.process.stdin.closed:
            return
        try:
            with self.process.stdin as pipe:
                pipe.write(rest)
        except BrokenPipeError:
            pass  # it has already ended, which its exit code shows

    def finish(self, *messages: dict[str, Any] | bytes, patience: float = PATIENCE) -> int:
        """Send the last messages, close its input, and wait for its exit code."""
        try:
            self.send(*messages)
        except BrokenPipeError:
            pass  # as in `end_input`
        self.end_input()
        return self.wait(patience)

    def wait(self, patience: float = PATIENCE) -> int:
        """Its exit code, once it has ended and all its output was read."""
        try:
            code = self.process.wait(patience)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise AssertionError(f"still running after {patience} s; its output was:\n{self.text()}") from None
        for reader in self._readers:
            reader.join(PATIENCE)
        self.end_input()
        # Checked in every test: the key is in no output, however much is logged.
        assert not self._secret or self._secret not in self.text()
        return code

    def wait_for(self, condition: Callable[[], object], patience: float = PATIENCE) -> None:
        """Wait until something has become true, failing if it does not in time."""
        until = time.monotonic() + patience
        while not condition():
            if time.monotonic() > until or (self.process.poll() is not None and not condition()):
                raise AssertionError(f"the condition did not come true; the output was:\n{self.text()}")
            time.sleep(0.01)

    def kill(self, number: signal.Signals = signal.SIGKILL) -> None:
        """Send it a signal."""
        self.process.send_signal(number)

    def messages(self, kind: str) -> list[dict[str, Any]]:
        """Its messages of one type. Every line of its output must be one message."""
        return [message for _, line in [*self.lines] if (message := json.loads(line))["type"] == kind]

    def states(self) -> list[dict[str, Any]]:
        """The content of the states that it returned."""
        return [message["state"] for message in self.messages("STATE")]

    def logs(self) -> list[str]:
        """Its log messages."""
        return [message["log"]["message"] for message in self.messages("LOG")]

    def report(self) -> dict[str, Any]:
        """Its one report for programs."""
        (line,) = [log for log in self.logs() if log.startswith("SYNC_REPORT ")]
        content: dict[str, Any] = json.loads(line.partition(" ")[2])
        return content

    def failure(self) -> dict[str, Any]:
        """The error of its one TRACE."""
        (trace,) = self.messages("TRACE")
        error: dict[str, Any] = trace["trace"]["error"]
        return error

    def text(self) -> str:
        """Everything it wrote, to both outputs."""
        return (b"\n".join(line for _, line in [*self.lines]) + b"\n" + self.stderr).decode(errors="replace")

    def _read_output(self) -> None:
        assert self.process.stdout
        with self.process.stdout as output:
            for line in output:
                self.lines.append((time.monotonic(), line.rstrip(b"\n")))

    def _read_errors(self) -> None:
        assert self.process.stderr
        with self.process.stderr as errors:
            self.stderr = errors.read()


def write(
    folder: Path,
    config: dict[str, Any],
    catalog: dict[str, Any],
    messages: Iterable[dict[str, Any] | bytes],
    *,
    patience: float = PATIENCE,
    fresh: bool = False,
) -> Connector:
    """A whole sync that must succeed. `fresh`: see `Connector`."""
    connector = Connector("write", folder, fresh=fresh, config=config, catalog=catalog)
    code = connector.finish(*messages, patience=patience)
    assert code == 0, connector.text()
    return connector
