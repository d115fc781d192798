"""Streams that are being replaced: their new documents are stored first, then what is stale is deleted.

A document is stale if Dust listed it before the first record, with exactly the tags of the stream, and the sync did
not bring it; with generations, only if its own is one that the platform no longer wants. Nothing else is touched.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial

from destination_dust.airbyte.catalog import StreamPlan
from destination_dust.airbyte.completion import Ending
from destination_dust.airbyte.messages import StreamKey
from destination_dust.dust.client import DustClient, ListedDocument
from destination_dust.mapping.tags import fingerprint_of, generation_of, is_replaced_by, origin, stream_tags
from destination_dust.writers.documents.cleanup import Cleanup
from destination_dust.writers.documents.inventory import Entry, Inventory
from destination_dust.writers.documents.marker import mark
from destination_dust.writers.documents.pagination import paginate
from destination_dust.writers.outcomes import Outcomes
from destination_dust.writers.steps import Ask, Runner, Steps, Submit

logger = logging.getLogger("airbyte")

# Each upsert to a stream that was replaced earlier holds the marker. Knowing a few of them is enough.
MARKERS_KNOWN = 10


class Replacements:
    """The documents that streams had before this sync, and what becomes of them."""

    def __init__(self, client: DustClient, submit: Submit, outcomes: Outcomes) -> None:
        self._client = client
        self._submit = submit
        self._outcomes = outcomes
        self._inventory = Inventory()
        self._plans: dict[StreamKey, StreamPlan] = {}
        self._listing = Runner("listing", submit, self._list())
        self._marked: dict[StreamKey, set[str]] = {}
        """For each stream that was replaced earlier, some documents that hold the marker."""
        self._reasons: dict[StreamKey, str] = {}
        """Why nothing of a stream may be deleted."""
        self._cleanups: list[Cleanup] = []

    @property
    def idle(self) -> bool:
        """Whether the listing and the cleanups that were begun have ended."""
        return (self._listing.ended or not self._plans) and all(each.ended for each in self._cleanups)

    def prepare(self, plans: Collection[StreamPlan]) -> None:
        """List the documents of these streams."""
        self._plans = {plan.stream: plan for plan in plans}
        if plans:
            self._listing.advance()

    def covers(self, stream: StreamKey) -> bool:
        """Whether the inventory holds the documents of a stream."""
        return stream in self._plans

    def has_replaced(self, stream: StreamKey) -> bool:
        """Whether an earlier attempt completed the replacement by this generation."""
        return stream in self._marked

    def fingerprint(self, document_id: str) -> str | None:
        """The fingerprint of a document of such a stream, None if it has none or does not exist."""
        return self._inventory.fingerprint(document_id)

    def see(self, stream: StreamKey, document_id: str | None) -> None:
        """The sync has brought a record of this document; None if the record does not identify one."""
        if stream not in self._plans:
            return
        if document_id is not None:
            self._inventory.mark_seen(document_id)
        else:
            self._reasons[stream] = (
                "the key of a record is missing, and its document cannot be told from the stale ones. "
                "Fix the record in the source, and sync again"
            )

    def store(self, plan: StreamPlan, document_id: str, fingerprint: str | None) -> None:
        """A document has been stored with this fingerprint, or been deleted (None)."""
        if plan.stream not in self._plans:
            return
        if fingerprint is None:
            self._inventory.remove(document_id)
            self._marked.get(plan.stream, set()).discard(document_id)
        else:
            self._inventory.add_stored(Entry(document_id, plan.stream, fingerprint, plan.generation or 0))
            self._add_marked(plan.stream, document_id)

    def before_delete(self, plan: StreamPlan, document_id: str, then: Callable[[], None]) -> None:
        """Call `then` (the delete), first moving the marker to another document if this holds the only known copy."""
        if plan.generation is None or self._marked.get(plan.stream) != {document_id}:
            then()
            return
        stream, generation = plan.stream, plan.generation

        def move() -> Steps:
            others = (each for each in self._inventory.remaining(stream) if each != document_id)
            if other := (yield from mark(self._client, stream, generation, others)):
                self._add_marked(stream, other)
            then()

        Runner(("marker", document_id), self._submit, move()).advance()

    def conclude(self, endings: Mapping[StreamKey, Ending]) -> None:
        """Delete what is stale in complete streams and mark them as replaced; say what stays elsewhere, and why."""
        for stream, ending in endings.items():
            plan = self._plans[stream]
            reason = self._reasons.get(stream)
            if ending is Ending.COMPLETE:
                cleanup = Cleanup(
                    plan, self._inventory, self._client, self._submit, self._outcomes, deletes=reason is None
                )
                self._cleanups.append(cleanup)
                cleanup.start()
            elif ending is Ending.UNPROVEN:
                reason = (
                    "the input ended without saying that the stream is complete, so the source may have failed. "
                    "If your input only ends when everything was read, set end_of_input_is_complete to true"
                )
            if reason and ending is not Ending.INCOMPLETE:
                self._warn_of_old_documents(plan, reason)

    def _warn_of_old_documents(self, plan: StreamPlan, reason: str) -> None:
        stays = sum(1 for _ in self._inventory.stale(plan))
        if stays:
            logger.warning("Stream %s: %d old documents were kept, because %s.", plan.stream, stays, reason)

    def _list(self) -> Steps:
        """List the data source page by page."""
        logger.info("Listing the data source to find the documents to be replaced.")
        by_tags = {frozenset(stream_tags(*plan.stream)): plan for plan in self._plans.values()}
        pages = paginate()
        try:
            offset, limit = next(pages)
            while True:
                page = yield Ask(partial(self._client.list_documents, offset=offset, limit=limit))
                self._add_listed(page, by_tags)
                offset, limit = pages.send(page)
        except StopIteration as end:
            is_complete = end.value
        logger.info("Listed %d documents of %d streams to be replaced.", len(self._inventory), len(self._plans))
        if not is_complete:
            reason = "Dust's listing was not complete; the next sync may get a complete one"
            self._reasons = dict.fromkeys(self._plans, reason)

    def _add_listed(self, page: Sequence[ListedDocument], by_tags: Mapping[frozenset[str], StreamPlan]) -> None:
        entries = []
        for document in page:
            plan = by_tags.get(origin(document.tags) or frozenset())
            if plan:
                fingerprint = fingerprint_of(document.tags)
                entries.append(Entry(document.document_id, plan.stream, fingerprint, generation_of(document.tags)))
                if plan.generation is not None and is_replaced_by(document.tags, plan.generation):
                    self._marked.setdefault(plan.stream, set())
                    self._add_marked(plan.stream, document.document_id)
        self._inventory.add_listed(entries)

    def _add_marked(self, stream: StreamKey, document_id: str) -> None:
        known = self._marked.get(stream)
        if known is not None and len(known) < MARKERS_KNOWN:
            known.add(document_id)
