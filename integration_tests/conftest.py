"""Fixtures of the tests that run the real process against the local Dust."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from integration_tests.harness.connector import kill_what_is_left
from local_dust import LocalDust, World


class FastDust(LocalDust):
    """A local Dust without the limit of upserts, and settings that do not pace for one."""

    def config(self, **overrides: Any) -> dict[str, Any]:
        """The connector's settings for this server, with anything else that is given."""
        return super().config(**{"documents_per_minute": 100_000, **overrides})


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start the tests that wait for minutes first, so the others run beside them."""
    items.sort(key=lambda item: item.get_closest_marker("first") is None)


@pytest.fixture
def dust() -> Iterator[LocalDust]:
    """A local Dust in which nothing waits for the limit of upserts."""
    with FastDust(World(upserts_per_minute=None)) as server:
        yield server


@pytest.fixture(autouse=True)
def _no_process_is_left() -> Iterator[None]:
    """A test that fails must not leave a connector behind."""
    yield
    kill_what_is_left()
