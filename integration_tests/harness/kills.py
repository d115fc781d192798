"""Replacements that are killed at some request."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from integration_tests.harness.connector import Connector
from integration_tests.harness.messages import record
from local_dust import LocalDust

at_many_points = pytest.mark.parametrize(
    "seed", [*range(10), *(pytest.param(seed, marks=pytest.mark.long) for seed in range(10, 60))]
)
"""Runs a test at 10 points, and at 50 more in the tests that take minutes."""


def versions(of: dict[int, int]) -> dict[str, dict[str, Any]]:
    """The records of users by document or row ID, given the version of each number."""
    return {f"users-{number}": {"id": number, "v": version} for number, version in of.items()}


def records(of: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """The messages that bring these users."""
    return [record("users", **data) for data in of.values()]


def killed_sync(
    dust: LocalDust,
    folder: Path,
    config: dict[str, Any],
    streams: dict[str, Any],
    messages: Iterable[dict[str, Any]],
    *,
    requests: int,
) -> Connector:
    """Kill a sync once this many requests have arrived."""
    dust.faults.latency = 0.01
    connector = Connector("write", folder, config=config, catalog=streams)
    connector.send(*messages)
    connector.end_input()
    connector.wait_for(lambda: len(dust.world.arrivals) >= requests or connector.process.poll() is not None)
    connector.kill()
    connector.wait()
    return connector
