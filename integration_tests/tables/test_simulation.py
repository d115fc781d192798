"""Syncs into tables in a world where everything goes wrong, found by search.

No row is lost or wrong in the end, no state is ahead of its rows, no good row is refused, and every sync ends.
`simulation/oracle.py` says exactly what that means.
"""

from __future__ import annotations

import pytest

from integration_tests.tables.simulation.run import check

FEW = 100
MANY = 2_000
# In parts, which several workers share.
PART = 100


@pytest.mark.parametrize("first", range(0, FEW, 25))
def test_nothing_that_goes_wrong_loses_rows(first: int) -> None:
    """Few connections, each time the same."""
    for seed in range(first, first + 25):
        check(seed)


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("first", range(FEW, FEW + MANY, PART))
def test_nothing_of_much_that_goes_wrong_loses_rows(first: int) -> None:
    """Other seeds."""
    for seed in range(first, first + PART):
        check(seed)
