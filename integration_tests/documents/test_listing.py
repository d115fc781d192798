"""Lists of a data source that are too large to be read."""

from __future__ import annotations

from pathlib import Path

from integration_tests.harness.connector import write
from integration_tests.harness.messages import catalog, complete, record, state, stream
from local_dust import LocalDust

TOO_LARGE = 65 * 1024 * 1024


def test_a_list_that_is_too_large_is_asked_for_in_halves(dust: LocalDust, tmp_path: Path) -> None:
    """Documents that are not ours may have thousands of tags, and they must not keep ours from being replaced."""
    first = catalog(stream("users", mode="overwrite", generation=1, minimum=1, sync=1))
    second = catalog(stream("users", mode="overwrite", generation=2, minimum=2, sync=2))
    write(tmp_path, dust.config(), first, [*(record("users", id=n) for n in range(5)), complete("users")])
    rule = dust.faults.add("huge", method="GET", size=TOO_LARGE, when=lambda arrival: "limit=1000" in arrival.query)

    config = dust.config(timing={"retry_budget": 3})
    connector = write(tmp_path, config, second, [record("users", id=1), state("users", 1), complete("users")])

    assert 1 == rule.hits
    assert {"users-1"} == {each for each in dust.world.documents() if each.startswith("users-")}
    assert 1 == len(connector.states())
