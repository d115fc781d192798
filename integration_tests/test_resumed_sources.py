"""Sources that go on from a state although their stream is to be replaced, on hosts that count no generations."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from integration_tests.harness.connector import write
from integration_tests.harness.contents import documents
from integration_tests.harness.messages import catalog, complete, record, state, stream
from integration_tests.harness.tables import QUIET, TABLE, settings, stored
from local_dust import LocalDust, World

WARNING = "Stream users: the sync brought 1 records, and deletes at least 4 that it did not bring."


@pytest.fixture
def quick() -> Iterator[LocalDust]:
    """A local Dust that merges rows soon and has no limit of upserts."""
    with LocalDust(World(quiet_seconds=QUIET, upserts_per_minute=None)) as dust:
        yield dust


@pytest.mark.parametrize("data_format", ["documents", "tables"])
def test_a_replacement_that_deletes_most_is_said(quick: LocalDust, tmp_path: Path, data_format: str) -> None:
    """It cannot be told from a stream that has lost most of its records, so it is carried out. Others say nothing."""
    config = quick.config(documents_per_minute=100_000, **{**settings(batch_age=0.5), "data_format": data_format})
    replaced = catalog(stream("users", mode="overwrite", generation=None, minimum=None, sync=None))

    def warnings(*numbers: int) -> list[str]:
        users = [record("users", id=number) for number in numbers]
        logs = write(tmp_path, config, replaced, [*users, state("users", 1), complete("users")]).logs()
        return [log for log in logs if "went on from a state" in log]

    def ids() -> set[str]:
        found: dict[str, Any] = documents(quick.world) if data_format == "documents" else stored(quick.world, TABLE)
        return {*found}

    assert [] == warnings(1, 2, 3, 4, 5)
    assert [] == warnings(1, 2, 3, 4, 6), "one that went and one that came are as usual"

    (warning,) = warnings(6)

    assert warning.startswith(WARNING)
    assert {"users-6"} == ids()
    assert [] == warnings(1, 2, 3, 4, 5, 6)
