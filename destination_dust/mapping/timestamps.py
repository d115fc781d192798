"""Points in time, and how Dust's server reads the timestamp of a document."""

from __future__ import annotations

import math
import re
from datetime import datetime, timedelta, timezone
from decimal import Decimal

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_MILLISECOND = timedelta(milliseconds=1)
_MOMENT = re.compile(
    r"(\d{4}-\d{2}-\d{2})"
    r"(?:[Tt ](\d{2}:\d{2})(?::(\d{2})(?:[.,](\d+))?)? ?([Zz]|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?)?",
    re.ASCII,
)
_NUMBER = re.compile(r"-?\d{9,19}(?:\.\d+)?", re.ASCII)

# Dust's server reads smaller numbers as seconds. The limit is 1970-04-26 in milliseconds, 2286-11-20 in seconds.
_SECONDS_BELOW = 10**10
YEAR_10000 = 253_402_300_800_000
# Seconds from 1980-01-01 to the end of 2100. In milli-, micro- or nanoseconds, no number stands for another time in it.
_FIRST, _END = 315_532_800, 4_133_980_800
_UNITS = (1, 10**3, 10**6, 10**9)
_MOST_DIGITS = 19


def stored_timestamp(milliseconds: int) -> int:
    """Return what to send for a time in milliseconds since 1970, so that Dust's server stores that time.

    The server reads numbers below 10^10 as seconds, and negative ones as the time of the call. So the first
    115 days of 1970 are sent in whole seconds, and anything earlier becomes 1970-01-01, the earliest time possible.
    """
    if milliseconds < _SECONDS_BELOW:
        return max(0, milliseconds) // 1000
    return min(milliseconds, YEAR_10000 - 1)


def emission_time(milliseconds: int | None) -> int | None:
    """The time at which a source says that it read a record, None for one that cannot be: before 1970, after 9999."""
    return milliseconds if milliseconds is not None and 0 <= milliseconds < YEAR_10000 else None


def epoch_milliseconds(value: object) -> int | None:
    """Return the time of a value in milliseconds since 1970 (UTC), or None if it is not a time.

    Accepts ISO 8601 dates and date-times (UTC if without a zone). A date is its first moment. A number is taken for
    seconds, milli-, micro- or nanoseconds since 1970, whichever gives a time from 1980 to 2100. Any other number may
    be a date of another kind (20240105, a year, a day of Excel's), so it is no time.
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float, Decimal)):
        return _from_number(Decimal(value))
    if not isinstance(value, str):
        return None
    text = value.strip()
    if _NUMBER.fullmatch(text):
        return _from_number(Decimal(text))
    return _from_iso(text)


def _from_number(number: Decimal) -> int | None:
    # Exponents of numbers that are no time may be too large to calculate with.
    if not number.is_finite() or not 0 <= number.adjusted() < _MOST_DIGITS:
        return None
    for unit in _UNITS:
        if _FIRST * unit <= number < _END * unit:
            return math.floor(number * 1000 / unit)
    return None


def _from_iso(text: str) -> int | None:
    moment = _MOMENT.fullmatch(text)
    if not moment:
        return None
    day, time, second, fraction, zone = moment.groups(default="")
    # A leap second counts as the first moment after it.
    leap = second == "60"
    try:
        local = datetime.fromisoformat(f"{day}T{time or '00:00'}:{'59' if leap else second or '00'}")
    except ValueError:
        return None
    offset = _offset(zone)
    if offset is None:
        return None
    since = local.replace(tzinfo=timezone.utc) - _EPOCH - offset + timedelta(seconds=leap)
    return since // _MILLISECOND + int((fraction + "000")[:3]) * (not leap)


def _offset(zone: str) -> timedelta | None:
    if zone[:1] not in ("+", "-"):
        return timedelta(0)
    hours, minutes = int(zone[1:3]), int(zone[-2:] if len(zone) > 3 else 0)
    if hours > 18 or minutes > 59:
        return None
    return timedelta(hours=hours, minutes=minutes) * (-1 if zone[0] == "-" else 1)
