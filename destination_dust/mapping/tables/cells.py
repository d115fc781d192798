"""Values of a record as cells of a Dust table: booleans, numbers, texts, date-times or nothing."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import datetime, timezone
from decimal import Decimal
from enum import Enum
from types import NoneType
from typing import Any, TypeAlias

from destination_dust.exact_json import readable
from destination_dust.mapping.tables.formats import Format
from destination_dust.mapping.tables.type_inference import DustType, inferred_type
from destination_dust.mapping.timestamps import YEAR_10000, epoch_milliseconds

Cell: TypeAlias = "bool | int | float | str | dict[str, Any] | None"

# Dust's server reads JSON numbers as float64, which holds every whole number up to here.
LARGEST_EXACT = 2**53
LARGEST_FLOAT = float(LARGEST_EXACT)  # quicker to compare with another float
SECONDS_A_DAY = 86_400

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_LOCAL_EPOCH = datetime(1970, 1, 1)  # to take times without a zone from, which count as UTC
# In ms since 1970. Dust writes years before it, and those from 10000 on, with a sign, and reads them as text then.
_YEAR_1 = -62_135_596_800_000
# How sources spell numbers and dates that are not finite (Postgres has infinite dates, too).
_NOT_FINITE = re.compile(r"[+-]?(?:nan|inf|infinity)", re.IGNORECASE)
_BEFORE_CHRIST = re.compile(r"-[0-9]{4,}-.*|[0-9].*\bB\.?C\.?(?:E\.?)?", re.IGNORECASE)
_LATE = re.compile(r"\+?[0-9]{5,}-[0-9].*")


# Members of an enumeration are slow to look up (until Python 3.12), and there is a look-up for each cell.
_NULL, _BOOL, _INT, _FLOAT, _DATETIME, _TEXT = (
    DustType.NULL,
    DustType.BOOL,
    DustType.INT,
    DustType.FLOAT,
    DustType.DATETIME,
    DustType.TEXT,
)


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


# A cell, the type that Dust will infer, and how its value will differ.
_Read: TypeAlias = "tuple[Cell, DustType, Difference | None]"

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


def cell(value: object, expected: Format | None = None) -> _Read:
    """The cell for a value of a record, the type that Dust will infer, and how its value will differ, if it does.

    Dates become date-time cells, in UTC. Lists and objects become JSON text, and so do numbers that Dust would not
    read exactly. Null, blank texts, NaN and infinite numbers become null; so do the texts `NaN` and `Infinity` where
    a number or a date is expected. Texts are not cleaned here.
    """
    if type(value) is str:
        return TEXT_CELLS[expected](value)
    if make := CELLS.get(type(value)):
        return make(value)
    if isinstance(value, Decimal):
        return _decimal_cell(value)
    return readable(value)[0], _TEXT, None


def datetime_cell(seconds: int) -> dict[str, Any]:
    """The cell of a time in seconds since 1970. Dust drops fractions, and refuses them in negative numbers."""
    return {"type": "datetime", "epoch": seconds * 1000}


def _text_cell(text: str) -> _Read:
    read = inferred_type(text)
    if read is _TEXT:
        return text, read, None
    # Sending only blanks would make Dust type the column as text.
    return None if read is _NULL else text, read, _MISREAD[read]


def _number_text_cell(text: str) -> _Read:
    return _NO_NUMBER if _NOT_FINITE.fullmatch(text.strip()) else _text_cell(text)


def written_epoch(text: str) -> int | None:
    """The time that a text in the usual form of a date or date-time names, in ms since 1970; else None.

    Whole seconds, as in a cell. Zones make it lie outside the years 1 to 9999 in rare cases.
    """
    try:
        # Python's parser also accepts compact and week dates, which look like numbers and words.
        if text[4] == "-" == text[7]:
            moment = datetime.fromisoformat(text.removesuffix("Z"))
            since = moment - (_EPOCH if moment.tzinfo else _LOCAL_EPOCH)
            return (since.days * SECONDS_A_DAY + since.seconds) * 1000
    except (ValueError, OverflowError, IndexError):
        pass  # Python 3.10 parses fewer formats than sources write
    return None


def _moment_cell(text: str) -> _Read:
    stripped = text.strip()
    epoch = written_epoch(stripped)
    if epoch is None:
        epoch = epoch_milliseconds(stripped) if stripped[4:8:3] == "--" else None
    if epoch is None or not _YEAR_1 <= epoch < YEAR_10000:
        return _no_date_cell(text)
    return datetime_cell(epoch // 1000), _DATETIME, None


def _time_cell(text: str) -> _Read:
    seconds = _seconds_of_day(text.strip())
    return _no_date_cell(text) if seconds is None else (datetime_cell(seconds), _DATETIME, None)


def _no_date_cell(text: str) -> _Read:
    """The cell of a text that is declared as a date or time, and is none."""
    stripped = text.strip()
    if _NOT_FINITE.fullmatch(stripped):
        return _NO_NUMBER
    content, read, odd = _text_cell(text)
    return content, read, _no_date(stripped) if read is _TEXT else odd


def _no_date(text: str) -> Difference:
    """Why a text that is declared as a date is none."""
    if _BEFORE_CHRIST.fullmatch(text):
        return Difference.BEFORE_CHRIST
    return Difference.LATE if _LATE.fullmatch(text) else Difference.NO_DATE


def _seconds_of_day(text: str) -> int | None:
    found = epoch_milliseconds(f"1970-01-01T{text.upper().removeprefix('T')}")
    # With a zone, the time in UTC may lie on a neighbouring day.
    return None if found is None else found // 1000 % SECONDS_A_DAY


def _boolean_cell(value: bool) -> _Read:
    return value, _BOOL, None


def _integer_cell(value: int) -> _Read:
    if -LARGEST_EXACT <= value <= LARGEST_EXACT:
        return value, _INT, None
    return _long_number_cell(Decimal(value))


def _float_cell(value: float) -> _Read:
    if -LARGEST_FLOAT <= value <= LARGEST_FLOAT:
        return value, _INT if value.is_integer() else _FLOAT, None
    if not math.isfinite(value):
        return _NO_NUMBER
    # As a whole number, it might not fit into Dust's 64 bits.
    return _with_point(repr(value)), _FLOAT, None


def _decimal_cell(value: Decimal) -> _Read:
    return _long_number_cell(value) if value.is_finite() else _NO_NUMBER


def _long_number_cell(value: Decimal) -> _Read:
    text = _with_point(str(value))
    read = inferred_type(text)
    return text, read, _LONG_NUMBERS[read]


def _with_point(number: str) -> str:
    """The number with a decimal point before its exponent, without which Dust would read it as text."""
    digits, exponent, power = number.partition("e" if "e" in number else "E")
    return f"{digits}.0{exponent}{power}" if exponent and "." not in digits else number


_NOTHING: _Read = (None, _NULL, None)
_NO_NUMBER: _Read = (None, _NULL, Difference.NOT_FINITE)
TEXT_CELLS: dict[Format | None, Callable[[str], _Read]] = {
    None: _text_cell,
    Format.NUMBER: _number_text_cell,
    Format.MOMENT: _moment_cell,
    Format.TIME: _time_cell,
}
# What makes the cell of a value, by its exact type: a look-up is quicker than one question after the other.
CELLS: dict[type, Callable[[Any], _Read]] = {
    int: _integer_cell,
    float: _float_cell,
    bool: _boolean_cell,
    NoneType: lambda _: _NOTHING,
}
