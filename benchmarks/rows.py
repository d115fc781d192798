"""The CPU that rows of tables take, beside the floor and beside destinations of other projects."""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks.contestants import connectors, floor, peers, table
from benchmarks.dust import TIMING
from benchmarks.messages import FIELDS, write_messages, write_singer_messages
from integration_tests.harness.messages import catalog, stream

ROWS = 200_000
STREAMS = ["orders", "users", "events", "pages"]
# About as many as fit into one of our requests.
PEER_BATCH = 2_000
ROUNDS = 2
SETTINGS = {"data_format": "tables", "timing": TIMING}


def main() -> None:
    """Print a table of all contestants."""
    with tempfile.TemporaryDirectory() as folder:
        messages, singer = Path(folder, "airbyte.jsonl"), Path(folder, "singer.jsonl")
        write_messages(messages, ROWS, STREAMS)
        write_singer_messages(singer, ROWS, STREAMS)
        added = catalog(*(stream(name, fields=FIELDS) for name in STREAMS))
        replaced = catalog(*(stream(name, fields=FIELDS, mode="overwrite_dedup", minimum=1) for name in STREAMS))
        table(
            [
                floor(messages, added),
                *connectors(messages, added, SETTINGS, name="rows, confirmed"),
                *connectors(messages, replaced, SETTINGS, name="rows that replace a table"),
                *peers(messages, singer, PEER_BATCH),
            ],
            ROWS,
            messages.stat().st_size,
            rounds=ROUNDS,
        )


if __name__ == "__main__":
    main()
