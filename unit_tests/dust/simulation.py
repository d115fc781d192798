"""Pacers against an exact copy of Dust's upsert limit, on a clock of their own.

Run as `python -m unit_tests.dust.simulation`, it prints what becomes of the scenarios that the tests assert.
"""

from __future__ import annotations

import heapq
import itertools
import random
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from destination_dust.dust.pacer import Pacer
from destination_dust.dust.permit import Permit, Wait

LIMIT = 120
WINDOW = 60.0
WORKERS = 32
# Seconds: the most a call takes to Dust, the most an answer takes back, and what Dust needs for a refusal.
WAY = 0.2
WAY_BACK = 0.1
REFUSAL = 0.05


@dataclass(frozen=True, slots=True)
class Arrival:
    """A call at Dust's limit."""

    time: float
    caller: str
    accepted: bool


class Dust:
    """A clock, and the limit: a call is accepted if fewer than 120 accepted ones arrived in the last 60 s."""

    def __init__(self, seed: int = 0) -> None:
        self.time = 0.0
        self.random = random.Random(seed)
        self.arrivals: list[Arrival] = []
        self._window: deque[float] = deque()
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()

    def after(self, seconds: float, event: Callable[[], None]) -> None:
        heapq.heappush(self._events, (self.time + seconds, next(self._order), event))

    def run(self, until: float) -> None:
        """Let time pass."""
        while self._events and self._events[0][0] <= until:
            self.time, _, event = heapq.heappop(self._events)
            event()
        self.time = until

    def arrive(self, caller: str) -> bool:
        """Count a call, or refuse it."""
        while self._window and self._window[0] <= self.time - WINDOW:
            self._window.popleft()
        accepted = len(self._window) < LIMIT
        if accepted:
            self._window.append(self.time)
        self.arrivals.append(Arrival(self.time, caller, accepted))
        return accepted

    def way(self, seconds: float) -> float:
        return self.random.random() * seconds


class Process:
    """Workers that share a pacer and always want to send."""

    def __init__(
        self,
        dust: Dust,
        name: str,
        *,
        start: float = 0.0,
        latency: float = 1.0,
        refusal: float = REFUSAL,
        calls: int | None = None,
        limit: int = LIMIT,
    ) -> None:
        """`latency`: seconds that Dust needs for an accepted call; `calls`: how many it wants to make, None: no end."""
        self._dust = dust
        self._name = name
        self._latency = latency
        self._refusal = refusal
        self._left = calls
        self._idle = WORKERS
        self._asks_at: float | None = None
        self.pacer = Pacer(limit, window=WINDOW, now=lambda: dust.time, random=dust.random.random)
        dust.after(start, self._work)

    def _work(self) -> None:
        while self._idle and self._left != 0:
            reply = self.pacer.try_acquire()
            if isinstance(reply, Wait):
                self._ask_again(self._dust.time + reply.seconds)
                return
            self._idle -= 1
            if self._left is not None:
                self._left -= 1
            self._send(reply)

    def _ask_again(self, at: float) -> None:
        """The workers that wait were told different times; the first to wake asks for all."""
        if self._asks_at is not None and self._dust.time < self._asks_at <= at:
            return
        self._asks_at = at

        def wake() -> None:
            if self._asks_at == at:
                self._asks_at = None
                self._work()

        self._dust.after(at - self._dust.time, wake)

    def _send(self, permit: Permit) -> None:
        def arrive() -> None:
            accepted = self._dust.arrive(self._name)
            needed = self._latency if accepted else self._refusal
            self._dust.after(needed + self._dust.way(WAY_BACK), lambda: self._done(permit, accepted))

        self._dust.after(self._dust.way(WAY), arrive)

    def _done(self, permit: Permit, accepted: bool) -> None:
        self._idle += 1
        if accepted:
            self.pacer.counted(permit)
        else:
            if self._left is not None:
                self._left += 1
            self.pacer.refused(permit, None)
        self._work()


def foreign(dust: Dust, *, every: float, stop: float, name: str = "foreign") -> None:
    """A client without manners: calls at its own pace and does not repeat refused calls."""

    def call() -> None:
        if dust.time < stop:
            dust.arrive(name)
            dust.after(every, call)

    dust.after(0, call)


@dataclass(frozen=True, slots=True)
class Figures:
    """What came of some minutes: `shares` of accepted calls, mean `fullness` of Dust's window, `refused` of all calls.

    Fullness is the mean of accepted calls in the window over the limit. Counts of a few minutes depend on when they
    begin: bursts a minute apart may come five or six times in five and a half minutes.
    """

    shares: dict[str, float]
    fullness: float
    refused: float

    @property
    def smallest_share(self) -> float:
        return min(self.shares.values())


def figures(arrivals: Sequence[Arrival], start: float, end: float) -> Figures:
    accepted = Counter(a.caller for a in arrivals if a.accepted and start <= a.time < end)
    refused = sum(1 for a in arrivals if not a.accepted and start <= a.time < end)
    held = sum(max(0.0, min(end, a.time + WINDOW) - max(start, a.time)) for a in arrivals if a.accepted)
    total = accepted.total()
    shares = {caller: count / total for caller, count in sorted(accepted.items())}
    return Figures(shares, held / (LIMIT * (end - start)), refused / (total + refused))


