"""The loop, where a real process would show too little."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from typing import Any

import orjson
import pytest
from pytest_mock import MockerFixture

from destination_dust.airbyte.catalog import Catalog, StreamPlan
from destination_dust.airbyte.completion import Completion
from destination_dust.airbyte.input import Input
from destination_dust.airbyte.ledger import Ledger, Span
from destination_dust.airbyte.messages import Record
from destination_dust.config import OnRecordError
from destination_dust.sync import Sync
from destination_dust.workers import Call, Lane, Workers
from destination_dust.writers.outcomes import Outcomes
from unit_tests.builders import ORDERS, USERS, configured, record, state

PATIENCE = 30.0


class Lost(Exception):
    """What happens to the orders."""


class TwoAtOnce:
    """A writer whose two calls both have ended before the loop looks at either."""

    has_room = idle = True

    def __init__(self, workers: Workers, ledger: Ledger, ended: threading.Semaphore) -> None:
        self._workers = workers
        self._ledger = ledger
        self._ended = ended
        self._submitted = 0

    def add(self, plan: StreamPlan, _record: Record, span: Span) -> None:
        """Submit a call that is stored, or lost if it is one of the orders."""

        def send() -> None:
            if plan.stream == ORDERS:
                raise Lost

        def failed(error: Exception) -> None:
            raise error

        def stored(_answer: object) -> None:
            self._ledger.settle(span, stored=1)

        self._submitted += 1
        self._workers.submit(Call(plan.stream, send, stored, failed))

    def tick(self) -> None:
        """Wait until all calls that were submitted have ended."""
        while self._submitted:
            assert self._ended.acquire(timeout=PATIENCE)
            self._submitted -= 1

    def drain(self) -> None:
        """Nothing is kept back."""

    def conclude(self, endings: Mapping[Any, Any]) -> None:
        """Nothing is replaced."""

    def report(self) -> None:
        """Nothing is noteworthy."""


def test_a_failed_call_does_not_cost_another_its_acknowledgement(mocker: MockerFixture) -> None:
    """Of calls that end together, all are booked before the failure of one ends the sync."""
    reading, writing = os.pipe()
    lines = [record("orders", {"id": 1}), record("users", {"id": 1}), state(USERS, 7).line]
    os.write(writing, b"\n".join(lines) + b"\n")
    os.close(writing)
    input, ledger, ended = Input(reading), Ledger([USERS, ORDERS]), threading.Semaphore(0)
    workers = Workers(dict.fromkeys(Lane, 2), max_calls=10, max_bytes=10, wake=ended.release)
    catalog = Catalog.parse({"streams": [configured("users"), configured("orders")]})
    completion = Completion(end_of_input_is_complete=False)
    writer = TwoAtOnce(workers, ledger, ended)
    progress = mocker.MagicMock()
    outcomes = Outcomes(ledger, progress, OnRecordError.FAIL)
    sync = Sync(input, catalog, writer, workers, ledger, outcomes, progress, completion)

    given_back: list[dict[str, Any]] = []
    with pytest.raises(Lost):
        given_back.extend(map(orjson.loads, sync.run()))

    assert [7] == [message["state"]["stream"]["stream_state"]["at"] for message in given_back]
    os.close(reading)
