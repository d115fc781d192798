"""Tombstones of streams that are overwritten and deduplicated."""

from __future__ import annotations

from typing import Any

from integration_tests.harness.contents import contents
from integration_tests.harness.in_process import sync
from integration_tests.harness.messages import catalog, complete, record, state, stream
from local_dust import World

GONE: dict[str, Any] = {"_ab_cdc_deleted_at": "2026-01-01T00:00:00Z"}


def test_a_tombstone_deletes_where_a_deduplicated_stream_is_overwritten() -> None:
    """As in Append + Deduped: the deleted record is no document that agents find."""
    world = World(upserts_per_minute=None)
    overwritten = stream("users", mode="overwrite_dedup", generation=5, minimum=5)
    messages = [record("users", id=1), record("users", id=2), record("users", id=2, **GONE)]

    finished = sync(world, catalog(overwritten), [*messages, state("users", 1), complete("users")])

    assert (None, [3.0]) == (finished.failure, [each["destinationStats"]["recordCount"] for each in finished.states])
    assert ["users-1"] == [each for each in contents(world) if each.startswith("users")]
