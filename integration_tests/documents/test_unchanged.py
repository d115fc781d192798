"""Unchanged documents are not sent again."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

from integration_tests.harness.connector import write
from integration_tests.harness.contents import calls, contents, keep, marks
from integration_tests.harness.in_process import sync
from integration_tests.harness.messages import catalog, complete, record, state
from integration_tests.harness.replacements import USERS, truncating, users
from local_dust import LocalDust, World


def test_unchanged_documents_cost_nothing_of_the_limit(dust: LocalDust, tmp_path: Path) -> None:
    """10,000 documents: unchanged, no upsert and at most 110 look-ups; with 1 % changed, 100 upserts."""
    everybody = users(*range(10_000))
    keep(dust.world, USERS, everybody)

    connector = write(tmp_path, dust.config(), catalog(USERS), [*everybody, state("users", 1)])

    assert 0 == calls(dust.world)["upserts"]
    assert 0 < calls(dust.world)["look-ups"] <= 110
    assert [10_000.0] == [each["destinationStats"]["recordCount"] for each in connector.states()]
    assert any("10000 unchanged" in log for log in connector.logs())
    assert max(len(each.query) + len(each.path) for each in dust.world.arrivals) <= 6 * 1024

    dust.world.arrivals.clear()
    changed = random.Random(1).sample(range(10_000), 100)
    for number in changed:
        everybody[number] = record("users", id=number, changed=True)

    write(tmp_path, dust.config(), catalog(USERS), everybody)

    upserted = [each.document_id for each in dust.world.arrivals if each.is_upsert]
    assert sorted(f"users-{number}" for number in changed) == sorted(map(str, upserted))
    assert calls(dust.world)["look-ups"] <= 110


def test_everything_is_sent_again_if_that_is_asked_for(world: World) -> None:
    """`skip_unchanged: false` overwrites changes that were made in Dust, in every mode."""
    for configured in (USERS, truncating(5)):
        keep(world, USERS, users(1, 2))
        world.arrivals.clear()

        finished = sync(world, catalog(configured), [*users(1, 2), complete("users")], skip_unchanged=False)

        assert finished.failure is None
        assert (1 if configured is not USERS else 0) == calls(world)["look-ups"]  # for the mark
        assert 2 == calls(world)["upserts"] - len(marks(world))


def test_a_document_that_was_changed_in_dust_is_sent_again(world: World) -> None:
    """A document without our tags, or with those of another stream, may have been changed."""
    keep(world, USERS, users(1, 2, 3))
    upsert = world.data_source.documents.upsert
    changed: dict[str, Any] = {"title": "changed", "text": "changed", "timestamp": 1, "mime_type": "text/plain"}
    upsert("users-1", tags=(), source_url=None, parents=[], **changed)
    foreign = ("airbyte:stream:orders", "airbyte:1:" + "0" * 11)
    upsert("users-2", tags=foreign, source_url=None, parents=[], **changed)

    assert sync(world, catalog(USERS), users(1, 2, 3)).failure is None

    assert {f"users-{number}": {"id": number} for number in (1, 2, 3)} == contents(world)
    assert 2 == calls(world)["upserts"]
