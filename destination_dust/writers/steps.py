"""Calls that follow one another, written one under the other.

Steps are a generator (PEP 342). It yields an `Ask` and resumes with the answer, or with the error raised at that line;
`yield WAIT` waits until the steps are advanced again, at the next tick. Steps run on the loop's thread, only the
calls themselves on workers. What steps raise ends the sync.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Hashable
from dataclasses import dataclass
from typing import Any, TypeAlias

from destination_dust.workers import Call, Lane

WAIT = None

Submit: TypeAlias = Callable[[Call], None]


@dataclass(frozen=True, slots=True)
class Ask:
    """A call to make; see `workers.Call`. Without a `key` it has that of its runner."""

    send: Callable[[], Any]
    size: int = 0
    lane: Lane = Lane.FREE
    key: Hashable = None


Steps: TypeAlias = Generator[Ask | None, Any, None]


class Runner:
    """Runs steps, one call at a time."""

    def __init__(self, key: Hashable, submit: Submit, steps: Steps) -> None:
        """`key`: calls of equal keys are made one at a time."""
        self.under_way = False
        """Whether a call is in flight."""
        self.ended = False
        self._key = key
        self._submit = submit
        self._steps = steps
        self._failure: Exception | None = None

    def advance(self) -> None:
        """Go on to the next call, or to where the steps wait."""
        if not self.under_way and not self.ended:
            self._resume(self._steps.send, None)

    def fail(self, error: Exception) -> None:
        """Raise an error in the steps where they wait, or once the call in flight has ended, whose outcome is lost."""
        self._failure = error
        self.advance()

    def _resume(self, enter: Callable[[Any], Ask | None], outcome: object) -> None:
        self.under_way = False
        if self._failure:
            enter, outcome, self._failure = self._steps.throw, self._failure, None
        try:
            ask = enter(outcome)
        except StopIteration:
            self.ended = True
            return
        if ask:
            self.under_way = True
            done, failed = self._entry(self._steps.send), self._entry(self._steps.throw)
            self._submit(Call(ask.key or self._key, ask.send, done, failed, ask.size, ask.lane))

    def _entry(self, enter: Callable[[Any], Any]) -> Callable[[Any], None]:
        return lambda outcome: self._resume(enter, outcome)
