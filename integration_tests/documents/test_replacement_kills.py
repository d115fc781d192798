"""Replacements that are killed: at every moment, a document is the old or the new one."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from integration_tests.harness.connector import Connector
from integration_tests.harness.contents import calls, contents, keep, marks
from integration_tests.harness.in_process import sync
from integration_tests.harness.messages import catalog, complete, record, state, stream
from integration_tests.harness.replacements import truncating
from local_dust import LocalDust


def killed_and_tried_again(dust: LocalDust, folder: Path, seed: int) -> None:
    """Kill a replacing sync at some arrival, and see that every document is old or new; then replace in full."""
    chance = random.Random(seed)
    old: dict[str, dict[str, Any]] = {f"users-{number}": {"id": number, "v": 1} for number in range(60)}
    new: dict[str, dict[str, Any]] = {
        f"users-{number}": {"id": number, "v": 1 + number % 2} for number in range(20, 80)
    }
    keep(dust.world, stream("users", generation=4), [record("users", **data) for data in old.values()])
    streams = catalog(truncating(5, mode=chance.choice(["overwrite", "append_dedup"])))
    messages = [*(record("users", **data) for data in new.values()), state("users", 1), complete("users")]
    # About 40 upserts, 20 deletes and 5 other calls.
    fatal = chance.randrange(1, 66)
    dust.faults.latency = 0.01
    connector = Connector("write", folder, config=dust.config(max_concurrency=4), catalog=streams)
    connector.send(*messages)
    connector.end_input()
    connector.wait_for(lambda: len(dust.world.arrivals) >= fatal or connector.process.poll() is not None)
    connector.kill()
    connector.wait()

    after = contents(dust.world)
    for each, data in after.items():
        assert data in (old.get(each), new.get(each))
    assert old.keys() & new.keys() <= after.keys()
    if calls(dust.world)["deletes"]:
        assert new == {each: after[each] for each in new}
    if connector.states():
        assert new == after
        assert ["airbyte:replaced:5"] == marks(dust.world)
        messages = messages[-2:]

    assert sync(dust.world, streams, messages).failure is None
    assert new == contents(dust.world)


@pytest.mark.parametrize("seed", range(10))
def test_a_replacement_that_is_killed_leaves_old_or_new_documents(dust: LocalDust, tmp_path: Path, seed: int) -> None:
    """SIGKILL at any point: nothing goes before its replacement is there, and the next attempt ends it."""
    killed_and_tried_again(dust, tmp_path, seed)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(10, 60))
def test_a_replacement_that_is_killed_at_many_points(dust: LocalDust, tmp_path: Path, seed: int) -> None:
    """The same, at 50 more points."""
    killed_and_tried_again(dust, tmp_path, seed)
