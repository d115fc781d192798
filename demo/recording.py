"""The recorded messages of a source, and the result that a destination must produce."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
MESSAGES = HERE / "messages.jsonl"
CATALOG = HERE / "catalog.json"


@dataclass(frozen=True)
class Recording:
    """`records`: number by stream. `documents`: number by stream, one for each primary key."""

    records: Counter[str]
    documents: Counter[str]
    states: list[dict[str, Any]]


def recording() -> Recording:
    """Read the recorded messages."""
    catalog = json.loads(CATALOG.read_text(encoding="utf-8"))
    keys = {stream["stream"]["name"]: stream["primary_key"] for stream in catalog["streams"]}
    records: Counter[str] = Counter()
    states: list[dict[str, Any]] = []
    identities: set[tuple[str, ...]] = set()
    with MESSAGES.open(encoding="utf-8") as lines:
        for message in map(json.loads, lines):
            if message["type"] == "RECORD":
                stream, data = message["record"]["stream"], message["record"]["data"]
                records[stream] += 1
                identities.add((stream, *(json.dumps(data[name]) for (name,) in keys[stream])))
            elif message["type"] == "STATE":
                states.append(message["state"])
    return Recording(records, Counter(stream for stream, *_ in identities), states)
