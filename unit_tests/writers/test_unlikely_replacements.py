"""Replacements that delete more than they bring."""

from __future__ import annotations

import pytest

from destination_dust.airbyte.catalog import Mode, StreamPlan
from destination_dust.writers.unlikely_replacements import warn_if_unlikely
from unit_tests.builders import USERS

NONE, COUNTED = (None, None, None), (5, 5, 70)


@pytest.mark.parametrize(
    ("ids", "brought", "deleted", "warns"),
    [
        (NONE, 40, 960, True),
        (NONE, 40, 41, True),
        (NONE, 40, 40, False),
        (NONE, 960, 40, False),
        (NONE, 40, -5, False),
        (COUNTED, 40, 960, False),
        ((1, 1, 1), 40, 960, True),
    ],
)
def test_more_deleted_than_brought_is_said_where_no_generations_are_counted(
    caplog: pytest.LogCaptureFixture,
    ids: tuple[int | None, int | None, int | None],
    brought: int,
    deleted: int,
    warns: bool,
) -> None:
    """Where they are counted, they tell a new reading from one that goes on."""
    warn_if_unlikely(StreamPlan(USERS, Mode.OVERWRITE, (), *ids), brought=brought, deleted=deleted)

    assert warns == bool(caplog.records)
    assert not warns or f"brought {brought} records, and deletes at least {deleted}" in caplog.text


def test_nothing_is_unlikely_where_the_caller_said_that_the_records_are_all(caplog: pytest.LogCaptureFixture) -> None:
    """There is no state from which a source could have gone on."""
    warn_if_unlikely(StreamPlan(USERS, Mode.OVERWRITE, is_whole=True), brought=40, deleted=960)

    assert not caplog.records
