"""The target as far as it needs no input; see `integration_tests/test_singer.py` for the rest."""

from __future__ import annotations

import json

import pytest

from destination_dust.hosts.singer.target import run


def test_the_target_describes_itself_without_settings(capsys: pytest.CaptureFixture[str]) -> None:
    """On standard output, which Meltano reads."""
    assert 0 == run(["--about"])

    assert "target-dust" == json.loads(capsys.readouterr().out)["name"]
