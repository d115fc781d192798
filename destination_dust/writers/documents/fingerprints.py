"""The fingerprints of documents in Dust: from the inventory if they were listed, else looked up in groups."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from functools import partial
from typing import NamedTuple, TypeAlias

from destination_dust.airbyte.messages import StreamKey
from destination_dust.dust.client import DustClient, ListedDocument
from destination_dust.dust.errors import Rejected
from destination_dust.mapping.tags import fingerprint_of, is_of_stream
from destination_dust.workers import Call
from destination_dust.writers.documents.look_ups import MAX_QUERY, query_size
from destination_dust.writers.documents.replacements import Replacements
from destination_dust.writers.steps import Submit

# How long an id waits for others, in seconds: calls are free, but a group in one call is faster.
MAX_AGE = 0.5

Answer: TypeAlias = Callable[[str, "str | None"], None]
"""Receives a document's id and its fingerprint; None if it has none, does not exist, or is another stream's."""


class _Question(NamedTuple):
    document_id: str
    stream: StreamKey
    answer: Answer


class Fingerprints:
    """Finds out the fingerprints of documents."""

    def __init__(
        self,
        client: DustClient,
        submit: Submit,
        replacements: Replacements,
        *,
        skip_unchanged: bool,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """Without `skip_unchanged`, nothing is asked, and no document has a fingerprint."""
        self._client = client
        self._submit = submit
        self._replacements = replacements
        self.skip_unchanged = skip_unchanged
        self._now = now
        self._group: list[_Question] = []
        self._query = 0
        self._due = 0.0
        self._numbers = itertools.count()

    def find(self, stream: StreamKey, document_id: str, answer: Answer) -> None:
        """Find the fingerprint of a stream's document, now or later. Not while a write of it is in flight."""
        if not self.skip_unchanged:
            answer(document_id, None)
            return
        listed = self._replacements.covers(stream)
        fingerprint = self._replacements.fingerprint(document_id) if listed else None
        # Only a recent listing proves that a document is still there; that it was not there needs no proof.
        if listed and (fingerprint is None or self._replacements.recent):
            answer(document_id, fingerprint)
        else:
            self._look_up(_Question(document_id, stream, answer))

    def tick(self) -> None:
        """Look up a group that has waited long enough."""
        if self._group and self._now() >= self._due:
            self.drain()

    def drain(self) -> None:
        """Look up the ids that wait for others."""
        if not self._group:
            return
        group, self._group, self._query = self._group, [], 0
        send = partial(self._client.look_up_documents, [question.document_id for question in group])
        key = ("look-up", next(self._numbers))
        self._submit(Call(key, send, partial(_answer, group), partial(_failed, group)))

    def _look_up(self, question: _Question) -> None:
        size = query_size(question.document_id)
        if self._query + size > MAX_QUERY:
            self.drain()
        if not self._group:
            self._due = self._now() + MAX_AGE
        self._group.append(question)
        self._query += size


def _answer(group: list[_Question], documents: list[ListedDocument]) -> None:
    found = {document.document_id: document.tags for document in documents}
    for document_id, stream, answer in group:
        tags = found.get(document_id, ())
        answer(document_id, fingerprint_of(tags) if is_of_stream(tags, *stream) else None)


def _failed(group: list[_Question], error: Exception) -> None:
    # A refused question is no reason to stop: documents in doubt are sent.
    if not isinstance(error, Rejected):
        raise error
    _answer(group, [])
