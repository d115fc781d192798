"""The connector, run as the Airbyte platform runs it: a process with messages on both of its pipes."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

MAIN = Path(__file__).parent.parent / "main.py"
# Many times as long as the recording takes: after that, something hangs.
SYNC_SECONDS = 120.0


class ConnectorFailed(Exception):
    """The connector failed or printed something that is not a message."""


def run(*arguments: str, stdin: Path) -> Iterator[dict[str, Any]]:
    """Run a command of the connector and yield its messages as they come. Raises `ConnectorFailed`."""
    with stdin.open("rb") as messages:
        process = subprocess.Popen(
            [sys.executable, str(MAIN), *arguments], stdin=messages, stdout=subprocess.PIPE, text=True
        )
    watchdog = threading.Timer(SYNC_SECONDS, process.kill)
    watchdog.start()
    try:
        with process:
            assert process.stdout
            try:
                yield from map(_message, process.stdout)
            except BaseException:  # also when the caller stops reading, and on a signal
                process.terminate()
                raise
    finally:
        watchdog.cancel()
    if process.returncode:
        raise ConnectorFailed(f"`main.py {arguments[0]}` ended with exit code {process.returncode}.")


def _message(line: str) -> dict[str, Any]:
    try:
        message = json.loads(line)
    except ValueError:
        message = None
    if not isinstance(message, dict):
        raise ConnectorFailed(f"The connector printed something that is not a message: {line[:200]!r}")
    return message
