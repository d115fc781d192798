"""Outcomes whose calls end when the test says so, in the order it likes."""

from __future__ import annotations

from typing import Any

from destination_dust.airbyte.ledger import Ledger
from destination_dust.config import OnRecordError
from destination_dust.dust.pacer import Pacer
from destination_dust.reporting.progress import Progress
from destination_dust.workers import Call, Lane
from destination_dust.writers.outcomes import Outcomes
from unit_tests.builders import ORDERS, USERS


class FakeClient:
    """Notes the calls that are made, as text."""

    def __init__(self) -> None:
        self.made: list[str] = []

    def upsert_document(self, document_id: str, body: bytes) -> None:
        self.made.append(f"upsert {document_id} {body.decode()}")

    def delete_document(self, document_id: str) -> None:
        self.made.append(f"delete {document_id}")


class FakeWorkers:
    """What was submitted and has not ended, by key; and what it counts for."""

    def __init__(self, *, skip: bool = False) -> None:
        self.open: list[Call] = []
        self.ledger = Ledger([USERS, ORDERS])
        self.progress = Progress(interval=30.0, pacer=Pacer(120))
        policy = OnRecordError.SKIP if skip else OnRecordError.FAIL
        self.submit = self.open.append
        self.outcomes = Outcomes(self.ledger, self.progress, policy)

    @property
    def keys(self) -> list[Any]:
        """The keys of the calls in flight, in the order submitted."""
        return [call.key for call in self.open]

    @property
    def upserts(self) -> int:
        """How many of them wait for the limit."""
        return sum(call.lane is Lane.LIMITED for call in self.open)

    def end(self, key: Any, error: Exception | None = None) -> None:
        """Make the oldest call of a key, and do what follows from it."""
        call = next(call for call in self.open if call.key == key)
        self.open.remove(call)
        if error:
            call.failed(error)
        else:
            call.done(call.send())

    def end_all(self) -> None:
        """Until nothing is in flight."""
        while self.open:
            self.end(self.open[0].key)
