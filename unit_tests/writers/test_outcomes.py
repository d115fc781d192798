"""What became of each record: ledger and counts always agree."""

from __future__ import annotations

import logging
from collections import Counter

import pytest

from destination_dust.airbyte.catalog import Mode, StreamPlan
from destination_dust.airbyte.messages import Record, SourceChange
from destination_dust.writers.outcomes import BadRecord
from unit_tests.builders import USERS, state
from unit_tests.writers.outcomes import FakeWorkers


def test_every_fate_settles_its_records_and_counts_them() -> None:
    """Two spans, six records: the counts add up to what was read, and both states cover theirs."""
    calls = FakeWorkers(skip=True)
    outcomes, counts = calls.outcomes, calls.progress.of(USERS)
    first, _, _ = (outcomes.read(USERS) for _ in range(3))
    calls.ledger.add_state(state(USERS, 1))
    second, _, _ = (outcomes.read(USERS) for _ in range(3))
    calls.ledger.add_state(state(USERS, 2))

    outcomes.superseded(USERS)
    outcomes.upserted(USERS, Counter({first: 1, second: 1}))
    outcomes.unchanged(USERS, {first: 1})
    assert [] == list(calls.ledger.release())
    outcomes.deleted(USERS, {first: 1})
    outcomes.superseded(USERS)
    outcomes.rejected(USERS, "users-1", "it is bad", {second: 2})
    assert (6, 0) == (counts.read, counts.unsettled)

    assert [(3, 0), (1, 2)] == [(safe.stored, safe.rejected) for safe in calls.ledger.release()]


def test_deletions_that_name_no_row_are_acknowledged_and_counted_apart() -> None:
    """The source has nothing better to send, and the next one must not bring them again."""
    calls = FakeWorkers()
    span = calls.outcomes.read(USERS)
    calls.ledger.add_state(state(USERS, 1))

    calls.outcomes.ignored(USERS, {span: 1})

    counts = calls.progress.of(USERS)
    assert (1, 0, 0) == (counts.ignored, counts.deleted, counts.unsettled)
    assert [(1, 0)] == [(safe.stored, safe.rejected) for safe in calls.ledger.release()]


def test_facts_about_a_record_are_noted_by_declared_field() -> None:
    """A field that no schema has is not named: its name may be data."""
    calls = FakeWorkers()
    plan = StreamPlan(USERS, Mode.APPEND, properties={"n": {}})
    changes = tuple(SourceChange(field, "NULLED", "X") for field in ("n", "n.inner", "secret"))

    calls.outcomes.note(plan, Record(USERS, {}, None, 1, is_utf8=False, changes=changes))

    counts = calls.progress.of(USERS)
    assert (1, 0) == (counts.not_utf8, counts.read)
    assert {SourceChange("n", "NULLED", "X"): 2, SourceChange("", "NULLED", "X"): 1} == counts.source_changes


def test_a_refused_record_takes_those_that_it_superseded_with_it(caplog: pytest.LogCaptureFixture) -> None:
    """They are rejected, no longer superseded, and one warning names them all."""
    calls = FakeWorkers(skip=True)
    span, *_ = (calls.outcomes.read(USERS) for _ in range(4))
    calls.outcomes.superseded(USERS, 3)

    with caplog.at_level(logging.WARNING, "airbyte"):
        calls.outcomes.rejected(USERS, "users-1", "it is bad", {span: 4})

    assert "4 records read, 0 upserted, 0 deleted, 4 rejected" == str(calls.progress.of(USERS))
    assert 1 == len(caplog.records)
    assert calls.outcomes.failure is None


def test_the_first_bad_record_fails_the_sync_and_none_is_acknowledged() -> None:
    """Under `fail`, the loop raises the error; the record stays open, so no state passes it."""
    calls = FakeWorkers()
    span, *_ = (calls.outcomes.read(USERS) for _ in range(2))
    calls.ledger.add_state(state(USERS))

    calls.outcomes.rejected(USERS, "users-1", "it is bad", {span: 1})
    calls.outcomes.rejected(USERS, "users-2", "so is this", {span: 1})

    assert isinstance(calls.outcomes.failure, BadRecord)
    assert "users-1" in str(calls.outcomes.failure)
    assert [] == list(calls.ledger.release())


def test_a_replacement_goes_on_past_a_bad_record() -> None:
    """It must not end half-way: the record is counted, and the caller fails the sync in the end."""
    calls = FakeWorkers()
    span = calls.outcomes.read(USERS)

    calls.outcomes.rejected(USERS, "users-1", "it is bad", {span: 1}, stop=False)

    assert calls.outcomes.failure is None
    assert 1 == calls.progress.of(USERS).rejected


def test_a_stream_was_replaced_only_if_that_was_said_and_nothing_else() -> None:
    """Silence is no proof; and whoever comes last does not undo why something old is still there."""
    outcomes = FakeWorkers().outcomes
    assert (False, None) == (outcomes.was_replaced(USERS), outcomes.reason_kept(USERS))

    outcomes.replaced(USERS)
    assert (True, None) == (outcomes.was_replaced(USERS), outcomes.reason_kept(USERS))

    outcomes.kept(USERS, "it stays")
    outcomes.kept(USERS, "so does this")
    outcomes.replaced(USERS)
    assert (False, "it stays") == (outcomes.was_replaced(USERS), outcomes.reason_kept(USERS))
