"""A local Dust in a process of its own, so that its CPU is not counted as the connector's."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.processes import ROOT

# Dust waits for 10 s before it merges rows; here time is worth more.
QUIET = 1.0
TIMING = {"confirmation_delay": QUIET + 1, "confirmation_limit": 600}


@contextmanager
def local_dust(
    folder: Path, *, latency: float = 0.0, upserts_per_minute: int | None = None
) -> Iterator[dict[str, Any]]:
    """Start it, and stop it in the end. Gives the connector's settings for it."""
    settings = folder / "settings.json"
    limits = {"quiet_seconds": QUIET, "upserts_per_minute": upserts_per_minute or "null"}
    arguments = [argument for name, value in limits.items() for argument in ("--limit", f"{name}={value}")]
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "local_dust", "--no-bodies", "--config", str(settings)),
            *("--latency", str(latency), *arguments),
        ],
        cwd=ROOT,
        stdout=subprocess.PIPE,
    )
    try:
        assert process.stdout
        assert process.stdout.readline(), "the local Dust did not start"
        yield json.loads(settings.read_text())
    finally:
        process.terminate()
        process.wait()
