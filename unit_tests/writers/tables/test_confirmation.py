"""What a row says about the request that changed it, and when to look."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from destination_dust.mapping.tables.rows import LOADED_AT
from destination_dust.writers.tables.confirmation import ConfirmationTiming, Looks, Verdict, verdict
from destination_dust.writers.tables.witnesses import Witness

NOW = 1_800_000_000
ROW = Witness("a")


def at(seconds: float) -> dict[str, Any]:
    """A cell as Dust shows it."""
    return {"type": "datetime", "epoch": int(seconds * 1000), "string_value": "…"}


def looks(*witnesses: Witness, first_look: float = 11.0, give_up: float = 200.0) -> Looks:
    """The looks after a burst that ended at 100."""
    return Looks(witnesses, since=100.0, timing=ConfirmationTiming(first_look, give_up))


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (None, Verdict.NOT_YET),
        ({LOADED_AT: at(NOW)}, Verdict.STORED),
        ({LOADED_AT: at(NOW - 1)}, Verdict.NOT_YET),
        ({LOADED_AT: at(NOW + 1)}, Verdict.FOREIGN),
        ({LOADED_AT: "2027-01-15 08:00:00"}, Verdict.STORED),
        ({LOADED_AT: "2027-01-15 09:00:00"}, Verdict.FOREIGN),
        ({LOADED_AT: "recently"}, Verdict.FOREIGN),
        ({LOADED_AT: 5}, Verdict.FOREIGN),
        ({LOADED_AT: None}, Verdict.NOT_YET),
        ({}, Verdict.NOT_YET),
    ],
)
def test_only_the_bursts_own_time_is_proof(row: dict[str, Any] | None, expected: Verdict) -> None:
    """A later one may be older than the burst, if a clock was fast when it was written."""
    assert expected is verdict(row, NOW)


def test_looks_begin_after_the_quiet_time_and_become_rarer() -> None:
    """Up to half a minute apart, and the last one at the very end."""
    found = looks(ROW)
    times, now, over = [], 100.0, False
    while not over:
        now += 0.5
        if found.due(now):
            times.append(now)
            over = found.found(Verdict.NOT_YET, looked=now, now=now, progress=0.0)

    waits = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert 111.0 == times[0]
    assert waits[:-1] == sorted(waits[:-1])
    assert max(waits) <= 30.5
    assert 300.0 == times[-1]


def test_the_other_witnesses_follow_at_once() -> None:
    """When the last request is merged, those before it are as well."""
    first, second = Witness("last"), Witness("first")
    found = looks(first, second)

    assert not found.found(Verdict.STORED, looked=111.0, now=111.0, progress=111.0)

    assert second == found.witness
    assert found.due(111.0)
    assert not found.found(Verdict.STORED, looked=111.0, now=111.0, progress=111.0)
    assert found.witness is None


def test_what_is_found_late_is_found() -> None:
    """A look that was begun too early to be the last, and answered late, does not end the patience either."""
    found = looks(Witness("last"), Witness("first"))

    assert not found.found(Verdict.NOT_YET, looked=299.0, now=305.0, progress=0.0)
    assert found.due(305.0)
    assert not found.found(Verdict.STORED, looked=305.0, now=310.0, progress=310.0)
    assert found.due(310.0)
    assert not found.found(Verdict.STORED, looked=310.0, now=311.0, progress=311.0)
    assert found.witness is None


def test_patience_counts_from_the_last_merge_of_any_table() -> None:
    """Dust merges one table after another, so a table that waits for its turn is not lost."""
    found = looks(ROW)

    assert not found.found(Verdict.NOT_YET, looked=310.0, now=310.0, progress=300.0)
    assert not found.found(Verdict.NOT_YET, looked=499.0, now=499.0, progress=300.0)
    assert found.found(Verdict.NOT_YET, looked=500.0, now=500.0, progress=300.0)


def test_dust_is_nudged_three_times() -> None:
    """After 2, 5 and 10 minutes of 30."""
    found = looks(ROW, give_up=1800.0)

    assert [120, 300, 600] == [second for second in range(1800) if found.nudge_due(100.0 + second)]
