"""What all tables of a sync share."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from destination_dust.dust.client import DustClient
from destination_dust.writers.tables.batch import RequestLimits
from destination_dust.writers.tables.burst import BurstLimits
from destination_dust.writers.tables.confirmation import ConfirmationTiming
from destination_dust.writers.writer import Outcomes

# Rows that wait, over all tables. Together with what is on its way, this is most of the memory of a sync.
MEMORY = 40_000_000


@dataclass(slots=True)
class MemoryBudget:
    """Bytes of memory for what waits to be sent. They are given back when Dust has taken it."""

    limit: int = MEMORY
    used: int = 0

    @property
    def has_room(self) -> bool:
        """Whether more may be taken in."""
        return self.used < self.limit


@dataclass(frozen=True, slots=True)
class TablesContext:
    """The limits, clocks and connections that tables work with."""

    client: DustClient
    outcomes: Outcomes
    requests: RequestLimits
    patience: ConfirmationTiming
    burst_interval: float
    """Seconds from the first change of a burst to its last request."""
    batch_age: float
    """Seconds after which a batch is sent though there is room in it."""
    confirm: bool = True
    """Whether rows count as stored when they can be read, or when Dust has queued them."""
    bursts: BurstLimits = field(default_factory=BurstLimits)
    budget: MemoryBudget = field(default_factory=MemoryBudget)
    now: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time
