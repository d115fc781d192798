"""A local Dust in a thread of this process."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any, TypeVar

from local_dust.control.arrivals import Arrival
from local_dust.control.faults import Faults
from local_dust.control.holds import Hold, Holds
from local_dust.server.http_server import HttpServer
from local_dust.world import World

START_SECONDS = 10.0

Self = TypeVar("Self", bound="LocalDust")


class LocalDust:
    """A real HTTP server on 127.0.0.1 over a world, running inside a `with` block.

    Args:
        world: None makes a new one.
        port: 0 takes a free one.
    """

    def __init__(self, world: World | None = None, *, port: int = 0) -> None:
        self.world = world or World()
        self.holds = Holds()
        self._wanted_port = port
        self._port: int | None = None
        self._failure: BaseException | None = None
        self._ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._thread = threading.Thread(target=self._run, name="local-dust", daemon=True)

    def __enter__(self: Self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """`http://127.0.0.1:PORT`"""
        return f"http://127.0.0.1:{self._port}"

    @property
    def faults(self) -> Faults:
        return self.world.faults

    def config(self, **overrides: Any) -> dict[str, Any]:
        """The connector's settings for this server, with these overrides."""
        return {**self.world.config(), "base_url": self.url, **overrides}

    def hold(self, when: Callable[[Arrival], bool], *, late: bool = False) -> Hold:
        """Hold the answers to requests for which `when` is true (see `Hold`)."""
        return self.holds.add(when, late=late)

    def start(self) -> None:
        """Start listening.

        Raises:
            OSError, OverflowError: The port cannot be used.
            TimeoutError: The server did not start in time.
        """
        self._thread.start()
        if not self._ready.wait(START_SECONDS):
            raise TimeoutError("the local Dust did not start")
        if self._failure is not None:
            raise self._failure

    def stop(self) -> None:
        """Drop all connections and end the thread. Releases held answers."""
        if self._loop is not None and self._stop is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(START_SECONDS)

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        server = HttpServer(self.world, self.holds)
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        try:
            self._port = await server.start("127.0.0.1", self._wanted_port)
        except (OSError, OverflowError) as failure:  # a port in use, one beyond 65535
            self._failure = failure
            return
        finally:
            self._ready.set()
        await self._stop.wait()
        await server.stop()
