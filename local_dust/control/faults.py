"""Rules that make the server misbehave."""

from __future__ import annotations

import dataclasses
import json
import random
import re
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from local_dust.control.arrivals import Arrival

Kind = Literal[
    "status",
    "html",
    "reset",
    "delay",
    "slow_loris",
    "slow_headers",
    "huge",
    "truncated",
    "redirect",
    "echo",
    "ok_error",
    "body",
    "altered",
]
KINDS: tuple[str, ...] = get_args(Kind)
RIGHT = ("delay", "slow_loris", "slow_headers", "truncated", "altered")


@dataclass
class Fault:
    """The effect on the requests that a rule hits.

    kind:
        `status`: the error `type`/`message` in Dust's envelope with `status` (and `headers`).
        `html`: an HTML page with `status` (200 is a captive portal, 502 a proxy).
        `reset`: the connection is reset; no answer.
        `delay`: the right answer after `seconds`. `late`: the write waits, too.
        `slow_loris`: the right answer, one byte per `seconds`.
        `slow_headers`: the right answer, one byte of its headers per `seconds`.
    `huge`: 200 with a body of `size` bytes of JSON text (`gzip`: sent compressed).
        `truncated`: the right answer, cut off in the middle of the body, then the connection is closed.
        `redirect`: `status` 301, 302, 303, 307 or 308 to `location`.
        `echo`: the error of `status` with all headers of the request, including the key, in its message.
        `ok_error`: 200 with an error object.
        `body`: `status` with the text `body`, unchanged, labelled as JSON.
        `altered`: the right answer with `value` (null: nothing) in the place of its `field`, such as `document.hash`.
    effect: whether the write still takes effect (for kinds that do not give the right answer).
    lands_after: seconds after the answer, or the reset, when the write takes effect: a gateway gave up, Dust goes on.
    """

    kind: Kind
    status: int = 500
    type: str = "internal_server_error"
    message: str = "Unhandled internal server error: a fault of the local Dust"
    headers: dict[str, str] = dataclasses.field(default_factory=dict)
    seconds: float = 1.0
    late: bool = False
    size: int = 1_000_000
    gzip: bool = False
    location: str = ""
    body: str = ""
    field: str = ""
    value: Any = None
    effect: bool = False
    lands_after: float | None = None

    @property
    def answers_right(self) -> bool:
        return self.kind in RIGHT

    @property
    def shown_status(self) -> int:
        if self.kind == "redirect" and not 300 <= self.status < 400:
            return 307
        return 200 if self.kind in ("huge", "ok_error") else self.status


@dataclass
class Rule:
    """A fault and the requests that it hits.

    It matches those with this method whose path (as sent) contains the regular expression `path`, whose JSON contains
    the text `containing` and has more than `larger_than` bytes, if `when` holds. After the first `skip` of them it hits
    the next `times` (None: all), with probability `share`, by `seed`. It begins `starts` seconds after the first match
    and `lasts` seconds (None: for ever): a partial outage.

    `seen` counts matching requests, `hits` those that were hit.
    """

    fault: Fault
    method: str | None = None
    path: str = ""
    containing: str = ""
    larger_than: int = -1
    skip: int = 0
    times: int | None = None
    share: float = 1.0
    seed: int = 0
    starts: float = 0.0
    lasts: float | None = None
    when: Callable[[Arrival], bool] | None = None
    seen: int = 0
    hits: int = 0
    _began: float | None = None

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)

    def matches(self, arrival: Arrival) -> bool:
        return (
            self.method in (None, arrival.method)
            and re.search(self.path, arrival.path) is not None
            and arrival.body_bytes > self.larger_than
            and (not self.containing or self.containing in json.dumps(arrival.body, ensure_ascii=False))
            and (self.when is None or self.when(arrival))
        )

    def strikes(self, arrival: Arrival, *, taken: bool) -> bool:
        """Count a request that matches. Whether it is hit, unless an older rule has `taken` it."""
        self.seen += 1
        self._began = arrival.time if self._began is None else self._began
        since = arrival.time - self._began - self.starts
        due = self.seen > self.skip and (self.times is None or self.hits < self.times)
        if not due or since < 0 or (self.lasts is not None and since >= self.lasts):
            return False
        hit = (self.share >= 1 or self._random.random() < self.share) and not taken
        self.hits += hit
        return hit


SHOWN = ("method", "path", "containing", "larger_than", "skip", "times", "share", "seed", "starts", "lasts")


class Faults:
    """The rules in force. Of several rules that hit one request the oldest wins; the others count it as seen."""

    def __init__(self) -> None:
        self.latency = 0.0
        """Seconds that every answer takes; the write itself happens on arrival."""
        self._rules: list[Rule] = []
        self._lock = threading.Lock()

    def add(
        self,
        kind: Kind,
        *,
        method: str | None = None,
        path: str = "",
        when: Callable[[Arrival], bool] | None = None,
        **options: Any,
    ) -> Rule:
        """Add a rule (see `Rule`) with a fault (see `Fault` for the options).

        Raises:
            ValueError: An unknown kind, or a `path` that is not a regular expression.
        """
        if kind not in KINDS:
            raise ValueError(f"no such fault: {kind}; there are {', '.join(KINDS)}")
        try:
            re.compile(path)
        except re.error as error:
            raise ValueError(f"path: {error}") from None
        of_rule = {name: options.pop(name) for name in SHOWN if name in options}
        rule = Rule(Fault(kind, **options), method, path, when=when, **of_rule)
        with self._lock:
            self._rules.append(rule)
        return rule

    def remove(self, rule: Rule) -> None:
        with self._lock:
            self._rules = [other for other in self._rules if other is not rule]

    def clear(self) -> None:
        """Remove all rules and the latency."""
        with self._lock:
            self._rules = []
            self.latency = 0.0

    def json(self) -> dict[str, Any]:
        with self._lock:
            rules = [
                {**asdict(rule.fault), **{name: getattr(rule, name) for name in SHOWN}}
                | {"seen": rule.seen, "hits": rule.hits}
                for rule in self._rules
            ]
        return {"latency": self.latency, "rules": rules}

    def strike(self, arrival: Arrival) -> Fault | None:
        """The fault that hits this arrival, if any. Updates the counts."""
        struck: Fault | None = None
        with self._lock:
            for rule in self._rules:
                if not rule.matches(arrival):
                    continue
                if rule.strikes(arrival, taken=struck is not None):
                    struck = rule.fault
        return struck
