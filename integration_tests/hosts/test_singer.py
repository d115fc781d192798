"""A tap of the real Singer SDK, and the target behind it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from integration_tests.harness import tables
from integration_tests.harness.launcher import ROOT, environment
from integration_tests.harness.target import written
from integration_tests.hosts.sdk_tap import CHILDREN, EVENTS, PARENTS
from local_dust import LocalDust


def lines(folder: Path, *, state: object = None, **config: Any) -> list[bytes]:
    """What the tap writes."""
    (folder / "tap.json").write_text(json.dumps(config))
    (folder / "state.json").write_text(json.dumps(state or {}))
    command = [sys.executable, "-m", "integration_tests.hosts.sdk_tap"]
    files = ["--config", str(folder / "tap.json"), "--state", str(folder / "state.json")]
    done = subprocess.run([*command, *files], cwd=ROOT, env=environment(), capture_output=True, timeout=120)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.splitlines()


def stored(dust: LocalDust) -> list[str]:
    """The ids of all records, in either format."""
    found = dust.world.tables()
    ids = [row for table in found.values() for row in table.rows()] if found else [*dust.world.documents()]
    return sorted(ids)


TEAMS = [f"teams-{number}" for number in range(1, PARENTS + 1)]
MEMBERS = [f"members-{team}-{number}" for team in range(1, PARENTS + 1) for number in range(1, CHILDREN + 1)]


def events(count: int) -> list[str]:
    return [f"events-{number}" for number in range(1, count + 1)]


@pytest.mark.parametrize("settings", [{}, tables.settings(batch_age=0.2)], ids=["documents", "tables"])
def test_parents_and_children_arrive_and_states_come_back(
    dust: LocalDust, tmp_path: Path, settings: dict[str, Any]
) -> None:
    """They come by turns, and the tap declares a child anew for each parent."""
    dust.world.limits.quiet_seconds = tables.QUIET

    target = written(tmp_path, dust.config(**settings), *lines(tmp_path))

    assert sorted([*TEAMS, *MEMBERS, *events(EVENTS)]) == stored(dust)
    assert EVENTS == target.states[-1]["bookmarks"]["events"]["replication_key_value"]


def test_an_incremental_stream_goes_on_from_its_state(dust: LocalDust, tmp_path: Path) -> None:
    """The one that the target gave back last."""
    first = written(tmp_path, dust.config(), *lines(tmp_path))

    more = lines(tmp_path, state=first.states[-1], events=EVENTS + 2, parents=1)
    written(tmp_path, dust.config(), *more)

    brought = [json.loads(line)["record"]["id"] for line in more if b'"RECORD"' in line and b'"events"' in line]
    assert EVENTS < min(brought[1:] or brought)
    assert sorted([*TEAMS, *MEMBERS, *events(EVENTS + 2)]) == stored(dust)


def test_a_version_that_is_only_activated_in_front_deletes_nothing(dust: LocalDust, tmp_path: Path) -> None:
    """The SDK sends ACTIVATE_VERSION before each part of a table, and none at its end."""
    config = dust.config()
    written(tmp_path, config, *lines(tmp_path))
    versions = lines(tmp_path, parents=1, emit_activate_version_messages=True)
    assert any(b"ACTIVATE_VERSION" in line for line in versions)

    warned = written(tmp_path, config, *versions)
    silent = written(tmp_path, {**config, "process_activate_version_messages": False}, *versions)

    assert sorted([*TEAMS, *MEMBERS, *events(EVENTS)]) == stored(dust)
    assert "without ACTIVATE_VERSION after the last records" in warned.log
    assert "without ACTIVATE_VERSION" not in silent.log
    assert EVENTS == silent.states[-1]["bookmarks"]["events"]["replication_key_value"]
