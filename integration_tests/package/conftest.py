"""Fixtures of the tests of the wheel."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from integration_tests.harness.launcher import ROOT


@pytest.fixture(scope="session")
def installed() -> Path:
    """The environment that `release/install.sh` made of the wheel."""
    if not (folder := os.environ.get("INSTALLED")):
        pytest.exit("These tests need an environment of the wheel: run `make test-package`.")
    return Path(folder)


@pytest.fixture(scope="session")
def wheel() -> Path:
    """The wheel that is installed there."""
    (built,) = (ROOT / "dist").glob("*.whl")
    return built
