"""Where the log of a process of our own goes, how much of it, and without secrets."""

from __future__ import annotations

import logging
import os
import sys

from destination_dust.redaction import redact


def log_to(handler: logging.Handler) -> None:
    """Send all logging of the process to a handler, at the level that the platform asks for with `LOG_LEVEL`.

    Whatever else has been set up, as by the CDK, whose handler writes to standard output, no longer applies.
    """
    root = logging.getLogger()
    root.handlers = [handler]
    # Libraries log URLs, which contain the ids of records. What goes wrong in them reaches us as errors.
    root.setLevel(logging.CRITICAL)
    level = logging.getLevelName(os.environ.get("LOG_LEVEL", "INFO").upper())
    logging.getLogger("airbyte").setLevel(level if isinstance(level, int) else logging.INFO)


def log_to_standard_error() -> None:
    """The same, as lines for people."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Redacted("%(levelname)s %(message)s"))
    log_to(handler)


class _Redacted(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))
