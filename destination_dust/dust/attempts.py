"""The failed tries of one call: how long they go on, and what they show."""

from __future__ import annotations

from destination_dust.dust.evidence import LikeCalls, Suspicion
from destination_dust.dust.request import Request
from destination_dust.dust.responses import Retry

# Failures that end without an answer of Dust count double in a doubt: after each of them a write waits a minute.
WEIGHT_OF_UNSETTLED = 2
# Most trouble has passed by then.
TRIES_BEFORE_COMPARISON = 2


class Attempts:
    """What a call has gone through since it was first sent."""

    def __init__(self, request: Request, others: LikeCalls, *, patience: float) -> None:
        """`patience`: seconds for which a write must fail before it can be to blame."""
        self.number = 0
        self._request = request
        self._others = others
        self._patience = patience
        self._suspicion = Suspicion(request.kind, others, patience=patience)
        self._began: float | None = None
        self._held_back = 0.0
        self._doubts = 0
        self._doubtful_since: float | None = None

    def held_back(self, seconds: float) -> None:
        """The pacer has held a try back for that long, which is no failure."""
        if self._began is not None:
            self._held_back += seconds

    def failed(self, outcome: Retry, now: float) -> None:
        """A try has failed."""
        self.number += 1
        if self._began is None:
            self._began = now
        if self._request.writes:
            self._others.failed(self._request.kind, now, self._suspicion)
        if self._suspicious(outcome):
            self._suspicion.failed(now)
            self._doubts += WEIGHT_OF_UNSETTLED if outcome.unsettled else 1
            if self._doubtful_since is None:
                self._doubtful_since = now

    def seconds(self, now: float) -> float:
        """How long it has been failing."""
        return 0.0 if self._began is None else now - self._began - self._held_back

    def are_doubtful(self, outcome: Retry, now: float) -> bool:
        """Whether the caller wants to hear of the doubt now, instead of more tries."""
        wanted = self._request.ambiguous_after
        if wanted is None or self._doubts < wanted or self._doubtful_since is None or not self._suspicious(outcome):
            return False
        return not self._request.lasting or now - self._doubtful_since >= self._patience

    @property
    def missing_comparisons(self) -> int:
        """How many like calls to make, to see what the latest failure proves."""
        return self._suspicion.missing if self._request.writes and self.number >= TRIES_BEFORE_COMPARISON else 0

    def prove_guilt(self) -> bool:
        """Whether what the call sends is to blame (see `evidence.py`). To be asked after a wait."""
        return self._request.writes and self._suspicion.is_proven()

    def _suspicious(self, outcome: Retry) -> bool:
        # A GET sends nothing that a gateway could refuse.
        return outcome.suspicious if self._request.writes else outcome.ambiguous
