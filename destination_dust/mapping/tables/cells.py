"""Values of a record as cells of a Dust table: booleans, numbers, texts, date-times or nothing."""

from __future__ import annotations

import math
import re
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum
from typing import Any, TypeAlias

from destination_dust.exact_json import readable
from destination_dust.mapping.schemas import alternatives, declared_types
from destination_dust.mapping.tables.type_inference import DustType, inferred_type
from destination_dust.mapping.timestamps import epoch_milliseconds

Cell: TypeAlias = "bool | int | float | str | dict[str, Any] | None"

# Dust's server reads JSON numbers as float64, which holds every whole number up to here.
LARGEST_EXACT = 2**53
SECONDS_A_DAY = 86_400

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_SECOND = timedelta(seconds=1)
# Years 1 to 9999 in UTC. Dust writes others with a sign, and reads them as text then.
_FIRST_SECOND, _LAST_SECOND = -62_135_596_800, 253_402_300_799
# Where a schema says what its texts mean.
_NAMES = ("format", "airbyte_type", "$ref")

# How sources spell numbers and dates that are not finite (Postgres has infinite dates, too).
_NOT_FINITE = re.compile(r"[+-]?(?:nan|inf|infinity)", re.IGNORECASE)
_BEFORE_CHRIST = re.compile(r"-[0-9]{4,}-.*|[0-9].*\bB\.?C\.?(?:E\.?)?", re.IGNORECASE)
_LATE = re.compile(r"\+?[0-9]{5,}-[0-9].*")


class Format(Enum):
    """The declared meaning of a field's texts."""

    MOMENT = "a date or date-time"
    TIME = "a time of day"
    NUMBER = "a number"


class Difference(Enum):
    """How Dust's value will differ from the record's, as the end of "N values are …"."""

    NUMBER = "texts that Dust reads as numbers (007 becomes 7)"
    BOOLEAN = "texts that Dust reads as booleans (t becomes true)"
    DATE = "texts that Dust reads as dates (it keeps date and time to the second, in UTC)"
    BLANK = "empty or blank texts, which become null"
    LONG_NUMBER = "long numbers, sent as text, which Dust reads as floating-point numbers and so may round"
    TOO_LARGE = "numbers too large for a floating-point number, stored as text"
    NOT_FINITE = "NaN or infinite numbers, which become null"
    BEFORE_CHRIST = "dates before the year 1, which Dust does not read as dates, stored as text"
    LATE = "dates after the year 9999, which Dust does not read as dates, stored as text"
    NO_DATE = "declared as dates or times, but not valid ones, and stored as text"


_MISREAD = {
    DustType.NULL: Difference.BLANK,
    DustType.BOOL: Difference.BOOLEAN,
    DustType.INT: Difference.NUMBER,
    DustType.FLOAT: Difference.NUMBER,
    DustType.DATETIME: Difference.DATE,
}

_LONG_NUMBERS = {DustType.INT: None, DustType.FLOAT: Difference.LONG_NUMBER, DustType.TEXT: Difference.TOO_LARGE}


# Values that Dust stores with the type that the connector sends, though not as the source meant them.
TYPED_AS_SENT = frozenset(
    (None, Difference.LONG_NUMBER, Difference.TOO_LARGE, Difference.BEFORE_CHRIST, Difference.LATE, Difference.NO_DATE)
)


def format_of(schema: object) -> Format | None:
    """The meaning that a field's JSON schema declares for its texts, if any. Any value is taken for a schema."""
    choices = list(alternatives(schema))
    for choice in choices:
        named = " ".join(str(choice.get(name)) for name in _NAMES if isinstance(choice.get(name), str)).lower()
        if "date" in named or "timestamp" in named:
            return Format.MOMENT
        if "time" in named:
            return Format.TIME
        if "big_integer" in named or "big_number" in named:
            return Format.NUMBER
    types = {name for choice in choices for name in declared_types(choice)}
    return Format.NUMBER if types and types <= {"number", "integer"} else None


