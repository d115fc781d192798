"""Switches for what happens to tables now and then: requests that land late, and outages of Dust's core."""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from local_dust.response import HTML, Answer, Busy, DustError

_PAGE = b"<html><head><title>%d</title></head><body><h1>%d</h1></body></html>"


@dataclass
class LateRule:
    """Some writes of rows get an error for an answer, and take effect `seconds` later all the same.

    Args:
        table_id: Only of this table. None: of all.
        truncates: Only writes that truncate, or only others. None: both.
        status: 500 is in Dust's envelope, any other an HTML page of a gateway.
        skip: The number of matching writes that pass before.
        times: How many writes it hits. None: all.
        chance: The share of matching writes that it hits, drawn with the world's seed.
    """

    seconds: float
    table_id: str | None = None
    truncates: bool | None = None
    status: int = 504
    skip: int = 0
    times: int | None = 1
    chance: float = 1.0

    def answer(self) -> Answer:
        if self.status == 500:
            return DustError(500, "internal_server_error", "Failed to upsert database rows.").answer
        return Answer(self.status, _PAGE % (self.status, self.status), HTML)


class TableFaults:
    """The switches of one data source. Times are in seconds of the world's clock."""

    def __init__(self, now: Callable[[], float], chance: random.Random) -> None:
        self.fails_while_empty = False
        """Whether rows of a table that has no file yet cannot be listed, as in versions that look for its file."""
        self._now = now
        self._chance = chance
        self._outage_until = 0.0
        self._rules: list[LateRule] = []
        self._late: list[tuple[float, int, Callable[[], object]]] = []
        self._numbers = itertools.count()

    def outage(self, seconds: float) -> None:
        """For so long, Dust's core fails: all that concerns tables is answered with 500. 0 ends it."""
        self._outage_until = self._now() + seconds

    def land_late(self, seconds: float, **options: Any) -> None:
        """Add a rule, see `LateRule`."""
        self._rules.append(LateRule(seconds, **options))

    def clear(self) -> None:
        """End all of them. What is under way still lands."""
        self._outage_until, self._rules, self.fails_while_empty = 0.0, [], False

    def change(self, *, outage: float | None = None, late: dict[str, Any] | None = None, **switches: bool) -> None:
        """Set what is given, for other processes."""
        if outage is not None:
            self.outage(outage)
        if late is not None:
            self.land_late(**late)
        for name, value in switches.items():
            if name != "fails_while_empty":
                raise ValueError(f"no such switch: {name}")
            self.fails_while_empty = value

    def check(self, message: str) -> None:
        """Raises: DustError: with this message during an outage."""
        if self._now() < self._outage_until:
            raise DustError(500, "internal_server_error", message)

    def admitted(self, effect: Callable[[], Answer], table_id: str, *, truncates: bool) -> Callable[[], Answer]:
        """A write as it is, or as a rule wants it: it takes effect later and has that rule's answer."""
        rule = next((each for each in self._rules if self._hits(each, table_id, truncates)), None)
        if rule is None:
            return effect

        def postponed() -> Answer:
            self._postpone(effect, self._now() + rule.seconds)
            return rule.answer()

        return postponed

    def next_landing(self) -> float | None:
        """When the next late write takes effect."""
        return self._late[0][0] if self._late else None

    def land(self) -> None:
        """Let the next late write take effect. No one hears whether it succeeds."""
        effect = heapq.heappop(self._late)[2]
        try:
            effect()
        except Busy as busy:
            self._postpone(effect, busy.until)
        except DustError:
            pass

    def _postpone(self, effect: Callable[[], object], until: float) -> None:
        heapq.heappush(self._late, (until, next(self._numbers), effect))

    def _hits(self, rule: LateRule, table_id: str, truncates: bool) -> bool:
        if rule.table_id not in (None, table_id) or rule.truncates not in (None, truncates) or rule.times == 0:
            return False
        if rule.skip:
            rule.skip -= 1
            return False
        if self._chance.random() >= rule.chance:
            return False
        if rule.times is not None:
            rule.times -= 1
        return True
