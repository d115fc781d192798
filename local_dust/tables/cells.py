"""Cell values: as sent, as written to a CSV file, as read from one, as returned.

Between writer and reader, every cell is written as CSV text and read back with guessed types at least once.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

from local_dust.tables.dates import guessed_epoch

Cell = Any
"""None, bool, int, float, str or Moment."""

LARGEST_INTEGER = 2**63 - 1
SMALLEST_INTEGER = -(2**63)
LARGEST_EXACT = 2**53
_INTEGER_DIGITS = 19
FARTHEST_YEAR = 262_000
_SHORTEST_POWER = 1e21
"""From here on JavaScript writes integral numbers with an exponent."""
_BLANKS = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
_AS_SENT = {str, bool, type(None)}
_WHOLE_AS_SENT = {int, bool, type(None)}
_DIGIT = re.compile(r"[0-9]")
_INTEGER = re.compile(r"[+-]?[0-9]+")
# Since July 2026, an exponent counts only after a decimal point (dust-tt/dust #29259): codes like 32E0134 stay text.
_FLOAT = re.compile(r"[+-]?([0-9]+|([0-9]+\.[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?)")
_BOOLEANS = {"t": True, "true": True, "f": False, "false": False}


class UnwritableCell(Exception):
    """Dust's core cannot write this value as CSV."""


class Moment(NamedTuple):
    """A datetime cell: ms since 1970, and the text it was read from (None: it was sent as a number)."""

    epoch: int
    text: str | None = None


@dataclass(frozen=True, slots=True)
class UnusableMoment:
    """A datetime without a whole number of ms: the front accepts it, the core does not."""


def sent_cell(value: Any) -> Cell:
    """A JSON value as it reaches the core, converted by JavaScript's numbers."""
    if type(value) is int:
        if -LARGEST_EXACT <= value <= LARGEST_EXACT:
            return value
        return _integral(float(value))
    if type(value) is float:
        if math.isinf(value):
            return None
        return _integral(value) if value.is_integer() else value
    if type(value) is dict:
        epoch = value["epoch"]
        whole = type(epoch) is int or (math.isfinite(epoch) and float(epoch).is_integer())
        return Moment(int(epoch)) if whole else UnusableMoment()
    return value


def sent_column(column: Sequence[Any]) -> Sequence[Cell]:
    """The same for the values of one column. Most columns stay unchanged."""
    kinds = set(map(type, column))
    if kinds <= _AS_SENT:
        return column
    if kinds <= _WHOLE_AS_SENT:
        numbers = [cell for cell in column if cell is not None]
        if max(numbers) <= LARGEST_EXACT and min(numbers) >= -LARGEST_EXACT:
            return column
    return [sent_cell(cell) for cell in column]


def _integral(value: float) -> int | float:
    fits = abs(value) < _SHORTEST_POWER and SMALLEST_INTEGER <= value < 2**64
    return int(value) if fits else value


def reread(value: Cell, today: date) -> Cell:
    """The cell after one more round trip through a CSV file.

    Raises:
        UnwritableCell: A moment before 1970 that is not a whole second.
    """
    kind = type(value)
    if kind is str:
        return guessed(value, today)
    if kind is int:
        if value > LARGEST_INTEGER:
            return value - 2**64
        return value
    if kind is float:
        return _reread_float(value)
    if kind is Moment:
        return _reread_moment(value, today)
    return value


def is_settled(value: Cell) -> bool:
    """Whether further round trips leave a cell that was read once unchanged."""
    if type(value) is float:
        return not value.is_integer() or abs(value) >= 2**63
    if type(value) is Moment:
        return value.text == moment_text(value.epoch)
    return True


def trimmed(text: str) -> str:
    """The text without the blanks that Rust's `trim` removes."""
    return text.strip(_BLANKS)


@lru_cache(maxsize=1 << 16)
def guessed(text: str, today: date) -> Cell:
    """The value that Dust reads from a CSV field."""
    text = trimmed(text)
    if not text:
        return None
    if not _DIGIT.search(text):
        return _BOOLEANS.get(text.lower(), text)
    if _FLOAT.fullmatch(text):
        integer = _integer(text)
        if integer is not None:
            return integer
        value = float(text)
        if math.isfinite(value):
            return value
    epoch = guessed_epoch(text, today)
    return text if epoch is None else Moment(epoch, text)


def _integer(text: str) -> int | None:
    """The text as a 64-bit integer, if it is one."""
    if not _INTEGER.fullmatch(text) or len(text.lstrip("+-0")) > _INTEGER_DIGITS:
        return None
    number = int(Decimal(text))
    return number if SMALLEST_INTEGER <= number <= LARGEST_INTEGER else None


def _reread_float(value: float) -> int | float:
    """An integral float is written without a point and read as an integer, unless it is too large."""
    return int(value) if value.is_integer() and SMALLEST_INTEGER <= value <= LARGEST_INTEGER else value


@lru_cache(maxsize=1 << 12)
def _reread_moment(moment: Moment, today: date) -> Cell:
    return guessed(moment_text(moment.epoch), today)


@lru_cache(maxsize=1 << 12)
def moment_text(epoch: int) -> str:
    """`YYYY-MM-DD HH:MM:SS`, in UTC.

    Raises:
        UnwritableCell: A moment before 1970 that is not a whole second, or out of Rust's range.
    """
    if epoch < 0 and epoch % 1000:
        raise UnwritableCell("Unknown object type")
    days, seconds = divmod(epoch // 1000, 86_400)
    # Civil date from days since 1970 in the proleptic Gregorian calendar, for any year.
    era, day_of_era = divmod(days + 719_468, 146_097)
    year_of_era = (day_of_era - day_of_era // 1460 + day_of_era // 36_524 - day_of_era // 146_096) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    shifted = (5 * day_of_year + 2) // 153
    day = day_of_year - (153 * shifted + 2) // 5 + 1
    month = shifted + 3 if shifted < 10 else shifted - 9
    year = year_of_era + era * 400 + (month <= 2)
    if abs(year) > FARTHEST_YEAR:
        raise UnwritableCell("Unknown object type")
    shown_year = f"{year:04d}" if 0 <= year <= 9999 else f"{year:+05d}"
    return f"{shown_year}-{month:02d}-{day:02d} {seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


def float_text(value: float) -> str:
    """As Rust writes it: the shortest digits that read back as the same number, and no exponent."""
    text = format(Decimal(repr(value)), "f")
    return text.removesuffix(".0")


def csv_text(value: Cell) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value - 2**64 if value > LARGEST_INTEGER else value)
    if isinstance(value, float):
        return float_text(value)
    return moment_text(value.epoch) if isinstance(value, Moment) else str(value)


def shown(value: Cell) -> Any:
    """The cell as JSON, converted by JavaScript's numbers once more."""
    if type(value) is Moment:
        return {"type": "datetime", "epoch": value.epoch, "string_value": value.text}
    if type(value) is float and value.is_integer() and abs(value) < _SHORTEST_POWER:
        return int(value)
    if type(value) is int and not -LARGEST_EXACT <= value <= LARGEST_EXACT:
        return int(float(value))
    return value
