"""Records as Dust documents: one synchronous upsert, or one delete, for each that changes anything."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping

from destination_dust.airbyte.catalog import MissingKey, StreamPlan
from destination_dust.airbyte.cdc import is_tombstone
from destination_dust.airbyte.completion import Ending
from destination_dust.airbyte.ledger import Span
from destination_dust.airbyte.messages import Record, StreamKey
from destination_dust.dust.client import DustClient
from destination_dust.mapping.documents.document import Document, DocumentShape, document, upsert_body
from destination_dust.writers.documents.chosen_text import ChosenText
from destination_dust.writers.documents.fingerprints import Fingerprints
from destination_dust.writers.documents.format_changes import FormatChanges
from destination_dust.writers.documents.omissions import Omissions
from destination_dust.writers.documents.partial_documents import PartialDocuments
from destination_dust.writers.documents.queue import DocumentQueue
from destination_dust.writers.documents.replacements import Replacements
from destination_dust.writers.documents.splitting import Splitting
from destination_dust.writers.documents.version import DocumentVersion
from destination_dust.writers.outcomes import Outcomes
from destination_dust.writers.record_ids import record_id
from destination_dust.writers.steps import Submit


class DocumentsWriter:
    """Maps records to documents and hands them on to the queue."""

    def __init__(
        self,
        client: DustClient,
        submit: Submit,
        outcomes: Outcomes,
        shapes: Mapping[StreamKey, DocumentShape],
        *,
        upserts: int,
        skip_unchanged: bool,
        per_minute: int = 120,
        split: bool = False,
    ) -> None:
        """`shapes`: by stream, for every stream in the catalog; `upserts`: how many may be in flight.

        `per_minute`: how many upserts Dust takes; `split`: whether documents that are too large go in parts.
        """
        self._outcomes = outcomes
        self._shapes = shapes
        self._chosen_text = ChosenText()
        self._omissions = Omissions()
        self._format_changes = FormatChanges(lambda: client.listed_total, per_minute)
        self._replacements = Replacements(client, submit, outcomes)
        self._partial = PartialDocuments(client, submit, outcomes, self._put, self._replacements.covers)
        self._fingerprints = Fingerprints(client, submit, self._replacements, skip_unchanged=skip_unchanged)
        timed = [stream for stream, shape in shapes.items() if shape.timestamp_field]
        self._queue = DocumentQueue(
            client,
            submit,
            outcomes,
            self._fingerprints,
            self._replacements,
            upserts=upserts,
            splitting=Splitting(client, timed=timed, skip_unchanged=skip_unchanged) if split else None,
        )

    @property
    def failures(self) -> Mapping[StreamKey, Exception]:
        """None: what fails for one document fails the sync."""
        return {}

    @property
    def has_room(self) -> bool:
        """Whether the documents on their way are few enough."""
        return self._queue.has_room and self._partial.has_room

    @property
    def idle(self) -> bool:
        """Whether all documents have arrived."""
        return self._partial.idle and self._queue.idle and self._replacements.idle

    def add(self, plan: StreamPlan, record: Record, span: Span) -> None:
        """Upsert the record's document, or delete it if the record says that its row is gone."""
        try:
            document_id = record_id(plan, record, self._outcomes.counts)
        except MissingKey as error:
            self._replacements.see(plan.stream, None)
            name = f"in line {record.line} of the input"
            self._outcomes.rejected(plan.stream, name, str(error), Counter({span: 1}))
            return
        if is_tombstone(record.data) and not plan.primary_key:
            self._outcomes.ignored(plan.stream, Counter({span: 1}))
            return
        self._replacements.see(plan.stream, document_id)
        shape = self._shapes[plan.stream]
        keeps_all = not self._chosen_text.is_proven(plan, shape)
        self._partial.take(plan, record, span, document_id, shape, keeps_all=keeps_all)

    def tick(self) -> None:
        """Look up what has waited long enough."""
        self._fingerprints.tick()

    def drain(self) -> None:
        """Look up the rest; the answers trigger the sends."""
        self._fingerprints.drain()

    def wind_down(self, until: float, *, goes_on: bool) -> bool:  # noqa: ARG002  documents are stored in a call
        """Let calls go on only if Dust is well."""
        if goes_on:
            self.drain()
        return goes_on

    def unfinished(self) -> list[str]:
        """Nothing: stale documents are deleted last."""
        return []

    def prepare(self, plans: Collection[StreamPlan]) -> None:
        """Read the markers of the streams to be replaced, and list their documents."""
        self._replacements.prepare([plan for plan in plans if plan.replaces])

    def has_replaced(self, plan: StreamPlan) -> bool:
        """Whether the marker showed that the replacement is done."""
        return self._replacements.has_replaced(plan.stream)

    def conclude(self, endings: Mapping[StreamKey, Ending]) -> None:
        """Delete the stale documents of complete streams."""
        self._replacements.conclude(endings)

    def report(self) -> None:
        """Say what the texts of documents leave out; Dust holds them as they were sent."""
        self._omissions.report()

    def _put(self, plan: StreamPlan, record: Record, span: Span, document_id: str) -> None:
        records = Counter({span: 1})
        if plan.deletes(record.data):
            self._queue.add(DocumentVersion(plan, document_id, None, None, records))
        else:
            shape = self._shapes[plan.stream]
            content = self._document(plan, record, shape)
            self._book(plan, content)
            found = self._format_changes.watch(
                plan.stream, shape, lambda other: self._document(plan, record, other).fingerprint
            )
            body = upsert_body(content)
            self._queue.add(DocumentVersion(plan, document_id, body, content.fingerprint, records, found=found))

    def _document(self, plan: StreamPlan, record: Record, shape: DocumentShape) -> Document:
        return document(
            plan.stream.namespace,
            plan.stream.name,
            record.data,
            generation=plan.generation,
            emitted_at=record.emitted_at,
            shape=shape,
            keeps_all=not self._chosen_text.is_proven(plan, shape),
            properties=plan.properties,
        )

    def _book(self, plan: StreamPlan, content: Document) -> None:
        self._chosen_text.observe(plan, self._shapes[plan.stream], lacks_text=content.lacks_text)
        counts = self._outcomes.counts(plan.stream)
        counts.cleaned += content.cleaned > 0
        counts.left_out.update(content.left_out)
        counts.lacking_text += content.lacks_text
        counts.with_surplus_tags += content.surplus_tags > 0
        self._omissions.add(plan, content.omitted)
