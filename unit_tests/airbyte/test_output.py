"""Standard output: whole lines, in order, and no secrets in what is logged."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from destination_dust import redaction
from destination_dust.airbyte.messages import FailureType
from destination_dust.airbyte.output import LogLines, Output
from destination_dust.redaction import add_secret

ROOT = Path(__file__).parents[2]
PATIENCE = 10.0
STATES = 20_000


class Reader:
    """The other end of an output, read by a thread, so that the pipe never fills."""

    def __init__(self) -> None:
        self._reading, self._writing = os.pipe()
        self.output = Output(self._writing)
        self._content = b""
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def lines(self) -> list[bytes]:
        """Everything that was written; nothing can be written after it."""
        os.close(self._writing)
        self._thread.join(PATIENCE)
        return self._content.splitlines(keepends=True)

    def _read(self) -> None:
        with os.fdopen(self._reading, "rb") as pipe:
            self._content = pipe.read()


@pytest.fixture(autouse=True)
def _no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of one test are not those of the next."""
    monkeypatch.setattr(redaction, "_secrets", ())


def logged(log: Callable[[logging.Logger], None]) -> list[dict[str, Any]]:
    """The LOG messages that logging writes."""
    reader = Reader()
    logger = logging.Logger("test", logging.DEBUG)
    logger.addHandler(LogLines(reader.output))
    log(logger)
    messages = [json.loads(line) for line in reader.lines()]
    assert all(message["type"] == "LOG" for message in messages)
    return [message["log"] for message in messages]


def test_a_line_is_written_as_given_with_a_line_end() -> None:
    """Nothing is added, and nothing kept back."""
    reader = Reader()

    for line in (b"one", b"", "dré\u2028i".encode()):
        reader.output.line(line)

    assert [b"one\n", b"\n", "dré\u2028i\n".encode()] == reader.lines()


SOURCE = """
import logging, sys, threading
sys.path.insert(0, {root!r})
from destination_dust.airbyte.output import LogLines, Output

output = Output(sys.__stdout__.fileno())
logger = logging.getLogger("airbyte")
logger.setLevel(logging.INFO)
logger.propagate = False
logger.addHandler(LogLines(output))
done = threading.Event()

def chatter(number):
    while not done.wait(0.0002):
        logger.info("thread %d has %s to say", number, "much " * 30)

def padding(number):  # longer than what a pipe takes in one piece, now and then
    return number % 7000 if number % 10 == 0 else number % 100

threads = [threading.Thread(target=chatter, args=(number,)) for number in range(4)]
for thread in threads:
    thread.start()
for number in range({states}):
    output.line(b'{{"type":"STATE","number":%d,"padding":"%s"}}' % (number, b"x" * padding(number)))
done.set()
for thread in threads:
    thread.join()
"""


def test_states_arrive_whole_and_in_order_among_log_lines() -> None:
    """Twenty thousand of them, through a real pipe, while four threads log, with Python's own buffering."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    program = SOURCE.format(root=str(ROOT), states=STATES)

    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program],
        env=environment,
        stdout=subprocess.PIPE,
        check=True,
        timeout=100,
    )

    messages = [json.loads(line) for line in done.stdout.splitlines()]
    states = [message for message in messages if message["type"] == "STATE"]
    assert list(range(STATES)) == [state["number"] for state in states]
    assert {len(state["padding"]) for state in states if state["number"] % 10 == 0} == set(range(0, 7000, 10))
    assert len(messages) > STATES


@pytest.mark.parametrize("blocking", [True, False])
def test_a_full_pipe_is_waited_for(blocking: bool) -> None:
    """Even if another process made it non-blocking: no line is lost, torn or moved."""
    reading, writing = os.pipe()
    os.set_blocking(writing, blocking)
    output = Output(writing)
    lines = [b"%d " % number + b"x" * 50_000 for number in range(20)]

    def write() -> None:
        for line in lines:
            output.line(line)
        os.close(writing)

    thread = threading.Thread(target=write)
    thread.start()
    thread.join(0.2)
    assert thread.is_alive()  # it is stuck behind the pipe's 64 KB
    with os.fdopen(reading, "rb") as pipe:
        content = pipe.read()
    thread.join(PATIENCE)

    assert [line + b"\n" for line in lines] == content.splitlines(keepends=True)


def test_a_reader_that_has_gone_is_an_error() -> None:
    """No acknowledgement could arrive from now on."""
    reading, writing = os.pipe()
    os.close(reading)

    with pytest.raises(BrokenPipeError):
        Output(writing).line(b"lost")

    os.close(writing)


def test_a_log_record_becomes_a_log_message() -> None:
    """At the platform's levels."""

    def log(logger: logging.Logger) -> None:
        for level in (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR, logging.CRITICAL, 25):
            logger.log(level, "%d records\nread", 3)

    levels = ["DEBUG", "INFO", "WARN", "ERROR", "FATAL", "INFO"]
    assert [{"level": level, "message": "3 records\nread"} for level in levels] == logged(log)


