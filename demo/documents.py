"""The documents of a local Dust, read with Dust's own API."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from local_dust.client import Visitor

MOST = 1000


def list_documents(client: Visitor) -> list[dict[str, Any]]:
    """All documents, without their texts. One page holds them: pages may overlap while timestamps are equal."""
    listed = client.get("/documents", limit=MOST)
    listed.raise_for_status()
    documents: list[dict[str, Any]] = listed.json()["documents"]
    return documents


def read_document(client: Visitor, document_id: str) -> dict[str, Any]:
    """A document with its text."""
    read = client.get(f"/documents/{quote(document_id, safe='')}")
    read.raise_for_status()
    document: dict[str, Any] = read.json()["document"]
    return document
