"""Runs in PyAirbyte's environment, as a user's script would: does what the JSON on standard input asks for."""

from __future__ import annotations

import json
import sys
from typing import Any

import airbyte as ab
from airbyte.strategies import WriteStrategy


def main(task: dict[str, Any]) -> None:
    """Check the destination, or write a source to it: once for each of the source's settings."""
    destination = ab.get_destination(
        "destination-dust", local_executable=task["destination"], config=task["destination_config"]
    )
    if task["command"] == "check":
        destination.check()
        return
    for config in task["source_configs"]:
        source = ab.get_source("source-faker", local_executable=task["source"], config=config, streams=task["streams"])
        destination.write(source, write_strategy=WriteStrategy[task["strategy"]], **task["options"])


if __name__ == "__main__":
    main(json.load(sys.stdin))
