"""Fixtures of the tests of hosts. Each host has an environment of its own (make test-hosts)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from local_dust import LocalDust

if TYPE_CHECKING:
    from integration_tests.hosts.bizon_pipeline import Pipeline


@pytest.fixture
def pipeline(tmp_path: Path, dust: LocalDust, monkeypatch: pytest.MonkeyPatch) -> Pipeline:
    """A pipeline of bizon to the local Dust."""
    from integration_tests.hosts.bizon_pipeline import Pipeline  # the other environments lack bizon

    monkeypatch.setenv("PAGES", str(tmp_path / "pages.json"))  # where its source, which bizon makes, finds it
    return Pipeline(tmp_path, dust)
