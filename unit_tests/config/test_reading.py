"""Settings are read from files without showing what is in them."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest

from destination_dust.config.fields import InvalidConfig
from destination_dust.config.reading import parse_config, read_config
from destination_dust.redaction import redact
from unit_tests.builders import settings


def test_settings_are_read_from_a_file(tmp_path: Path) -> None:
    """As JSON."""
    path = tmp_path / "config.json"
    path.write_text(json.dumps(settings(documents_per_minute=60)))

    assert 60 == read_config(str(path)).documents_per_minute


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, "cannot be read: No such file or directory"),
        (b'{"api_key": "sk-secret"', "is not valid JSON"),
        (b'["sk-secret"]', "must contain a JSON object"),
    ],
    ids=["missing", "cut off", "list"],
)
def test_a_file_without_settings_is_named_and_not_quoted(tmp_path: Path, content: bytes | None, problem: str) -> None:
    """It may hold a key."""
    path = tmp_path / "config.json"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(InvalidConfig, match=problem) as caught:
        read_config(str(path))

    assert "sk-secret" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_the_key_is_a_secret_even_if_the_settings_are_refused() -> None:
    """The error may quote it."""
    with pytest.raises(InvalidConfig):
        parse_config(settings(api_key="Bearer sk-0a1b2c3d", workspace_id=None))

    assert "sk-0a1b2c3d" not in redact("The key is sk-0a1b2c3d.")


def test_settings_that_do_not_exist_are_named(caplog: pytest.LogCaptureFixture) -> None:
    """They may be mistyped."""
    with caplog.at_level(logging.WARNING, "airbyte"):
        parse_config(settings(documents_per_minut=60))

    assert "documents_per_minut." in caplog.text
