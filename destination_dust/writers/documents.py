"""Records as Dust documents: one synchronous upsert, or one delete, for each."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from destination_dust.acknowledgements import Span
from destination_dust.catalog import MissingKey, Mode, StreamPlan
from destination_dust.dust.client import DustClient
from destination_dust.mapping.documents import DocumentShape, body, document
from destination_dust.mapping.ids import identifier, record_identifier
from destination_dust.reader import Record
from destination_dust.workers import Call, Lane
from destination_dust.writers.base import Desk


class DocumentsWriter:
    """Submits each record as it comes. Calls for one document are made in the order of its records."""

    def __init__(self, client: DustClient, desk: Desk, shape: DocumentShape) -> None:
        self._client = client
        self._desk = desk
        self._shape = shape

    @property
    def has_room(self) -> bool:
        """Nothing is kept back, so there always is."""
        return True

    @property
    def idle(self) -> bool:
        """Nothing is kept back, so it always is."""
        return True

    def add(self, plan: StreamPlan, record: Record, span: Span) -> None:
        """Upsert the record's document, or delete it if the record says that its row is gone."""
        try:
            document_id = self._identity(plan, record)
        except MissingKey as error:
            self._desk.reject(plan.stream, f"in line {record.line} of the input", str(error), span)
            return
        if plan.deletes(record.data):
            self._delete(plan, document_id, span)
        else:
            self._upsert(plan, document_id, record, span)

    def tick(self) -> None:
        """Nothing is kept back, so nothing becomes due."""

    def drain(self) -> None:
        """Nothing is kept back."""

    def _identity(self, plan: StreamPlan, record: Record) -> str:
        """The document's id. Only where a key decides what is replaced must every record have one."""
        if plan.primary_key:
            try:
                return identifier(*plan.stream, plan.key_of(record.data))
            except MissingKey:
                if plan.mode is Mode.APPEND_DEDUP:
                    raise
                self._desk.progress.of(plan.stream).without_key += 1
        return record_identifier(*plan.stream, record.data)

    def _upsert(self, plan: StreamPlan, document_id: str, record: Record, span: Span) -> None:
        content = document(
            plan.stream.namespace,
            plan.stream.name,
            record.data,
            generation=plan.generation_id,
            emitted_at=record.emitted_at,
            shape=self._shape,
        )
        counts = self._desk.progress.of(plan.stream)
        counts.cleaned += content.cleaned > 0
        payload = body(content)

        def stored(_answer: None) -> None:
            counts.upserted += 1
            self._desk.ledger.settle(span, stored=1)

        send = partial(self._client.upsert_document, document_id, payload)
        self._submit(plan, document_id, send, stored, span, size=len(payload), lane=Lane.LIMITED)

    def _delete(self, plan: StreamPlan, document_id: str, span: Span) -> None:
        counts = self._desk.progress.of(plan.stream)

        def deleted(_answer: None) -> None:
            counts.deleted += 1
            self._desk.ledger.settle(span, stored=1)

        send = partial(self._client.delete_document, document_id)
        self._submit(plan, document_id, send, deleted, span, size=0, lane=Lane.FREE)

    def _submit(
        self,
        plan: StreamPlan,
        document_id: str,
        send: Callable[[], None],
        done: Callable[[None], None],
        span: Span,
        *,
        size: int,
        lane: Lane,
    ) -> None:
        def failed(error: Exception) -> None:
            self._desk.reject_or_raise(error, plan.stream, document_id, span)

        self._desk.submit(Call(document_id, send, done, failed, size, lane))
