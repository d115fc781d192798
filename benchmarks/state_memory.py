"""The memory of a sync whose states wait: large ones, many, and large ones behind Dust's limit of documents."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from benchmarks.processes import peak_rss
from benchmarks.table_memory import LIMIT_MB
from integration_tests.harness.messages import catalog, global_state, record, state
from local_dust import LocalDust, World

ROOT = Path(__file__).parent.parent
# So long the first upsert takes, and states come meanwhile.
SLOW = 20.0
LARGE, MANY, PACED = 1_000, 300_000, 900


def main() -> None:
    """Print the peak of the connector's resident memory, for each case."""
    cases = {
        f"{LARGE:,} GLOBAL states of 85 KB behind one upsert of {SLOW:.0f} s": (_large(), SLOW),
        f"{MANY:,} states of 170 bytes behind one upsert of {SLOW:.0f} s": (_many(), SLOW),
        f"{PACED:,} records with a state of 0.9 MB each, 120 documents a minute": (_paced(), 0.0),
    }
    for name, (lines, latency) in cases.items():
        peak, sent, seconds, came_back = measure(lines, latency)
        print(
            f"{name}: peak RSS {peak:.0f} MB; {sent / 1e6:.0f} MB of input in {seconds:.0f} s, "
            f"{came_back:,} states came back",
            flush=True,
        )
        assert peak < LIMIT_MB, f"{peak:.0f} MB are more than {LIMIT_MB} MB"


def measure(lines: Iterator[bytes], latency: float) -> tuple[float, int, float, int]:
    """The peak of resident memory in MB (10^6 bytes), bytes and seconds of input, and how many states came back.

    `latency`: how long the first upsert takes. The rest of the sync is not waited for.
    """
    with tempfile.TemporaryDirectory() as folder, LocalDust(World(keep_bodies=False)) as dust:
        if latency:
            dust.faults.add("delay", method="POST", seconds=latency, times=1)
        files = {"config": dust.config(), "catalog": catalog("users")}
        arguments = []
        for name, content in files.items():
            path = Path(folder, f"{name}.json")
            path.write_text(json.dumps(content))
            arguments += [f"--{name}", str(path)]
        command = [sys.executable, "main.py", "write", *arguments]
        connector = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert connector.stdin
        assert connector.stdout
        came_back: list[int] = []
        threading.Thread(target=_read, args=(connector.stdout, came_back), daemon=True).start()
        peak, sent, began = 0.0, 0, time.monotonic()
        for line in lines:
            connector.stdin.write(line)
            sent += len(line)
            peak = max(peak, peak_rss(connector.pid) / 1e6)
        connector.stdin.flush()
        seconds = time.monotonic() - began
        # What is under way now goes out, and what waits has been read.
        until = time.monotonic() + latency + 5
        while time.monotonic() < until:
            peak = max(peak, peak_rss(connector.pid) / 1e6)
            time.sleep(0.05)
        connector.send_signal(signal.SIGTERM)
        while connector.poll() is None:
            peak = max(peak, peak_rss(connector.pid) / 1e6)
            time.sleep(0.05)
        return peak, sent, seconds, len(came_back)


def _large() -> Iterator[bytes]:
    yield _line(record("users", id=0))
    for number in range(LARGE):
        message = global_state(number, "users")
        message["state"]["global"]["shared_state"]["filler"] = "x" * 85_000
        yield _line(message)


def _many() -> Iterator[bytes]:
    yield _line(record("users", id=0))
    for first in range(0, MANY, 1000):
        yield b"".join(_line(state("users", number)) for number in range(first, first + 1000))


def _paced() -> Iterator[bytes]:
    for number in range(PACED):
        yield _line(record("users", id=number))
        yield _line(state("users", number, filler="x" * 900_000))


def _line(message: dict[str, Any]) -> bytes:
    return json.dumps(message).encode() + b"\n"


def _read(output: IO[bytes], came_back: list[int]) -> None:
    for line in output:
        if b'"STATE"' in line[:40]:
            came_back.append(len(line))


if __name__ == "__main__":
    main()