def test_a_traceback_is_a_part_of_its_message() -> None:
    """In one line of output, in the field that the protocol has for it."""

    def log(logger: logging.Logger) -> None:
        try:
            raise ValueError("bad")
        except ValueError:
            logger.exception("failed")

    (message,) = logged(log)
    assert "failed" == message["message"]
    assert message["stack_trace"].endswith("ValueError: bad")


def test_a_log_message_may_hold_any_text() -> None:
    """Names of streams are the source's, and may be odd."""
    text = 'a "quoted" \\ text \ud800 \0 \u2028 é'

    assert [text] == [message["message"] for message in logged(lambda logger: logger.info(text))]


def test_a_log_call_that_is_wrong_does_not_end_the_sync(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is Python's custom to complain about it on standard error."""
    monkeypatch.setattr(logging, "raiseExceptions", True)

    messages = logged(lambda logger: logger.info("%d records", "three"))

    assert [] == messages
    assert "Logging error" in capsys.readouterr().err


def test_nothing_logged_contains_a_secret() -> None:
    """Neither a message, nor its arguments, nor a traceback."""
    secret = "sk-0123456789.*+?[abc"
    add_secret(secret)

    def log(logger: logging.Logger) -> None:
        logger.debug("header: Bearer %s", secret)
        try:
            raise ValueError(f"key {secret} refused")
        except ValueError:
            logger.exception("with %s", {"api_key": secret})

    messages = logged(log)
    assert "header: Bearer ****" == messages[0]["message"]
    assert "with {'api_key': '****'}" == messages[1]["message"]
    assert messages[1]["stack_trace"].endswith("key **** refused")
    assert secret not in json.dumps(messages)


def test_a_failure_is_a_trace() -> None:
    """The platform takes the user's message and the failure type from it. It contains no secret."""
    add_secret("sk-123")
    reader = Reader()

    reader.output.failure("The key sk-123 is bad.", FailureType.config_error, "Misconfigured: sk-123")

    (message,) = [json.loads(line) for line in reader.lines()]
    trace = message["trace"]
    assert ("TRACE", "ERROR") == (message["type"], trace["type"])
    assert trace["emitted_at"] > 1_700_000_000_000
    assert {
        "message": "The key **** is bad.",
        "internal_message": "Misconfigured: ****",
        "failure_type": "config_error",
    } == trace["error"]


@pytest.mark.parametrize("secret", ["type", "LOG", "TRACE", '"', "e", "message"])
def test_a_secret_that_is_a_word_of_the_protocol_spoils_no_line(secret: str) -> None:
    """Whatever is typed for a key is one, and the message that it is wrong has to arrive."""
    add_secret(secret)
    assert ["LOG"] == ["LOG" for log in logged(lambda logger: logger.info("hello")) if log["level"] == "INFO"]

    reader = Reader()
    reader.output.failure("wrong", FailureType.config_error, "")

    (message,) = [json.loads(line) for line in reader.lines()]
    assert "config_error" == message["trace"]["error"]["failure_type"]


def test_a_failure_may_name_anything() -> None:
    """A stream of an odd name must not cost the user the reason."""
    reader = Reader()

    reader.output.failure("The stream \ud800 is unknown.", FailureType.system_error, "")

    (message,) = [json.loads(line) for line in reader.lines()]
    assert "The stream \ud800 is unknown." == message["trace"]["error"]["message"]
