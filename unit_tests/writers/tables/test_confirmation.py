"""What a row says about the request that changed it, and when to look."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from destination_dust.mapping.tables.rows import LOADED_AT
from destination_dust.writers.tables.confirmation import Confirmation, ConfirmationTiming, Verdict, verdict
from destination_dust.writers.tables.witnesses import Witness

NOW = 1_800_000_000
ROW, GONE = Witness("a"), Witness("a", deleted=True)


def at(seconds: float) -> dict[str, Any]:
    """A cell as Dust shows it."""
    return {"type": "datetime", "epoch": int(seconds * 1000), "string_value": "…"}


@pytest.mark.parametrize(
    ("witness", "row", "expected"),
    [
        (ROW, None, Verdict.NOT_YET),
        (ROW, {LOADED_AT: at(NOW)}, Verdict.STORED),
        (ROW, {LOADED_AT: at(NOW - 1)}, Verdict.NOT_YET),
        (ROW, {LOADED_AT: at(NOW + 1)}, Verdict.OVERTAKEN),
        (ROW, {LOADED_AT: "2027-01-15 08:00:00"}, Verdict.STORED),
        (ROW, {LOADED_AT: "recently"}, Verdict.INCOMPARABLE),
        (ROW, {LOADED_AT: 5}, Verdict.INCOMPARABLE),
        (ROW, {LOADED_AT: None}, Verdict.NOT_YET),
        (ROW, {}, Verdict.NOT_YET),
        (GONE, None, Verdict.STORED),
        (GONE, {LOADED_AT: at(NOW)}, Verdict.NOT_YET),
        (GONE, {LOADED_AT: at(NOW - 1)}, Verdict.NOT_YET),
        (GONE, {LOADED_AT: at(NOW + 1)}, Verdict.OVERTAKEN),
        (GONE, {LOADED_AT: "recently"}, Verdict.NOT_YET),
    ],
)
def test_a_row_is_judged_by_its_time_of_loading(
    witness: Witness, row: dict[str, Any] | None, expected: Verdict
) -> None:
    """Its own, a later or an earlier one, none, or no row at all."""
    assert expected is verdict(witness, row, NOW)


def test_looks_begin_after_the_quiet_time_and_become_rarer() -> None:
    """Up to half a minute apart, and the last one at the very end."""
    confirmation = Confirmation([ROW], since=100.0, timing=ConfirmationTiming(first_look=11.0, give_up=200.0))
    looks = []
    now = 100.0
    while not confirmation.overdue(now):
        now += 0.5
        if confirmation.due(now):
            looks.append(now)
            confirmation.heard(Verdict.NOT_YET, now)

    waits = [later - earlier for earlier, later in itertools.pairwise(looks)]
    assert 111.0 == looks[0]
    assert waits[:-1] == sorted(waits[:-1])
    assert max(waits) <= 30.5
    assert 300.0 == looks[-1]


def test_the_other_witnesses_follow_at_once() -> None:
    """When the last request is merged, those before it are as well."""
    first, second = Witness("last"), Witness("first")
    confirmation = Confirmation([first, second], since=0.0, timing=ConfirmationTiming(11.0, 100.0))

    confirmation.heard(Verdict.STORED, 11.0)

    assert second == confirmation.witness
    assert confirmation.due(11.0)
    confirmation.heard(Verdict.OVERTAKEN, 11.0)
    assert confirmation.witness is None
    assert not confirmation.overdue(1000.0)
