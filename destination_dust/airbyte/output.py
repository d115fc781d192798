"""Standard output as the Airbyte protocol requires it: whole lines, written at once, never interleaved.

Everything that the process prints goes through one `Output`: acknowledged states from the loop, log
lines from any thread. `print` to a pipe is block-buffered, and with buffering off Python writes a text
and its line end separately; either way states get lost or end up on the line of a log message.
"""

from __future__ import annotations

import logging
import os
import select
import threading
import time
from collections.abc import Callable
from typing import Any

from destination_dust import exact_json
from destination_dust.airbyte.messages import FailureType
from destination_dust.redaction import redact

LEVELS = {
    logging.CRITICAL: "FATAL",
    logging.ERROR: "ERROR",
    logging.WARNING: "WARN",
    logging.INFO: "INFO",
    logging.DEBUG: "DEBUG",
}


class Output:
    """Lines to a file descriptor, one write for each.

    Args:
        before: Called before each line, by whichever thread writes it.
    """

    def __init__(self, descriptor: int, *, before: Callable[[], None] | None = None) -> None:
        self._descriptor = descriptor
        self._before = before
        self._lock = threading.Lock()

    def line(self, content: bytes) -> None:
        """Write a line. `content` has no line end. Raises `BrokenPipeError` if no one reads it."""
        rest = memoryview(content + b"\n")
        with self._lock:
            if self._before:
                self._before()
            while rest:
                try:
                    rest = rest[os.write(self._descriptor, rest) :]
                except BlockingIOError:  # another process that shares the pipe made it non-blocking
                    room = select.poll()
                    room.register(self._descriptor, select.POLLOUT)
                    room.poll()

    def check(self) -> None:
        """Raise `BrokenPipeError` if no one can read the output. A write would show that only later."""
        poll = select.poll()
        poll.register(self._descriptor, 0)
        if any(event & select.POLLERR for _, event in poll.poll(0)):
            raise BrokenPipeError

    def message(self, message: dict[str, Any]) -> None:
        """Write a message of the protocol. Its texts must be free of secrets."""
        self.line(exact_json.dumps(message))

    def failure(self, message: str, failure_type: FailureType, internal_message: str) -> None:
        """Write the TRACE that says why the sync failed, for the platform and the user."""
        error = {
            "message": redact(message),
            "internal_message": redact(internal_message),
            "failure_type": failure_type.value,
        }
        self.message({"type": "TRACE", "trace": {"type": "ERROR", "emitted_at": time.time() * 1000, "error": error}})


class LogLines(logging.Handler):
    """Log records as LOG messages."""

    def __init__(self, output: Output) -> None:
        super().__init__()
        self._output = output

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record as one line."""
        try:
            # Only texts are filtered: a mistyped key may equal a word of the protocol.
            log = {"level": LEVELS.get(record.levelno, "INFO"), "message": redact(record.getMessage())}
            if record.exc_info:
                log["stack_trace"] = redact(logging.Formatter().formatException(record.exc_info))
            self._output.message({"type": "LOG", "log": log})
        except BrokenPipeError:
            pass  # no one reads our output: the loop finds out with the next state
        except Exception:  # a log line that cannot be written must not end a sync
            self.handleError(record)
