"""Records of Python as JSON, with the values that JSON lacks as texts and numbers."""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping, Set
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import orjson

from destination_dust import exact_json


def to_json(record: Mapping[str, Any]) -> bytes:
    """A record as one line of JSON.

    Times become ISO 8601, durations seconds, bytes base64, sets sorted lists; NaN, infinite numbers and the "missing"
    of pandas null. Decimals and integers of any length stay exact. Raises `TypeError`, which names the field, for what
    remains, and for what is nested too deeply to be written.
    """
    if not isinstance(record, Mapping):
        raise TypeError(f"A record is a mapping or bytes, not {_name(record)}.")
    try:
        return orjson.dumps(record if type(record) is dict else dict(record), _substitute)
    except TypeError:  # also for what orjson refuses though JSON has it, such as integers of more than 64 bits
        pass
    try:
        return exact_json.dumps({_text(name): _of_field(name, value) for name, value in record.items()})
    except RecursionError:
        raise TypeError("A record is nested too deeply to be written.") from None


def _substitute(value: Any) -> Any:
    """The value for orjson to write in place of one that it does not know."""
    if isinstance(value, Decimal):
        return orjson.Fragment(exact_json.dumps(value if value.is_finite() else None))
    return _plain(value)


def _plain(value: Any) -> Any:
    """What JSON has for a value; its parts may still need the same. Raises `TypeError` without the value."""
    if isinstance(value, (datetime, date, time)):
        # The missing time of pandas is a `datetime` that does not equal itself.
        return value.isoformat() if value == value else None
    if isinstance(value, timedelta):
        return value.total_seconds() if value == value else None
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, (tuple, list)):
        return list(value)
    if isinstance(value, Set):
        return sorted(value, key=repr)  # in the same order in every process
    if isinstance(value, (bytes, bytearray, memoryview)):
        return base64.b64encode(value).decode()
    if type(value).__name__ == "NAType":  # of pandas, whose import takes a second
        return None
    if callable(to_list := getattr(value, "tolist", None)):  # numbers and arrays of NumPy
        return to_list()
    raise TypeError(_name(value))


def _of_field(name: object, value: Any) -> Any:
    try:
        return _deep(value)
    except TypeError as error:
        raise TypeError(f"The field {name} has a value of the type {error}, which JSON lacks.") from None


def _deep(value: Any) -> Any:
    """A value and all its parts, as JSON has them."""
    if value is None or isinstance(value, (str, int)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Decimal):
        return value if value.is_finite() else None
    if isinstance(value, dict):
        return {_text(name): _deep(part) for name, part in value.items()}
    if type(value) is list:
        return [_deep(part) for part in value]
    try:
        return orjson.loads(orjson.dumps(value))  # UUIDs, enumerations, data classes
    except TypeError:
        return _deep(_plain(value))


def _text(name: object) -> str:
    """A name of a field. Only numbers may stand for one, as in JavaScript."""
    if isinstance(name, (str, int)):
        return str(name)
    raise TypeError(f"{_name(name)} (as a name)")


def _name(value: object) -> str:
    kind = type(value)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
