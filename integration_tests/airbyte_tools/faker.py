"""Writes of source-faker through PyAirbyte."""

from __future__ import annotations

from typing import Any

from integration_tests.airbyte_tools.clients import Client, Records, Source

STREAMS = ["users", "products", "purchases"]
STATELESS = {"cache": False, "state_cache": False}
"""PyAirbyte passes records on as they come, and remembers nothing."""


def write(
    client: Client,
    faker: Source,
    config: dict[str, Any],
    *counts: int,
    strategy: str,
    options: dict[str, Any] = STATELESS,
    fails: bool = False,
    **source_config: Any,
) -> list[Records]:
    """Write so many users and what belongs to them, once for each count; returns what the source printed.

    `fails`: that is what the first of the writes must do.
    """
    act = client.failing_pyairbyte if fails else client.pyairbyte
    act(
        command="write",
        destination_config=config,
        source=str(faker.executable),
        source_configs=[{"count": count, "seed": 1, "parallelism": 1, **source_config} for count in counts],
        streams=STREAMS,
        strategy=strategy,
        options=options,
    )
    reads = faker.reads()
    assert len(counts) == len(reads)
    return reads


def sizes(read: Records) -> dict[str, int]:
    """How many records of each stream were printed."""
    return {stream: len(records) for stream, records in read.items()}
