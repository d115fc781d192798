"""Processes under measurement: each gets a file of messages through a pipe, and is held to its own CPU and memory."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

ROOT = Path(__file__).parent.parent
POLL = 0.02


@dataclass(frozen=True)
class Usage:
    """What one process took. `peak`: bytes of resident memory."""

    cpu: float
    seconds: float
    peak: int
    output: bytes


def measured(
    command: Sequence[str], messages: Path, *, cwd: Path = ROOT, environment: Mapping[str, str] | None = None
) -> Usage:
    """Run a process with the messages in its standard input, to its end. Raises `AssertionError` if it fails."""
    began = time.monotonic()
    # Through a pipe, as every host does it: a file is read in other portions.
    with subprocess.Popen(["cat", str(messages)], stdout=subprocess.PIPE) as source:
        process = subprocess.Popen(
            command,
            cwd=cwd,
            stdin=source.stdout,
            stdout=subprocess.PIPE,
            env={**os.environ, **(environment or {})},
        )
        assert source.stdout
        source.stdout.close()  # so that the source notices if the process ends early
        output: list[bytes] = []
        reader = threading.Thread(target=_read, args=(process.stdout, output), daemon=True)
        reader.start()
        peak = 0
        while True:
            # `ru_maxrss` of a child begins with the memory of this process.
            peak = max(peak, peak_rss(process.pid))
            # The usage of this child alone; `getrusage` adds up all of them.
            ended, status, usage = os.wait4(process.pid, os.WNOHANG)
            if ended:
                break
            time.sleep(POLL)
        reader.join()
    process.returncode = os.waitstatus_to_exitcode(status)
    lines = b"".join(output)
    assert process.returncode == 0, f"{' '.join(command)} ended with {process.returncode}: {lines[-2000:]!r}"
    return Usage(usage.ru_utime + usage.ru_stime, time.monotonic() - began, peak, lines)


def peak_rss(pid: int) -> int:
    """The high-water mark of a process's resident memory, in bytes; 0 once it has ended."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    lines = (line for line in status.splitlines() if line.startswith("VmHWM"))
    return max((int(line.split()[1]) * 1024 for line in lines), default=0)


def _read(output: IO[bytes], into: list[bytes]) -> None:
    into.extend(iter(lambda: output.read(1 << 16), b""))
