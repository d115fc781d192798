"""Which texts Dust reads as dates in a CSV file, and as which moment.

Dust's server tries RFC 3339, RFC 2822, `02-Jan-2021` and `January 02 2021`, then the liberal
Rust crate `dateparser` (with UTC and midnight as defaults). This file knows the formats of both.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timezone

LONGEST = 64
_MONTHS = {
    name: number
    for number, (short, rest) in enumerate(
        [
            *[("jan", "uary"), ("feb", "ruary"), ("mar", "ch"), ("apr", "il"), ("may", ""), ("jun", "e")],
            *[("jul", "y"), ("aug", "ust"), ("sep", "tember"), ("oct", "ober"), ("nov", "ember"), ("dec", "ember")],
        ],
        start=1,
    )
    for name in (short, short + rest)
}
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_ZONES = {"edt": -4, "est": -5, "cdt": -5, "cst": -6, "mdt": -6, "mst": -7, "pdt": -7, "pst": -8}
_NOT_BEFORE_1970 = 70

_CLOCK = r"(?P<h>\d{1,2}):(?P<min>\d\d)(?::(?P<s>\d\d)(?P<f>\.\d{1,9})?)?"
_HALF = r"\s*(?P<half>am|pm|AM|PM)"
_ZONE = r"(?P<zone>[+\-:a-zA-Z0-9]{3,6})"
_NAME = r"(?P<mon>[a-zA-Z]{3,9})"
_CANDIDATE = re.compile(r"\d{1,4}[-/.:年]|\d{1,2}\s+[a-zA-Z]{3}|\d{6}\s|[a-zA-Z]{3,9}[.,]?\s*\d", re.ASCII)
"""The beginning of every pattern."""


def _patterns(*sources: str) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(source, re.ASCII) for source in sources)


_BY_DIGITS = _patterns(
    r"(?P<y>\d{4})-(?P<m>\d\d)-(?P<d>\d\d)[Tt ](?P<h>\d\d):(?P<min>\d\d):(?P<s>\d\d)(?P<f>\.\d+)?"
    r"(?P<zone>[Zz]|[+-]\d\d:\d\d)",
    r"(?P<y>\d{4})-(?P<m>\d\d)-(?P<d>\d\d)\s+" + _CLOCK + r"(?P<zone>[+-]\d\d(?::?\d\d)?)",
    r"(?P<y>\d{4})-(?P<m>\d\d)-(?P<d>\d\d)\s+" + _CLOCK + rf"(?:{_HALF})?",
    r"(?P<y>\d{4})-(?P<m>\d\d)-(?P<d>\d\d)\s+" + _CLOCK + r"\s*" + _ZONE,
    r"(?P<y>\d{4})-(?P<m>\d\d)-(?P<d>\d\d)(?:\s*" + _ZONE + ")?",
    _CLOCK + rf"(?:{_HALF})?(?:\s+{_ZONE})?",
    r"(?P<y>\d{4})-(?P<mon>[a-zA-Z]{3})-(?P<d>\d\d)",
    r"(?P<d>\d{1,2})-(?P<mon>[a-zA-Z]{3})-(?P<y>\d{1,4})",
    r"(?P<d>\d{1,2})\s+" + _NAME + r"\s+(?P<y2>\d{2,4})",
    r"(?P<d>\d{1,2})\s+" + _NAME + r"\s+(?P<y>\d{2,4}),?\s+" + _CLOCK,
    r"(?P<d>\d{1,2})\s+(?P<mon>[a-zA-Z]{3})\s+(?P<y>\d{4})\s+(?P<h>\d\d):(?P<min>\d\d)(?::(?P<s>\d\d))?\s+"
    r"(?P<zone>[a-zA-Z]{1,4}|[+-]\d{4})",
    r"(?P<m>\d{1,2})/(?P<d>\d{1,2})/(?P<y2>\d{2,4})(?:\s+" + _CLOCK + rf"(?:{_HALF})?)?",
    r"(?P<y>\d{4})/(?P<m>\d{1,2})/(?P<d>\d{1,2})(?:\s+" + _CLOCK + rf"(?:{_HALF})?)?",
    r"(?P<m>\d{1,2})\.(?P<d>\d{1,2})\.(?P<y2>\d{2,4})",
    r"(?P<y>\d{4})\.(?P<m>\d{1,2})\.(?P<d>\d{2})",
    r"(?P<y2>\d\d)(?P<m>\d\d)(?P<d>\d\d)\s+(?P<h>\d\d):(?P<min>\d\d):(?P<s>\d\d)",
    r"(?P<y>\d{4})年(?P<m>\d\d)月(?P<d>\d\d)日(?:(?P<h>\d\d)时(?P<min>\d\d)分(?P<s>\d\d)秒)?",
)
_BY_LETTERS = _patterns(
    r"(?P<day>[A-Za-z]{3}),\s*(?P<d>\d{1,2})\s+(?P<mon>[a-zA-Z]{3})\s+(?P<y>\d{4})\s+"
    r"(?P<h>\d\d):(?P<min>\d\d)(?::(?P<s>\d\d))?\s+(?P<zone>[a-zA-Z]{1,4}|[+-]\d{4})",
    _NAME + r"\s+(?P<d>\d{1,2})\s+(?P<y>\d{4})",
    _NAME + r"\.?\s+(?P<d>\d{1,2}),\s+(?P<y2>\d{2,4})",
    _NAME + r"\.?\s+(?P<d>\d{1,2}),\s+(?P<y>\d{2,4}),?\s+" + _CLOCK + rf"(?:{_HALF})?",
    _NAME + r"\s+(?P<d>\d{1,2}),?\s+(?P<y>\d{4})\s*,?(?:at)?\s+" + _CLOCK + rf"(?:{_HALF})?\s+{_ZONE}",
    r"(?P<mon>[a-zA-Z]{3})\s+(?P<d>\d{1,2})\s+at\s+(?P<h>\d{1,2}):(?P<min>\d\d)" + _HALF,
    r"(?P<mon>[a-zA-Z]{3})\s+(?P<d>\d{1,2})\s+(?P<h>\d{1,2}):(?P<min>\d\d):(?P<s>\d\d)",
)


def guessed_epoch(text: str, today: date) -> int | None:
    """The moment in ms since 1970 if the (trimmed) text reads as one. A time of day alone means today."""
    if len(text) > LONGEST or not _CANDIDATE.match(text):
        return None
    for pattern in _BY_DIGITS if text[0].isdigit() else _BY_LETTERS:
        found = pattern.fullmatch(text)
        if found is not None:
            epoch = _epoch(found.groupdict(), today)
            if epoch is not None:
                return epoch
    return None


def _epoch(parts: dict[str, str | None], today: date) -> int | None:
    offset = _offset_minutes(parts.get("zone"))
    hour = _hour(int(parts.get("h") or 0), parts.get("half"))
    month = int(parts["m"] or 0) if parts.get("m") else _MONTHS.get((parts.get("mon") or "").lower())
    if "mon" not in parts and "m" not in parts:
        month = today.month
    if offset is None or hour is None or month is None:
        return None
    try:
        moment = datetime(
            _year(parts, today),
            month,
            int(parts.get("d") or today.day),
            hour,
            int(parts.get("min") or 0),
            min(int(parts.get("s") or 0), 59),
            tzinfo=timezone.utc,
        )
    except ValueError:
        return None
    weekday = parts.get("day")
    if weekday is not None and _DAYS[moment.weekday()] != weekday.lower():
        return None
    whole = (moment.toordinal() - _EPOCH_DAY) * 86_400 + moment.hour * 3600 + moment.minute * 60 + moment.second
    milliseconds = int(((parts.get("f") or ".") + "000")[1:4])
    return (whole - offset * 60) * 1000 + milliseconds


_EPOCH_DAY = date(1970, 1, 1).toordinal()


def _year(parts: dict[str, str | None], today: date) -> int:
    if parts.get("y"):
        return int(parts["y"] or 0)
    short = parts.get("y2")
    if short is None:
        return today.year
    if len(short) != 2:
        return int(short)
    return int(short) + (1900 if int(short) >= _NOT_BEFORE_1970 else 2000)


def _hour(hour: int, half: str | None) -> int | None:
    if half is None:
        return hour
    if not 1 <= hour <= 12:
        return None
    return hour % 12 + (12 if half.lower() == "pm" else 0)


def _offset_minutes(zone: str | None) -> int | None:
    """The offset of a time zone. An unknown name means UTC."""
    if zone is None:
        return 0
    if zone[0].isalpha():
        letters = re.match(r"[a-zA-Z]+", zone)
        return _ZONES.get(letters[0].lower() if letters else "", 0) * 60
    found = re.fullmatch(r"([+-])(\d\d):?([0-5]\d)?", zone)
    if found is None:
        return None
    minutes = int(found[2]) * 60 + int(found[3] or 0)
    return -minutes if found[1] == "-" else minutes
