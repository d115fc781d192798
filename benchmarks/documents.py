"""How fast documents leave where the limit is no obstacle, and the CPU that they take, beside floors and peers."""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks.contestants import connectors, floor, peers, table
from benchmarks.messages import FIELDS, write_messages, write_singer_messages
from integration_tests.harness.messages import catalog, stream

DOCUMENTS = 4_000
STREAMS = ["orders", "users"]
PER_MINUTE = 6_000
CONCURRENCY = 32
LATENCY = 0.4
SETTINGS = {
    "data_format": "documents",
    "documents_per_minute": PER_MINUTE,
    "max_concurrency": CONCURRENCY,
    "skip_unchanged": False,
}


def main() -> None:
    """Print a table of all contestants, and the least time that so many calls side by side can take."""
    with tempfile.TemporaryDirectory() as folder:
        messages, singer = Path(folder, "airbyte.jsonl"), Path(folder, "singer.jsonl")
        write_messages(messages, DOCUMENTS, STREAMS)
        write_singer_messages(singer, DOCUMENTS, STREAMS)
        configured = catalog(*(stream(name, fields=FIELDS) for name in STREAMS))
        least = DOCUMENTS * LATENCY / CONCURRENCY
        print(
            f"Answers take {LATENCY} s, and {PER_MINUTE:,} documents a minute are allowed. {CONCURRENCY} calls side "
            f"by side take {least:.0f} s at least ({CONCURRENCY / LATENCY:.0f} a second). The peers make one call "
            "after the other, so theirs are answered at once.",
            flush=True,
        )
        table(
            [
                floor(messages, configured),
                *connectors(messages, configured, SETTINGS, name="documents", latency=LATENCY),
                *peers(messages, singer, 1),
            ],
            DOCUMENTS,
            messages.stat().st_size,
        )


if __name__ == "__main__":
    main()
