"""A stored document, and the forms in which the server returns it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from local_dust.documents.chunks import CHUNK_TOKENS


@dataclass(frozen=True)
class StoredDocument:
    """The latest version of a document. `timestamp` and `created` are in ms; `versions` counts upserts."""

    document_id: str
    title: str
    text: str
    tags: tuple[str, ...]
    timestamp: int
    mime_type: str
    source_url: str | None
    parents: tuple[str, ...]
    hash: str
    created: int
    chunks: tuple[str, ...]
    """What is embedded, and what agents are shown of the document when they find it."""
    section: dict[str, Any]
    """As it was sent; a plain text is the content of one."""
    versions: int = 1
    parent_id: str | None = None

    @property
    def text_size(self) -> int:
        return len(self.text.encode("utf-8", "surrogatepass"))

    @property
    def chunk_count(self) -> int:
        return len(self.chunks)

    def light(self) -> dict[str, Any]:
        return {
            "hash": self.hash,
            "text_size": self.text_size,
            "chunk_count": self.chunk_count,
            "token_count": self.chunk_count * CHUNK_TOKENS,
            "created": self.created,
        }

    def json(self, core_id: str) -> dict[str, Any]:
        """As in lists: without the text."""
        return {
            "data_source_id": core_id,
            "data_source_internal_id": f"{core_id}-internal",
            "created": self.created,
            "document_id": self.document_id,
            "timestamp": self.timestamp,
            "title": self.title,
            "mime_type": self.mime_type,
            "provider_visibility": None,
            "tags": self.tags,
            "parent_id": self.parent_id,
            "parents": self.parents,
            "source_url": self.source_url,
            "hash": self.hash,
            "text_size": self.text_size,
            "chunk_count": self.chunk_count,
            "chunks": [],
            "token_count": None,
        }

    def json_with_chunks(self, core_id: str, vector_size: int) -> dict[str, Any]:
        """The full output of an upsert: every chunk with its text and embedding, many times the input."""
        vector = [round(1 / (2 + dimension), 8) for dimension in range(vector_size)]
        chunks = [
            {
                "text": chunk,
                "hash": self.hash,
                "offset": offset,
                "expanded_offsets": [],
                "vector": vector,
                "score": None,
            }
            for offset, chunk in enumerate(self.chunks)
        ]
        tokens = self.chunk_count * CHUNK_TOKENS
        return {**self.json(core_id), "chunks": chunks, "token_count": tokens}
