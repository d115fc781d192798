"""The commands of the page on operating do what the page says."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from integration_tests.harness.connector import write
from integration_tests.harness.contents import documents
from integration_tests.harness.launcher import ROOT
from integration_tests.harness.messages import catalog, record, state, stream
from integration_tests.harness.tables import QUIET, TABLE, settings, stored
from local_dust import LocalDust, World
from local_dust.client import Visitor

PAGE = (ROOT / "docs" / "operating.md").read_text("utf-8")


def block(language: str, word: str) -> str:
    """The block of code with a word in it."""
    found: str
    (found,) = [
        code for code in re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE) if word in code
    ]
    return found


def run(command: list[str], dust: LocalDust, **variables: str) -> str:
    """Run a command with the settings as variables; what it says."""
    of_settings = {name.upper(): str(value) for name, value in dust.config().items()}
    done = subprocess.run(
        command, env={**os.environ, **of_settings, **variables}, check=False, capture_output=True, text=True
    )
    assert 0 == done.returncode, done.stderr
    return done.stdout


def test_the_script_deletes_the_documents_of_exactly_one_stream(dust: LocalDust, tmp_path: Path) -> None:
    """Those of the same name in another namespace stay, and so do others."""
    streams = catalog("users", stream("users", namespace="shop"), "orders")
    users = [record("users", id=number) for number in range(250)]
    write(tmp_path, dust.config(), streams, [*users, record("users", namespace="shop", id=1), record("orders", id=1)])
    Visitor(dust).upsert("by-hand")
    others = documents(dust.world).keys() - {f"users-{number}" for number in range(250)}
    script = block("python", "def of_the_stream")

    said = run([sys.executable, "-c", script], dust, STREAM="users")

    assert said.startswith("250 documents to delete, such as users-")
    assert others == documents(dust.world).keys()
    assert 3 == len(others)

    run([sys.executable, "-c", script], dust, STREAM="users", NAMESPACE="shop")

    assert {"orders-1", "by-hand"} == documents(dust.world).keys()


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")
def test_the_command_empties_a_table(tmp_path: Path) -> None:
    """At once, and a sync fills it again."""
    with LocalDust(World(quiet_seconds=QUIET)) as dust:
        config, users = dust.config(**settings(batch_age=0.5)), [record("users", id=1), state("users", 1)]
        write(tmp_path, config, catalog("users"), users)

        run(["sh", "-c", block("sh", "truncate")], dust, TABLE_ID=TABLE)

        assert {} == stored(dust.world)
        write(tmp_path, config, catalog("users"), users)
        assert {"users-1"} == stored(dust.world).keys()


@pytest.mark.skipif(not shutil.which("jq"), reason="jq is not installed")
def test_the_commands_find_the_report(dust: LocalDust, tmp_path: Path) -> None:
    """In the connector's output, and in a log that shows only messages."""
    connector = write(tmp_path, dust.config(), catalog("users"), [record("users", id=1)])
    (tmp_path / "output.jsonl").write_bytes(b"\n".join(line for _, line in connector.lines))
    (tmp_path / "attempt.log").write_text(
        "\n".join(f"2026-11-20 12:00:00 destination > {log}" for log in connector.logs())
    )
    from_log, from_output = block("sh", "attempt.log").strip().splitlines()

    for command in (from_log, from_output):
        done = subprocess.run(["sh", "-c", command], cwd=tmp_path, check=True, capture_output=True, text=True)

        assert '"upserted": 1' in done.stdout
