"""PyAirbyte checks the connector."""

from __future__ import annotations

import pytest

from integration_tests.airbyte_tools.clients import Client
from integration_tests.airbyte_tools.conftest import SETTINGS, QuickDust


@pytest.mark.parametrize("data_format", SETTINGS)
def test_a_check_of_right_settings_passes(dust: QuickDust, client: Client, data_format: str) -> None:
    """`check()` returns, and nothing is written by it."""
    client.pyairbyte(command="check", destination_config=dust.settings(data_format))

    assert ({}, {}) == (dust.world.documents(), dust.world.tables())


def test_a_check_of_a_wrong_setting_fails_and_says_which(dust: QuickDust, client: Client) -> None:
    """PyAirbyte raises with our reason in it, and the key is nowhere."""
    config = {**dust.settings("documents"), "space_id": "vlt_unknown"}

    said = client.failing_pyairbyte(command="check", destination_config=config)

    assert "AirbyteConnectorCheckFailedError" in said
    assert "vlt_unknown" in said
    assert config["api_key"] not in said
