"""Answers that wait until a test releases them."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

from local_dust.control.arrivals import Arrival


class Hold:
    """The requests for which `when` holds get no answer until `let_go`.

    With `late` a held write waits, too; otherwise it happens on arrival and only its answer waits.
    """

    def __init__(self, when: Callable[[Arrival], bool], *, late: bool = False) -> None:
        self.late = late
        self._when = when
        self._held: list[Arrival] = []
        self._waiting: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []
        self._released = False
        self._changed = threading.Condition()

    @property
    def held(self) -> tuple[Arrival, ...]:
        """All requests held so far, in order of arrival."""
        with self._changed:
            return tuple(self._held)

    def wait_for(self, count: int, timeout: float = 60.0) -> None:
        """Block until `count` requests are held.

        Raises:
            TimeoutError: Fewer were held within `timeout` seconds.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: len(self._held) >= count, timeout):
                raise TimeoutError(f"{len(self._held)} of {count} requests held after {timeout} s")

    def let_go(self) -> None:
        """Answer the held requests and stop holding."""
        with self._changed:
            self._released = True
            for loop, event in self._waiting:
                loop.call_soon_threadsafe(event.set)
            self._waiting = []

    def wants(self, arrival: Arrival) -> bool:
        return not self._released and self._when(arrival)

    async def passed(self, arrival: Arrival) -> None:
        event = asyncio.Event()
        with self._changed:
            self._held.append(arrival)
            self._changed.notify_all()
            if self._released:
                return
            self._waiting.append((asyncio.get_running_loop(), event))
        await event.wait()


class Holds:
    """The holds in force."""

    def __init__(self) -> None:
        self._holds: list[Hold] = []

    def add(self, when: Callable[[Arrival], bool], *, late: bool = False) -> Hold:
        hold = Hold(when, late=late)
        self._holds.append(hold)
        return hold

    def matching(self, arrival: Arrival) -> Hold | None:
        return next((hold for hold in self._holds if hold.wants(arrival)), None)

    def let_go(self) -> None:
        """Release all holds."""
        for hold in self._holds:
            hold.let_go()
        self._holds = []
