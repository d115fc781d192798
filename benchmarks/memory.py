"""The memory of syncs that hold a lot at once. A container with 512 MB is enough for each of them."""

from __future__ import annotations

import resource
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import orjson

from benchmarks.dust import TIMING, local_dust
from benchmarks.processes import measured
from integration_tests.harness.messages import catalog, complete, record, state, stream

LIMIT_MB = 512
TABLES = {"data_format": "tables", "timing": TIMING}
LARGE_ROWS, LARGE_ROW = 60, 900_000
STATES, STATE_SIZE = 20_000, 10_000
STREAMS, DESCRIPTORS = 1_100, 1_024


def main() -> None:
    """Print the peak of the resident memory of each."""
    for name, measure in (
        (f"rows of {LARGE_ROW:,} bytes, into a table with {LARGE_ROWS}", large_rows),
        (f"{STATES:,} states of {STATE_SIZE:,} bytes that a replacement holds back", held_states),
        (f"{STREAMS:,} tables that are replaced, with {DESCRIPTORS:,} descriptors", many_tables),
    ):
        with tempfile.TemporaryDirectory() as folder, local_dust(Path(folder)) as settings:
            peak = measure(Path(folder), {**settings, **TABLES})
        print(f"{name}: peak RSS {peak:.0f} MB", flush=True)
        assert peak < LIMIT_MB, f"{peak:.0f} MB are more than {LIMIT_MB} MB"


def large_rows(folder: Path, settings: dict[str, Any]) -> float:
    """A table is sampled before anything is added to it, and each of its rows may be nearly as large as a request."""
    first, second = (
        [record("users", id=number, text=f"{number} {'x' * LARGE_ROW}") for number in numbers]
        for numbers in (range(LARGE_ROWS), range(LARGE_ROWS, LARGE_ROWS + 2))
    )
    configured = catalog(stream("users"))
    _peak(folder, settings, configured, [*first, state("users", 1)])
    return _peak(folder, settings, configured, [*second, state("users", 2)])


def held_states(folder: Path, settings: dict[str, Any]) -> float:
    """States wait for the end of a replacement."""
    configured = catalog(stream("users", mode="overwrite_dedup", minimum=1))
    states = (state("users", number, cursor_text="x" * STATE_SIZE) for number in range(STATES))
    return _peak(folder, settings, configured, [record("users", id=1), *states, complete("users")])


def many_tables(folder: Path, settings: dict[str, Any]) -> float:
    """Rows of each wait on disk."""
    names = [f"stream_{number}" for number in range(STREAMS)]
    configured = catalog(*(stream(name, mode="overwrite_dedup", minimum=1) for name in names))
    messages = [message for name in names for message in (record(name, id=1), state(name, 1), complete(name))]
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (DESCRIPTORS, hard))  # which child processes have, too
    return _peak(folder, settings, configured, messages)


def _peak(
    folder: Path, settings: dict[str, Any], configured: dict[str, Any], messages: Iterable[dict[str, Any]]
) -> float:
    """The high-water mark of the connector's resident memory, in MB (10^6 bytes)."""
    lines, config, catalog_file = (folder / name for name in ("messages.jsonl", "config.json", "catalog.json"))
    with lines.open("wb") as file:
        file.writelines(orjson.dumps(message) + b"\n" for message in messages)
    config.write_bytes(orjson.dumps(settings))
    catalog_file.write_bytes(orjson.dumps(configured))
    usage = measured(
        [sys.executable, "main.py", "write", "--config", str(config), "--catalog", str(catalog_file)], lines
    )
    return usage.peak / 1e6


if __name__ == "__main__":
    main()
