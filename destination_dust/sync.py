"""The loop: messages in, calls out, and back come the states that are safe.

It never blocks. It waits only in the inlet, for input, a finished call, a signal or the next tick;
when too much is in flight it leaves the input alone and goes on with the rest.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator

from destination_dust.acknowledgements import Ledger
from destination_dust.catalog import Catalog
from destination_dust.inlet import Inlet
from destination_dust.progress import Progress
from destination_dust.reader import Message, Reader, Record, State, UnreadableInput
from destination_dust.workers import Workers
from destination_dust.writers.base import BadRecord, Writer

logger = logging.getLogger("airbyte")

TICK = 1.0
# Kubernetes kills 30 s after it asks to stop; within this, calls under way may end.
GRACE = 10.0


class Interrupted(Exception):
    """A signal asked us to stop."""

    def __init__(self, signal_number: int) -> None:
        super().__init__(f"Stopped by signal {signal_number}.")
        self.signal_number = signal_number


class Sync:
    """One run of `write`, from the first line of input to the last state."""

    def __init__(
        self,
        inlet: Inlet,
        catalog: Catalog,
        writer: Writer,
        workers: Workers,
        ledger: Ledger,
        progress: Progress,
        *,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._inlet = inlet
        self._reader = Reader()
        self._catalog = catalog
        self._writer = writer
        self._workers = workers
        self._ledger = ledger
        self._progress = progress
        self._now = now
        self._signal: int | None = None

    def interrupt(self, signal_number: int) -> None:
        """Ask the loop to wind down. Safe to call from a signal handler."""
        self._signal = signal_number
        self._inlet.wake()

    def run(self) -> Iterator[bytes]:
        """The acknowledged states, as lines, each as soon as it is safe.

        A sync that fails, or is interrupted, first gives out every state that has become safe.
        """
        try:
            yield from self._store_everything()
        except (UnreadableInput, BadRecord):
            # Dust is well, so what was read before can still be stored: the next sync need not repeat it.
            yield from self._let_calls_end()
            yield from self._wind_down()
            raise
        except Exception:
            yield from self._wind_down()
            raise
        finally:
            self._workers.stop()
            self._progress.report(ignored_lines=self._reader.ignored)

    def _store_everything(self) -> Iterator[bytes]:
        drained = False
        while not drained or self._workers.busy or not self._writer.idle:
            for line in self._inlet.lines(TICK, reading=self._workers.has_room and self._writer.has_room):
                self._take(line)
            if self._signal is not None:
                raise Interrupted(self._signal)
            if self._inlet.ended and not drained:
                self._writer.drain()
                drained = True
            self._writer.tick()
            for outcome in self._workers.outcomes():
                outcome.follow()
            yield from self._safe_states()
            self._progress.tick(self._workers.in_flight)

    def _take(self, line: bytes) -> None:
        message: Message | None = self._reader.read(line)
        if isinstance(message, Record):
            plan = self._catalog.plan_of(message.stream)
            if plan is None:
                raise UnreadableInput(
                    f"Line {message.line} of the input is a record of the stream {message.stream}, which the catalog "
                    "does not contain. Refresh the source's schema, or leave that stream out of the input."
                )
            self._progress.of(plan.stream).read += 1
            self._writer.add(plan, message, self._ledger.track(plan.stream))
        elif isinstance(message, State):
            self._ledger.hold(message)

    def _safe_states(self) -> Iterator[bytes]:
        for safe in self._ledger.release():
            yield safe.state.acknowledgement(stored=safe.stored, rejected=safe.rejected)

    def _wind_down(self) -> Iterator[bytes]:
        """Start no more calls, and give out the states that those under way make safe."""
        self._workers.stop()
        logger.info("Stopping. Calls under way have %.0f s to end.", GRACE)
        yield from self._let_calls_end()
        if self._ledger.held:
            logger.info("%d states were not given back: their records are not all stored.", self._ledger.held)

    def _let_calls_end(self) -> Iterator[bytes]:
        """Wait for calls without reading on, and give out the states that become safe."""
        until = self._now() + GRACE
        yield from self._safe_states()
        while self._workers.busy and self._now() < until:
            self._inlet.lines(min(TICK, until - self._now()), reading=False)
            for outcome in self._workers.outcomes():
                try:
                    outcome.follow()
                except Exception as error:  # the sync has failed already, with the first error
                    logger.debug("While stopping: %s", type(error).__name__)
            yield from self._safe_states()
