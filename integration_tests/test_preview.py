"""`main.py preview`, as people run it."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from integration_tests.harness.launcher import environment
from integration_tests.harness.messages import catalog, record
from local_dust import LocalDust

MAIN = Path(__file__).parents[1] / "main.py"


def _command(folder: Path, config: dict[str, Any]) -> list[str]:
    for name, content in (("config", config), ("catalog", catalog("tickets"))):
        (folder / name).write_text(json.dumps(content), encoding="utf-8")
    options = ["--config", str(folder / "config"), "--catalog", str(folder / "catalog"), "--records", "1"]
    return [sys.executable, str(MAIN), "preview", *options]


def _preview(folder: Path, config: dict[str, Any], messages: bytes) -> subprocess.CompletedProcess[str]:
    run = subprocess.run(_command(folder, config), input=messages, capture_output=True, timeout=60)
    return subprocess.CompletedProcess(run.args, run.returncode, run.stdout.decode(), run.stderr.decode())


def test_the_preview_shows_records_and_sends_nothing(dust: LocalDust, tmp_path: Path) -> None:
    """No request reaches Dust."""
    messages = b"".join(json.dumps(record("tickets", id=n, subject="Fire")).encode() + b"\n" for n in range(3))

    run = _preview(tmp_path, dust.config(text_format="auto"), messages)

    assert (0, "") == (run.returncode, run.stderr)
    assert "--- tickets: document tickets-0\ntitle: Fire\n" in run.stdout
    assert "tickets-1" not in run.stdout
    assert [] == dust.world.arrivals


def test_the_preview_says_what_is_wrong(dust: LocalDust, tmp_path: Path) -> None:
    """On standard error, without the key."""
    config = dust.config(text_format="html")
    settings = _preview(tmp_path, config, b"")
    broken = _preview(tmp_path, dust.config(), b"{broken\n")

    assert (1, 1) == (settings.returncode, broken.returncode)
    assert "text_format must be one of: auto, markdown, json." in settings.stderr
    assert "Line 1 of the input is not valid JSON" in broken.stderr
    assert config["api_key"] not in settings.stderr + broken.stderr


def test_neither_the_log_nor_an_error_of_the_preview_has_the_key(dust: LocalDust, tmp_path: Path) -> None:
    """Wherever someone has pasted it."""
    config = dust.config()
    key = str(config["api_key"])
    warned = _preview(tmp_path, {**config, key: 1}, b"")
    command = _command(tmp_path, config)
    (tmp_path / "catalog").write_text(json.dumps({"streams": [{"stream": {"name": key}}]}))
    refused = subprocess.run(command, input=b"", capture_output=True, timeout=60)

    assert warned.stderr.startswith("WARNING Settings that this version does not know were ignored: ****.")
    assert refused.stderr.startswith(b"The stream **** is set to the destination sync mode None")


@pytest.mark.parametrize(
    ("redirection", "problem"),
    [("<&-", "The standard input is closed."), (">&- <<< ''", "The standard output is closed.")],
)
def test_a_closed_descriptor_is_said(dust: LocalDust, tmp_path: Path, redirection: str, problem: str) -> None:
    """As a sync says it."""
    command = f"exec {shlex.join(_command(tmp_path, dust.config()))} {redirection}"

    run = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60)

    assert (1, "") == (run.returncode, run.stdout)
    assert run.stderr.startswith(problem)


def test_a_reader_that_has_gone_is_no_error_to_explain(dust: LocalDust, tmp_path: Path) -> None:
    """As with `head`. Python keeps a short output until it ends, and would complain then."""
    reading, writing = os.pipe()
    os.close(reading)
    message = json.dumps(record("tickets", id=1)).encode()
    try:
        run = subprocess.run(
            _command(tmp_path, dust.config()),
            env=environment(),
            input=message,
            stdout=writing,
            stderr=subprocess.PIPE,
            timeout=60,
        )
    finally:
        os.close(writing)

    assert (1, b"") == (run.returncode, run.stderr)
