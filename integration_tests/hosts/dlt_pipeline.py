"""A pipeline of dlt to a local Dust, as a process of its own: it loads the rows that its standard input holds.

`python -m integration_tests.hosts.dlt_pipeline FOLDER`: `FOLDER/config.json` has the settings.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import dlt

from destination_dust.hosts.dlt import dust


def pipeline(folder: Path, settings: dict[str, Any], **options: Any) -> Any:
    """The pipeline with its state in a folder."""
    return dlt.pipeline("tests", destination=dust(settings=settings, **options), pipelines_dir=str(folder))


def users(rows: list[dict[str, Any]], **hints: Any) -> Any:
    """A resource of these rows, merged by `id` by default."""
    merged = {"name": "users", "primary_key": "id", "write_disposition": "merge", **hints}
    return dlt.resource(rows, **merged)


if __name__ == "__main__":
    home = Path(sys.argv[1])
    config = json.loads((home / "config.json").read_bytes())
    pipeline(home, config).run(users(json.load(sys.stdin)))
