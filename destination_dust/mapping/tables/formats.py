"""What a stream's JSON schema says that the texts of a field mean."""

from __future__ import annotations

from enum import Enum

from destination_dust.mapping.schemas import alternatives, declared_types

# Where a schema says what its texts mean.
_NAMES = ("format", "airbyte_type", "$ref")


class Format(Enum):
    """The declared meaning of a field's texts."""

    MOMENT = "a date or date-time"
    TIME = "a time of day"
    NUMBER = "a number"


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
