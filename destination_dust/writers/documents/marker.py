"""The marker that a generation has replaced a stream: a tag on one of its documents.

The platform may try again after the states of an attempt went out. The source then brings only what came since, and
everything else would look stale without the marker. The attempt that finds it only adds.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from functools import partial
from typing import Any

from destination_dust.airbyte.messages import StreamKey
from destination_dust.dust.client import DustClient
from destination_dust.dust.errors import NotFound, Rejected
from destination_dust.mapping.documents.document import Document, upsert_body, with_marker
from destination_dust.mapping.tags import is_of_stream, without_marks
from destination_dust.mapping.timestamps import stored_timestamp
from destination_dust.workers import Lane
from destination_dust.writers.steps import Ask


def mark(
    client: DustClient, stream: StreamKey, generation: int, candidates: Iterable[str]
) -> Generator[Ask | None, Any, str | None]:
    """Steps that write one document of the stream again, with the marker. Returns its id, None if none exists.

    Without any document no marker is needed: whatever a later attempt writes is itself of this generation, so it is
    never stale. Raises `Rejected` if Dust takes none of the candidates again.
    """
    refusal: Rejected | None = None
    for document_id in candidates:
        try:
            write = partial(_mark, client, document_id, stream, generation)
            if (yield Ask(write, lane=Lane.LIMITED, key=document_id)):
                return document_id
        except NotFound:
            pass
        except Rejected as error:
            refusal = error  # limits may have shrunk since the document was stored
    if refusal:
        raise refusal
    return None


def _mark(client: DustClient, document_id: str, stream: StreamKey, generation: int) -> bool:
    """On a worker: whether the document is one of the stream, and has the marker now."""
    content = _as_stored(client.document(document_id))
    if not is_of_stream(content.tags, *stream):
        return False
    client.upsert_document(document_id, upsert_body(with_marker(content, generation)))
    return True


def _as_stored(answer: dict[str, Any]) -> Document:
    """A document as Dust has it, without markers of earlier generations."""
    return Document(
        title=answer["title"],
        text=answer["text"],
        mime_type=answer["mime_type"],
        tags=without_marks(answer["tags"]),
        timestamp=stored_timestamp(answer["timestamp"]),
        source_url=answer["source_url"],
        fingerprint="",
    )
