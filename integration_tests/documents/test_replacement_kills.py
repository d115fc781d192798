"""Replacements that are killed: at every moment, a document is the old or the new one."""

from __future__ import annotations

import random
from pathlib import Path

from integration_tests.harness.contents import calls, contents, keep, marks
from integration_tests.harness.in_process import sync
from integration_tests.harness.kills import at_many_points, killed_sync, records, versions
from integration_tests.harness.messages import catalog, complete, state, stream
from integration_tests.harness.replacements import truncating
from local_dust import LocalDust


@at_many_points
def test_a_replacement_that_is_killed_leaves_old_or_new_documents(dust: LocalDust, tmp_path: Path, seed: int) -> None:
    """SIGKILL at any point: nothing is deleted before its replacement is stored, and the next attempt finishes."""
    chance = random.Random(seed)
    old = versions(dict.fromkeys(range(60), 1))
    new = versions({number: 1 + number % 2 for number in range(20, 80)})
    keep(dust.world, stream("users", generation=4), records(old))
    streams = catalog(truncating(5, mode=chance.choice(["overwrite", "append_dedup"])))
    messages = [*records(new), state("users", 1), complete("users")]
    # About 40 upserts, 20 deletes and 5 other calls.
    fatal = chance.randrange(1, 66)

    killed = killed_sync(dust, tmp_path, dust.config(max_concurrency=4), streams, messages, requests=fatal)

    after = contents(dust.world)
    for each, data in after.items():
        assert data in (old.get(each), new.get(each))
    assert old.keys() & new.keys() <= after.keys()
    if calls(dust.world)["deletes"]:
        assert new == {each: after[each] for each in new}
    if killed.states():
        assert new == after
        assert ["airbyte:replaced:5:7"] == marks(dust.world)
        messages = messages[-2:]

    assert sync(dust.world, streams, messages).failure is None
    assert new == contents(dust.world)
