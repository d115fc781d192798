"""What Dust has of some documents, asked for in groups."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from functools import partial

from destination_dust.dust.client import DustClient, ListedDocument
from destination_dust.dust.errors import Rejected
from destination_dust.workers import Call

# Proxies refuse URLs of more than 8 KB. With host and path, this makes 6 KB at most.
MAX_QUERY = 5800
QUERY_PER_ID = len("document_ids=&")
# How long an id waits for others, in seconds: calls are free, but a group in one call is faster.
MAX_AGE = 0.5


class Fingerprints:
    """Collects the ids of documents, and finds out their tags."""

    def __init__(
        self,
        client: DustClient,
        submit: Callable[[Call], None],
        answered: Callable[[str, tuple[str, ...]], None],
        *,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """`answered` is told the tags of each document that was asked for, none if Dust does not have it."""
        self._client = client
        self._submit = submit
        self._answered = answered
        self._now = now
        self._group: list[str] = []
        self._query = 0
        self._due = 0.0
        self._numbers = itertools.count()

    def ask(self, document_id: str) -> None:
        """Find out what Dust has of a document. Not while one of its writes is in flight."""
        size = QUERY_PER_ID + len(document_id)
        if self._query + size > MAX_QUERY:
            self.close()
        if not self._group:
            self._due = self._now() + MAX_AGE
        self._group.append(document_id)
        self._query += size

    def tick(self) -> None:
        """Ask for a group that has waited long enough."""
        if self._group and self._now() >= self._due:
            self.close()

    def close(self) -> None:
        """Ask for what has come together."""
        if not self._group:
            return
        group, self._group, self._query = self._group, [], 0
        key = ("look-up", next(self._numbers))
        send = partial(self._client.look_up_documents, group)
        self._submit(Call(key, send, partial(self._found, group), partial(self._failed, group)))

    def _found(self, group: list[str], documents: list[ListedDocument]) -> None:
        tags = {document.document_id: document.tags for document in documents}
        for document_id in group:
            self._answered(document_id, tags.get(document_id, ()))

    def _failed(self, group: list[str], error: Exception) -> None:
        # A refused question is no reason to stop: whatever is in doubt is sent.
        if not isinstance(error, Rejected):
            raise error
        self._found(group, [])
