"""Streams that are being replaced: their new documents are stored first, then what is stale is deleted.

A document is stale if Dust listed it before the first record, with exactly the tags of the stream, the sync did not
bring it, and no other sync can have acknowledged it (see `writers/markers.py`). Nothing else is touched.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import partial

from destination_dust.airbyte.catalog import StreamPlan
from destination_dust.airbyte.completion import Ending
from destination_dust.airbyte.messages import StreamKey
from destination_dust.dust.client import DustClient, ListedDocument
from destination_dust.dust.errors import AnswerTooLarge
from destination_dust.mapping.ids import is_identifier
from destination_dust.mapping.tags import Marker, fingerprint_of, generation_of, marker_of, origin, stream_tags
from destination_dust.writers.documents.cleanup import Cleanup
from destination_dust.writers.documents.inventory import Entry, Inventory
from destination_dust.writers.documents.marker import find_markers
from destination_dust.writers.documents.pagination import UnorderedListing, paginate
from destination_dust.writers.markers import Decision, announce, decide, staying
from destination_dust.writers.outcomes import Outcomes
from destination_dust.writers.steps import Ask, Runner, Steps, Submit
from destination_dust.writers.unlikely_replacements import warn_if_unlikely

logger = logging.getLogger("airbyte")

# Someone may delete documents in Dust at any time. After this, in seconds, a listing is only a hint.
BELIEVED_FOR = 300.0


class Replacements:
    """The documents that streams had before this sync, and what becomes of them."""

    def __init__(
        self, client: DustClient, submit: Submit, outcomes: Outcomes, *, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._client = client
        self._submit = submit
        self._outcomes = outcomes
        self._now = now
        self._inventory = Inventory()
        self._plans: dict[StreamKey, StreamPlan] = {}
        """The streams whose documents are in the inventory."""
        self._decisions: dict[StreamKey, Decision] = {}
        self._preparation: Runner | None = None
        self._listed_at = 0.0
        self._is_listed = True
        """Whether the inventory says what the streams had, as far as it goes."""
        self._reasons: dict[StreamKey, str] = {}
        """Why nothing of a stream may be deleted."""
        self._cleanups: list[Cleanup] = []

    @property
    def idle(self) -> bool:
        """Whether the preparation and the cleanups that were begun have ended."""
        prepared = self._preparation is None or self._preparation.ended
        return prepared and all(each.ended for each in self._cleanups)

    def prepare(self, plans: Collection[StreamPlan]) -> None:
        """Find out what may be replaced, and list it."""
        if plans:
            self._preparation = Runner("preparation", self._submit, self._prepare(plans))
            self._preparation.advance()

    def has_replaced(self, stream: StreamKey) -> bool:
        """Whether the stream was replaced before, so that this sync only adds to it."""
        return self._decisions[stream].adds

    def covers(self, stream: StreamKey) -> bool:
        """Whether the inventory holds the documents of a stream."""
        return stream in self._plans

    @property
    def recent(self) -> bool:
        """Whether the inventory can be believed to be what Dust has now."""
        return self._now() - self._listed_at < BELIEVED_FOR

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

    def store(self, plan: StreamPlan, document_id: str, fingerprint: str | None, *, with_parts: bool) -> None:
        """A document has been stored with this fingerprint, or been deleted (None).

        `with_parts`: with its other parts, so that none is left over. If not, those of an earlier sync are stale.
        """
        if plan.stream not in self._plans:
            return
        if not with_parts:
            self._inventory.mark_parts_stale(document_id)
        if fingerprint is None:
            self._inventory.remove(document_id)
        else:
            self._inventory.add_stored(Entry(document_id, plan.stream, fingerprint, plan.generation or 0))

    def conclude(self, endings: Mapping[StreamKey, Ending]) -> None:
        """Delete what is stale in complete streams and mark them as replaced; say what stays elsewhere, and why."""
        for stream, ending in endings.items():
            plan = self._plans[stream]
            reason = self._reasons.get(stream)
            if ending is Ending.COMPLETE:
                stale = iter(()) if reason else self._stale(plan)
                if not reason:
                    brought, deleted = self._outcomes.counts(stream).read, sum(1 for _ in self._stale(plan))
                    warn_if_unlikely(plan, brought=brought, deleted=deleted)
                cleanup = Cleanup(plan, self._inventory, stale, self._client, self._submit, self._outcomes)
                self._cleanups.append(cleanup)
                cleanup.start()
            elif ending.doubt:
                reason = ending.doubt
            if reason and ending is not Ending.INCOMPLETE:
                self._warn_of_old_documents(plan, reason)

    def _stale(self, plan: StreamPlan) -> Iterator[str]:
        """The documents of a stream that the sync did not bring, and that no attempt of it may have acknowledged."""
        return self._inventory.stale(plan.stream, keeps=staying(plan, self._decisions[plan.stream]))

    def _warn_of_old_documents(self, plan: StreamPlan, reason: str) -> None:
        stays = sum(1 for _ in self._stale(plan))
        if stays or not self._is_listed:
            self._outcomes.kept(plan.stream, reason)
        if stays:
            logger.warning("Stream %s: %d old documents were kept, because %s.", plan.stream, stays, reason)

    def _prepare(self, plans: Collection[StreamPlan]) -> Steps:
        """Read the markers, list the documents of streams that were not replaced before, and decide about each."""
        markers = yield from find_markers(self._client, plans)
        self._plans = {plan.stream: plan for plan in plans if not decide(plan, markers.get(plan.stream)).adds}
        if self._plans:
            yield from self._list(markers)
        for plan in plans:
            decision = self._decisions[plan.stream] = decide(plan, markers.get(plan.stream))
            announce(plan, decision)
        for stream, decision in self._decisions.items():
            if decision.adds:
                self._plans.pop(stream, None)

    def _list(self, markers: dict[StreamKey, Marker]) -> Steps:
        """List the data source page by page. Adds to `markers` what version 0.1.0 has marked."""
        logger.info("Listing the data source to find the documents to be replaced.")
        self._listed_at = self._now()
        by_tags = {frozenset(stream_tags(*plan.stream)): plan for plan in self._plans.values()}
        pages = paginate()
        try:
            offset, limit = next(pages)
            while True:
                try:
                    page = yield Ask(partial(self._client.list_documents, offset=offset, limit=limit))
                except AnswerTooLarge as error:
                    offset, limit = pages.throw(error)
                    continue
                self._add_listed(page, by_tags, markers)
                offset, limit = pages.send(page)
        except StopIteration as end:
            is_complete = end.value
        except UnorderedListing:
            reason = "Dust lists its documents in another order than it did, so nothing is known of the listing"
            self._reasons = dict.fromkeys(self._plans, reason)
            self._is_listed = False
            return
        logger.info("Listed %d documents of %d streams to be replaced.", len(self._inventory), len(self._plans))
        if not is_complete:
            # Those that were missed are not deleted, and none of the others depends on them.
            logger.warning(
                "Dust's listing may have missed some documents, because others were written meanwhile or too many have "
                "the same time. Old documents among them are kept until a later sync lists them."
            )
            reason = "Dust's listing may have missed a mark of version 0.1.0; the next sync does without"
            uncertain = [each for each, plan in self._plans.items() if plan.generation is not None]
            self._reasons = dict.fromkeys(set(uncertain) - markers.keys(), reason)

    def _add_listed(
        self,
        page: Sequence[ListedDocument],
        by_tags: Mapping[frozenset[str], StreamPlan],
        markers: dict[StreamKey, Marker],
    ) -> None:
        """Take those that we wrote: their tags are ours, and so is their id."""
        entries = []
        for document in page:
            plan = by_tags.get(origin(document.tags) or frozenset())
            if plan and is_identifier(document.document_id):
                fingerprint, generation = fingerprint_of(document.tags), generation_of(document.tags)
                entries.append(Entry(document.document_id, plan.stream, fingerprint, generation))
                # Version 0.1.0 tagged one of the stream's documents.
                if (marker := marker_of(document.tags)) and marker.generation == plan.generation:
                    markers.setdefault(plan.stream, marker)
        self._inventory.add_listed(entries)
