"""The loop: messages in, calls out, and back come the states that are safe.

It never blocks. It waits only in the input, for input, a finished call, a signal or the next tick;
when too much is in flight it leaves the input alone and goes on with the rest.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator

from destination_dust.airbyte.catalog import Catalog
from destination_dust.airbyte.completion import Completion, Ending, SourceFailed
from destination_dust.airbyte.deferred_states import DeferredStates
from destination_dust.airbyte.input import Input
from destination_dust.airbyte.ledger import Ledger
from destination_dust.airbyte.reader import Message, Reader, Record, State, UnreadableInput
from destination_dust.reporting.progress import Progress
from destination_dust.workers import Outcome, Workers
from destination_dust.writers.writer import BadRecord, Writer

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
        input: Input,
        catalog: Catalog,
        writer: Writer,
        workers: Workers,
        ledger: Ledger,
        progress: Progress,
        completion: Completion,
        *,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._input = input
        self._reader = Reader()
        self._catalog = catalog
        self._writer = writer
        self._workers = workers
        self._ledger = ledger
        self._progress = progress
        self._completion = completion
        self._replaced = [plan for plan in catalog if plan.replaces]
        self._kept = DeferredStates(plan.stream for plan in self._replaced)
        self._now = now
        self._signal: int | None = None

    def interrupt(self, signal_number: int) -> None:
        """Ask the loop to wind down. Safe to call from a signal handler."""
        self._signal = signal_number
        self._input.wake()

    def run(self) -> Iterator[bytes]:
        """The acknowledged states, as lines, each as soon as it is safe.

        A sync that fails, or is interrupted, first gives out every state that has become safe.
        """
        try:
            yield from self._store_everything()
        except Exception as error:
            # Where Dust is well, what was read before is still sent: the next sync need not repeat it.
            yield from self._wind_down(goes_on=isinstance(error, (UnreadableInput, BadRecord)))
            raise
        finally:
            self._workers.stop()
            self._kept.close()
            self._progress.report()
            self._reader.report()

    def _store_everything(self) -> Iterator[bytes]:
        if self._replaced:
            yield from self._prepare()
        while not self._input.ended:
            yield from self._turn(reading=self._workers.has_room and self._writer.has_room)
        self._writer.drain()
        yield from self._until_quiet()
        if self._replaced:
            yield from self._conclude()

    def _prepare(self) -> Iterator[bytes]:
        """Learn what there is to replace. What an earlier attempt has replaced already is only added to."""
        self._writer.prepare(self._replaced)
        yield from self._until_quiet()
        self._replaced = [plan for plan in self._replaced if not self._writer.has_replaced(plan)]
        self._kept = DeferredStates(plan.stream for plan in self._replaced)

    def _conclude(self) -> Iterator[bytes]:
        """Everything is stored: delete what is proven stale, and give out the states that waited for that."""
        endings = {plan.stream: self._completion.ending(plan) for plan in self._replaced}
        self._writer.conclude(endings)
        yield from self._until_quiet()
        failed = [stream for stream, ending in endings.items() if ending is Ending.INCOMPLETE]
        self._kept.let_go(endings.keys() - set(failed))
        yield from self._kept.release()
        if failed:
            raise SourceFailed.in_streams(failed)

    def _until_quiet(self) -> Iterator[bytes]:
        """Go on, without reading, until there is nothing to do."""
        while self._workers.busy or not self._writer.idle:
            yield from self._turn(reading=False)

    def _turn(self, *, reading: bool) -> Iterator[bytes]:
        """Wait for whatever comes first, and do what follows from it."""
        for line in self._input.lines(TICK, reading=reading):
            self._take(line)
        if self._signal is not None:
            raise Interrupted(self._signal)
        self._writer.tick()
        self._follow(self._workers.outcomes())
        yield from self._safe_states()
        self._progress.tick(self._workers.in_flight)

    def _follow(self, outcomes: Iterable[Outcome]) -> None:
        """Do what follows from calls that have ended. A failed one must not cost the others their acknowledgement."""
        failure: Exception | None = None
        for outcome in outcomes:
            try:
                outcome.deliver()
            except Exception as error:  # raised below, once the others are booked
                failure = failure or error
        if failure:
            raise failure

    def _take(self, line: bytes) -> None:
        message: Message | None = self._reader.read(line)
        if message:
            self._completion.observe(message)
        if isinstance(message, Record):
            plan = self._catalog.plan_of(message.stream)
            if plan is None:
                raise UnreadableInput(
                    f"Line {message.line} of the input is a record of the stream {message.stream}, which the catalog "
                    "does not contain. Refresh the source's schema, or leave that stream out of the input."
                )
            self._progress.of(plan.stream).read += 1
            self._writer.add(plan, message, self._ledger.add_record(plan.stream))
        elif isinstance(message, State):
            self._ledger.add_state(message)

    def _safe_states(self) -> Iterator[bytes]:
        for safe in self._ledger.release():
            line = safe.state.acknowledgement(stored=safe.stored, rejected=safe.rejected)
            if self._kept.keeps(safe.state):
                self._kept.keep(safe.state, line)
            else:
                yield line

    def _wind_down(self, *, goes_on: bool) -> Iterator[bytes]:
        """Give out the states that calls make safe which end within a while. Those that wait for a limit do not."""
        until = self._now() + GRACE
        logger.info("Stopping. Calls under way have %.0f s to end.", GRACE)
        if goes_on:
            self._try(self._writer.drain)
            yield from self._let_calls_end(until - GRACE / 2)
        self._workers.stop()
        yield from self._let_calls_end(until)
        if self._ledger.waiting:
            logger.info("%d states were not given back: their records are not all stored.", self._ledger.waiting)
        if len(self._kept):
            logger.info("%d states of streams that are being replaced were not given back.", len(self._kept))

    def _let_calls_end(self, until: float) -> Iterator[bytes]:
        """Wait for calls without reading on, and give out the states that become safe."""
        self._try(self._writer.tick)
        yield from self._safe_states()
        while self._workers.busy and self._now() < until:
            self._input.lines(min(TICK, until - self._now()), reading=False)
            self._try(lambda: self._follow(self._workers.outcomes()))
            yield from self._safe_states()

    def _try(self, step: Callable[[], object]) -> None:
        """Do something after the sync has failed: its first error is the one to tell."""
        try:
            step()
        except Exception as error:
            logger.debug("While stopping: %s", type(error).__name__)
