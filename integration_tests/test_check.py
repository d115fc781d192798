"""The message of `check` for each mistake in the settings."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import orjson
import pytest
from airbyte_cdk.models import AirbyteConnectionStatus, AirbyteMessage, AirbyteMessageSerializer, Status, Type

from integration_tests.harness.connector import Connector
from local_dust import LocalDust
from local_dust.control.faults import Kind as FaultKind
from local_dust.workspaces import Kind, Role

KEY = "sk-" + "0" * 32
ADVICE = ["Dust API Keys", "Read-only (the role user)", "space added under Spaces"]


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


@pytest.mark.parametrize("status", Status)
def test_the_answer_is_what_the_cdk_would_print(dust: LocalDust, tmp_path: Path, status: Status) -> None:
    """Airbyte reads it by models like the CDK's, whichever of the two it is."""
    wrong = {} if status is Status.SUCCEEDED else {"workspace_id": None}
    connector = Connector("check", tmp_path, fresh=True, config=dust.config(**wrong))
    assert 0 == connector.finish()

    (line,) = [line for _, line in connector.lines if b'"CONNECTION_STATUS"' in line]
    message = json.loads(line)["connectionStatus"]["message"] if wrong else None
    expected = AirbyteConnectionStatus(status=status, message=message)
    printed = AirbyteMessageSerializer.dump(AirbyteMessage(type=Type.CONNECTION_STATUS, connectionStatus=expected))
    assert orjson.dumps(printed) == line


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
        ({"documents_per_minute": "many"}, ["documents_per_minute must be a whole number from 1 to 100000"]),
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


SPACES: list[tuple[Kind, bool]] = [
    ("global", False),
    ("regular", False),
    ("regular", True),
    ("project", False),
    ("project", True),
]


def folder_in(dust: LocalDust, kind: Kind, restricted: bool) -> dict[str, Any]:
    """A new space with a folder, as settings."""
    space = dust.world.add_space("Support", kind=kind, restricted=restricted)
    return {"space_id": space.id, "data_source_id": dust.world.add_data_source("tickets", space=space).id}


@pytest.mark.parametrize("data_format", ["documents", "tables"])
@pytest.mark.parametrize(("kind", "restricted"), SPACES)
def test_a_user_key_with_the_space_selected_is_enough(
    dust: LocalDust, tmp_path: Path, kind: Kind, restricted: bool, data_format: str
) -> None:
    """Whatever the kind of space, pods included."""
    folder = folder_in(dust, kind, restricted)
    space = dust.world.workspace.spaces[folder["space_id"]]
    key = dust.world.add_key("user", spaces=[space])

    config = dust.config(**folder, api_key=key.secret, data_format=data_format)

    assert ("SUCCEEDED", "") == checked(tmp_path, config)


@pytest.mark.parametrize("data_format", ["documents", "tables"])
@pytest.mark.parametrize(
    ("role", "kind"),
    [("user", "global"), ("user", "regular"), ("user", "project"), ("admin", "regular"), ("admin", "project")],
)
def test_a_key_that_may_only_read_is_detected(
    dust: LocalDust, tmp_path: Path, role: Role, kind: Kind, data_format: str
) -> None:
    """No GET shows it; the probe does. A key of an administrator is no better in an open space."""
    folder = folder_in(dust, kind, False)
    key = dust.world.add_key(role)

    status, message = checked(tmp_path, dust.config(**folder, api_key=key.secret, data_format=data_format))

    assert "FAILED" == status
    words = [*ADVICE, "may read", f"{folder['space_id']} was not added to the key", "builder", "September 2026"]
    assert [] == [word for word in words if word not in message], message


def test_an_admin_key_writes_to_company_data_unselected(dust: LocalDust, tmp_path: Path) -> None:
    """The one space where the role decides."""
    folder = folder_in(dust, "global", False)
    key = dust.world.add_key("admin")

    assert ("SUCCEEDED", "") == checked(tmp_path, dust.config(**folder, api_key=key.secret))


