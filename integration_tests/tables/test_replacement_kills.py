"""Replacements of tables that are killed: the next sync brings what is missing, and states keep their promise."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from integration_tests.harness.connector import write
from integration_tests.harness.in_process import sync
from integration_tests.harness.kills import at_many_points, killed_sync, records, versions
from integration_tests.harness.messages import catalog, complete, state, stream
from integration_tests.harness.replacements import truncating
from integration_tests.harness.tables import TABLE, settings, stored
from local_dust import LocalDust


@pytest.mark.airbyte_case("testInterruptedTruncateWithPriorData")
@at_many_points
def test_a_replacement_that_is_killed_is_exact_after_the_next_sync(dust: LocalDust, tmp_path: Path, seed: int) -> None:
    """SIGKILL at any point; what fits into one request is old or new at every moment."""
    chance = random.Random(seed)
    in_one_request = chance.random() < 0.5
    old = versions(dict.fromkeys(range(60), 1))
    new = versions(dict.fromkeys(range(20, 80), 2))
    earlier = [*records(old), state("users", 0)]
    assert sync(dust.world, catalog(stream("users", generation=4)), earlier, **settings()).failure is None
    dust.world.arrivals.clear()
    streams = catalog(truncating(5, mode=chance.choice(["overwrite", "append_dedup"])))
    messages = [*records(new), state("users", 1), complete("users")]
    config = dust.config(**settings(table_batch_size=100 if in_one_request else 10))
    # Two reads, the table, its rows in 1 or 6 requests, one look or ten, the mark.
    fatal = chance.randrange(1, 7 if in_one_request else 16)

    killed = killed_sync(dust, tmp_path, config, streams, messages, requests=fatal)

    if in_one_request:
        assert stored(dust.world) in (old, new)
    if killed.states():
        assert new == stored(dust.world)
        assert ("airbyte:replaced:5:7", "airbyte:columns") == dust.world.tables()[TABLE].tags
        messages = messages[-2:]

    write(tmp_path, config, streams, messages)
    assert new == stored(dust.world)
