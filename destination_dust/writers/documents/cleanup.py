"""The end of a stream's replacement: stale documents go, and the marker says that this is done."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import groupby

from destination_dust.airbyte.catalog import StreamPlan
from destination_dust.dust.client import DustClient
from destination_dust.dust.errors import Rejected
from destination_dust.mapping.documents.parts import part_number, whole_id
from destination_dust.writers.documents.inventory import Inventory
from destination_dust.writers.documents.marker import mark
from destination_dust.writers.outcomes import Outcomes
from destination_dust.writers.steps import Ask, Runner, Steps, Submit

logger = logging.getLogger("airbyte")

# Deletes share the threads for calls without a limit; more in line would make none of them faster.
DELETES_AT_ONCE = 16


class Cleanup:
    """Deletes the stale documents of a stream, then marks the stream as replaced."""

    def __init__(
        self,
        plan: StreamPlan,
        inventory: Inventory,
        stale: Iterator[str],
        client: DustClient,
        submit: Submit,
        outcomes: Outcomes,
    ) -> None:
        """`stale`: the documents to delete. Without any, the marker still keeps later attempts from deleting."""
        self._plan = plan
        self._inventory = inventory
        self._stale = _parts_in_descending_order(stale)
        self._client = client
        self._outcomes = outcomes
        self._deleting = DELETES_AT_ONCE
        self._runners = [Runner(("cleanup", plan.stream, n), submit, self._live()) for n in range(DELETES_AT_ONCE)]

    @property
    def ended(self) -> bool:
        """Whether everything stale is gone and the marker is written."""
        return all(runner.ended for runner in self._runners)

    def start(self) -> None:
        """Submit the first deletes."""
        for runner in self._runners:
            runner.advance()

    def _live(self) -> Steps:
        """Delete one stale document after another, as all of these do at once. The last one to end sets the marker."""
        for document_id in self._stale:
            try:
                # One at a time of those that are parts of one.
                yield Ask(partial(self._client.delete_document, document_id), key=whole_id(document_id))
            except Rejected as error:
                # The states of the stream must not wait for ever for it; the next replacement tries again.
                logger.warning(
                    "Stream %s: the stale document %s stays, because Dust does not delete it: %s",
                    self._plan.stream,
                    document_id,
                    error,
                )
                self._outcomes.kept(self._plan.stream, f"Dust does not delete the document {document_id}: {error}")
                continue
            self._inventory.remove(document_id)
            self._outcomes.counts(self._plan.stream).stale += 1
        self._deleting -= 1
        if not self._deleting:
            yield from mark(self._client, self._plan)
            self._outcomes.replaced(self._plan.stream)


def _parts_in_descending_order(document_ids: Iterable[str]) -> Iterator[str]:
    """The ids in ascending order, but parts in descending order, behind the first one, which vouches for the others.

    Then the parts that are left if the process dies have no gaps, and are found (see `splitting.py`).
    """
    for whole, group in groupby(document_ids, whole_id):
        yield from sorted(group, key=lambda each: (each != whole, -(part_number(whole, each) or 0)))
