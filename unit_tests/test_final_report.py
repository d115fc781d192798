"""The line for programs: exactly one at the end, with how it ended."""

from __future__ import annotations

import json
import logging
from collections.abc import Generator
from typing import Any

import pytest

from destination_dust.airbyte.completion import SourceFailed
from destination_dust.config.fields import InvalidConfig
from destination_dust.dust.errors import Unavailable
from destination_dust.dust.pacer import Pacer
from destination_dust.final_report import final_report
from destination_dust.reporting.progress import Progress
from destination_dust.sync import Interrupted
from unit_tests.builders import USERS


def reported(caplog: pytest.LogCaptureFixture) -> dict[str, Any]:
    """The one line, of level INFO."""
    ((level, message),) = [(record.levelno, record.getMessage()) for record in caplog.records]
    assert logging.INFO == level
    prefix, _, content = message.partition(" ")
    assert "SYNC_REPORT" == prefix
    found: dict[str, Any] = json.loads(content)
    return found


@pytest.fixture(autouse=True)
def _from_info_on(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "airbyte")


def test_a_block_that_runs_to_its_end_has_succeeded(caplog: pytest.LogCaptureFixture) -> None:
    """The figures are those of the end, not those of the time when the sync was made."""
    progress = Progress(interval=30.0, pacer=Pacer(120))
    with final_report() as report:
        report.figures = progress.figures
        progress.of(USERS).read += 3

    found = reported(caplog)
    assert ("succeeded", None, 3) == (found["result"], found["failure_type"], found["totals"]["read"])


@pytest.mark.parametrize(
    ("error", "result", "failure_type"),
    [
        (Unavailable("Gave up."), "failed", "transient_error"),
        (SourceFailed("It failed."), "failed", "transient_error"),
        (InvalidConfig("It is missing."), "failed", "config_error"),
        (ZeroDivisionError("A defect."), "failed", "system_error"),
        (Interrupted(15), "stopped", None),
        (BrokenPipeError(), "stopped", None),
        (KeyboardInterrupt(), "stopped", None),
    ],
)
def test_what_ends_a_block_is_raised_and_reported(
    caplog: pytest.LogCaptureFixture, error: BaseException, result: str, failure_type: str | None
) -> None:
    """Also before there is a sync, as with wrong settings."""
    with pytest.raises(type(error)), final_report():
        raise error

    found = reported(caplog)
    assert (result, failure_type) == (found["result"], found["failure_type"])


def test_a_host_that_does_not_go_on_has_stopped_the_sync(caplog: pytest.LogCaptureFixture) -> None:
    """It closes the generator."""

    def states() -> Generator[int, None, None]:
        with final_report():
            yield 1
            yield 2

    given = states()
    next(given)
    given.close()

    assert "stopped" == reported(caplog)["result"]
