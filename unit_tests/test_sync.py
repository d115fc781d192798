"""The loop, where a real process would show too little."""

from __future__ import annotations

import os
import signal
from collections.abc import Collection, Iterator, Mapping
from contextlib import closing
from typing import Any

import orjson
import pytest
from pytest_mock import MockerFixture

from destination_dust import failures
from destination_dust.airbyte.catalog import Catalog, StreamPlan
from destination_dust.airbyte.completion import Completion, Ending
from destination_dust.airbyte.input import Input
from destination_dust.airbyte.ledger import Ledger, Span
from destination_dust.airbyte.messages import Record, StreamKey
from destination_dust.config import OnRecordError
from destination_dust.sync import Interrupted, Sync
from destination_dust.workers import Call, Outcome
from destination_dust.writers.outcomes import BadRecord, Outcomes
from unit_tests.builders import ORDERS, USERS, configured, record, state


class Lost(Exception):
    """What happens to the orders."""


class InstantWorkers:
    """Calls end when the loop looks, all at once."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.stopped = False
        self.has_room = True
        self.in_flight = 0

    @property
    def busy(self) -> bool:
        return bool(self.calls)

    def submit(self, call: Call) -> None:
        if not self.stopped:
            self.calls.append(call)

    def outcomes(self) -> list[Outcome]:
        ended, self.calls = self.calls, []
        return [_made(call) for call in ended]

    def stop(self) -> None:
        self.stopped = True


def _made(call: Call) -> Outcome:
    try:
        return Outcome(call, call.send(), None)
    except Exception as error:
        return Outcome(call, None, error)


class FakeWriter:
    """Stores each record with one call, the orders in vain; notes what the loop asks for."""

    def __init__(self, workers: InstantWorkers, outcomes: Outcomes) -> None:
        self.log: list[str] = []
        self.has_room = True
        self.idle = True
        self.done_before: set[StreamKey] = set()
        self.endings: Mapping[StreamKey, Ending] = {}
        self.failures: dict[StreamKey, Exception] = {}
        self.lacks: list[str] = []
        self._workers = workers
        self._outcomes = outcomes

    def add(self, plan: StreamPlan, record: Record, span: Span) -> None:
        self.log.append(f"add {record.data['id']}")
        if record.data.get("bad"):
            self._outcomes.rejected(plan.stream, str(record.data["id"]), "it is bad", {span: 1})
            return

        def send() -> None:
            if plan.stream == ORDERS:
                raise Lost

        def stored(_answer: object) -> None:
            self._outcomes.upserted(plan.stream, {span: 1})

        self._workers.submit(Call(plan.stream, send, stored))

    def tick(self) -> None:
        self.log.append("tick")

    def drain(self) -> None:
        self.log.append("drain")

    def wind_down(self, until: float, *, goes_on: bool) -> bool:  # noqa: ARG002  calls end at once
        self.log.append(f"wind down{' and go on' if goes_on else ''}")
        return goes_on

    def unfinished(self) -> list[str]:
        return self.lacks

    def prepare(self, plans: Collection[StreamPlan]) -> None:
        if replaced := [str(plan.stream) for plan in plans if plan.replaces]:
            self.log.append(f"prepare {' '.join(replaced)}")

    def has_replaced(self, plan: StreamPlan) -> bool:
        return plan.stream in self.done_before

    def conclude(self, endings: Mapping[StreamKey, Ending]) -> None:
        self.endings = endings
        self.log.append("conclude")

    def report(self) -> None:
        self.log.append("report")


class Loop:
    """A sync over fakes. Lines are sent as they are given; the clock stands still unless a test moves it."""

    def __init__(self, mocker: MockerFixture, *streams: dict[str, Any]) -> None:
        reading, self._writing = os.pipe()
        self.input = Input(reading)
        ledger = Ledger([USERS, ORDERS])
        self.workers = InstantWorkers()
        progress = mocker.MagicMock()
        outcomes = Outcomes(ledger, progress, OnRecordError.FAIL)
        self.writer = FakeWriter(self.workers, outcomes)
        workers: Any = self.workers
        catalog = Catalog.parse({"streams": list(streams) or [configured("users"), configured("orders")]})
        completion = Completion([USERS, ORDERS], end_of_input_is_complete=False)
        self.sync = Sync(self.input, catalog, self.writer, workers, ledger, outcomes, progress, completion)

    def send(self, *lines: bytes) -> None:
        os.write(self._writing, b"".join(line + b"\n" for line in lines))

    def end(self) -> None:
        os.close(self._writing)

    def close(self) -> None:
        self.input.close()


@pytest.fixture
def loop(mocker: MockerFixture) -> Iterator[Loop]:
    with closing(Loop(mocker)) as loop:
        yield loop


def numbers(lines: Iterator[bytes], failure: type[Exception] | None = None) -> list[int]:
    """The states that a sync gives back, by their numbers, and how it fails."""
    found: list[int] = []

    def collect() -> None:
        found.extend(orjson.loads(line)["state"]["stream"]["stream_state"]["at"] for line in lines)

    if failure:
        with pytest.raises(failure):
            collect()
    else:
        collect()
    return found


def users(number: int, **more: Any) -> bytes:
    """A record of a user."""
    return record("users", {"id": number, **more})


def test_a_failed_call_does_not_cost_another_its_acknowledgement(loop: Loop) -> None:
    """Of calls that end together, all are booked before the failure of one ends the sync."""
    loop.send(record("orders", {"id": 1}), users(2), state(USERS, 7).line)
    loop.end()

    assert [7] == numbers(loop.sync.run(), Lost)


def test_a_bad_record_ends_the_sync_once_what_came_with_it_is_booked(loop: Loop) -> None:
    """The turn goes on to its end: other records of the same chunk are stored, and their states go out."""
    loop.send(users(1), state(USERS, 1).line, users(2, bad=True), state(USERS, 2).line)

    assert [1] == numbers(loop.sync.run(), BadRecord)
    loop.end()


@pytest.mark.parametrize("full", ["workers", "writer"])
def test_nothing_is_read_while_there_is_no_room(loop: Loop, full: str) -> None:
    """The loop keeps ticking: room comes from calls that end, and from what is due by time."""
    loop.send(users(1), state(USERS, 1).line)
    loop.end()
    target: Any = getattr(loop, full)
    target.has_room = False
    ticks = 0

    def tick() -> None:
        nonlocal ticks
        ticks += 1
        loop.writer.log.append("tick")
        loop.input.wake()
        target.has_room = ticks >= 3

    loop.writer.tick = tick  # type: ignore[method-assign]  # the test is the clock

    assert [1] == numbers(loop.sync.run())
    assert ["tick", "tick", "tick", "add 1"] == loop.writer.log[:4]


def test_a_signal_stops_the_reading_and_lets_calls_end(loop: Loop) -> None:
    """States that those calls make safe still go out."""
    loop.send(users(1), state(USERS, 1).line)
    lines = loop.sync.run()
    loop.sync.interrupt(signal.SIGTERM)

    assert [1] == numbers(lines, Interrupted)
    assert loop.workers.stopped
    assert "drain" not in loop.writer.log
    loop.end()


def test_a_replaced_stream_is_concluded_before_its_states_go_out(mocker: MockerFixture) -> None:
    """Prepare, records, drain, conclude, states; and the report comes last."""
    complete = b'{"type":"TRACE","trace":{"type":"STREAM_STATUS","stream_status":{"stream_descriptor":{"name":"users"},"status":"COMPLETE"}}}'  # noqa: E501 a line of the protocol
    with closing(Loop(mocker, configured("users", "overwrite"), configured("orders"))) as loop:
        loop.send(users(1), state(USERS, 1).line, complete)
        loop.end()

        assert [1] == numbers(loop.sync.run())
        assert ["prepare users", "add 1", "drain", "conclude", "report"] == [
            entry for entry in loop.writer.log if entry != "tick"
        ]
        assert {USERS: Ending.COMPLETE} == loop.writer.endings


def test_a_stream_that_was_replaced_before_is_not_concluded_again(mocker: MockerFixture) -> None:
    """An earlier attempt did that: the records are added, and states need not wait."""
    with closing(Loop(mocker, configured("users", "overwrite"))) as loop:
        loop.writer.done_before.add(USERS)
        loop.send(users(1), state(USERS, 1).line)
        loop.end()

        assert [1] == numbers(loop.sync.run())
        assert "conclude" not in loop.writer.log


def test_a_stream_that_failed_alone_fails_the_sync_at_its_end(mocker: MockerFixture) -> None:
    """The states of the others go out first; its own do not, as it was not replaced."""
    complete = b'{"type":"TRACE","trace":{"type":"STREAM_STATUS","stream_status":{"stream_descriptor":{"name":"%b"},"status":"COMPLETE"}}}'  # noqa: E501 a line of the protocol
    with closing(Loop(mocker, configured("users", "overwrite"), configured("orders", "overwrite"))) as loop:
        loop.send(users(1), state(USERS, 1).line, state(ORDERS, 2).line, complete % b"users", complete % b"orders")
        loop.end()
        loop.writer.failures = {ORDERS: Lost()}

        assert [1] == numbers(loop.sync.run(), Lost)


def test_what_is_unfinished_is_logged_and_told_with_the_error(loop: Loop, caplog: pytest.LogCaptureFixture) -> None:
    """Each sentence once."""
    loop.send(users(1, bad=True))
    loop.writer.lacks = ["A table has 2 of 3 rows."]

    with caplog.at_level("WARNING", "airbyte"), pytest.raises(BadRecord) as raised:
        list(loop.sync.run())

    assert failures.explain(raised.value, None).endswith(" A table has 2 of 3 rows.")
    assert 1 == caplog.text.count("2 of 3 rows")
    loop.end()
