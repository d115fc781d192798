"""The tables that streams replace: what was read of each is examined first, and only then is one of them touched."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

from destination_dust.airbyte.completion import Ending
from destination_dust.airbyte.reader import StreamKey
from destination_dust.writers.tables.refill import Refill


class Replacements:
    """The refills of all streams that are replaced."""

    def __init__(self) -> None:
        self._refills: dict[StreamKey, Refill] = {}
        self._endings: Mapping[StreamKey, Ending] = {}
        self._examined: list[Refill] = []
        self._waiting: deque[list[Refill]] = deque()
        self._under_way: list[Refill] = []

    @property
    def idle(self) -> bool:
        """Whether all that was begun has ended."""
        refills = self._refills.values()
        return all(refill.ended for refill in refills) if self._endings else not any(refill.busy for refill in refills)

    def prepare(self, refill: Refill) -> None:
        """Learn what there is to replace."""
        self._refills[refill.plan.stream] = refill
        refill.find()

    def forget(self, stream: StreamKey) -> None:
        """An earlier attempt has replaced a stream already: this one only adds to it."""
        self._refills.pop(stream).drop()

    def of(self, stream: StreamKey) -> Refill | None:
        """Where the rows of a stream wait, None if it is not replaced."""
        return self._refills.get(stream)

    def conclude(self, endings: Mapping[StreamKey, Ending]) -> None:
        """Put what has waited into the tables. Complete streams come first: nothing may stop those half-way."""
        self._endings = endings
        by_ending: dict[Ending, list[Refill]] = {ending: [] for ending in Ending}
        for stream, ending in endings.items():
            by_ending[ending].append(self._refills[stream])
        for refill in by_ending[Ending.INCOMPLETE]:
            refill.drop()
        self._examined = by_ending[Ending.COMPLETE]
        for refill in self._examined:
            refill.examine()
        self._waiting.extend([self._examined, by_ending[Ending.UNPROVEN]])

    def advance(self) -> None:
        """Do what is due. Raises what made a complete stream less than complete, once all is done."""
        if any(refill.busy for refill in self._examined):
            return
        self._examined = []
        while self._waiting and all(refill.ended for refill in self._under_way):
            self._under_way = self._waiting.popleft()
            for refill in self._under_way:
                refill.start(self._endings[refill.plan.stream])
        for refill in self._under_way:
            refill.advance()
        if self._endings and self.idle:
            for failure in (refill.failure for refill in self._refills.values() if refill.failure):
                raise failure
