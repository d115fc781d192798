"""Column names, which Dust turns into slugs each time it reads a CSV file."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

ROW_ID = "__dust_id"
LONGEST = 1024
_MOST_NAMESAKES = 64
_DIACRITICS = re.compile(r"[\u0300-\u036f]")
_BLANKS = re.compile(r"\s+")
_NOT_PLAIN = re.compile(r"[^a-zA-Z0-9_]")
_UNDERSCORES = re.compile(r"_+")


class UnreadableCsv(Exception):
    """Dust's core cannot read this CSV file. `permanent`: it does not retry."""

    permanent = False


def slug(name: str) -> str:
    """The name in lower case without diacritics, with `_` between a lower-case letter and a digit."""
    plain = _DIACRITICS.sub("", unicodedata.normalize("NFKD", name))
    spaced = ""
    for position, character in enumerate(plain):
        if (character.isupper() or character in "0123456789") and plain[position - 1 : position].islower():
            spaced += "_"
        spaced += character
    return _UNDERSCORES.sub("_", _NOT_PLAIN.sub("_", _BLANKS.sub("_", spaced.lower().strip())))


def sanitised(headers: Sequence[str]) -> list[str]:
    """The column names of a CSV file. Equal names get `_2`, `_3` … in column order.

    Raises:
        UnreadableCsv: A name over 1024 bytes, or too many equal names.
    """
    names: dict[str, None] = {}
    for header in headers:
        name = header if header == ROW_ID else slug(header.lower()) or f"col_{len(names)}"
        if len(name) > LONGEST:
            raise UnreadableCsv("Column name exceeds maximum length")
        if name in names:
            candidates = (slug(f"{name}-{number}") for number in range(2, _MOST_NAMESAKES))
            free = next((candidate for candidate in candidates if candidate not in names), None)
            if free is None:
                raise UnreadableCsv("Failed to generate unique slugified name")
            name = free
        names[name] = None
    return list(names)
