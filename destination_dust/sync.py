"""The loop: messages in, calls out, and the states that became safe back.

    stdin → airbyte/input → reader → SYNC ─ record → writers/documents ─ queue ─┐
                                      │            └ writers/tables ─── table ──┤ Call
                                      │ STATE                                   ▼
    stdout ← airbyte/output ← ledger ←┴─── writers/outcomes ←─── Outcome ─── workers → dust/client → Dust

It never blocks. It waits only in the input, for a line, a finished call, a signal or the next tick;
when too much is in flight it leaves the input alone and goes on with the rest.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Generator, Iterator

from destination_dust.airbyte.catalog import Catalog, UnusableCatalog
from destination_dust.airbyte.completion import Completion, Ending, SourceFailed
from destination_dust.airbyte.input import Lines
from destination_dust.airbyte.ledger import Ledger
from destination_dust.airbyte.messages import (
    LineReader,
    Message,
    Record,
    SourceError,
    State,
    acknowledgement,
)
from destination_dust.airbyte.reader import Reader, UnreadableInput
from destination_dust.airbyte.unknown_streams import UnknownStreams
from destination_dust.reporting.progress import Progress
from destination_dust.workers import Outcome, Workers
from destination_dust.writers.outcomes import BadRecord, Outcomes
from destination_dust.writers.writer import Writer

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
        input: Lines,
        catalog: Catalog,
        writer: Writer,
        workers: Workers,
        ledger: Ledger,
        outcomes: Outcomes,
        progress: Progress,
        completion: Completion,
        *,
        reader: LineReader | None = None,
        check_reader: Callable[[], None] = lambda: None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """`reader`: of the lines of the input, None if they are Airbyte's messages.

        `check_reader` raises `BrokenPipeError` if no one can read what `run` gives out.
        """
        self._input = input
        self._reader = reader or Reader()
        self._catalog = catalog
        self._unknown = UnknownStreams([plan.stream for plan in catalog])
        self._writer = writer
        self.workers = workers
        self._ledger = ledger
        self._outcomes = outcomes
        self.progress = progress
        self._completion = completion
        self._check_reader = check_reader
        self._now = now
        self._signal: int | None = None

    @property
    def outcomes(self) -> Outcomes:
        """What has become of the records so far."""
        return self._outcomes

    def interrupt(self, signal_number: int) -> None:
        """Ask the loop to wind down. Safe to call from a signal handler."""
        self._signal = signal_number
        self._input.wake()

    def run(self) -> Generator[bytes, None, None]:
        """The acknowledged states, as lines, each as soon as it is safe.

        A sync that fails, or is interrupted, first gives out every state that has become safe.
        """
        try:
            yield from self._store_everything()
        except BrokenPipeError:
            raise  # there is no one to give states to
        except Exception as error:
            # While Dust is well, what was read before is still sent: the next sync need not repeat it.
            yield from self._wind_down(goes_on=isinstance(error, (UnreadableInput, UnusableCatalog, BadRecord)))
            self._say_what_is_unfinished(error)
            raise
        finally:
            self.workers.stop()
            self._ledger.close()
            self._writer.report()
            self.progress.report()
            self._reader.report()

    def _store_everything(self) -> Iterator[bytes]:
        self._writer.prepare([*self._catalog])
        yield from self._until_quiet()
        # Streams that an earlier attempt already replaced are only appended to.
        replaced = [plan for plan in self._catalog if plan.replaces and not self._writer.has_replaced(plan)]
        held = {plan.stream: self._ledger.hold(plan.stream) for plan in replaced}
        while not self._input.ended:
            yield from self._turn(reading=self.workers.has_room and self._writer.has_room)
        self._reader.end()
        self._writer.drain()
        yield from self._until_quiet()
        endings = {plan.stream: self._completion.ending(plan) for plan in replaced}
        if replaced:
            self._writer.conclude(endings)
            yield from self._until_quiet()
        failed = [stream for stream, ending in endings.items() if ending is Ending.INCOMPLETE]
        for stream in endings.keys() - set(failed) - self._writer.failures.keys():
            self._ledger.let_go(held[stream])
        yield from self._safe_states()
        for failure in self._writer.failures.values():
            raise failure
        if failed:
            raise SourceFailed.in_streams(failed)

    def _until_quiet(self) -> Iterator[bytes]:
        """Go on, without reading, until there is nothing to do."""
        while not self._is_quiet:
            yield from self._turn(reading=False)

    @property
    def _is_quiet(self) -> bool:
        return not self.workers.busy and self._writer.idle

    def _turn(self, *, reading: bool) -> Iterator[bytes]:
        """Wait for the next event and handle it."""
        for line in self._input.lines(TICK, reading=reading):
            self._take(line)
        if self._signal is not None:
            raise Interrupted(self._signal)
        self._check_reader()
        self._deliver(self.workers.outcomes())
        self._writer.tick()
        yield from self._safe_states()
        if self._outcomes.failure:
            raise self._outcomes.failure
        self.progress.tick(self.workers.in_flight)

    def _deliver(self, outcomes: list[Outcome]) -> None:
        """Hand finished calls to those who made them. A failed one must not cost the others their acknowledgement."""
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
                raise self._unknown.refuse(message)
            self._outcomes.note(plan, message)
            self._writer.add(plan, message, self._outcomes.read(plan.stream))
        elif isinstance(message, State):
            self.progress.states.read += 1
            self._ledger.add_state(message)
            if message.stream and self._catalog.plan_of(message.stream) is None:
                self._unknown.warn(message.stream)
        elif isinstance(message, SourceError):
            self.progress.source_failed(message.stream, message.message)

    def _safe_states(self) -> Iterator[bytes]:
        for safe in self._ledger.release():
            yield acknowledgement(safe.line, stored=safe.stored, rejected=safe.rejected)
            # Whoever takes the next one has written this one.
            self.progress.states.acknowledged += 1

    def _wind_down(self, *, goes_on: bool) -> Iterator[bytes]:
        """Emit states whose calls finish within the grace period; calls waiting for the limit are dropped."""
        until = self._now() + GRACE
        calls_until = until - GRACE / 2
        logger.info("Stopping. Calls under way have %.0f s to end.", GRACE)
        useful = self._try(lambda: self._writer.wind_down(calls_until, goes_on=goes_on))
        yield from self._safe_states()
        while useful and not (self._is_quiet or self._now() >= calls_until):
            yield from self._let_calls_go_on(calls_until)
            self._try(self._writer.tick)
        self.workers.stop()
        while self.workers.busy and self._now() < until:
            yield from self._let_calls_go_on(until)
        if self._ledger.waiting:
            logger.info(
                "%d states were not given back: the records before them are not all stored, or a stream's replacement "
                "was not completed.",
                self._ledger.waiting,
            )

    def _let_calls_go_on(self, until: float) -> Iterator[bytes]:
        """Wait for a call without reading on, and give out the states that become safe."""
        self._input.lines(min(TICK, until - self._now()), reading=False)
        self._try(lambda: self._deliver(self.workers.outcomes()))
        yield from self._safe_states()

    def _say_what_is_unfinished(self, error: Exception) -> None:
        """Log it, and add it to the error as notes, as Python 3.11 and later do it."""
        for sentence in self._writer.unfinished():
            logger.warning("%s", sentence)
            error.__dict__.setdefault("__notes__", []).append(sentence)

    def _try(self, step: Callable[[], object]) -> object:
        """Do something after the sync has failed, whose first error is the one to report. Returns what it returns."""
        try:
            return step()
        except Exception as error:
            logger.debug("While stopping: %s", type(error).__name__)
            return None
