"""Saved configurations of earlier versions: each is read, and means what it meant."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from destination_dust.config import Config
from integration_tests.harness.connector import Connector
from integration_tests.harness.launcher import ROOT
from integration_tests.upgrades.recorded import FOLDER, configurations, defaults
from local_dust import LocalDust

VERSIONS = sorted(path.name for path in FOLDER.iterdir() if path.is_dir() and re.fullmatch(r"[\d.]+", path.name))
SAVED = [(version, name) for version in VERSIONS for name in configurations(version)]
FORM = json.loads((ROOT / "destination_dust" / "spec.json").read_text("utf-8"))["connectionSpecification"]
OF_THE_WORLD = ("api_key", "workspace_id", "space_id", "data_source_id", "base_url")
# Settings for tests and support that a form never had, and that have no effect now.
GONE = ("burst_interval",)


def meaning(config: Config) -> Iterator[tuple[str, Any]]:
    """Every setting that a configuration has or implies, but not the key."""
    for part in (config, config.connection, config.documents.shape):
        for name in part.__slots__:
            if name not in ("api_key", "connection", "documents", "timing", "unknown"):
                value = getattr(part, name)
                yield name, [*value] if isinstance(value, tuple) else getattr(value, "value", value)
    yield "timing", {name: getattr(config.timing, name) for name in config.timing.__slots__}
    overrides = [
        {"stream": each.stream, "namespace": each.namespace, **{k: _plain(v) for k, v in each.changes.items()}}
        for each in config.documents.overrides
    ]
    yield "stream_overrides", overrides


def _plain(value: object) -> object:
    return [*value] if isinstance(value, tuple) else value


def test_every_released_version_has_its_configurations() -> None:
    """Of the version that this code is, the form itself tells."""
    changelog = (ROOT / "CHANGELOG.md").read_text("utf-8")
    released = set(re.findall(r"^## \[(\d[\d.]*)\]", changelog, re.MULTILINE))
    current = re.search(r'^version = "(.*)"$', (ROOT / "pyproject.toml").read_text("utf-8"), re.MULTILINE)

    assert current
    assert released - {current[1]} <= {*VERSIONS}
    assert "0.1.0" in VERSIONS


@pytest.mark.parametrize(("version", "name"), SAVED)
def test_a_saved_configuration_means_what_it_meant(version: str, name: str) -> None:
    """Each setting that it has, and each that it leaves out: a default of today is not one of its own time."""
    saved = configurations(version)[name]
    before = {**defaults(version), **saved}
    before["base_url"] = before["base_url"].rstrip("/")
    before["timing"] = {**defaults(version)["timing"], **saved.get("timing", {})}
    before["timing"] = {each: value for each, value in before["timing"].items() if each not in GONE}
    config = Config.parse(saved)

    assert () == config.unknown
    assert config.connection.api_key == saved["api_key"].strip()
    now = dict(meaning(config))
    now["timing"] = {each: value for each, value in now["timing"].items() if each in before["timing"]}
    expected = {each: value for each, value in before.items() if each != "api_key"}
    assert expected == {each: value for each, value in now.items() if each in before}, "settings of today aside"


@pytest.mark.parametrize(("version", "name"), SAVED)
def test_the_form_of_today_takes_a_saved_configuration(version: str, name: str) -> None:
    """Airbyte holds it against the form before it starts the connector."""
    jsonschema.validate(configurations(version)[name], FORM)


@pytest.mark.parametrize(("version", "name"), SAVED)
def test_a_check_passes_with_a_saved_configuration(dust: LocalDust, tmp_path: Path, version: str, name: str) -> None:
    """The real process, with the IDs and the address of the local Dust."""
    here = {setting: dust.config()[setting] for setting in OF_THE_WORLD}
    connector = Connector("check", tmp_path, config={**configurations(version)[name], **here})

    assert 0 == connector.finish()

    ((status,),) = [[message["connectionStatus"] for message in connector.messages("CONNECTION_STATUS")]]
    assert "SUCCEEDED" == status["status"]
    assert [] == [log for log in connector.logs() if "does not know" in log]
