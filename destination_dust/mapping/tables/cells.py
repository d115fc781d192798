"""Values of a record as cells of a Dust table: booleans, numbers, texts, date-times or nothing."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum
from typing import Any, TypeAlias

from destination_dust.exact_json import readable
from destination_dust.mapping.tables.type_inference import DustType, inferred_type
from destination_dust.mapping.timestamps import epoch_milliseconds

Cell: TypeAlias = "bool | int | float | str | dict[str, Any] | None"

# Dust's server reads JSON numbers as float64, which holds every whole number up to here.
LARGEST_EXACT = 2**53
SECONDS_A_DAY = 86_400

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_SECOND = timedelta(seconds=1)


class Format(Enum):
    """The declared format of a field's texts."""

    MOMENT = "a date or date-time"
    TIME = "a time of day"


class Difference(Enum):
    """How Dust's value will differ from the record's, as the end of "N values are …"."""

    NUMBER = "texts that Dust reads as numbers (007 becomes 7)"
    BOOLEAN = "texts that Dust reads as booleans (t becomes true)"
    DATE = "texts that Dust reads as dates (it keeps date and time to the second, in UTC)"
    BLANK = "empty or blank texts, which become null"
    LONG_NUMBER = "long numbers, sent as text, which Dust reads as floating-point numbers and so may round"
    NOT_FINITE = "NaN or infinite numbers, which become null"
    NO_DATE = "declared as dates or times, but not valid ones, and stored as text"


_MISREAD = {
    DustType.NULL: Difference.BLANK,
    DustType.BOOL: Difference.BOOLEAN,
    DustType.INT: Difference.NUMBER,
    DustType.FLOAT: Difference.NUMBER,
    DustType.DATETIME: Difference.DATE,
}


def format_of(schema: object) -> Format | None:
    """The format that a field's JSON schema declares for its texts, if any."""
    if not isinstance(schema, Mapping):
        return None
    named = f"{schema.get('format')} {schema.get('airbyte_type')} {schema.get('$ref')}".lower()
    if "date" in named or "timestamp" in named:
        return Format.MOMENT
    if "time" in named:
        return Format.TIME
    choices = [each for name in ("oneOf", "anyOf") for each in schema.get(name) or () if isinstance(each, Mapping)]
    return next((found for each in choices if (found := format_of(each))), None)


def cell(value: object, expected: Format | None = None) -> tuple[Cell, DustType, Difference | None]:
    """The cell for a value of a record, the type that Dust will infer, and how its value will differ, if it does.

    Dates become date-time cells, in UTC. Lists and objects become JSON text, and so do numbers that Dust would not
    read exactly. Null, blank texts, NaN and infinite numbers become null. Texts are not cleaned here.
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
        seconds = _seconds(text.strip(), expected)
        if seconds is not None:
            return datetime_cell(seconds), DustType.DATETIME, None
    read = inferred_type(text)
    odd = Difference.NO_DATE if expected and read is DustType.TEXT else _MISREAD.get(read)
    # Sending only blanks would make Dust type the column as text.
    return None if read is DustType.NULL else text, read, odd


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
        return repr(value), DustType.FLOAT, None
    text = str(Decimal(value))
    read = inferred_type(text)
    return text, read, None if read is DustType.INT else Difference.LONG_NUMBER
