"""A text as the section of a document: Dust repeats its prefix at the beginning of each chunk."""

from __future__ import annotations

# Dust's core refuses, for good, a document whose prefix has 256 tokens: half a chunk (`TokenizedSection::from` in
# core/src/data_sources/splitter.rs). No tokenizer that works on bytes makes more tokens than bytes.
MAX_PREFIX_BYTES = 240


def title_prefix(text: str) -> str:
    """Return the heading that a text begins with, and the break after it; "" if nothing follows.

    Of a heading beyond `MAX_PREFIX_BYTES`, only the beginning is the prefix, up to a blank if there is one near. So
    prefix and rest always make up the text.
    """
    heading, separator, rest = text.partition("\n\n")
    if not rest.strip():
        return ""
    prefix = heading + separator
    data = prefix.encode()
    if len(data) <= MAX_PREFIX_BYTES:
        return prefix
    beginning = data[:MAX_PREFIX_BYTES].decode("utf-8", "ignore")
    blank = beginning.rfind(" ")
    return beginning[: blank + 1] if blank * 2 > len(beginning) else beginning


def body_fields(text: str, prefix: str) -> dict[str, object]:
    """Return the fields of an upsert that carry a text with a prefix, which may be empty."""
    if not prefix:
        return {"text": text}
    return {"section": {"prefix": prefix, "content": text.removeprefix(prefix), "sections": []}}
