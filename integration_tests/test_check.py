"""The message of `check` for each mistake in the settings."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest

from integration_tests.harness.connector import Connector
from local_dust import LocalDust

KEY = "sk-" + "0" * 32


def checked(folder: Path, config: dict[str, Any], *, fresh: bool = False) -> tuple[str, str]:
    """Status and message of a check whose process must succeed."""
    connector = Connector("check", folder, fresh=fresh, config=config)
    assert 0 == connector.finish(), connector.text()
    (result,) = connector.messages("CONNECTION_STATUS")
    return result["connectionStatus"]["status"], result["connectionStatus"].get("message", "")


@pytest.mark.airbyte_case("testCheckConnection")
def test_right_settings_succeed_and_change_nothing(dust: LocalDust, tmp_path: Path) -> None:
    """The probe for write permission leaves no trace and uses none of the upsert limit."""
    assert ("SUCCEEDED", "") == checked(tmp_path, dust.config(), fresh=True)
    assert {} == dust.world.documents()
    assert not any(arrival.is_upsert for arrival in dust.world.arrivals)


def test_a_data_source_may_be_given_by_name(dust: LocalDust, tmp_path: Path) -> None:
    """Dust finds it by either, and so do we."""
    assert "SUCCEEDED" == checked(tmp_path, dust.config(data_source_id=dust.world.data_source.name))[0]


@pytest.mark.airbyte_case("testCheckConnectionInvalidCredentials")
@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"api_key": KEY}, ["does not know the API key", "base URL"]),
        ({"api_key": "nonsense"}, ["api_key", "sk-"]),
        ({"workspace_id": "nowhere123"}, ["no workspace nowhere123", "/w/"]),
        ({"space_id": "vlt_nowhere"}, ["no space vlt_nowhere", "Connectors (vlt_"]),
        ({"data_source_id": "dsv_nowhere"}, ["no data source dsv_nowhere", "the ID of a view", "airbyte (dts_"]),
        ({"data_source_id": "dts_nowhere"}, ["no data source dts_nowhere", "airbyte (dts_"]),
        ({"base_url": "http://dust.tt"}, ["https://"]),
        ({"base_url": "https://user:secret@dust.tt"}, ["user name or a password"]),
        ({"base_url": "https://dust.tt/w/0ec9852c2f"}, ["must end after the host"]),
        ({"space_id": None}, ["space_id is missing", "vlt_"]),
        ({"data_format": "spreadsheets"}, ["documents, tables"]),
    ],
)
def test_each_wrong_setting_has_its_own_message(
    dust: LocalDust, tmp_path: Path, changes: dict[str, Any], words: list[str]
) -> None:
    """It says what to change."""
    status, message = checked(tmp_path, dust.config(**changes))

    assert "FAILED" == status
    assert [] == [word for word in words if word not in message], message


def test_a_managed_data_source_cannot_be_written_to(dust: LocalDust, tmp_path: Path) -> None:
    """The message names what can be used instead."""
    config = dust.config(data_source_id=dust.world.managed_data_source.id)
    if dust.world.managed_data_source.space is not dust.world.space:
        config["space_id"] = dust.world.managed_data_source.space.id

    status, message = checked(tmp_path, config)

    assert "FAILED" == status
    assert "notion" in message


def test_a_key_that_may_only_read_is_detected(dust: LocalDust, tmp_path: Path) -> None:
    """No GET shows it; the probe does."""
    reader = dust.world.add_key(role="user")

    status, message = checked(tmp_path, dust.config(api_key=reader.secret))

    assert "FAILED" == status
    assert "may read" in message
    assert "builder" in message


def test_a_key_of_another_workspace_is_detected(dust: LocalDust, tmp_path: Path) -> None:
    """The key is valid, but not here."""
    foreign = dust.world.add_key(workspace=dust.world.add_workspace("Other"))

    status, message = checked(tmp_path, dust.config(api_key=foreign.secret))

    assert "FAILED" == status
    assert "another workspace" in message


def test_a_plan_without_api_access_is_named(dust: LocalDust, tmp_path: Path) -> None:
    """The plan must change, not the settings."""
    dust.world.workspace.api_access = False

    status, message = checked(tmp_path, dust.config())

    assert "FAILED" == status
    assert "plan" in message.lower()


def test_maintenance_is_named(dust: LocalDust, tmp_path: Path) -> None:
    """With Dust's own words, after a few tries."""
    dust.world.workspace.maintenance = "maintenance"

    status, message = checked(tmp_path, dust.config())

    assert "FAILED" == status
    assert "maintenance" in message


def test_a_server_that_is_not_dust_is_named(dust: LocalDust, tmp_path: Path) -> None:
    """A page with status 200, as captive portals serve, is not a success."""
    dust.faults.add("html", status=200)

    status, message = checked(tmp_path, dust.config())

    assert "FAILED" == status
    assert "does not seem to be a Dust server" in message


def test_an_unreachable_host_is_named(tmp_path: Path) -> None:
    """With the host, not the whole URL."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    config = {"api_key": KEY, "workspace_id": "w", "space_id": "s", "data_source_id": "d"}

    status, message = checked(tmp_path, {**config, "base_url": f"http://127.0.0.1:{port}"})

    assert "FAILED" == status
    assert f"127.0.0.1:{port}" in message
    assert "/api/" not in message
