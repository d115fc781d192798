"""Which rows show that the requests of a burst were merged.

A 200 only means that Dust queued a request, and a merge that fails is silent. What a request did shows in a row that it
changed and no later request of the burst did: its witness. Requests that share rows have different times of loading,
so that no row of one is taken for that of another.
"""

from __future__ import annotations

import zlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import groupby
from typing import Any

from destination_dust.mapping.tables.loading_times import loading_time
from destination_dust.mapping.tables.rows import LOADED_AT

MOST_READ = 10


class Verdict(Enum):
    """What a row says about the request that changed it."""

    NOT_YET = "not yet"
    """It is as it was before."""
    STORED = "stored"
    """It is as the request left it."""
    FOREIGN = "foreign"
    """Its time of loading is none that this sync has written."""


@dataclass(frozen=True, slots=True)
class Witness:
    """A row to read, and whether it should be there."""

    row_id: str
    deleted: bool = False
    times: tuple[int, int] = (0, 0)
    """The first and the last time that it has been given, if it was not deleted, in seconds since 1970. Requests that
    failed before it was taken had earlier ones, and may land."""
    may_be_merged: bool = False
    """Whether its request may have been merged before the burst ended: it came before a pause, or it, or a try of it
    whose answer was lost, may have landed a pause ago."""

    def verdict(self, row: Mapping[str, Any] | None) -> Verdict:
        """Judge the row of an upsert; `row` is None if it is not there.

        Only the request's own time is proof, or that of one that failed before it with the same rows, and has landed. A
        later one may have been there before, written by a clock that was wrong.
        """
        cell = None if row is None else row.get(LOADED_AT)
        if cell is None:
            return Verdict.NOT_YET
        found = loading_time(cell)
        if found is None or found > self.times[1]:
            return Verdict.FOREIGN
        return Verdict.STORED if found >= self.times[0] else Verdict.NOT_YET


@dataclass(frozen=True, slots=True, eq=False)
class Request:
    """A request that Dust has taken."""

    began: float
    run: int
    """How many pauses came before it."""
    is_slow: bool
    """Whether it took as long as a pause."""
    deletes: bool
    times: tuple[int, int]
    packed_ids: bytes
    """The ids of all its rows. There may be 250,000 in a burst, so they are kept small."""

    @property
    def may_have_landed(self) -> bool:
        """Whether a try of it, or a larger request that it is a part of, failed, and may have landed long ago."""
        return self.is_slow or self.times[0] < self.times[1]

    @property
    def ids(self) -> list[str]:
        return zlib.decompress(self.packed_ids).decode().split("\n")


def pack(row_ids: Collection[str]) -> bytes:
    """The ids of rows, kept small."""
    return zlib.compress("\n".join(row_ids).encode(), 1)


def choose(requests: Sequence[Request], *, every_delete: bool = False) -> tuple[list[Witness], int]:
    """The rows to read, and how many rows the requests have changed in all.

    The last request's is the first, then come those of others, spread evenly, ten at most in all. Dust merges or drops
    together what came without a pause. So if there were pauses, the first and the last request between two are read,
    though they may be more than ten; and the second of all: a replacement that lands late deletes it. With
    `every_delete`, each delete is read as well. A request all of whose rows were changed again needs no witness: what
    it did cannot be seen, and need not be there.
    """
    found: list[tuple[Request, str]] = []
    later: set[str] = set()
    for request in reversed(requests):
        ids = request.ids
        free = [row_id for row_id in ids if row_id not in later]
        later.update(ids)
        if free:
            # The first row of a request may have been sent once more, and says nothing about it then.
            found.append((request, free[-1]))
    found.reverse()
    runs = [list(run) for _, run in groupby(found, key=lambda each: each[0].run)]
    chosen = {each: None for run in reversed(runs) for each in (run[-1], run[0])} | dict.fromkeys(found[:2])
    if every_delete:
        chosen |= dict.fromkeys(each for each in found if each[0].deletes)
    chosen |= dict.fromkeys(_evenly([each for each in found if each not in chosen], MOST_READ - len(chosen)))
    last_run = found[-1][0].run if found else 0
    return [
        Witness(row_id, request.deletes, request.times, request.may_have_landed or request.run < last_run)
        for request, row_id in chosen
    ], len(later)


def _evenly(requests: list[tuple[Request, str]], count: int) -> list[tuple[Request, str]]:
    """So many of the requests, at equal distances."""
    if len(requests) <= count:
        return requests
    return [requests[(2 * n + 1) * len(requests) // (2 * count)] for n in range(max(0, count))]
