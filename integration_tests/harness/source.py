"""What a source has, what it sends in each sync, and which of it the states that came back cover."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from integration_tests.harness.messages import complete, global_state, record, state, stream

Mode = Literal["append", "append_dedup", "overwrite", "overwrite_dedup"]
StateKind = Literal["STREAM", "GLOBAL", "LEGACY"]
DELETED_AT = "_ab_cdc_deleted_at"
FAILS, REFUSED = "poison-that-fails", "poison-that-is-refused"
"""What a field of a bad row holds: Dust answers with 500, or with 400."""


@dataclass(frozen=True)
class Change:
    """A record: a version of a row, or its removal. Each has a number of its own."""

    key: int
    number: int
    deletes: bool
    poison: str
    more: tuple[tuple[str, Any], ...] = field(repr=False)

    @property
    def is_good(self) -> bool:
        """Whether Dust takes it."""
        return not self.poison

    def data(self, *, keyed: bool) -> dict[str, Any]:
        """The fields of its record."""
        fields: dict[str, Any] = {"v": self.number, **dict(self.more)}
        if keyed:
            fields["id"] = self.key
        if self.poison:
            fields["poison"] = self.poison
        if self.deletes:
            fields[DELETED_AT] = "2026-01-01T00:00:00Z"
        return fields


@dataclass
class Stream:
    """A stream of the source.

    One that is replaced brings all of its rows in each sync, any other what no state has covered yet.
    """

    name: str
    mode: Mode
    counted: bool
    """Whether the host counts its generations."""
    bad: str
    """How Dust refuses some of its rows, if it does."""
    widens: bool
    """Whether columns come later, and change their types."""
    keys: int
    deletes: float = 0.2
    """The share of deletes, where there are any."""
    changes: list[Change] = field(default_factory=list)
    covered: int = 0
    """How many of the changes acknowledged states cover."""
    generation: int = 1

    @property
    def keyed(self) -> bool:
        """Whether its records have a key; those of other streams are rows of their own."""
        return self.mode.endswith("dedup")

    @property
    def replaced(self) -> bool:
        """Whether its table is to have what the last sync brings."""
        return self.mode.startswith("overwrite")

    def grow(self, chance: random.Random, count: int, numbers: Iterator[int]) -> None:
        """Records come to be. What is replaced changes altogether."""
        if self.replaced:
            self.changes, self.covered = [], 0
        for _ in range(count):
            number = next(numbers)
            deletes = self.mode == "append_dedup" and chance.random() < self.deletes
            poison = self.bad if chance.random() < 0.08 and not deletes else ""
            more: list[tuple[str, Any]] = [
                ("text", chance.choice(["plain", "a, b", 'with "quotes"', "tab\tand; more"]))
            ]
            if self.widens and len(self.changes) > 4:
                more.append((f"extra_{chance.randint(1, 3)}", chance.choice([7, "seven", 7.5])))
            if chance.random() < 0.2:
                more.append(("long", "x" * chance.randint(200, 1500)))
            self.changes.append(Change(chance.randrange(self.keys), number, deletes, poison, tuple(more)))

    @property
    def start(self) -> int:
        """The first of the changes that the next sync brings."""
        return 0 if self.replaced else self.covered

    def heal(self) -> None:
        """Someone has fixed the bad records, and no others come. Those that were left out are not sent again."""
        self.bad = ""
        self.changes[self.start :] = [replace(each, poison="") for each in self.changes[self.start :]]

    def configured(self, sync: int) -> dict[str, Any]:
        """Itself in the catalog of a sync."""
        minimum = self.generation if self.replaced else 0
        ids = (self.generation, minimum, sync) if self.counted else (None, None, None)
        fields = {"id": {"type": "integer"}, "v": {"type": "integer"}, "text": {"type": "string"}}
        return stream(
            self.name,
            mode=self.mode,
            key=[["id"]] if self.keyed else [],
            fields=fields,
            generation=ids[0],
            minimum=ids[1],
            sync=ids[2],
        )


@dataclass
class Sent:
    """What one sync is given: messages at their times, and what each state covers."""

    messages: list[tuple[float, dict[str, Any]]] = field(default_factory=list)
    covers: dict[int, dict[str, int]] = field(default_factory=dict)
    """By the number of a state: how many changes of each stream came before it, of all that it ever had."""
    ends: set[str] = field(default_factory=set)
    """The streams that are said to be complete."""

    @property
    def seconds(self) -> float:
        """When the last message comes."""
        return self.messages[-1][0] if self.messages else 0.0


def send(
    streams: Iterable[Stream],
    chance: random.Random,
    *,
    kind: StateKind,
    first_state: int,
    pause: float,
    complete_share: float,
) -> Sent:
    """The messages of one sync, of several streams in turn. `pause`: seconds between them, at most."""
    sent, now, number = Sent(), 0.0, first_state
    at = {each.name: each.start for each in streams}
    left = list(streams)
    while left:
        now += chance.random() ** 3 * pause
        one = chance.choice(left)
        start = at[one.name]
        at[one.name] = min(len(one.changes), start + chance.choice([1, 3, 10, 40]))
        for change in one.changes[start : at[one.name]]:
            sent.messages.append((now, record(one.name, **change.data(keyed=one.keyed))))
        ended = at[one.name] == len(one.changes)
        if ended or chance.random() < 0.4:
            names = [one.name] if kind == "STREAM" else [*at]
            sent.covers[number] = {name: at[name] for name in names}
            sent.messages.append((now, _state(kind, number, names)))
            number += 1
        if ended:
            left.remove(one)
            if chance.random() < complete_share:
                sent.ends.add(one.name)
                sent.messages.append((now, complete(one.name)))
    return sent


def _state(kind: StateKind, number: int, names: list[str]) -> dict[str, Any]:
    if kind == "STREAM":
        return state(names[0], number)
    if kind == "GLOBAL":
        return global_state(number, *names)
    return {"type": "STATE", "state": {"type": "LEGACY", "data": {"cursor": number}, "id": number}}