def cell(value: object, expected: Format | None = None) -> tuple[Cell, DustType, Difference | None]:
    """The cell for a value of a record, the type that Dust will infer, and how its value will differ, if it does.

    Dates become date-time cells, in UTC. Lists and objects become JSON text, and so do numbers that Dust would not
    read exactly. Null, blank texts, NaN and infinite numbers become null; so do the texts `NaN` and `Infinity` where
    a number or a date is expected. Texts are not cleaned here.
    """
    if isinstance(value, str):
        return _text(value, expected)
    if value is None:
        return None, DustType.NULL, None
    if isinstance(value, bool):
        return value, DustType.BOOL, None
    if isinstance(value, (int, float, Decimal)):
        return _number(value)
    return readable(value)[0], DustType.TEXT, None


def datetime_cell(seconds: int) -> dict[str, Any]:
    """The cell of a time in seconds since 1970. Dust drops fractions, and refuses them in negative numbers."""
    return {"type": "datetime", "epoch": seconds * 1000}


def _text(text: str, expected: Format | None) -> tuple[Cell, DustType, Difference | None]:
    if expected is not None:
        stripped = text.strip()
        if _NOT_FINITE.fullmatch(stripped):
            return None, DustType.NULL, Difference.NOT_FINITE
        seconds = None if expected is Format.NUMBER else _seconds(stripped, expected)
        if seconds is not None and _FIRST_SECOND <= seconds <= _LAST_SECOND:
            return datetime_cell(seconds), DustType.DATETIME, None
    read = inferred_type(text)
    odd = _MISREAD.get(read)
    if read is DustType.TEXT and expected in (Format.MOMENT, Format.TIME):
        odd = _no_date(text.strip())
    # Sending only blanks would make Dust type the column as text.
    return None if read is DustType.NULL else text, read, odd


def _no_date(text: str) -> Difference:
    """Why a text that is declared as a date is none."""
    if _BEFORE_CHRIST.fullmatch(text):
        return Difference.BEFORE_CHRIST
    return Difference.LATE if _LATE.fullmatch(text) else Difference.NO_DATE


def _seconds(text: str, expected: Format) -> int | None:
    if expected is Format.TIME:
        found = epoch_milliseconds(f"1970-01-01T{text.upper().removeprefix('T')}")
        # With a zone, the time in UTC may lie on a neighbouring day.
        return None if found is None else found // 1000 % SECONDS_A_DAY
    # Python's parser also accepts compact and week dates, which look like numbers and words.
    if text[4:5] != "-" or text[7:8] != "-":
        return None
    try:
        moment = datetime.fromisoformat(text.removesuffix("Z"))
        return ((moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)) - _EPOCH) // _SECOND
    except (ValueError, OverflowError):
        pass  # Python 3.10 parses fewer formats than sources write
    found = epoch_milliseconds(text)
    return None if found is None else found // 1000


def _number(value: int | float | Decimal) -> tuple[Cell, DustType, Difference | None]:
    if isinstance(value, int):
        if -LARGEST_EXACT <= value <= LARGEST_EXACT:
            return value, DustType.INT, None
    elif not (value.is_finite() if isinstance(value, Decimal) else math.isfinite(value)):
        return None, DustType.NULL, Difference.NOT_FINITE
    elif isinstance(value, float):
        if -LARGEST_EXACT <= value <= LARGEST_EXACT:
            return value, DustType.INT if value.is_integer() else DustType.FLOAT, None
        # As a whole number, it might not fit into Dust's 64 bits.
        return _with_point(repr(value)), DustType.FLOAT, None
    text = _with_point(str(Decimal(value)))
    read = inferred_type(text)
    return text, read, _LONG_NUMBERS[read]


def _with_point(number: str) -> str:
    """The number with a decimal point before its exponent, without which Dust would read it as text."""
    digits, exponent, power = number.partition("e" if "e" in number else "E")
    return f"{digits}.0{exponent}{power}" if exponent and "." not in digits else number
