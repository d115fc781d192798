"""The marker of a replaced stream, as a document of its own; `writers/markers.py` says what it proves.

It is not tagged as one of the stream's documents, so no cleanup deletes it and no label for the stream shows it.
"""

from __future__ import annotations

from collections.abc import Collection, Generator
from functools import partial
from typing import Any

from destination_dust.airbyte.catalog import StreamPlan
from destination_dust.airbyte.messages import StreamKey
from destination_dust.dust.client import DustClient
from destination_dust.dust.errors import NotFound
from destination_dust.mapping.documents.document import Document, upsert_body
from destination_dust.mapping.ids import marker_identifier
from destination_dust.mapping.tags import Marker, marker_of
from destination_dust.mapping.text import cut, one_line
from destination_dust.workers import Lane
from destination_dust.writers.documents.look_ups import MAX_QUERY, query_size
from destination_dust.writers.markers import marker_for
from destination_dust.writers.steps import Ask, Steps

# All markers have ids of one length.
GROUP = MAX_QUERY // query_size(marker_identifier(None, ""))
MAX_NAME = 200


def find_markers(
    client: DustClient, plans: Collection[StreamPlan]
) -> Generator[Ask | None, Any, dict[StreamKey, Marker]]:
    """Steps that find the markers of these streams. A stream that is not in the result surely has none."""
    waiting = [plan for plan in plans if plan.generation is not None]
    markers: dict[StreamKey, Marker] = {}
    while waiting:
        group, waiting = waiting[:GROUP], waiting[GROUP:]
        ids = {marker_identifier(*plan.stream): plan.stream for plan in group}
        listed = yield Ask(partial(client.look_up_documents, list(ids)))
        tags = {document.document_id: document.tags for document in listed}
        for document_id, stream in ids.items():
            # A list that lacks a document proves less than Dust's word that it does not exist.
            found = tags.get(document_id) or (yield Ask(partial(_tags, client, document_id)))
            if marker := marker_of(found):
                markers[stream] = marker
    return markers


def mark(client: DustClient, plan: StreamPlan) -> Steps:
    """Steps that mark the stream as replaced by this sync. Without generations there is nothing to mark."""
    if marker := marker_for(plan, completed=True):
        document_id = marker_identifier(*plan.stream)
        body = upsert_body(_document(plan.stream, marker))
        yield Ask(partial(client.upsert_document, document_id, body), lane=Lane.LIMITED, key=document_id)


def _tags(client: DustClient, document_id: str) -> tuple[str, ...]:
    """On a worker: the tags of a document, none if it does not exist."""
    try:
        return tuple(map(str, client.document(document_id).get("tags") or ()))
    except NotFound:
        return ()


def _document(stream: StreamKey, marker: Marker) -> Document:
    name = cut(one_line(str(stream))[0], MAX_NAME)
    return Document(
        title=f"Airbyte stream {name}",
        # An embedder may refuse an empty text.
        text=f"Airbyte keeps the stream {name} up to date in this data source.",
        mime_type="text/plain",
        tags=(marker.tag,),
        # The oldest of all, so that what reads the newest documents first does not read it.
        timestamp=0,
        source_url=None,
        fingerprint="",
    )
