"""Values as one line of text: for titles, tags and the lines of a Markdown document."""

from __future__ import annotations

import re
from decimal import Decimal

from destination_dust import exact_json

_BREAKS = re.compile(r"[\s\x00-\x1f\x7f-\x9f]+")
_INVISIBLE = " \u200b\u2060\ufeff"


def scalar_text(value: object) -> str | None:
    """Return a string as it is, a number or boolean as its JSON, and None for anything else."""
    if isinstance(value, str):
        return value
    if isinstance(value, (bool, int, float, Decimal)):
        return exact_json.readable(value)[0].strip('"')
    return None


def one_line(text: str) -> tuple[str, int]:
    """Return the text cleaned, trimmed, with one blank for each run of white space or controls; and 1 if cleaned."""
    cleaned, odd = exact_json.clean_text(text)
    return _BREAKS.sub(" ", cleaned).strip(_INVISIBLE), odd


def cut(text: str, units: int) -> str:
    """Return as much of the beginning as fits in so many UTF-16 units, which is how Dust's server counts."""
    if len(text) * 2 <= units:
        return text
    return text.encode("utf-16-le")[: units * 2].decode("utf-16-le", "ignore").rstrip()
