"""The mark that a generation has replaced a stream: a tag on one of its documents.

The platform may try again after the states of an attempt went out. The source then brings only what came
since, and everything else would look stale, but for the mark. The attempt that finds it only adds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from destination_dust.airbyte.catalog import StreamPlan
from destination_dust.dust.client import DustClient
from destination_dust.dust.errors import NotFound, Rejected
from destination_dust.mapping.documents.document import Document, upsert_body, with_marker
from destination_dust.mapping.tags import is_of_stream, without_marks
from destination_dust.mapping.timestamps import stored_timestamp
from destination_dust.workers import Call, Lane
from destination_dust.writers.writer import Outcomes


class Marker:
    """Writes one document of a stream again, with the mark."""

    def __init__(
        self,
        plan: StreamPlan,
        generation: int,
        candidates: Iterator[str],
        client: DustClient,
        outcomes: Outcomes,
        done: Callable[[str | None], None],
    ) -> None:
        """`candidates`: documents, of which the first that exists gets the mark; `done` is told which, if any."""
        self._plan = plan
        self._generation = generation
        self._candidates = candidates
        self._client = client
        self._outcomes = outcomes
        self._done = done
        self._refusal: Rejected | None = None

    def start(self) -> None:
        """Try the next candidate. Raises the refusal if Dust takes none of them again.

        If none exists, no mark is needed: what a later attempt writes is itself of this generation, and so
        never stale.
        """
        document_id = next(self._candidates, None)
        if document_id is None:
            if self._refusal:
                raise self._refusal
            self._done(None)
            return
        send, ended = partial(self._mark, document_id), partial(self._ended, document_id)
        self._outcomes.submit(Call(document_id, send, ended, self._failed, lane=Lane.LIMITED))

    def _mark(self, document_id: str) -> bool:
        """On a worker: whether the document is one of the stream, and has the mark now."""
        content = _as_stored(self._client.document(document_id))
        if not is_of_stream(content.tags, *self._plan.stream):
            return False
        self._client.upsert_document(document_id, upsert_body(with_marker(content, self._generation)))
        return True

    def _ended(self, document_id: str, has_mark: bool) -> None:
        if has_mark:
            self._done(document_id)
        else:
            self.start()

    def _failed(self, error: Exception) -> None:
        if isinstance(error, Rejected):
            # Limits can have become smaller since the document was stored.
            self._refusal = error
        elif not isinstance(error, NotFound):
            raise error
        self.start()


def _as_stored(answer: dict[str, Any]) -> Document:
    """A document as Dust has it, but for marks of earlier generations."""
    return Document(
        title=answer["title"],
        text=answer["text"],
        mime_type=answer["mime_type"],
        tags=without_marks(answer["tags"]),
        timestamp=stored_timestamp(answer["timestamp"]),
        source_url=answer["source_url"],
        fingerprint="",
    )
