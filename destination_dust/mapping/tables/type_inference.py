"""The type that Dust infers for a text cell: its tables are CSV files, and it guesses cell types on each read.

Text cannot be forced, so the connector can only predict the type, and report the difference.
"""

from __future__ import annotations

import math
import re
from enum import Enum
from functools import lru_cache


class DustType(Enum):
    """The type of a cell when it is read back."""

    NULL = "null"
    BOOL = "a boolean"
    INT = "a whole number"
    FLOAT = "a floating-point number"
    DATETIME = "a date"
    TEXT = "text"


_TEXT = DustType.TEXT  # members of an enumeration are slow to look up, until Python 3.12
# No date is longer.
_LONGEST_DATE = 64
# Digits of the largest 64-bit integer.
_INTEGER_DIGITS = 19
# What Rust's `trim` removes, which Dust's server applies to each cell.
_BLANKS = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
# How many characters show that most texts are text, and nothing else; and those with which other types begin.
BEGINNING = 3
_NOT_ONLY_TEXT = frozenset(_BLANKS + "+-.0123456789tTfFjJmMaAsSoOnNdDwW")

_INTEGER = re.compile("[+-]?[0-9]+")
# Since July 2026, an exponent counts only after a decimal point (dust-tt/dust #29259): codes like 32E0134 stay text.
_REAL = re.compile(r"[+-]?(?:[0-9]+|(?:[0-9]+\.[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)")
_BOOLEANS = frozenset(("t", "f", "true", "false"))
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
# What the other words begin with that are not text, in small letters.
_PREFIXES = frozenset(("t", "f", "tru", "fal", *_DAYS, *_MONTHS))

_TIME = r"[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?\s*(?:am|pm)?"
_ZONE = r"\s*(?:z|[+-][0-9]{2}(?::?[0-9]{2})?|[a-z]{3,4})?"
_MONTH = rf"(?:{'|'.join(_MONTHS)})[a-z]{{0,6}}\.?"
# The ways to write a date that Dust's server understands: RFC 3339 and 2822, SQL, and those of the Rust crate
# `dateparser`. Some texts that only look like dates (month 13) match too.
_DATE = re.compile(
    "|".join(
        (
            rf"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}(?:(?:t|\s+){_TIME})?{_ZONE}",
            rf"{_TIME}{_ZONE}",
            rf"[0-9]{{4}}-{_MONTH}-[0-9]{{2}}",
            rf"[0-9]{{1,2}}-{_MONTH}-[0-9]{{4}}",
            rf"{_MONTH}\s+[0-9]{{1,2}},?\s+[0-9]{{2,4}}(?:,?\s*(?:at\s+)?{_TIME})?{_ZONE}",
            rf"{_MONTH}\s+[0-9]{{1,2}}\s*(?:at\s+)?{_TIME}",
            rf"(?:(?:{'|'.join(_DAYS)}),?\s+)?[0-9]{{1,2}}\s+{_MONTH}\s+[0-9]{{2,4}}(?:,?\s*{_TIME})?{_ZONE}",
            rf"[0-9]{{1,2}}/[0-9]{{1,2}}/[0-9]{{2,4}}(?:\s+{_TIME})?",
            rf"[0-9]{{4}}/[0-9]{{1,2}}/[0-9]{{1,2}}(?:\s+{_TIME})?",
            r"[0-9]{1,2}\.[0-9]{1,2}\.[0-9]{2,4}|[0-9]{4}\.[0-9]{1,2}\.[0-9]{1,2}",
            rf"[0-9]{{6}}\s+{_TIME}",
            "[0-9]{4}年[0-9]{2}月[0-9]{2}日.*",
        )
    ),
    re.IGNORECASE,
)


def inferred_type(text: str) -> DustType:
    """The type that Dust's server infers for a cell with this text."""
    if begins_only_text(text[:BEGINNING]):
        return _TEXT
    text = text.strip(_BLANKS)
    if not text:
        return DustType.NULL
    if text[0].isalpha():
        if text.lower() in _BOOLEANS:
            return DustType.BOOL
        if text[:3].lower() not in _PREFIXES:
            return _TEXT
    if _INTEGER.fullmatch(text) and _has_64_bits(text):
        return DustType.INT
    # A number too large for a float64 stays text.
    if _REAL.fullmatch(text) and math.isfinite(float(text)):
        return DustType.FLOAT
    return DustType.DATETIME if len(text) <= _LONGEST_DATE and _DATE.fullmatch(text) else _TEXT


@lru_cache(maxsize=10_000)
def begins_only_text(beginning: str) -> bool:
    """Whether Dust's server infers the type text for each text whose first `BEGINNING` characters are these."""
    if not beginning:
        return False
    return beginning[0] not in _NOT_ONLY_TEXT or (beginning.isalpha() and beginning.lower() not in _PREFIXES)


def _has_64_bits(integer: str) -> bool:
    digits = integer.lstrip("+-").lstrip("0")
    # int() refuses thousands of digits.
    return len(digits) <= _INTEGER_DIGITS and int(digits or 0) < 2**63 + integer.startswith("-")
