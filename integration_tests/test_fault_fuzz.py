"""The real process against a local Dust with random faults, killed and stopped at random.

In the end, Dust has exactly what the source has. Until then, no state is ahead of its records, and none is refused.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from integration_tests.harness.fault_fuzz import check

FEW = 10
MANY = 200


@pytest.mark.parametrize("seed", range(FEW))
def test_no_mix_of_faults_loses_a_record(tmp_path: Path, seed: int) -> None:
    """Few of them."""
    check(seed, tmp_path)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(FEW, FEW + MANY))
def test_no_mix_of_many_faults_loses_a_record(tmp_path: Path, seed: int) -> None:
    """Other seeds."""
    check(seed, tmp_path)
