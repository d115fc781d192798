"""Fixtures of the tests of tables."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from integration_tests.harness.tables import QUIET
from local_dust import LocalDust, World


@pytest.fixture
def world() -> World:
    """A local Dust that merges quickly, and without sockets."""
    return World(quiet_seconds=QUIET)


@pytest.fixture
def dust() -> Iterator[LocalDust]:
    """A local Dust that merges quickly."""
    with LocalDust(World(quiet_seconds=QUIET)) as server:
        yield server
