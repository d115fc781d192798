"""The examples: each does what its page says, or fits the program that reads it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from destination_dust.config import Config
from examples.pipeline.keep_states import merged
from integration_tests.harness.contents import contents
from integration_tests.harness.launcher import ROOT, environment
from integration_tests.harness.messages import catalog
from local_dust import LocalDust

EXAMPLES = ROOT / "examples"
PATIENCE = 180.0
# Sends two users and their state, then breaks off, or goes on from that state with the third.
SOURCE = """#!{python}
import json, os, sys
emitted = {{"stream": "users", "emitted_at": 1}}
def send(number):
    print(json.dumps({{"type": "RECORD", "record": {{**emitted, "data": {{"id": number}}}}}}))
    descriptor = {{"stream_descriptor": {{"name": "users"}}, "stream_state": {{"sent": number}}}}
    print(json.dumps({{"type": "STATE", "state": {{"type": "STREAM", "stream": descriptor}}}}), flush=True)
assert sys.argv[1:] == ["read", "--config", "source.json", "--catalog", "catalog.json", "--state", "state.json"]
states = json.load(open("state.json"))
with open("reads", "a") as reads:
    reads.write(json.dumps([each["stream"]["stream_state"]["sent"] for each in states]) + "\\n")
if states:
    send(3)
else:
    send(1), send(2)
    sys.exit(1)
"""


class Pipeline:
    """A folder with settings, and the script that syncs it."""

    def __init__(self, folder: Path, config: dict[str, Any]) -> None:
        self._folder = folder
        for name, content in {"source": {}, "dust": config, "catalog": catalog("users")}.items():
            (folder / f"{name}.json").write_text(json.dumps(content))
        self._source = self._executable("source", SOURCE.format(python=sys.executable))
        self._dust = self._executable("dust", f'#!/bin/sh\nexec {sys.executable} {ROOT / "main.py"} "$@"\n')

    def sync(self) -> tuple[int, str]:
        """The exit code of `sync.sh`, which repeats twice at once, and its standard error."""
        ran = subprocess.run(
            [EXAMPLES / "pipeline" / "sync.sh", self._source, self._folder],
            env=environment(DUST=str(self._dust), RETRY_AFTER="0 0"),
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        assert "" == ran.stdout
        return ran.returncode, ran.stderr

    def reads(self) -> list[list[int]]:
        """The states with which the source was started, each time."""
        return [json.loads(line) for line in (self._folder / "reads").read_text().splitlines()]

    def states(self) -> list[dict[str, Any]]:
        """The states that were kept."""
        kept: list[dict[str, Any]] = json.loads((self._folder / "state.json").read_text())
        return kept

    def _executable(self, name: str, text: str) -> Path:
        path = self._folder / name
        path.write_text(text)
        path.chmod(0o755)
        return path


def test_the_pipeline_goes_on_from_what_is_stored(dust: LocalDust, tmp_path: Path) -> None:
    """The first attempt breaks off. The second begins at the last state that came back, and so does the next sync."""
    pipeline = Pipeline(tmp_path, dust.config())

    assert 0 == pipeline.sync()[0]
    assert 0 == pipeline.sync()[0]

    assert [[], [2], [3]] == pipeline.reads()
    assert [1, 2, 3] == sorted(each["id"] for each in contents(dust.world).values())
    assert [{"sent": 3}] == [each["stream"]["stream_state"] for each in pipeline.states()]


def test_the_pipeline_repeats_nothing_that_waiting_does_not_change(dust: LocalDust, tmp_path: Path) -> None:
    """A wrong key is wrong a minute later, too."""
    pipeline = Pipeline(tmp_path, {**dust.config(), "api_key": "sk-wrong"})

    code, errors = pipeline.sync()

    assert 78 == code
    assert [[]] == pipeline.reads()
    assert "sk-wrong" not in errors


def test_a_second_sync_of_a_folder_does_not_start(dust: LocalDust, tmp_path: Path) -> None:
    """The schedule may come round while a long sync still runs."""
    pipeline = Pipeline(tmp_path, dust.config())

    with subprocess.Popen(["flock", tmp_path / "lock", "sh", "-c", "echo; read _"], stdin=-1, stdout=-1) as holder:
        assert holder.stdout
        holder.stdout.readline()
        code, errors = pipeline.sync()
        assert holder.stdin
        holder.stdin.close()

    assert 75 == code
    assert "Another sync" in errors
    assert not (tmp_path / "reads").exists()


@pytest.mark.parametrize(
    ("kept", "new", "expected"),
    [
        ([], "a1", ["a1"]),
        (["a1", "b1"], "a2", ["b1", "a2"]),
        (["a1", "b1"], "global", ["global"]),
        (["global"], "a1", ["a1"]),
    ],
)
def test_a_state_replaces_that_of_its_stream(kept: list[str], new: str, expected: list[str]) -> None:
    """And one about the whole source replaces all, so that a source never gets two that contradict each other."""

    def state(name: str) -> dict[str, Any]:
        if name == "global":
            return {"type": "GLOBAL", "global": {}}
        stream = {"stream_descriptor": {"name": name[0]}, "stream_state": {"n": name[1]}}
        return {"type": "STREAM", "stream": stream}

    assert [state(each) for each in expected] == merged([state(each) for each in kept], state(new))


def test_the_values_for_kubernetes_are_those_of_the_chart() -> None:
    """Helm takes a misspelt value without a word. These are the names of version 2 of Airbyte's chart."""
    values = yaml.safe_load((EXAMPLES / "kubernetes" / "values.yaml").read_text(encoding="utf-8"))
    jobs = values["global"].pop("jobs")

    assert {"env_vars"} == set(values.pop("global"))
    assert {} == values
    assert {"mainContainerImagePullSecret", "mainContainerImagePullPolicy"} == set(jobs.pop("kube"))
    metadata = yaml.safe_load((ROOT / "metadata.yaml").read_text(encoding="utf-8"))["data"]
    needs = metadata["resourceRequirements"]["jobSpecific"][0]["resourceRequirements"]
    assert {"requests": {"memory": needs["memory_request"]}, "limits": {"memory": needs["memory_limit"]}} == jobs.pop(
        "resources"
    )
    assert {} == jobs


def test_the_settings_for_pyairbyte_are_settings() -> None:
    """Of this version, and complete."""
    text = (EXAMPLES / "pyairbyte" / "settings.example.json").read_text(encoding="utf-8")

    config = Config.parse(json.loads(text.replace("...", "1"))["destination"]["config"])

    assert [] == [*config.unknown]


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="needs systemd")
def test_systemd_understands_the_schedule(tmp_path: Path) -> None:
    """It complains about each unknown directive, but also about a program that is not installed."""
    for name in ("dust-sync.service", "dust-sync.timer"):
        text = (EXAMPLES / "pyairbyte" / name).read_text(encoding="utf-8")
        (tmp_path / name).write_text(text.replace("/opt/dust-sync/pyairbyte/bin/python", sys.executable))

    ran = subprocess.run(
        ["systemd-analyze", "verify", *tmp_path.iterdir()], capture_output=True, text=True, check=False, timeout=60
    )

    assert (0, "") == (ran.returncode, ran.stderr)
