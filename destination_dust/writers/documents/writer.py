"""Records as Dust documents: one synchronous upsert, or one delete, for each that changes anything."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import partial

from destination_dust.airbyte.catalog import MissingKey, StreamPlan
from destination_dust.airbyte.completion import Ending
from destination_dust.airbyte.ledger import Span
from destination_dust.airbyte.reader import Record, StreamKey
from destination_dust.dust.client import DustClient
from destination_dust.mapping.documents.document import DocumentShape, document, upsert_body, with_marker
from destination_dust.mapping.tags import fingerprint_of, is_of_stream
from destination_dust.writers.documents.fingerprints import Fingerprints
from destination_dust.writers.documents.queue import DocumentQueue, DocumentVersion
from destination_dust.writers.documents.replacements import Replacements
from destination_dust.writers.record_ids import record_id
from destination_dust.writers.writer import Outcomes


class DocumentsWriter:
    """Maps records to documents, and leaves each to the outbox, with what Dust has of it already."""

    def __init__(
        self,
        client: DustClient,
        outcomes: Outcomes,
        shapes: Mapping[StreamKey, DocumentShape],
        *,
        upserts: int,
        skip_unchanged: bool,
    ) -> None:
        """`shapes`: by stream, of every stream in the catalog; `upserts`: how many may be in flight."""
        self._outcomes = outcomes
        self._shapes = shapes
        self._skip_unchanged = skip_unchanged
        self._replacement = Replacements(client, outcomes)
        self._lookups = Fingerprints(client, outcomes.submit, self._found)
        self._outbox = DocumentQueue(
            client,
            outcomes,
            look_up=self._look_up,
            stored=self._stored,
            upserts=upserts,
            skip_unchanged=skip_unchanged,
        )

    @property
    def has_room(self) -> bool:
        """Whether the documents on their way are few enough."""
        return self._outbox.has_room

    @property
    def idle(self) -> bool:
        """Whether all documents have arrived."""
        return self._outbox.idle and self._replacement.idle

    def add(self, plan: StreamPlan, record: Record, span: Span) -> None:
        """Upsert the record's document, or delete it if the record says that its row is gone."""
        try:
            document_id = record_id(plan, record, self._outcomes.progress.of(plan.stream))
        except MissingKey as error:
            self._replacement.see(plan.stream, None)
            self._outcomes.reject(plan.stream, f"in line {record.line} of the input", str(error), span)
            return
        self._replacement.see(plan.stream, document_id)
        if plan.deletes(record.data):
            self._outbox.add(DocumentVersion(plan, document_id, None, None, span))
        else:
            self._upsert(plan, document_id, record, span)

    def tick(self) -> None:
        """Look up what has waited long enough."""
        self._lookups.tick()

    def drain(self) -> None:
        """Look up the rest. What follows from it follows by itself."""
        self._lookups.close()

    def prepare(self, replaced: Collection[StreamPlan]) -> None:
        """List the documents of these streams."""
        self._replacement.prepare(replaced)

    def has_replaced(self, plan: StreamPlan) -> bool:
        """Whether the listing showed that the replacement is done."""
        return self._replacement.has_replaced(plan.stream)

    def conclude(self, endings: Mapping[StreamKey, Ending]) -> None:
        """Delete the stale documents of complete streams."""
        self._replacement.conclude(endings)

    def _upsert(self, plan: StreamPlan, document_id: str, record: Record, span: Span) -> None:
        content = document(
            plan.stream.namespace,
            plan.stream.name,
            record.data,
            generation=plan.generation,
            emitted_at=record.emitted_at,
            shape=self._shapes[plan.stream],
        )
        counts = self._outcomes.progress.of(plan.stream)
        counts.cleaned += content.cleaned > 0
        counts.left_out += content.left_out > 0
        counts.lacking_text += content.lacks_text
        if plan.generation is not None and self._replacement.has_replaced(plan.stream):
            content = with_marker(content, plan.generation)
        self._outbox.add(DocumentVersion(plan, document_id, upsert_body(content), content.fingerprint, span))

    def _look_up(self, version: DocumentVersion) -> None:
        """Find out which fingerprint the document has in Dust, unless nothing depends on it."""
        if version.payload is None:
            decide = partial(self._outbox.resolve, version.document_id, None)
            self._replacement.before_delete(version.plan, version.document_id, decide)
        elif not self._skip_unchanged:
            self._outbox.resolve(version.document_id, None)
        elif self._replacement.covers(version.plan.stream):
            self._outbox.resolve(version.document_id, self._replacement.fingerprint(version.document_id))
        else:
            self._lookups.ask(version.document_id)

    def _found(self, document_id: str, tags: tuple[str, ...]) -> None:
        stream = self._outbox.stream_of(document_id)
        self._outbox.resolve(document_id, fingerprint_of(tags) if is_of_stream(tags, *stream) else None)

    def _stored(self, version: DocumentVersion) -> None:
        self._replacement.store(version.plan, version.document_id, version.fingerprint)
