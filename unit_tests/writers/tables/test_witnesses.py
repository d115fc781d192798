"""What the row of a witness proves."""

from __future__ import annotations

from typing import Any

import pytest

from destination_dust.mapping.tables.rows import LOADED_AT
from destination_dust.writers.tables.witnesses import Verdict, Witness

WALL = 1_800_000_000


def at(seconds: float) -> dict[str, Any]:
    """A cell as Dust shows it."""
    return {"type": "datetime", "epoch": int(seconds * 1000), "string_value": "…"}


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (None, Verdict.NOT_YET),
        ({LOADED_AT: at(WALL)}, Verdict.STORED),
        ({LOADED_AT: at(WALL - 1)}, Verdict.NOT_YET),
        ({LOADED_AT: at(WALL + 1)}, Verdict.FOREIGN),
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
    assert expected is Witness("a", times=(WALL, WALL)).verdict(row)


def test_the_time_of_a_request_that_failed_before_with_the_same_rows_is_proof_as_well() -> None:
    """Its answer was lost, and it has landed, perhaps after the parts in which it was sent again."""
    witness = Witness("a", times=(WALL, WALL + 2))
    found = [witness.verdict({LOADED_AT: at(WALL + each)}) for each in range(-1, 4)]

    assert [Verdict.NOT_YET, *[Verdict.STORED] * 3, Verdict.FOREIGN] == found
