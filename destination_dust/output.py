"""Standard output as the Airbyte protocol wants it: whole lines, at once, never two in one another.

Everything that the process prints goes through one `Output`: acknowledged states from the loop, log
lines from any thread. A print to a pipe is buffered by the block, and with buffering off Python writes
a text and its line end separately; either way states get lost or glued to log lines.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from typing import Any

import orjson
from airbyte_cdk.models import FailureType
from airbyte_cdk.utils.airbyte_secrets_utils import filter_secrets

LEVELS = {
    logging.CRITICAL: "FATAL",
    logging.ERROR: "ERROR",
    logging.WARNING: "WARN",
    logging.INFO: "INFO",
    logging.DEBUG: "DEBUG",
}


class Output:
    """Lines to a file descriptor, one write for each."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._lock = threading.Lock()

    def line(self, content: bytes) -> None:
        """Write a line. `content` has no line end. Raises `BrokenPipeError` if nobody reads any more."""
        rest = memoryview(content + b"\n")
        with self._lock:
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]

    def message(self, message: dict[str, Any]) -> None:
        """Write a message of the protocol, without secrets."""
        self.line(filter_secrets(orjson.dumps(message, default=str).decode()).encode())

    def failure(self, message: str, failure_type: FailureType, internal_message: str) -> None:
        """Write the TRACE that tells the platform, and the user, why the sync failed."""
        error = {"message": message, "internal_message": internal_message, "failure_type": failure_type.value}
        self.message({"type": "TRACE", "trace": {"type": "ERROR", "emitted_at": time.time() * 1000, "error": error}})


class LogLines(logging.Handler):
    """Log records as LOG messages."""

    def __init__(self, output: Output) -> None:
        super().__init__()
        self._output = output

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record as one line."""
        try:
            log: dict[str, Any] = {
                "level": LEVELS.get(record.levelno, "INFO"),
                "message": record.getMessage(),
            }
            if record.exc_info:
                log["stack_trace"] = logging.Formatter().formatException(record.exc_info)
            self._output.message({"type": "LOG", "log": log})
        except BrokenPipeError:
            pass  # nobody reads our output any more: the next state will tell the loop
        except Exception:  # a log line that cannot be made must not end a sync
            self.handleError(record)
