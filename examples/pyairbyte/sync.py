"""Syncs a source to Dust once, with PyAirbyte: `python sync.py SETTINGS`. A schedule starts it: see dust-sync.timer.

SETTINGS is a file like settings.example.json. PyAirbyte keeps the state of the source in `.cache` of the working
directory, so the next sync goes on from it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import airbyte as ab


def main(settings: dict[str, Any]) -> None:
    """Check both ends, then write. Raises if anything is not stored, so that the schedule sees it."""
    source = ab.get_source(**settings["source"])
    source.check()
    dust = ab.get_destination("destination-dust", **settings["destination"])
    dust.check()
    # Without PyAirbyte's cache of records, which changes numbers and times. The state is kept all the same.
    dust.write(source, cache=False)


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_bytes()))
