"""Airbyte's clients as processes of their own, and the connector and its sources as they find them: as executables."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from integration_tests.harness.launcher import ROOT, environment

CLIENTS = ROOT / ".clients-venv" / "bin"
FAKER = ROOT / ".faker-venv" / "bin" / "source-faker"
OPS = ROOT / ".ops-venv" / "bin"
PATIENCE = 240.0

Records: TypeAlias = dict[str, list[dict[str, Any]]]
"""The records of each stream, as a source printed them."""

# A call to any other machine fails at once.
_NOWHERE = "http://127.0.0.1:9"
_OFFLINE = {
    "AIRBYTE_OFFLINE_MODE": "1",
    "DO_NOT_TRACK": "1",
    "HTTP_PROXY": _NOWHERE,
    "HTTPS_PROXY": _NOWHERE,
    "NO_PROXY": "127.0.0.1",
}
_FOLDERS = ("HOME", "TMPDIR", "AIRBYTE_LOGGING_ROOT")


@dataclass
class Client:
    """Runs PyAirbyte and its tools in a folder of their own, which is also their home."""

    folder: Path
    output: str = field(default="", init=False)
    """Both outputs of the last run."""

    def run(self, *command: str | Path, task: object = None, cwd: Path | None = None, **variables: str) -> str:
        """The standard output of a run that must succeed; `task` is its input, as JSON."""
        code, answer = self.attempt(*command, task=task, cwd=cwd, **variables)
        assert code == 0, self.output
        return answer

    def attempt(
        self, *command: str | Path, task: object = None, cwd: Path | None = None, **variables: str
    ) -> tuple[int, str]:
        """The exit code and the standard output of a run."""
        done = subprocess.run(
            command,
            cwd=cwd or self.folder,
            env=environment(**{**_OFFLINE, **dict.fromkeys(_FOLDERS, str(self.folder)), **variables}),
            input=json.dumps(task),
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )
        self.output = f"{done.stdout}\n{done.stderr}"
        return done.returncode, done.stdout

    def pyairbyte(self, **task: Any) -> None:
        """Run a task of `drive_pyairbyte.py` with this connector as the destination."""
        self.run(*self._pyairbyte(), task={"destination": str(self.connector()), **task})

    def failing_pyairbyte(self, **task: Any) -> str:
        """Run a task that must fail; returns its output."""
        code, _ = self.attempt(*self._pyairbyte(), task={"destination": str(self.connector()), **task})
        assert code == 1, self.output
        return self.output

    def connector(self) -> Path:
        """An executable that is this connector, as users make it."""
        command = shlex.join([sys.executable, str(ROOT / "main.py")])
        return self.script("destination-dust", f'exec {command} "$@"')

    def script(self, name: str, *lines: str) -> Path:
        """An executable of these lines."""
        path = self.folder / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("\n".join(("#!/usr/bin/env bash", "set -o pipefail", *lines, "")))
        path.chmod(0o755)
        return path

    def _pyairbyte(self) -> Sequence[str | Path]:
        return CLIENTS / "python", ROOT / "integration_tests" / "airbyte_tools" / "drive_pyairbyte.py"


class Source:
    """A source that keeps its output of each read."""

    def __init__(self, client: Client, executable: Path, *, breaks_after: int | None = None) -> None:
        """`breaks_after`: when it is read, it fails after this many lines."""
        self._prints = client.folder / f"{executable.name}-prints"
        self._prints.mkdir(exist_ok=True)
        original, prints = shlex.quote(str(executable)), shlex.quote(str(self._prints))
        breaks = f'if [ "$1" = read ]; then head -n {breaks_after}; exit 1; else cat; fi'
        passes = "cat" if breaks_after is None else breaks
        self.executable = client.script(
            executable.name, f'{original} "$@" | {passes} | tee {prints}/"$1-$(date +%s%N).jsonl"'
        )

    def reads(self) -> list[Records]:
        """The records of each read since the last call."""
        files = sorted(self._prints.glob("read-*.jsonl"))
        reads = [_records(file.read_text()) for file in files]
        for file in files:
            file.unlink()
        return reads


def checkout(folder: Path) -> None:
    """Fill a new folder with what git has or would take."""
    listed = subprocess.check_output(["git", "ls-files", "-z", "-co", "--exclude-standard"], cwd=ROOT, text=True)
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)


def _records(output: str) -> Records:
    records: Records = {}
    for message in map(json.loads, output.splitlines()):
        if message["type"] == "RECORD":
            records.setdefault(message["record"]["stream"], []).append(message["record"])
    return records
