"""Documents of records that change data capture brings in part."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from destination_dust import exact_json
from destination_dust.airbyte.catalog import StreamPlan
from destination_dust.airbyte.cdc import is_change, is_placeholder, unavailable
from destination_dust.airbyte.ledger import Span
from destination_dust.airbyte.messages import Record, StreamKey
from destination_dust.dust.client import DustClient
from destination_dust.dust.errors import NotFound, Rejected
from destination_dust.mapping.documents.document import DocumentShape
from destination_dust.mapping.documents.stored_fields import needs, stored_fields
from destination_dust.mapping.schemas import declared_field
from destination_dust.mapping.tags import is_of_stream
from destination_dust.writers.outcomes import Outcomes
from destination_dust.writers.partial_updates import PartialUpdates, Update, Values
from destination_dust.writers.steps import Submit

Put = Callable[[StreamPlan, Record, Span, str], None]
"""Writes a complete record to the document of the id."""


class PartialDocuments:
    """Completes records from an earlier record of the sync, or from the JSON of their document in Dust."""

    def __init__(
        self,
        client: DustClient,
        submit: Submit,
        outcomes: Outcomes,
        put: Put,
        is_replaced: Callable[[StreamKey], bool],
    ) -> None:
        """`is_replaced`: whether a stream is being replaced, so that what Dust has of it may be stale."""
        self._client = client
        self._outcomes = outcomes
        self._put = put
        self._is_replaced = is_replaced
        self._updates = PartialUpdates(submit, exact_json.loads)

    @property
    def has_room(self) -> bool:
        """Whether more records may wait for Dust."""
        return self._updates.has_room

    @property
    def idle(self) -> bool:
        """Whether all records were written."""
        return self._updates.idle

    def take(
        self,
        plan: StreamPlan,
        record: Record,
        span: Span,
        document_id: str,
        shape: DocumentShape,
        *,
        keeps_all: bool,
    ) -> None:
        """Write the record, now or once it is complete. `keeps_all`: see `document.document`."""
        deleted = plan.deletes(record.data)
        missing = () if deleted else unavailable(record.data)
        wanted = tuple(field for field in missing if needs(shape, field, keeps_all=keeps_all))
        may_read = bool(plan.primary_key) and shape.text_format == "json" and not self._is_replaced(plan.stream)

        def put(values: Values | None) -> bytes | None:
            counts, data = self._outcomes.counts(plan.stream), record.data
            known = {name: value for name, value in (values or {}).items() if not is_placeholder(value)}
            for field in wanted:
                book = counts.kept_values if known.get(field) is not None else counts.lost_values
                book[declared_field(plan.properties, field)] += 1
            if missing:
                data = {name: known.get(name) if name in missing else value for name, value in data.items()}
                for field in missing:
                    if data[field] is None:
                        del data[field]
            self._put(plan, record._replace(data=data), span, document_id)
            if not is_change(data) or not plan.primary_key:
                return None  # without a key, no other record is about this document
            return b"" if deleted else exact_json.dumps(data)

        read = partial(self._read, plan.stream, document_id) if may_read else None
        self._updates.take(document_id, Update(bool(wanted), put, read))

    def _read(self, stream: StreamKey, document_id: str) -> Mapping[str, Any]:
        """The fields of the document in Dust, if it is this stream's."""
        try:
            stored = self._client.document(document_id)
        except (NotFound, Rejected):
            return {}
        return stored_fields(stored) if is_of_stream(stored["tags"], *stream) else {}
