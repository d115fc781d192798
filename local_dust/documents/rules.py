"""How the server converts the fields of a document before it stores them. Pure functions."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from typing import Any

_BLANKS = "\t\n\v\f\r \xa0\u1680\u2028\u2029\u202f\u205f\u3000\ufeff" + "".join(map(chr, range(0x2000, 0x200B)))
SECONDS_BELOW = 10_000_000_000
TITLE = "title:"
RESERVED = "__DUST"
UNTITLED = "Untitled Document"


def trimmed(text: str) -> str:
    """The text without the blanks that JavaScript's `trim` removes."""
    return text.strip(_BLANKS)


def utf16_units(text: str) -> int:
    if text.isascii():
        return len(text)
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def cleaned_timestamp(timestamp: float | None) -> int | None:
    """Milliseconds: a value below 1e10 is taken as seconds; None stands for "now"."""
    if timestamp is None or not math.isfinite(timestamp) or timestamp < 0:
        return None
    return math.floor(timestamp * 1000 if timestamp < SECONDS_BELOW else timestamp)


def title_in_tags(tags: Sequence[str]) -> str:
    return next((trimmed(tag[len(TITLE) :]) for tag in tags if tag.startswith(TITLE)), "")


def without_stray_ends(tag: str) -> str:
    """The tag without half a surrogate pair at either end."""
    if tag and "\udc00" <= tag[0] <= "\udfff":
        tag = tag[1:]
    if tag and "\ud800" <= tag[-1] <= "\udbff":
        tag = tag[:-1]
    return tag


def has_lone_surrogate(text: str) -> bool:
    if text.isascii():
        return False
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return True
    return False


def section_text(section: dict[str, Any]) -> str:
    parts = [section["prefix"] or "", section["content"] or ""]
    return "".join([*parts, *map(section_text, section["sections"])])


def content_hash(document_id: str, text: str, timestamp: int, tags: Sequence[str], parents: Sequence[str]) -> str:
    """64 hex digits over the same fields as Dust's hash, in its order. Dust uses BLAKE3; this is SHA-256."""
    digest = hashlib.sha256()
    for part in (document_id, text, str(timestamp), *tags, *parents):
        digest.update(part.encode("utf-8", "surrogatepass"))
    return digest.hexdigest()
