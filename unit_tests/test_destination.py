"""The connector as hosts with the CDK know it; `integration_tests/test_hosts.py` tests what it writes."""

from __future__ import annotations

import logging

import pytest
from airbyte_cdk.logger import AirbyteLogFormatter
from airbyte_cdk.models import AirbyteConnectionStatus, Status
from airbyte_cdk.utils.airbyte_secrets_utils import filter_secrets

from destination_dust import commands
from destination_dust.destination import DestinationDust
from unit_tests.builders import settings

LOGGER = logging.getLogger("airbyte")


def test_a_check_answers_in_the_model_of_the_cdk(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a message only if it failed."""
    monkeypatch.setattr(commands, "check", lambda *_: None)

    failed = DestinationDust().check(LOGGER, settings(workspace_id=None))
    assert Status.FAILED == failed.status
    assert failed.message
    assert "workspace_id is missing" in failed.message
    assert AirbyteConnectionStatus(status=Status.SUCCEEDED) == DestinationDust().check(LOGGER, settings())


def test_the_loggers_of_the_cdk_hide_the_key() -> None:
    """From the moment when the settings are read, right or wrong; an empty one hides nothing."""
    DestinationDust().check(LOGGER, settings(api_key="Bearer sk-1a2b3c4d", workspace_id=None))
    DestinationDust().check(LOGGER, settings(api_key=""))

    record = logging.LogRecord("airbyte", logging.INFO, "", 0, "The key is %s.", ("sk-1a2b3c4d",), None)
    assert "The key is ****." in AirbyteLogFormatter().format(record)
    assert "hello" == filter_secrets("hello")


@pytest.mark.parametrize("ended", [1, 143, "The standard output is closed."])
def test_a_command_that_fails_exits_as_the_process_does(monkeypatch: pytest.MonkeyPatch, ended: int | str) -> None:
    """A host that starts it finds out in no other way. One that succeeds goes on."""
    monkeypatch.setattr(commands, "run", lambda _: ended)
    with pytest.raises(SystemExit) as exited:
        DestinationDust().run(["spec"])
    assert ended == exited.value.code

    monkeypatch.setattr(commands, "run", lambda _: 0)
    DestinationDust().run(["spec"])
