"""One call at a time for a table, after each of which the table goes on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from destination_dust.workers import Call, Lane


class OneCall:
    """Makes calls, none before the one before it has ended and what follows from it was done."""

    def __init__(self, key: str, submit: Callable[[Call], None], go_on: Callable[[], None]) -> None:
        self.under_way = False
        self._key = key
        self._submit = submit
        self._go_on = go_on

    def make(
        self,
        send: Callable[[], Any],
        done: Callable[[Any], None],
        failed: Callable[[Exception], None] | None = None,
        *,
        size: int = 0,
        lane: Lane = Lane.FREE,
    ) -> None:
        """Have a call made, see to its outcome, and go on. Without `failed`, an error ends the sync."""

        def then(follow: Callable[[Any], None]) -> Callable[[Any], None]:
            def followed(outcome: Any) -> None:
                self.under_way = False
                follow(outcome)
                self._go_on()

            return followed

        self.under_way = True
        self._submit(Call(self._key, send, then(done), then(failed or _give_up), size, lane))


def _give_up(error: Exception) -> None:
    raise error
