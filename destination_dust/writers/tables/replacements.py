"""The tables that streams replace: the rows of all are validated first, and only then is any table touched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from destination_dust.airbyte.completion import Ending
from destination_dust.airbyte.messages import StreamKey
from destination_dust.writers.steps import WAIT, Runner, Steps, Submit
from destination_dust.writers.tables.refill import Refill


class Replacements:
    """The refills of all streams that are being replaced."""

    def __init__(self, submit: Submit) -> None:
        self._submit = submit
        self._refills: dict[StreamKey, Refill] = {}
        self._conclusion: Runner | None = None

    @property
    def idle(self) -> bool:
        """Whether everything that was begun has ended."""
        if self._conclusion:
            return self._conclusion.ended
        return not any(refill.busy for refill in self._refills.values())

    def prepare(self, refill: Refill) -> None:
        """Find out what there is to replace."""
        self._refills[refill.plan.stream] = refill
        refill.advance()

    def forget(self, stream: StreamKey) -> None:
        """An earlier attempt has replaced the stream: this one only adds to it."""
        self._refills.pop(stream).drop()

    def of(self, stream: StreamKey) -> Refill | None:
        """Where the rows of a stream are staged, None if it is not being replaced."""
        return self._refills.get(stream)

    def conclude(self, endings: Mapping[StreamKey, Ending]) -> None:
        """Put the staged rows into the tables."""
        self._conclusion = Runner("replacements", self._submit, self._conclude(endings))
        self.advance()

    def advance(self) -> None:
        """Do what is due. Once all is done, raises the `BadRecord` of a refused row, if any."""
        if self._conclusion:
            self._conclusion.advance()

    def _conclude(self, endings: Mapping[StreamKey, Ending]) -> Steps:
        """Complete streams come first: nothing may stop those half-way."""
        by_ending = {ending: [self._refills[each] for each in endings if endings[each] is ending] for ending in Ending}
        for refill in by_ending[Ending.INCOMPLETE]:
            refill.drop()
        complete = by_ending[Ending.COMPLETE]
        for refill in complete:
            refill.conclude(Ending.COMPLETE)
        while not all(refill.validated for refill in complete):
            yield WAIT
        yield from _fill(complete)
        added = [refill for ending, refills in by_ending.items() if ending.doubt for refill in refills]
        for refill in added:
            refill.conclude(endings[refill.plan.stream])
        yield from _fill(added)
        for refill in complete:
            if refill.failure:
                raise refill.failure


def _fill(refills: Sequence[Refill]) -> Steps:
    for refill in refills:
        refill.start()
    while not all(refill.ended for refill in refills):
        yield WAIT
        for refill in refills:
            refill.advance()
