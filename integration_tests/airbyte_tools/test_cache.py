"""PyAirbyte's default: records go into a cache of its own first, and from there to Dust."""

from __future__ import annotations

import json
from typing import Any

from integration_tests.airbyte_tools.clients import Client, Source
from integration_tests.airbyte_tools.conftest import QuickDust
from integration_tests.airbyte_tools.faker import sizes, write
from integration_tests.airbyte_tools.sources import written_in_turn


def as_cached(data: dict[str, Any]) -> dict[str, Any]:
    """A record as the cache gives it back: numbers with a fixed point become texts, times lose their zone."""
    times = {name: value[: len("2026-01-01T00:00:00")] for name, value in data.items() if name.endswith("_at")}
    prices = {name: f"{value:.9f}" for name, value in data.items() if name == "price"}
    return {**data, **times, **prices}


def test_records_that_come_from_the_cache_are_whole(dust: QuickDust, client: Client, faker: Source) -> None:
    """150 documents with all values of the source, as the cache writes them; it adds fields of its own."""
    (read,) = write(client, faker, dust.settings("documents"), 50, strategy="AUTO", options={})

    assert {"users": 50, "products": 50, "purchases": 50} == sizes(read)
    expected = {each: as_cached(record["data"]) for each, record in written_in_turn(read).items()}
    texts = {each: json.loads(document.text) for each, document in dust.world.documents().items()}
    assert set(expected) == set(texts)
    for each, values in expected.items():
        found = {name: texts[each][name] for name in values}
        assert values == {name: cell[:19] if name.endswith("_at") else cell for name, cell in found.items()}
