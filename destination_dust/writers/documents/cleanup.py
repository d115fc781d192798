"""The end of the replacement of one stream: what is stale goes, and a mark says that this is done."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from destination_dust.airbyte.catalog import StreamPlan
from destination_dust.dust.client import DustClient
from destination_dust.dust.errors import NotFound
from destination_dust.workers import Call
from destination_dust.writers.documents.inventory import Inventory
from destination_dust.writers.documents.marker import Marker
from destination_dust.writers.writer import Outcomes

# Deletes share the threads for calls without a limit; more in the queue would make none of them faster.
DELETES_AT_ONCE = 16


class Cleanup:
    """Deletes the stale documents of a stream, then marks one of those that remain."""

    def __init__(
        self, plan: StreamPlan, inventory: Inventory, client: DustClient, outcomes: Outcomes, *, deletes: bool
    ) -> None:
        """`deletes`: whether anything may be deleted. If not, the mark keeps later attempts from it, too."""
        self.ended = False
        self._plan = plan
        self._inventory = inventory
        self._client = client
        self._outcomes = outcomes
        self._stale: Iterator[str] = inventory.stale(plan) if deletes else iter(())
        self._deleting = 0

    def go_on(self) -> None:
        """Submit the next deletes, or, when they are done, the mark."""
        while self._deleting < DELETES_AT_ONCE and (document_id := next(self._stale, None)) is not None:
            self._deleting += 1
            send = partial(self._client.delete_document, document_id)
            deleted, failed = partial(self._deleted, document_id), partial(self._failed, document_id)
            self._outcomes.submit(Call(document_id, send, deleted, failed))
        if self._deleting:
            return
        if self._plan.generation is None:
            self._end(None)  # a host that counts no generations does not try again by itself
        else:
            remaining = self._inventory.remaining(self._plan.stream)
            Marker(self._plan, self._plan.generation, remaining, self._client, self._outcomes, self._end).start()

    def _deleted(self, document_id: str, _answer: None) -> None:
        self._deleting -= 1
        self._inventory.remove(document_id)
        self._outcomes.progress.of(self._plan.stream).stale += 1
        self.go_on()

    def _failed(self, document_id: str, error: Exception) -> None:
        if not isinstance(error, NotFound):
            raise error
        self._deleted(document_id, None)

    def _end(self, _marked: str | None) -> None:
        self.ended = True
