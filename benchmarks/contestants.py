"""Programs that do the same work: the connector, an earlier version of it, a floor, and destinations of others.

They run in turn, one after the other, because the machine may be busy with something else: only figures of one run can
be compared, and of several rounds the one that took the least CPU counts.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.dust import local_dust
from benchmarks.processes import ROOT, Usage, measured

PEERS = ROOT / "benchmarks" / "peers"
# Set up by `make bench`; without it there are no peers.
PEERS_PYTHON = ROOT / ".bench-venv" / "bin" / "python"
# A checkout of an earlier version, to measure in the same run.
BEFORE = os.environ.get("BEFORE")


@dataclass(frozen=True)
class Contestant:
    """A program with a name for people. `run` measures it once."""

    name: str
    run: Callable[[], Usage]


def connectors(
    messages: Path, catalog: dict[str, Any], settings: dict[str, Any], *, name: str, latency: float = 0.0
) -> Iterator[Contestant]:
    """The connector, and the earlier version if one was named. Each run has a local Dust of its own."""
    for version, root in (("before: ", BEFORE), ("", ROOT)):
        if root:
            yield Contestant(version + name, _connector(Path(root), messages, catalog, settings, latency))


def floor(messages: Path, catalog: dict[str, Any]) -> Contestant:
    """The CDK's loop with nothing in it but each record's JSON."""

    def run() -> Usage:
        with _files(catalog=catalog, config={}) as arguments:
            return measured([sys.executable, "-m", "benchmarks.floors", "write", *arguments], messages)

    return Contestant("floor (CDK's loop, a record's JSON)", run)


def peers(airbyte: Path, singer: Path, size: int, *, latency: float = 0.0) -> Iterator[Contestant]:
    """Destinations of others, which post so many records in a request; none if they are not installed."""
    if not PEERS_PYTHON.exists():
        print(f"Without the peers: {PEERS_PYTHON} is missing (make bench-peers installs it).", flush=True)
        return
    for name, program, messages in (
        ("singer-sdk", "singer_target.py", singer),
        ("dlt", "dlt_destination.py", airbyte),
    ):
        yield Contestant(f"{name}, plain HTTP", _peer(program, messages, size, latency))


def table(contestants: list[Contestant], records: int, size: int, *, rounds: int = 1) -> None:
    """Measure all in turn, and print the fastest round of each. `size`: bytes of the records."""
    best: dict[str, Usage] = {}
    for _ in range(rounds):
        for each in contestants:
            usage = each.run()
            print(f"{each.name}: {usage.cpu:.1f} s of CPU in {usage.seconds:.0f} s", file=sys.stderr, flush=True)
            if each.name not in best or usage.cpu < best[each.name].cpu:
                best[each.name] = usage
    lowest = next(iter(best.values())).cpu
    print(f"{records:,} records of {size // records} bytes:\n", flush=True)
    print("| | CPU s | times the floor | CPU µs a record | MB for a s of CPU | s | peak RSS in MB |")
    print("|---|--:|--:|--:|--:|--:|--:|")
    for name, usage in best.items():
        print(
            f"| {name} | {usage.cpu:.1f} | {usage.cpu / lowest:.1f} | {usage.cpu / records * 1e6:.0f} "
            f"| {size / 1e6 / usage.cpu:.1f} | {usage.seconds:.0f} | {usage.peak / 1e6:.0f} |",
            flush=True,
        )


def _connector(
    root: Path, messages: Path, catalog: dict[str, Any], settings: dict[str, Any], latency: float
) -> Callable[[], Usage]:
    def run() -> Usage:
        with (
            tempfile.TemporaryDirectory() as folder,
            local_dust(Path(folder), latency=latency) as own,
            _files(catalog=catalog, config={**own, **settings}) as arguments,
        ):
            return measured([sys.executable, "main.py", "write", *arguments], messages, cwd=root)

    return run


def _peer(program: str, messages: Path, size: int, latency: float) -> Callable[[], Usage]:
    def run() -> Usage:
        server = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.endpoint", str(latency)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        with server:
            assert server.stdout
            url = f"http://127.0.0.1:{int(server.stdout.readline())}/"
            command = [str(PEERS_PYTHON), str(PEERS / program), url, str(size)]
            return measured(command, messages, environment={"RUNTIME__DLTHUB_TELEMETRY": "false"})

    return run


@contextmanager
def _files(**contents: Any) -> Iterator[list[str]]:
    """Files with these contents, as options of a command."""
    with tempfile.TemporaryDirectory() as folder:
        arguments = []
        for name, content in contents.items():
            path = Path(folder, f"{name}.json")
            path.write_text(json.dumps(content))
            arguments += [f"--{name}", str(path)]
        yield arguments
