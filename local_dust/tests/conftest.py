"""Fixtures of the tests of the local Dust. A test file with other needs overrides `dust` or `visitor`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from local_dust import LocalDust, World
from local_dust.client import Visitor


class Clock:
    """A clock that the test moves. Seconds since 1970."""

    def __init__(self) -> None:
        self.time = 1_700_000_000.0

    def __call__(self) -> float:
        return self.time


@pytest.fixture
def clock() -> Clock:
    """The clock of a world that does not move by itself."""
    return Clock()


@pytest.fixture
def dust() -> Iterator[LocalDust]:
    """A local Dust without the limit of upserts."""
    with LocalDust(World(upserts_per_minute=None)) as server:
        yield server


@pytest.fixture
def visitor(dust: LocalDust) -> Visitor:
    """A client of its data source."""
    return Visitor(dust)
