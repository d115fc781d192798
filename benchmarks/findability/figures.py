"""Figures with intervals: what chance could have made of the same measurement."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

SAMPLES = 2000


@dataclass(frozen=True)
class Interval:
    """A figure, and where it lies in 95 of 100 samples of the records."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:+.3f} [{self.low:+.3f}, {self.high:+.3f}]"


def mrr(ranks: Sequence[int]) -> float:
    """The mean of the ranks' reciprocals: 1 if the right document always comes first."""
    return fmean(1 / rank for rank in ranks)


def difference(ranks: Sequence[int], others: Sequence[int]) -> Interval:
    """How much higher the MRR is than with others, for the same questions in the same order."""
    differences = [1 / rank - 1 / other for rank, other in zip(ranks, others, strict=True)]
    chance = random.Random(0)
    means = sorted(fmean(chance.choices(differences, k=len(differences))) for _ in range(SAMPLES))
    return Interval(fmean(differences), means[SAMPLES // 40], means[-SAMPLES // 40 - 1])
