"""Replacements of tables that are killed: the next sync brings what is missing, and states mean what they say."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from integration_tests.harness.connector import Connector, write
from integration_tests.harness.in_process import sync
from integration_tests.harness.messages import catalog, complete, record, state, stream
from integration_tests.harness.replacements import truncating
from integration_tests.harness.tables import TABLE, settings, stored
from local_dust import LocalDust


def killed_and_tried_again(dust: LocalDust, folder: Path, seed: int) -> None:
    """Kill a replacing sync at some arrival, look at the table, and replace it in full."""
    chance = random.Random(seed)
    in_one_request = chance.random() < 0.5
    old: dict[str, dict[str, Any]] = {f"users-{number}": {"id": number, "v": 1} for number in range(60)}
    new: dict[str, dict[str, Any]] = {f"users-{number}": {"id": number, "v": 2} for number in range(20, 80)}
    first = [record("users", **data) for data in old.values()]
    assert (
        sync(dust.world, catalog(stream("users", generation=4)), [*first, state("users", 0)], **settings()).failure
        is None
    )
    dust.world.arrivals.clear()
    streams = catalog(truncating(5, mode=chance.choice(["overwrite", "append_dedup"])))
    messages = [*(record("users", **data) for data in new.values()), state("users", 1), complete("users")]
    config = dust.config(**settings(table_batch_size=100 if in_one_request else 10))
    # What is there (2), the table, its rows in 1 or 6 requests, one look or ten, the mark.
    fatal = chance.randrange(1, 7 if in_one_request else 16)
    dust.faults.latency = 0.01
    connector = Connector("write", folder, config=config, catalog=streams)
    connector.send(*messages)
    connector.end_input()
    connector.wait_for(lambda: len(dust.world.arrivals) >= fatal or connector.process.poll() is not None)
    connector.kill()
    connector.wait()

    if in_one_request:
        assert stored(dust.world) in (old, new)
    if connector.states():
        assert new == stored(dust.world)
        assert ("airbyte:replaced:5",) == dust.world.tables()[TABLE].tags
        messages = messages[-2:]

    write(folder, config, streams, messages)
    assert new == stored(dust.world)


@pytest.mark.parametrize("seed", range(10))
def test_a_replacement_that_is_killed_is_exact_after_the_next_sync(dust: LocalDust, tmp_path: Path, seed: int) -> None:
    """SIGKILL at any point; what fits into one request is old or new at every moment."""
    killed_and_tried_again(dust, tmp_path, seed)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(10, 60))
def test_a_replacement_that_is_killed_at_many_points(dust: LocalDust, tmp_path: Path, seed: int) -> None:
    """The same, at 50 more points."""
    killed_and_tried_again(dust, tmp_path, seed)
