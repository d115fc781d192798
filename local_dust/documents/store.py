"""The documents of one data source: stored, listed and read."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from local_dust.documents.chunks import PrefixTooLong, Splitter, whole
from local_dust.documents.rules import RESERVED, content_hash, has_lone_surrogate
from local_dust.documents.stored import StoredDocument
from local_dust.limits import Limits
from local_dust.response import CoreError


class Documents:
    """Upserts replace a document by its id; lists are ordered by timestamp, newest first."""

    def __init__(self, limits: Limits, *, now: Callable[[], float], wall: Callable[[], float], seed: int) -> None:
        self.stored: dict[str, StoredDocument] = {}
        self.used_bytes = 0
        self._limits = limits
        self._now = now
        self._wall = wall
        self._random = random.Random(seed)
        self._ordered: list[StoredDocument] | None = None
        self._queue: deque[tuple[float, str, dict[str, Any]]] = deque()
        self._counts: list[tuple[float, int]] = [(now(), 0)]

    def upsert(
        self,
        document_id: str,
        *,
        title: str,
        text: str,
        tags: Sequence[str],
        timestamp: int | None,
        mime_type: str,
        source_url: str | None,
        parents: Sequence[str],
        parent_id: str | None = None,
        section: dict[str, Any] | None = None,
    ) -> StoredDocument:
        """Store a document in place of its earlier version. A `section` contains the same text.

        Raises:
            CoreError: A prefix of half a chunk or more, lone surrogates, NULs (Dust's behaviour with a NUL in a text is
                unknown; here it is refused), tags that begin with `__DUST`.
        """
        written = (document_id, title, text, mime_type, source_url or "", *tags, *parents)
        if any(map(has_lone_surrogate, written)):
            raise CoreError("Unexpected response format from CoreAPI", "unexpected_response_format")
        if any("\0" in part for part in written):
            raise CoreError('Failed to upsert document (error: invalid byte sequence for encoding "UTF8": 0x00)')
        if any(tag.startswith(RESERVED) for tag in tags):
            raise CoreError(
                "Failed to upsert document (error: tags cannot start with the reserved prefix `__DUST` "
                "unless preserve_system_tags is set)"
            )
        section = section or whole(text)
        try:
            chunks = Splitter(self._limits.token_characters).chunks(section)
        except PrefixTooLong:
            raise CoreError(
                "Failed to upsert document (error: Could not tokenize the provided document, "
                "prefixes accrue to more than half `max_chunk_size`)"
            ) from None
        created = int(self._wall() * 1000)
        moment = created if timestamp is None else timestamp
        earlier = self.stored.get(document_id)
        document = StoredDocument(
            document_id=document_id,
            title=title,
            text=text,
            tags=tuple(tags),
            timestamp=moment,
            mime_type=mime_type,
            source_url=source_url,
            parents=tuple(parents),
            hash=content_hash(document_id, text, moment, tags, parents),
            created=created,
            chunks=tuple(chunks),
            section=section,
            versions=earlier.versions + 1 if earlier else 1,
            parent_id=parent_id,
        )
        self.stored[document_id] = document
        self._changed(document.text_size - (earlier.text_size if earlier else 0))
        return document

    def queue(self, document_id: str, values: dict[str, Any]) -> None:
        """Store a document later. If that fails, it is silently lost, as in Dust."""
        self._queue.append((self._now() + self._limits.async_seconds, document_id, values))

    def work(self) -> None:
        """Store the queued documents that are due."""
        while self._queue and self._queue[0][0] <= self._now():
            _, document_id, values = self._queue.popleft()
            with suppress(CoreError):
                self.upsert(document_id, **values)

    def delete(self, document_id: str) -> None:
        """Remove a document. A missing one is not an error."""
        earlier = self.stored.pop(document_id, None)
        if earlier is not None:
            self._changed(-earlier.text_size)

    @property
    def queued(self) -> int:
        return len(self._queue)

    def get(self, document_id: str) -> StoredDocument:
        if document_id not in self.stored:
            raise CoreError(f"No document found for id `{document_id}`", "data_source_document_not_found")
        return self.stored[document_id]

    def page(self, limit: int, offset: int, ids: Sequence[str] | None) -> list[StoredDocument]:
        """Documents with the given ids (None: all), newest first. The order of equal timestamps follows `ties`."""
        if ids is not None:
            chosen = [self.stored[i] for i in dict.fromkeys(ids) if i in self.stored]
            ordered = sorted(chosen, key=lambda document: -document.timestamp)
        else:
            if self._ordered is None:
                self._ordered = sorted(self.stored.values(), key=lambda document: -document.timestamp)
            ordered = self._ordered
        end = min(offset + limit, len(ordered))
        if self._limits.ties == "stable" or offset >= end:
            return ordered[offset:end]
        reach = 2 if self._limits.ties == "swapped" else len(ordered)
        ordered = self._shuffled_around(self._shuffled_around(ordered, offset, reach), end, reach)
        return ordered[offset:end]

    def total(self) -> int:
        """The number of documents `total_lag_seconds` ago."""
        horizon = self._now() - self._limits.total_lag_seconds
        while len(self._counts) > 1 and self._counts[1][0] <= horizon:
            del self._counts[0]
        return self._counts[0][1] if self._limits.total_lag_seconds > 0 else len(self.stored)

    def _shuffled_around(self, ordered: list[StoredDocument], edge: int, reach: int) -> list[StoredDocument]:
        if not 0 < edge < len(ordered):
            return ordered
        moment = ordered[edge].timestamp
        first = last = edge
        while first > max(0, edge - reach) and ordered[first - 1].timestamp == moment:
            first -= 1
        while last < min(len(ordered), edge + reach) and ordered[last].timestamp == moment:
            last += 1
        tied = ordered[first:last]
        self._random.shuffle(tied)
        return [*ordered[:first], *tied, *ordered[last:]] if len(tied) > 1 else ordered

    def _changed(self, bytes_more: int) -> None:
        self.used_bytes += bytes_more
        self._ordered = None
        self.total()
        self._counts.append((self._now(), len(self.stored)))