def alone(latency: float, seed: int, calls: int = 300) -> tuple[float, int]:
    """Seconds from the first to the last accepted call of one process, and how many were refused."""
    dust = Dust(seed)
    Process(dust, "A", latency=latency, calls=calls)
    dust.run(600)
    accepted = [a.time for a in dust.arrivals if a.accepted]
    assert len(accepted) == calls
    return accepted[-1] - accepted[0], len(dust.arrivals) - calls


def together(starts: Sequence[float], latencies: Sequence[float], seed: int, minutes: float = 6) -> Figures:
    """Processes on one limit, watched for six minutes from when all run."""
    dust = Dust(seed)
    for name, start, latency in zip("ABCDEFGH", starts, latencies, strict=False):
        Process(dust, name, start=start, latency=latency)
    all_run = max(starts)
    dust.run(all_run + 60 * minutes)
    return figures(dust.arrivals, all_run, all_run + 60 * minutes)


@dataclass(frozen=True, slots=True)
class BesideForeign:
    """Of what a foreign client leaves, and of our calls; then seconds until the limit is ours when it has stopped."""

    of_the_rest: float
    refused: float
    back_after: float


def beside_foreign(latency: float, seed: int, every: float = 1.0) -> BesideForeign:
    """A foreign client at a steady pace that stops after seven minutes; ours begins half a minute after it."""
    stop = 420.0
    dust = Dust(seed)
    foreign(dust, every=every, stop=stop)
    Process(dust, "ours", start=30, latency=latency)
    dust.run(stop + 300)
    watched = Counter((a.caller, a.accepted) for a in dust.arrivals if 60 <= a.time < stop)
    ours, refused = watched["ours", True], watched["ours", False]
    rest = LIMIT * (stop - 60) / WINDOW - watched["foreign", True]
    ours_after = [a.time for a in dust.arrivals if a.caller == "ours" and a.accepted]
    back_after = next(
        seconds
        for seconds in range(300)
        if sum(1 for time in ours_after if stop + seconds - WINDOW < time <= stop + seconds) >= 0.95 * LIMIT
    )
    return BesideForeign(ours / rest, refused / (ours + refused), back_after)


def after_previous_run(latency: float, seed: int, spread: float = 1.0, calls: int = 300) -> tuple[float, int]:
    """Seconds that 300 calls take that begin when another process has just filled the window in `spread` seconds."""
    dust = Dust(seed)
    foreign(dust, every=spread / LIMIT, stop=spread, name="previous")
    start = spread + 1
    Process(dust, "A", start=start, latency=latency, calls=calls)
    dust.run(900)
    accepted = [a.time for a in dust.arrivals if a.caller == "A" and a.accepted]
    assert len(accepted) == calls
    return accepted[-1] - start, sum(1 for a in dust.arrivals if a.caller == "A" and not a.accepted)


OFFSETS = (0, 5, 15, 30, 59)
TWO_LATENCIES = ((0.05, 0.05), (1, 1), (3, 3), (0.05, 3), (3, 0.05))
FOUR_LATENCIES = ((0.05,) * 4, (1,) * 4, (3,) * 4, (0.05, 1, 3, 1))


def main(seeds: Sequence[int] = range(8)) -> None:
    """Print the worst of some seeds (and the median) for each scenario."""

    def row(name: str, runs: list[Figures]) -> None:
        def both(values: list[float], worst: Callable[[list[float]], float]) -> str:
            return f"{worst(values):7.1%} ({sorted(values)[len(values) // 2]:.1%})"

        print(
            f"{name:34} smallest share {both([f.smallest_share for f in runs], min)}, "
            f"window full {both([f.fullness for f in runs], min)}, refused {both([f.refused for f in runs], max)}"
        )

    print("The worst, and in brackets the median, of", len(seeds), "seeds for each set of latencies")
    for latency in (0.05, 1, 3):
        seconds, refused = map(max, zip(*(alone(latency, seed) for seed in seeds), strict=True))
        print(f"alone, answers in {latency} s: 300 calls in {seconds:.1f} s, {refused} refused")
    for offset in (*OFFSETS, 200):
        row(f"two, {offset} s apart", [together((0, offset), pair, seed) for pair in TWO_LATENCIES for seed in seeds])
    for starts in ((0, 10, 20, 30), (0, 0, 300, 300), (0, 300, 300, 300)):
        row(f"four, from {starts}", [together(starts, four, seed) for four in FOUR_LATENCIES for seed in seeds])
    row("two, half an hour", [together((0, 30), (1, 1), seed, minutes=30) for seed in seeds[:2]])
    row("four, half an hour", [together((0, 10, 20, 30), (1,) * 4, seed, minutes=30) for seed in seeds[:2]])
    row("eight, 10 s apart", [together(range(0, 80, 10), (1,) * 8, seed) for seed in seeds[:2]])
    for per_minute in (6, 60):
        runs = [beside_foreign(latency, seed, every=60 / per_minute) for latency in (0.05, 1, 3) for seed in seeds]
        print(
            f"beside {per_minute} foreign calls a minute: {min(r.of_the_rest for r in runs):.1%} of the rest, "
            f"{max(r.refused for r in runs):.1%} refused; back {max(r.back_after for r in runs):.0f} s after they stop"
        )
    for spread in (1, 6, 55):
        pairs = [after_previous_run(latency, seed, spread) for latency in (0.05, 1, 3) for seed in seeds]
        seconds, refused = map(max, zip(*pairs, strict=True))
        print(f"after a run that took {spread} s: 300 calls in {seconds:.1f} s, {refused} refused")


if __name__ == "__main__":
    main()