@pytest.mark.parametrize("role", ["user", "admin"])
@pytest.mark.parametrize("kind", ["regular", "project"])
def test_a_space_that_the_key_does_not_see_is_named_with_those_that_it_sees(
    dust: LocalDust, tmp_path: Path, kind: Kind, role: Role
) -> None:
    """Pods are among them. Dust does not say whether the space exists."""
    folder = folder_in(dust, kind, True)
    pod = dust.world.add_space("Launch", kind="project")
    key = dust.world.add_key(role)

    status, message = checked(tmp_path, dust.config(**folder, api_key=key.secret))

    assert "FAILED" == status
    words = [*ADVICE, f"sees no space {folder['space_id']}", f"Launch ({pod.id})", "Company Data (vlt_"]
    assert [] == [word for word in words if word not in message], message


@pytest.mark.parametrize(("path", "empty"), [("/spaces$", '{"spaces":[]}'), ("/data_sources$", '{"data_sources":[]}')])
def test_a_list_that_lacks_the_space_or_the_folder_proves_nothing(
    dust: LocalDust, tmp_path: Path, path: str, empty: str
) -> None:
    """As lists lacked pods before we asked for them: only Dust's refusal counts."""
    dust.faults.add("body", status=200, path=path, body=empty)

    assert ("SUCCEEDED", "") == checked(tmp_path, dust.config())


def test_a_long_list_is_cut(dust: LocalDust, tmp_path: Path) -> None:
    """Some workspaces have hundreds of spaces."""
    for number in range(30):
        dust.world.add_space(f"Space {number}")

    _, message = checked(tmp_path, dust.config(space_id="vlt_nowhere"))

    assert "Space 17" in message
    assert "Space 18" not in message
    assert " and 12 more. Correct" in message


def test_a_space_without_folders_says_to_create_one(dust: LocalDust, tmp_path: Path) -> None:
    """There is nothing to list."""
    space = dust.world.add_space("Empty")

    status, message = checked(tmp_path, dust.config(space_id=space.id))

    assert "FAILED" == status
    assert f"{space.id} has no data source" in message
    assert "create one in Dust" in message


def test_a_key_may_be_pasted_with_the_word_bearer(dust: LocalDust, tmp_path: Path) -> None:
    """Dust's pages for other tools say so. The key itself is masked where a message would show it."""
    key = dust.world.key.secret

    assert ("SUCCEEDED", "") == checked(tmp_path, dust.config(api_key=f"Bearer {key}"))
    status, message = checked(tmp_path, dust.config(api_key=f"Bearer {key}", data_source_id=key))
    assert "FAILED" == status
    assert "no data source ****" in message
    assert key not in message


def test_numbers_may_be_texts(dust: LocalDust, tmp_path: Path) -> None:
    """And whole numbers may have a decimal point."""
    config = dust.config(documents_per_minute="120", max_concurrency=8.0, timing={"retry_budget": "60"})

    assert ("SUCCEEDED", "") == checked(tmp_path, config)


@pytest.mark.parametrize("error", ["invalid_api_key_error", "not_authenticated"])
def test_a_key_of_the_other_region_is_suspected(dust: LocalDust, tmp_path: Path, error: str) -> None:
    """Dust answers a key that it does not know with either."""
    dust.faults.add("status", status=401, type=error, message="Not here.")

    status, message = checked(tmp_path, dust.config())

    assert "FAILED" == status
    assert "Check the API key and the base URL." in message


@pytest.mark.parametrize(("kind", "seconds"), [("delay", 600.0), ("slow_loris", 0.05)])
@pytest.mark.parametrize("path", ["/data_sources$", "/documents/airbyte-check-"])
def test_a_check_ends_in_time_and_says_that_dust_did_not_answer(
    dust: LocalDust, tmp_path: Path, path: str, kind: FaultKind, seconds: float
) -> None:
    """Whether the answer never comes or never ends: a read timeout alone would wait for each byte."""
    dust.faults.add(kind, path=path, seconds=seconds)

    status, message = checked(tmp_path, dust.config(timing={"check_limit": 1}))

    assert "FAILED" == status
    host = dust.url.removeprefix("http://")
    assert message.startswith(f"The check was stopped after 1 s, before {host} had answered all of its calls.")


@pytest.mark.first
def test_by_default_a_check_ends_within_half_a_minute(dust: LocalDust, tmp_path: Path) -> None:
    """The start of the process takes some seconds more."""
    dust.faults.add("delay", seconds=600.0)

    status, message = checked(tmp_path, dust.config())

    assert "FAILED" == status
    assert message.startswith("The check was stopped after 20 s")


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
