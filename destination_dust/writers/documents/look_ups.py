"""How many documents one look-up can ask for: their ids travel in its URL."""

from __future__ import annotations

# Proxies refuse URLs of more than 8 KB. With host and path, this makes 6 KB at most.
MAX_QUERY = 5800


def query_size(document_id: str) -> int:
    """The characters that an id takes in the URL."""
    return len("document_ids=&") + len(document_id)
