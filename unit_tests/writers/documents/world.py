"""A data source with documents, for what reads and deletes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

from destination_dust.airbyte.messages import StreamKey
from destination_dust.dust.client import ListedDocument
from destination_dust.dust.errors import DustError, NotFound
from destination_dust.mapping.ids import marker_identifier
from destination_dust.mapping.tags import Marker, marker_of, stream_tags, version_tag
from unit_tests.builders import USERS
from unit_tests.writers.outcomes import FakeClient, FakeWorkers

FINGERPRINT = "q83vASNFZ4k"


class DocumentsWorld(FakeClient):
    """Documents by id. `refused`: the error of calls that write to a document."""

    def __init__(self, *documents: ListedDocument) -> None:
        super().__init__()
        self.stored = {each.document_id: each for each in documents}
        self.refused: dict[str, DustError] = {}
        self.lists_markers = True
        self.calls = FakeWorkers()

    def list_documents(self, *, offset: int, limit: int) -> list[ListedDocument]:
        return list(self.stored.values())[offset : offset + limit]

    def look_up_documents(self, document_ids: Sequence[str]) -> list[ListedDocument]:
        return [self.stored[each] for each in document_ids if each in self.stored and self.lists_markers]

    def document(self, document_id: str) -> dict[str, Any]:
        if document_id not in self.stored:
            raise NotFound("no document")
        return {"tags": list(self.stored[document_id].tags)}

    def upsert_document(self, document_id: str, body: bytes) -> None:
        if error := self.refused.get(document_id):
            raise error
        super().upsert_document(document_id, body)
        self.stored[document_id] = ListedDocument(document_id, 0, tuple(orjson.loads(body)["tags"]))

    def delete_document(self, document_id: str) -> None:
        if error := self.refused.get(document_id):
            raise error
        super().delete_document(document_id)
        self.stored.pop(document_id, None)

    @property
    def deleted(self) -> list[str]:
        """The ids of the deletes that were made."""
        return sorted(entry.removeprefix("delete ") for entry in self.made if entry.startswith("delete"))

    @property
    def marker(self) -> Marker | None:
        """The marker of the users."""
        document = self.stored.get(marker_identifier(*USERS))
        return marker_of(document.tags) if document else None

    def mark(self, marker: Marker, stream: StreamKey = USERS) -> None:
        """Let a stream have a marker."""
        document_id = marker_identifier(*stream)
        self.stored[document_id] = ListedDocument(document_id, 0, (marker.tag,))


def listed(
    document_id: str,
    *more: str,
    stream: StreamKey = USERS,
    generation: int | None = 4,
    fingerprint: str = FINGERPRINT,
) -> ListedDocument:
    """A document of a stream, as a listing has it."""
    return ListedDocument(document_id, 1, (*stream_tags(*stream), version_tag(generation, fingerprint), *more))
