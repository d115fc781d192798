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
_YEAR_10000 = 253_402_300_800_000
# Sources' numbers: smaller ones are seconds (until year 5138), larger ones milli-, micro- and nanoseconds.
_SOURCE_SECONDS_BELOW = 10**11


def stored_timestamp(milliseconds: int) -> int:
    """Return what to send for a time in milliseconds since 1970, so that Dust's server stores that time.

    The server reads numbers below 10^10 as seconds, and negative ones as the time of the call. So the first
    115 days of 1970 are sent in whole seconds, and anything earlier becomes 1970-01-01, the earliest time possible.
    """
    if milliseconds < _SECONDS_BELOW:
        return max(0, milliseconds) // 1000
    return min(milliseconds, _YEAR_10000 - 1)


def epoch_milliseconds(value: object) -> int | None:
    """Return the time of a value in milliseconds since 1970 (UTC), or None if it is not a time.

    Accepts ISO 8601 dates and date-times (UTC if without a zone), and seconds, milli-, micro- or nanoseconds
    since 1970, distinguished by their size. A date is its first moment.
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


def _from_number(milliseconds: Decimal) -> int | None:
    if not milliseconds.is_finite() or abs(milliseconds) >= 10**20:
        return None
    if abs(milliseconds) < _SOURCE_SECONDS_BELOW:
        milliseconds *= 1000
    while abs(milliseconds) >= _SOURCE_SECONDS_BELOW * 1000:
        milliseconds /= 1000
    return math.floor(milliseconds)


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
