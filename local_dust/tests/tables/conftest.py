"""Shared by the tests of tables: a world whose clock only the test moves, with one table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from local_dust import LocalDust, World
from local_dust.client import Visitor
from local_dust.tests.conftest import Clock


@pytest.fixture
def dust(clock: Clock) -> Iterator[LocalDust]:
    """A local Dust whose merges wait for the test."""
    with LocalDust(World(now=clock, wall=clock)) as server:
        yield server


@pytest.fixture
def visitor(dust: LocalDust) -> Visitor:
    """A client of its data source, which has the table `t`."""
    visitor = Visitor(dust)
    visitor.table("t")
    return visitor


def rows(dust: LocalDust, table_id: str = "t") -> dict[str, dict[str, Any]]:
    """The rows that a table shows now, by id."""
    return dust.world.tables()[table_id].rows()
