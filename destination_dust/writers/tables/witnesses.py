"""Which rows show that the requests of a burst were merged.

A 200 only means that Dust queued a request, and a merge that fails is silent. What a request did shows in a row
that it changed and no later request of the burst did: its witness. Requests that share rows have different times of
loading, so that no row of one is taken for that of another.
"""

from __future__ import annotations

import zlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

# Dust merges or drops queued requests together, once nothing has come for 10 s; the rest is room for error.
RUN_GAP = 9.0
MOST_READ = 10
CANDIDATES = 8
# So many rows share a time of loading at most, as their hashes are kept in memory.
SHARING = 10_000


@dataclass(frozen=True, slots=True)
class Witness:
    """A row to read, and whether it should be there."""

    row_id: str
    deleted: bool = False
    loaded_at: int = 0
    """The time that it has been given, if it was not deleted, in seconds since 1970."""
    may_be_merged: bool = False
    """Whether its request may have been merged before the burst ended."""


@dataclass(slots=True, eq=False)
class _Request:
    began: float
    ended: float
    deletes: bool
    loaded_at: int
    packed_ids: bytes
    """The ids of all its rows. There may be 250,000 in a burst, so they are kept small."""
    candidates: dict[str, None] = field(default_factory=dict)
    """Some of its rows that no later request has changed so far."""

    @property
    def ids(self) -> list[str]:
        return zlib.decompress(self.packed_ids).decode().split("\n")


class Witnesses:
    """The requests of one burst, in the order in which Dust took them."""

    def __init__(self) -> None:
        self._requests: list[_Request] = []
        self._candidates: dict[str, _Request] = {}
        self._seen: set[int] = set()
        """Hashes of the rows that the requests since the latest change of the time have changed."""

    def next_time(self, row_ids: Collection[str], loaded_at: int) -> int:
        """The time of loading for the next request, which has these rows: a later one if some of them have this one."""
        shared = len(self._seen) + len(row_ids) <= SHARING and self._seen.isdisjoint(map(hash, row_ids))
        if shared or not self._seen:
            return loaded_at
        self._seen = set()
        return loaded_at + 1

    def took(
        self, row_ids: Sequence[str], *, began: float, ended: float, loaded_at: int = 0, deletes: bool = False
    ) -> None:
        """Dust has taken a request, which was begun and answered at these times, with changes of these rows."""
        if not deletes:
            self._seen.update(map(hash, row_ids))
        for row_id in self._candidates.keys() & set(row_ids):
            del self._candidates.pop(row_id).candidates[row_id]
        request = _Request(began, ended, deletes, loaded_at, zlib.compress("\n".join(row_ids).encode(), 1))
        # The last rows first: a source that repeats rows has had the least time to repeat those.
        for row_id in row_ids[:: -max(1, len(row_ids) // CANDIDATES)]:
            request.candidates[row_id] = None
            self._candidates[row_id] = request
        self._requests.append(request)

    def repeated(self, row_ids: Iterable[str]) -> None:
        """These rows were sent once more, so they say nothing about the request that changed them, if others can."""
        for row_id in row_ids:
            request = self._candidates.get(row_id)
            if request and len(request.candidates) > 1:
                del self._candidates[row_id], request.candidates[row_id]

    def to_read(self, *, every_delete: bool = False) -> list[Witness]:
        """The rows to read: the last request's first, then those of others, spread evenly.

        They are 10 at most, unless the requests came in more runs than that: Dust merges or drops a run of requests
        without a pause together, so of each run the first and the last are read, and of the first run the second,
        too: a replacement that lands late deletes it. With `every_delete`, each delete is read as well.
        A request all of whose rows were changed again needs no witness.
        """
        self._seen = set()
        self._find_missing_candidates()
        runs = [[each for each in run if each.candidates] for run in self._runs()]
        runs = [run for run in runs if run]
        if not runs:
            return []
        last = runs[-1][-1]
        chosen = {request: None for run in reversed(runs) for request in (run[-1], run[0])} | dict.fromkeys(runs[0][:2])
        others = [request for run in runs for request in run if request not in chosen]
        if every_delete:
            chosen |= dict.fromkeys(request for request in others if request.deletes)
            others = [request for request in others if not request.deletes]
        chosen |= dict.fromkeys(_evenly(others, MOST_READ - len(chosen)))
        before = {request for run in runs if last not in run for request in run}
        return [Witness(next(iter(each.candidates)), each.deletes, each.loaded_at, each in before) for each in chosen]

    def _runs(self) -> list[list[_Request]]:
        runs: list[list[_Request]] = []
        for request in self._requests:
            # The time between the arrivals of two requests at Dust is this at most.
            if not runs or request.ended - runs[-1][-1].began >= RUN_GAP:
                runs.append([])
            runs[-1].append(request)
        return runs

    def _find_missing_candidates(self) -> None:
        """Look through all rows for a witness of each request that has lost its candidates."""
        if all(request.candidates for request in self._requests):
            return
        later: set[str] = set()
        for request in reversed(self._requests):
            ids = request.ids
            if not request.candidates:
                request.candidates = dict.fromkeys([row_id for row_id in ids if row_id not in later][:1])
            later.update(ids)


def _evenly(requests: Iterable[_Request], count: int) -> list[_Request]:
    """So many of the requests, at equal distances."""
    each = list(requests)
    if len(each) <= count:
        return each
    return [each[(2 * n + 1) * len(each) // (2 * count)] for n in range(max(0, count))]
