"""Readers for single settings, with error messages that say what to change.

A setting of null counts as left out: forms send it for emptied fields.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any, TypeVar

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
    if value is None:
        return default
    try:
        return choices(value)
    except ValueError:
        raise InvalidConfig(f"{name} must be one of: {', '.join(each.value for each in choices)}.") from None


def integer(settings: Mapping[str, Any], name: str, default: int, least: int, most: int) -> int:
    """A whole number within bounds."""
    value = settings.get(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise InvalidConfig(f"{name} must be a whole number from {least} to {most}.")
    return value


def boolean(settings: Mapping[str, Any], name: str, default: bool) -> bool:
    """True or false."""
    value = settings.get(name)
    if value is None:
        return default
    if not isinstance(value, bool):
        raise InvalidConfig(f"{name} must be true or false.")
    return value
