"""The log of a process: one destination for all of it, and no secrets."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from destination_dust import redaction
from destination_dust.reporting.process_log import log_to, log_to_standard_error

ROOT = logging.getLogger()
LOGGER = logging.getLogger("airbyte")


@pytest.fixture(autouse=True)
def _logging_as_it_was(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Handlers and levels belong to the process, and secrets, too."""
    monkeypatch.setattr(redaction, "_secrets", ("sk-abc",))
    handlers, levels = ROOT.handlers, [(each, each.level) for each in (ROOT, LOGGER)]
    yield
    ROOT.handlers = handlers
    for logger, level in levels:
        logger.setLevel(level)


class Kept(logging.Handler):
    """Keeps what is logged."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(record.getMessage())


def test_all_logging_goes_to_the_one_handler() -> None:
    """Handlers that something imported has set up, as the CDK does, get nothing more."""
    earlier, handler = Kept(), Kept()
    ROOT.addHandler(earlier)

    log_to(handler)
    LOGGER.info("hello")

    assert (["hello"], []) == (handler.texts, earlier.texts)


def test_libraries_are_not_logged() -> None:
    """Their URLs contain the ids of records."""
    handler = Kept()

    log_to(handler)
    logging.getLogger("urllib3.connectionpool").error("/documents/users-1")

    assert [] == handler.texts


@pytest.mark.parametrize(
    ("asked", "logged"),
    [
        (None, ["INFO", "WARNING"]),
        ("debug", ["DEBUG", "INFO", "WARNING"]),
        ("WARNING", ["WARNING"]),
        ("nonsense", ["INFO", "WARNING"]),
    ],
)
def test_the_platform_sets_the_level(monkeypatch: pytest.MonkeyPatch, asked: str | None, logged: list[str]) -> None:
    """Whatever the level was before; without a level, or with one that does not exist, it is INFO."""
    LOGGER.setLevel(logging.CRITICAL)
    monkeypatch.delenv("LOG_LEVEL", raising=False)
    if asked:
        monkeypatch.setenv("LOG_LEVEL", asked)
    handler = Kept()

    log_to(handler)
    for level in ("DEBUG", "INFO", "WARNING"):
        LOGGER.log(logging.getLevelName(level), level)

    assert logged == handler.texts


def test_lines_for_people_hide_secrets(capsys: pytest.CaptureFixture[str]) -> None:
    """In messages, and in tracebacks below them."""
    log_to_standard_error()
    try:
        raise ValueError("sk-abc is refused")
    except ValueError:
        LOGGER.exception("with %s", "sk-abc")

    shown = capsys.readouterr()
    assert "" == shown.out
    assert shown.err.startswith("ERROR with ****\nTraceback")
    assert shown.err.endswith("ValueError: **** is refused\n")
