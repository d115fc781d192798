"""What all tables of a sync share."""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from destination_dust.dust.client import DustClient
from destination_dust.dust.errors import Stopped
from destination_dust.writers.outcomes import Outcomes
from destination_dust.writers.steps import WAIT, Steps, Submit
from destination_dust.writers.tables.limits import BurstLimits, MemoryBudget, RequestLimits


@dataclass(frozen=True, slots=True)
class ConfirmationTiming:
    """Seconds after the last request of a burst."""

    first_look: float
    give_up: float

    def nudges(self) -> Iterator[float]:
        """When Dust is nudged: after 2, 5, 10 minutes of 30, and every 10 after that, as merges of other tables can put
        off the end."""
        yield self.give_up / 15
        yield self.give_up / 6
        for tens in itertools.count(1):
            yield tens * self.give_up / 3

    @property
    def lock(self) -> float:
        """After so long, no merge that had begun before can undo what was written.

        A merge that outlives its lock of 60 s writes the rows back that were replaced meanwhile: one minute of 30.
        """
        return self.give_up / 30

    @property
    def trouble(self) -> float:
        """For so long may the number of rows be wrong after all witnesses were found: five minutes of 30."""
        return self.give_up / 6


@dataclass(slots=True)
class Shared:
    """What tables know of each other."""

    taken: int = 0
    """Requests that Dust has taken, of all tables …"""
    rows_taken_since: float = -math.inf
    """… and when the latest of those with rows was begun."""
    wants_rows: bool = False
    """Whether a table that is in doubt about a row needs another one to send one that Dust has taken before."""
    merged_at: float = 0.0
    """When Dust was last seen to have merged something. It merges one table after another."""
    last_request: float = math.inf
    """After that, no request that changes rows is begun, because the sync is stopping …"""
    end: float = math.inf
    """… and so that it has stopped by then, nothing waits for a later moment."""


@dataclass(frozen=True, slots=True)
class TablesContext:
    """The limits, clocks and connections that tables work with."""

    client: DustClient
    submit: Submit
    outcomes: Outcomes
    requests: RequestLimits
    confirmation: ConfirmationTiming
    batch_age: float
    """Seconds after which rows are sent though they fill no request, and after which a burst takes no more."""
    confirm: bool = True
    """Whether rows count as stored when they can be read, or when Dust has queued them."""
    bursts: BurstLimits = field(default_factory=BurstLimits)
    budget: MemoryBudget = field(default_factory=MemoryBudget)
    shared: Shared = field(default_factory=Shared)
    now: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time

    @property
    def may_send(self) -> bool:
        """Whether a request that changes rows may be begun."""
        return self.now() <= self.shared.last_request

    def wait_until(self, moment: float) -> Steps:
        """Let time pass. Raises `Stopped` if the sync stops before."""
        while self.now() < moment:
            if moment > self.shared.end:
                raise Stopped("The sync is stopping.")
            yield WAIT
