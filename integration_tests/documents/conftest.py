"""Fixtures of the tests of documents."""

from __future__ import annotations

import pytest

from local_dust import World


@pytest.fixture
def world() -> World:
    """A local Dust without the limit of upserts, and without sockets."""
    return World(upserts_per_minute=None)
