"""What all tables of a sync share."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from destination_dust.dust.client import DustClient
from destination_dust.writers.outcomes import Outcomes
from destination_dust.writers.steps import Submit
from destination_dust.writers.tables.confirmation import ConfirmationTiming, MergeProgress
from destination_dust.writers.tables.limits import BurstLimits, MemoryBudget, RequestLimits


@dataclass(slots=True)
class Taken:
    """Requests that Dust has taken, of all tables."""

    requests: int = 0


@dataclass(frozen=True, slots=True)
class TablesContext:
    """The limits, clocks and connections that tables work with."""

    client: DustClient
    submit: Submit
    outcomes: Outcomes
    requests: RequestLimits
    confirmation: ConfirmationTiming
    burst_interval: float
    """Seconds from the first change of a burst to its last request."""
    batch_age: float
    """Seconds after which a batch is sent though there is room in it."""
    confirm: bool = True
    """Whether rows count as stored when they can be read, or when Dust has queued them."""
    bursts: BurstLimits = field(default_factory=BurstLimits)
    budget: MemoryBudget = field(default_factory=MemoryBudget)
    taken: Taken = field(default_factory=Taken)
    merges: MergeProgress = field(default_factory=MergeProgress)
    now: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time
