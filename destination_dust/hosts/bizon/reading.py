"""Whether bizon has handed over all that its source has."""

from __future__ import annotations


class NotAll(Exception):
    """A full refresh ended, but nothing proves that it brought all records. Its text says what to do."""


class Reading:
    """The iterations that bizon hands over: 0, 1, 2…, each with the pagination of the next, and the end behind them.

    bizon ends a run in the same way whether the source had no more or `max_iterations` was reached; and a queue outside
    of the process may bring what an earlier run left there, or lose what it had in hand when a process died.
    """

    def __init__(self) -> None:
        self._iterations = 0
        self._has_gap = False
        self._is_exhausted = False

    def take(self, iteration: int, pagination: object) -> None:
        """An iteration came, whose records are to be written."""
        self._has_gap |= iteration != self._iterations
        self._iterations += 1
        self._is_exhausted = not pagination

    @property
    def is_exhausted(self) -> bool:
        """Whether the last iteration had no next pagination, which is how a source says that it has no more."""
        return self._is_exhausted

    def prove_all(self, iteration: int) -> None:
        """Raise `NotAll` unless every iteration came once, in order, and none is left; `iteration`: that of the end."""
        if self._has_gap or iteration != self._iterations:
            raise NotAll(
                f"bizon ended at iteration {iteration} and brought {self._iterations} of another run, or not in order. "
                "Nothing was replaced. Empty the queue between bizon's producer and consumer, and run it again."
            )
        if not self._is_exhausted:
            raise NotAll(
                "The source had more records when bizon ended, so nothing was replaced. "
                "Remove max_iterations, or use an incremental sync."
            )
