"""Markers: what a marker of a stream proves, and what only looks like a proof."""

from __future__ import annotations

import logging

import pytest

from destination_dust.airbyte.catalog import Mode, StreamPlan
from destination_dust.mapping.tags import Marker
from destination_dust.writers.markers import Decision, announce, decide, marker_for, staying
from unit_tests.builders import USERS

GENERATION, SYNC = 5, 70
OVERWRITE, DEDUP, APPEND = Mode.OVERWRITE, Mode.APPEND_DEDUP, Mode.APPEND
ADD, ADD_UNPROVEN = Decision.ADD, Decision.ADD_UNPROVEN
REPLACE, REPLACE_OTHERS = Decision.REPLACE, Decision.REPLACE_OTHER_GENERATIONS


def plan(mode: Mode, sync_id: int | None = SYNC) -> StreamPlan:
    return StreamPlan(USERS, mode, (("id",),), GENERATION, GENERATION, sync_id)


@pytest.mark.parametrize(
    ("marker", "overwriting", "truncating"),
    [
        # An attempt of this sync has finished it.
        (Marker(GENERATION, SYNC, True), ADD, ADD),
        # Another sync of this number of generation: of a connection that was made again, for instance.
        (Marker(GENERATION, SYNC - 1, True), REPLACE, ADD_UNPROVEN),
        # A marker of version 0.1.0 does not say which sync has written it.
        (Marker(GENERATION, None, True), ADD_UNPROVEN, ADD_UNPROVEN),
        # A table's replacement was begun, so nothing of it was acknowledged.
        (Marker(GENERATION, SYNC, False), REPLACE, REPLACE),
        (Marker(GENERATION, SYNC - 1, False), REPLACE, REPLACE),
        # Other generations, lower ones and those of another connection.
        (Marker(GENERATION - 1, SYNC, True), REPLACE_OTHERS, REPLACE_OTHERS),
        (Marker(GENERATION + 4, SYNC, True), REPLACE_OTHERS, REPLACE_OTHERS),
        (Marker(GENERATION - 1, SYNC, False), REPLACE_OTHERS, REPLACE_OTHERS),
        (None, REPLACE_OTHERS, REPLACE_OTHERS),
    ],
)
def test_only_the_marker_of_this_sync_proves_what_it_did(
    marker: Marker | None, overwriting: Decision, truncating: Decision
) -> None:
    """A sync that overwrites brings everything; one that truncates may go on behind what another acknowledged."""
    assert overwriting is decide(plan(OVERWRITE), marker) is decide(plan(Mode.OVERWRITE_DEDUP), marker)
    assert truncating is decide(plan(DEDUP), marker) is decide(plan(APPEND), marker)


@pytest.mark.parametrize("mode", [OVERWRITE, DEDUP])
def test_a_host_that_does_not_name_its_syncs_proves_nothing_by_a_marker(mode: Mode) -> None:
    """Two syncs without an id may be one or two."""
    nameless = plan(mode, sync_id=None)

    assert ADD_UNPROVEN is decide(nameless, Marker(GENERATION, None, True))
    assert ADD_UNPROVEN is decide(nameless, Marker(GENERATION, SYNC, True))


@pytest.mark.parametrize("ids", [(None, None, None), (1, 1, 1)])
def test_without_generations_the_end_of_the_stream_is_all_the_proof(
    ids: tuple[int | None, int | None, int | None],
) -> None:
    """Whatever marker another host has left."""
    overwritten = StreamPlan(USERS, OVERWRITE, (("id",),), *ids)

    assert REPLACE is decide(overwritten, Marker(1, 1, True))
    assert marker_for(overwritten, completed=True) is None


def test_a_sync_recognises_its_own_marker() -> None:
    """And no other generation or sync does, if the marker travels as a tag."""
    marker = marker_for(plan(DEDUP), completed=True)

    assert Marker(GENERATION, SYNC, True) == marker
    assert ADD is decide(plan(DEDUP), marker)


@pytest.mark.parametrize("decision", Decision)
def test_each_decision_is_logged_in_one_line(decision: Decision, caplog: pytest.LogCaptureFixture) -> None:
    """A warning if something old stays for want of a proof."""
    with caplog.at_level(logging.INFO, "airbyte"):
        announce(plan(DEDUP), decision)

    (record,) = caplog.records
    assert record.getMessage() == f"Stream users: {decision.value}."
    assert (logging.WARNING if decision is ADD_UNPROVEN else logging.INFO) == record.levelno


def test_what_another_attempt_may_have_acknowledged_stays() -> None:
    """It is of this generation, or of one that the platform keeps; those of another connection may be above."""
    counted = StreamPlan(USERS, DEDUP, (("id",),), GENERATION, GENERATION - 2, SYNC)

    assert [3, 4, 5] == [each for each in range(10) if each in staying(counted, REPLACE_OTHERS)]
    assert not staying(counted, REPLACE)
