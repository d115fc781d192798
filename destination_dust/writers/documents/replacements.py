"""Streams that are replaced: their new documents are stored first, and what is then stale is deleted.

Stale is what Dust listed, before the first record, with exactly the tags of the stream, and the sync did
not bring. With generations, only what is of one that the platform no longer wants. Nothing else is touched.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping
from functools import partial

from destination_dust.airbyte.catalog import StreamPlan
from destination_dust.airbyte.completion import Ending
from destination_dust.airbyte.reader import StreamKey
from destination_dust.dust.client import DustClient, ListedDocument
from destination_dust.mapping.tags import fingerprint_of, generation_of, is_replaced_by, origin, stream_tags
from destination_dust.workers import Call
from destination_dust.writers.documents.cleanup import Cleanup
from destination_dust.writers.documents.inventory import Entry, Inventory
from destination_dust.writers.documents.marker import Marker
from destination_dust.writers.documents.pagination import Pagination
from destination_dust.writers.writer import Outcomes

logger = logging.getLogger("airbyte")

# Each upsert to a stream that was replaced earlier holds the mark. A few that are known will do.
MARKS_KNOWN = 10


class Replacements:
    """The documents that streams had before this sync, and what becomes of them."""

    def __init__(self, client: DustClient, outcomes: Outcomes) -> None:
        self._client = client
        self._outcomes = outcomes
        self._inventory = Inventory()
        self._plans: dict[StreamKey, StreamPlan] = {}
        self._by_tags: dict[frozenset[str], StreamPlan] = {}
        self._pagination = Pagination()
        self._marks: dict[StreamKey, set[str]] = {}
        """Of each stream that was replaced earlier, some documents that hold the mark."""
        self._reasons: dict[StreamKey, str] = {}
        """Why nothing of a stream may be deleted."""
        self._clean_ups: list[Cleanup] = []

    @property
    def idle(self) -> bool:
        """Whether the listing is complete, and all that was begun has ended."""
        return (self._pagination.ended or not self._plans) and all(each.ended for each in self._clean_ups)

    def prepare(self, plans: Collection[StreamPlan]) -> None:
        """List what Dust has of these streams."""
        self._plans = {plan.stream: plan for plan in plans}
        self._by_tags = {frozenset(stream_tags(*plan.stream)): plan for plan in plans}
        if plans:
            logger.info("Listing the data source, to know what there is to replace.")
            self._list()

    def covers(self, stream: StreamKey) -> bool:
        """Whether it is known what Dust has of a stream."""
        return stream in self._plans

    def has_replaced(self, stream: StreamKey) -> bool:
        """Whether an earlier attempt has completed the replacement by this generation."""
        return stream in self._marks

    def fingerprint(self, document_id: str) -> str | None:
        """The fingerprint of a document of such a stream, None if it has none or does not exist."""
        return self._inventory.fingerprint(document_id)

    def see(self, stream: StreamKey, document_id: str | None) -> None:
        """The sync has brought a record, of this id; None if it could not be told of which document."""
        if stream not in self._plans:
            return
        if document_id is not None:
            self._inventory.see(document_id)
        else:
            self._reasons[stream] = (
                "the key of a record is missing, so that its document cannot be told from the stale ones. "
                "Mend the record in the source, and sync again"
            )

    def store(self, plan: StreamPlan, document_id: str, fingerprint: str | None) -> None:
        """A document has been stored with this fingerprint, or been deleted (None)."""
        if plan.stream not in self._plans:
            return
        if fingerprint is None:
            self._inventory.remove(document_id)
            self._marks.get(plan.stream, set()).discard(document_id)
        else:
            self._inventory.store(Entry(document_id, plan.stream, fingerprint, plan.generation or 0))
            self._hold_mark(plan.stream, document_id)

    def before_delete(self, plan: StreamPlan, document_id: str, then: Callable[[], None]) -> None:
        """Do `then`, which deletes a document, after another one got the mark if this is the only one known."""
        if plan.generation is None or self._marks.get(plan.stream) != {document_id}:
            then()
            return

        def with_marker(other: str | None) -> None:
            if other:
                self._hold_mark(plan.stream, other)
            then()

        others = (each for each in self._inventory.remaining(plan.stream) if each != document_id)
        Marker(plan, plan.generation, others, self._client, self._outcomes, with_marker).start()

    def conclude(self, endings: Mapping[StreamKey, Ending]) -> None:
        """Delete what is stale in complete streams, and mark them as replaced; tell of what stays, and why."""
        for stream, ending in endings.items():
            plan = self._plans[stream]
            reason = self._reasons.get(stream)
            if ending is Ending.COMPLETE:
                clean_up = Cleanup(plan, self._inventory, self._client, self._outcomes, deletes=reason is None)
                self._clean_ups.append(clean_up)
                clean_up.go_on()
            elif ending is Ending.UNPROVEN:
                reason = (
                    "the input ended without saying that the stream is complete, so that the source may have failed. "
                    "If your input only ends when everything was read, set end_of_input_is_complete to true"
                )
            if reason and ending is not Ending.INCOMPLETE:
                self._tell_what_stays(plan, reason)

    def _tell_what_stays(self, plan: StreamPlan, reason: str) -> None:
        stays = sum(1 for _ in self._inventory.stale(plan))
        if stays:
            logger.warning("Stream %s: %d old documents were kept, because %s.", plan.stream, stays, reason)

    def _list(self) -> None:
        offset = self._pagination.offset
        send = partial(self._client.list_documents, offset=offset, limit=self._pagination.limit)
        self._outcomes.submit(Call("listing", send, self._take, _fail))

    def _take(self, page: list[ListedDocument]) -> None:
        self._note(page)
        self._pagination.take(page)
        if not self._pagination.ended:
            self._list()
            return
        logger.info("Listed %d documents of %d streams to be replaced.", len(self._inventory), len(self._plans))
        if not self._pagination.complete:
            reason = "Dust's listing was not complete, which the next sync may find otherwise"
            self._reasons = dict.fromkeys(self._plans, reason)

    def _note(self, page: list[ListedDocument]) -> None:
        entries = []
        for document in page:
            plan = self._by_tags.get(origin(document.tags) or frozenset())
            if plan:
                fingerprint = fingerprint_of(document.tags)
                entries.append(Entry(document.document_id, plan.stream, fingerprint, generation_of(document.tags)))
                if plan.generation is not None and is_replaced_by(document.tags, plan.generation):
                    self._marks.setdefault(plan.stream, set())
                    self._hold_mark(plan.stream, document.document_id)
        self._inventory.note(entries)

    def _hold_mark(self, stream: StreamKey, document_id: str) -> None:
        marks = self._marks.get(stream)
        if marks is not None and len(marks) < MARKS_KNOWN:
            marks.add(document_id)


def _fail(error: Exception) -> None:
    raise error
