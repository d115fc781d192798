"""Processes import what they need and no more: the CDK takes over a second and 40 MB."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from integration_tests.harness.contents import contents
from integration_tests.harness.launcher import ROOT
from integration_tests.harness.messages import catalog, record, state
from local_dust import LocalDust

# Those of the process. The CDK imports all of them, and pydantic, too.
NEEDED = {"destination_dust", "orjson", "requests"}
TOO_MUCH = {"airbyte_cdk", "pydantic"}
LINES = [json.dumps(each).encode() for each in (record("users", id=1), state("users", 1))]


def imported(folder: Path, input: bytes, *arguments: str, **files: dict[str, Any]) -> set[str]:
    """The packages that a process imports, which must succeed. Python lists them on standard error."""
    options = []
    for name, content in files.items():
        (folder / name).write_text(json.dumps(content))
        options += [f"--{name}", str(folder / name)]
    ran = subprocess.run(
        [sys.executable, "-X", "importtime", *arguments, *options],
        cwd=ROOT,
        input=input,
        capture_output=True,
        check=False,
        timeout=120,
    )
    assert ran.returncode == 0, (ran.stdout + ran.stderr).decode()
    lines = [line for line in ran.stderr.splitlines() if line.startswith(b"import time:")]
    return {line.rpartition(b"|")[2].strip().partition(b".")[0].decode() for line in lines}


def test_a_check_does_without_the_cdk(dust: LocalDust, tmp_path: Path) -> None:
    """From the start to the verdict."""
    found = imported(tmp_path, b"", "main.py", "check", config=dust.config())

    assert set() == (NEEDED - found) | (TOO_MUCH & found)
    assert dust.world.arrivals


@pytest.mark.parametrize("data_format", ["documents", "tables"])
@pytest.mark.parametrize("mode", ["append_dedup", "overwrite"])
def test_a_write_does_without_the_cdk(dust: LocalDust, tmp_path: Path, data_format: str, mode: str) -> None:
    """From the start to the report of a sync that wrote."""
    dust.world.limits.quiet_seconds = 0.1
    config = dust.config(
        data_format=data_format,
        end_of_input_is_complete=True,
        timing={"confirmation_delay": 0.5, "batch_age": 0.1},
    )
    streams = catalog({**catalog("users")["streams"][0], "destination_sync_mode": mode})

    found = imported(tmp_path, b"\n".join(LINES), "main.py", "write", config=config, catalog=streams)

    assert set() == (NEEDED - found) | (TOO_MUCH & found)
    assert dust.world.arrivals


@pytest.mark.parametrize("data_format", ["documents", "tables"])
def test_a_preview_does_without_the_cdk(dust: LocalDust, tmp_path: Path, data_format: str) -> None:
    """As a sync, whose input and settings it reads."""
    config = dust.config(data_format=data_format)

    found = imported(tmp_path, LINES[0], "main.py", "preview", config=config, catalog=catalog("users"))

    assert set() == (NEEDED - found) | (TOO_MUCH & found)


def test_the_target_for_singer_does_without_the_cdk(dust: LocalDust, tmp_path: Path) -> None:
    """It has nothing to do with Airbyte."""
    lines = [
        b'{"type": "SCHEMA", "stream": "users", "key_properties": ["id"], "schema": {}}',
        b'{"type": "RECORD", "stream": "users", "record": {"id": 1}}',
    ]

    found = imported(tmp_path, b"\n".join(lines), "-m", "destination_dust.hosts.singer", config=dust.config())

    assert set() == (NEEDED - found) | (TOO_MUCH & found)
    assert 1 == len(contents(dust.world))
