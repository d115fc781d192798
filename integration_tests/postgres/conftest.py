"""Fixtures of the tests with a real PostgreSQL (make test-postgres)."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from examples.postgres_replication.throwaway import postgres
from integration_tests.conftest import FastDust
from integration_tests.harness.tables import QUIET
from integration_tests.postgres.source import Source
from local_dust import LocalDust, World

_numbers = itertools.count()


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """A server for all tests of this process."""
    with postgres(wal_sender_timeout="5s") as dsn:
        yield dsn


@pytest.fixture
def source(server: str) -> Iterator[Source]:
    """A database for each test."""
    database = Source(server, f"test_{next(_numbers)}")
    yield database
    database.close()


@pytest.fixture
def dust() -> Iterator[LocalDust]:
    """A local Dust without the limit of upserts, which merges quickly."""
    with FastDust(World(upserts_per_minute=None, quiet_seconds=QUIET)) as local:
        yield local
