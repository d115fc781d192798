"""Readers for single settings, with error messages that say what to change.

Null and blank text count as left out: forms send them for emptied fields. A text that spells a number or a
boolean counts as one: environment variables, templates and spreadsheets turn 120 into "120" and into 120.0.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from enum import Enum
from typing import Any, TypeVar

import orjson

Choice = TypeVar("Choice", bound=Enum)


class InvalidConfig(Exception):
    """A setting cannot be used. Its text says which one, why, and what to set instead."""


def required_text(settings: Mapping[str, Any], name: str, where: str) -> str:
    """A required text. `where` says where the user finds it."""
    value = settings.get(name)
    if value is not None and not isinstance(value, str):
        raise InvalidConfig(f"{name} must be a text, in quotes. {where}")
    if not value or not value.strip():
        raise InvalidConfig(f"The setting {name} is missing. {where}")
    # Pasted values come with blanks and line ends.
    return value.strip()


def choice(choices: type[Choice], settings: Mapping[str, Any], name: str, default: Choice) -> Choice:
    """One of the values of an enumeration."""
    value = settings.get(name)
    if _spelled(value) is None:
        return default
    try:
        return choices(value)
    except ValueError:
        raise InvalidConfig(f"{name} must be one of: {', '.join(each.value for each in choices)}.") from None


def integer(settings: Mapping[str, Any], name: str, default: int, least: int, most: int) -> int:
    """A whole number within bounds."""
    value = _spelled(settings.get(name))
    if value is None:
        return default
    if not _is_number(value) or not least <= value <= most or value != int(value):
        raise InvalidConfig(f"{name} must be a whole number from {least} to {most}.")
    return int(value)


def seconds(settings: Mapping[str, Any], name: str, default: float, where: str) -> float:
    """A duration above 0. `where` precedes the name in the refusal."""
    value = _spelled(settings.get(name))
    if value is None:
        return default
    if not _is_number(value) or not 0 < value < math.inf:
        raise InvalidConfig(f"{where}{name} must be a number of seconds above 0.")
    return float(value)


def boolean(settings: Mapping[str, Any], name: str, default: bool) -> bool:
    """True or false."""
    value = _spelled(settings.get(name))
    if value is None:
        return default
    if not isinstance(value, bool):
        raise InvalidConfig(f"{name} must be true or false.")
    return value


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _spelled(value: Any) -> Any:
    """The value that a text spells in JSON, None if it is blank; anything else as it is."""
    if not isinstance(value, str):
        return value
    try:
        return orjson.loads(value.strip().lower() or "null")
    except ValueError:
        return value
