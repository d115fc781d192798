"""The memory of a sync of 1,000,000 rows into four tables, with a Dust that answers at once and one that takes 2 s."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from integration_tests.harness.messages import catalog, record, state, stream

ROOT = Path(__file__).parent.parent
ROWS = 1_000_000
STREAMS = ("orders", "users", "events", "pages")
STATE_EVERY = 10_000
LIMIT_MB = 200
LATENCIES = (0.0, 2.0)
# Dust waits for 10 s; here time is worth more.
QUIET = 1.0
FIELDS = {
    "id": {"type": "integer"},
    "name": {"type": "string"},
    "email": {"type": "string"},
    "created_at": {"type": "string", "format": "date-time"},
    "score": {"type": "number"},
    "active": {"type": "boolean"},
    "notes": {"type": "string"},
}


def main() -> None:
    """Print the peak of the connector's resident memory and its speed, for each latency."""
    for latency in LATENCIES:
        peak, seconds = measure(latency)
        print(
            f"{ROWS:,} rows in {len(STREAMS)} tables, answers after {latency:.0f} s: "
            f"peak RSS {peak:.0f} MB, {seconds:.0f} s, {ROWS / seconds:,.0f} rows/s",
            flush=True,
        )
        assert peak < LIMIT_MB, f"{peak:.0f} MB are more than {LIMIT_MB} MB"


def measure(latency: float) -> tuple[float, float]:
    """The peak of resident memory in MB (10^6 bytes), and the seconds of one sync."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Path(folder, "config.json")
        dust = subprocess.Popen(
            [
                *(sys.executable, "-m", "local_dust", "--no-bodies", "--config", str(settings)),
                *("--latency", str(latency), "--limit", f"quiet_seconds={QUIET}"),
            ],
            cwd=ROOT,
            stdout=subprocess.PIPE,
        )
        try:
            assert dust.stdout
            assert dust.stdout.readline(), "the local Dust did not start"
            return _sync(Path(folder), json.loads(settings.read_text()))
        finally:
            dust.terminate()
            dust.wait()


def _sync(folder: Path, config: dict[str, Any]) -> tuple[float, float]:
    timing = {"confirmation_delay": QUIET + 1, "confirmation_limit": 600}
    files = {
        "config": {**config, "data_format": "tables", "timing": timing},
        "catalog": catalog(*(stream(name, fields=FIELDS) for name in STREAMS)),
    }
    arguments = []
    for name, content in files.items():
        path = folder / f"{name}-of-sync.json"
        path.write_text(json.dumps(content))
        arguments += [f"--{name}", str(path)]
    began = time.monotonic()
    connector = subprocess.Popen(
        [sys.executable, "main.py", "write", *arguments], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert connector.stdin
    assert connector.stdout
    states: list[bytes] = []
    reader = threading.Thread(target=_read, args=(connector.stdout, states), daemon=True)
    reader.start()
    peak = 0.0
    for block in _input():
        connector.stdin.write(block)
        peak = max(peak, peak_rss(connector.pid))
    connector.stdin.close()
    while connector.poll() is None:
        peak = max(peak, peak_rss(connector.pid))
        time.sleep(0.05)
    reader.join()
    assert connector.returncode == 0, "the sync failed"
    assert len(states) == ROWS // STATE_EVERY, f"{len(states)} states came back"
    return peak, time.monotonic() - began


def _input() -> Iterator[bytes]:
    """Records of about 350 bytes, of all streams in turn, with states now and then, in blocks of many lines."""
    block: list[bytes] = []
    for number in range(ROWS):
        name = STREAMS[number % len(STREAMS)]
        fields: dict[str, Any] = {
            "id": number,
            "name": f"Person {number}",
            "email": f"person.{number}@example.com",
            "created_at": "2025-03-04T05:06:07.25Z",
            "score": number / 8,
            "active": number % 3 == 0,
            "notes": f"Number {number}, as they say, " + "and so on " * 11,
        }
        block.append(json.dumps(record(name, **fields)).encode())
        if number % STATE_EVERY == STATE_EVERY - 1:
            block.append(json.dumps(state(name, number)).encode())
        if len(block) >= 1000:
            yield b"\n".join(block) + b"\n"
            block = []
    yield b"\n".join(block)


def _read(output: IO[bytes], states: list[bytes]) -> None:
    for line in output:
        if line.startswith(b'{"type":"STATE"'):
            states.append(line)
        elif b'"ERROR"' in line:
            print(line.decode(), file=sys.stderr, flush=True)


def peak_rss(pid: int) -> float:
    """The high-water mark of a process's resident memory, in MB; 0 once it has ended."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    lines = (line for line in status.splitlines() if line.startswith("VmHWM"))
    return max((int(line.split()[1]) * 1024 / 1e6 for line in lines), default=0.0)


if __name__ == "__main__":
    main()
