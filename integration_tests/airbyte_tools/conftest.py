"""Fixtures of the tests with Airbyte's own clients."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from integration_tests.airbyte_tools.clients import CLIENTS, FAKER, OPS, Client, Source
from integration_tests.conftest import FastDust
from integration_tests.harness.tables import QUIET, settings
from local_dust import World

SETTINGS = {"documents": {}, "tables": settings()}


class QuickDust(FastDust):
    """A local Dust in which nothing waits."""

    def settings(self, data_format: str) -> dict[str, Any]:
        """The connector's settings for this server."""
        return self.config(**SETTINGS[data_format])


@pytest.fixture(scope="session", autouse=True)
def _clients_are_installed() -> None:
    if not all(program.exists() for program in (CLIENTS / "pyab", FAKER, OPS / "airbyte-ops")):
        pytest.exit("These tests need three more environments: run `make test-clients`.")


def quick_dust() -> QuickDust:
    """A local Dust without the limit of upserts, which merges quickly."""
    return QuickDust(World(upserts_per_minute=None, quiet_seconds=QUIET))


@pytest.fixture
def dust() -> Iterator[QuickDust]:
    """One for each test."""
    with quick_dust() as server:
        yield server


@pytest.fixture
def client(tmp_path: Path) -> Client:
    """Starts PyAirbyte in a folder of its own."""
    return Client(tmp_path)


@pytest.fixture
def faker(client: Client) -> Source:
    """Airbyte's source of invented users, products and purchases."""
    return Source(client, FAKER)
