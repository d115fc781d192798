"""Pipelines of bizon from pages of records to a local Dust."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from bizon.engine.engine import RunnerFactory

import destination_dust.hosts.bizon  # noqa: F401 importing it registers Dust
from integration_tests.harness.contents import contents
from integration_tests.harness.launcher import ROOT
from local_dust import LocalDust

PATIENCE = 60.0
SOURCE = Path(__file__).with_name("pages_source.py")


class Pipeline:
    """One pipeline; its state and its source's pages are in a folder."""

    def __init__(self, folder: Path, dust: LocalDust) -> None:
        self._folder = folder
        self._dust = dust

    def pages(self, *full: Any, new: Any = ()) -> None:
        """What the source has from now on."""
        (self._folder / "pages.json").write_text(json.dumps({"full": full, "new": list(new)}))

    def config(
        self,
        mode: str = "full_refresh",
        *,
        runner: str = "thread",
        stream: str = "things",
        source: Mapping[str, Any] | None = None,
        **settings: Any,
    ) -> dict[str, Any]:
        """The pipeline's configuration. `settings`: those of the destination."""
        state = {"database": str(self._folder / "state"), "schema": "x", "syncCursorInDBEvery": 1}
        return {
            "name": "pipeline",
            "source": {
                "name": "pages",
                "stream": stream,
                "source_file_path": str(SOURCE),
                "sync_mode": mode,
                **(source or {}),
            },
            "destination": {"name": "dust", "config": {**self._dust.config(), **settings}},
            "engine": {
                "backend": {"type": "sqlite", "config": state},
                # Not at once: two threads of bizon that load the source at the same moment can make CPython 3.11 fail.
                "runner": {
                    "type": runner,
                    "config": {"consumer_start_delay": 1, "is_alive_check_interval": 1, "max_workers": 2},
                },
            },
        }

    def run(self, mode: str = "full_refresh", **options: Any) -> Any:
        """bizon's status of a run in this process. `options`: see `config`."""
        return RunnerFactory.create_from_config_dict(self.config(mode, **options)).run()

    def start(self, mode: str, *arguments: str, **options: Any) -> subprocess.Popen[str]:
        """A run as a process of its own."""
        return self._command("run", self._written(self.config(mode, **options)), *arguments)

    def run_as_command(self, config: dict[str, Any]) -> tuple[int, str]:
        """The exit code and the output of a run of this configuration."""
        return self._ended(self._command("run", self._written(config)))

    def validate(self, config: dict[str, Any], *arguments: str) -> tuple[int, str]:
        """What bizon says of a configuration, and its exit code."""
        return self._ended(self._command("config", "validate", self._written(config), *arguments))

    def _command(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "destination_dust.hosts.bizon", *arguments],
            cwd=self._folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def state(self, query: str) -> list[Any]:
        """What bizon has written down."""
        with sqlite3.connect(self._folder / "state.sqlite3") as database:
            return database.execute(query).fetchall()

    @property
    def jobs(self) -> list[str]:
        """The status of each job, the oldest first."""
        return [status for (status,) in self.state("SELECT status FROM stream_jobs ORDER BY created_at")]

    @property
    def stored(self) -> dict[str, dict[str, Any]]:
        """The records in Dust, by the ids of their documents without the stream's name."""
        found = contents(self._dust.world)
        return {each.removeprefix("pages_things-"): record for each, record in found.items()}

    def _ended(self, process: subprocess.Popen[str]) -> tuple[int, str]:
        output, _ = process.communicate(timeout=120)
        return process.returncode, output

    def _written(self, config: dict[str, Any]) -> str:
        path = self._folder / "pipeline.yml"
        path.write_text(json.dumps(config))  # JSON is YAML
        return str(path)


def things(*numbers: int, **fields: Any) -> list[dict[str, Any]]:
    """A page of records."""
    return [{"id": number, **fields} for number in numbers]


def wait_for(condition: Callable[[], object]) -> None:
    until = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.05)


def refuse(dust: LocalDust, number: int) -> Callable[[], object]:
    """Have Dust refuse a thing. Returns what makes it stop."""
    rule = dust.faults.add(
        "status", method="POST", path=f"things-{number}", status=403, type="data_source_auth_error", message="no"
    )
    return lambda: dust.faults.remove(rule)
