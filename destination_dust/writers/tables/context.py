"""What all tables of a sync share: limits, with the arithmetic and the day on which each figure was read, clocks and
connections."""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from destination_dust.dust.client import DustClient
from destination_dust.dust.errors import Stopped
from destination_dust.mapping.tables.bodies import BODY_OVERHEAD
from destination_dust.writers.outcomes import Outcomes
from destination_dust.writers.steps import WAIT, Steps, Submit

# There is a limit of cells as well, whose value is not known. Dust's own connectors for spreadsheets stay below 3 to 5
# million (read on 2026-11-25).
MANY_CELLS = 3_000_000
# Enough rows to know what one takes on average. Each may be up to 1 MB, and the answer has to fit into memory.
SAMPLE_ROWS = 50
# Dust's server before the current one refused bodies over 1 MiB (2026-11); the rest is room for error.
MAX_REQUEST_BYTES = 900_000
MAX_ROW_BYTES = 1_000_000 - BODY_OVERHEAD
# Rows that wait, over all tables. Together with what is on its way, this is most of the memory of a sync.
MEMORY = 40_000_000


@dataclass(slots=True)
class RequestLimits:
    """What one request may hold. Shared by all tables, and lowered when Dust, or a proxy, finds one too large."""

    rows: int
    size: int = MAX_REQUEST_BYTES

    def shrink(self, size: int) -> None:
        """Remember that a request must be smaller than was thought."""
        self.size = max(1, min(self.size, size))


@dataclass(frozen=True, slots=True)
class BurstLimits:
    """What one burst may hold.

    Dust refuses the 101st pending request of a table (the 201st since 2026-06-19), and merges 100 MB or 500,000 rows in
    one go. Single rows in doubt are sent beyond the 80, with others to compare: ten requests at most.
    """

    requests: int = 80
    rows: int = 250_000
    size: int = 50_000_000


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
