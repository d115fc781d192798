"""The meaning of texts, as a schema declares it."""

from __future__ import annotations

from typing import Any

import pytest

from destination_dust.mapping.tables.formats import Format, format_of

DATE_TIME = {"type": ["null", "string"], "format": "date-time"}


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "string"}, None),
        ({"type": "string", "format": "date"}, Format.MOMENT),
        (DATE_TIME, Format.MOMENT),
        ({**DATE_TIME, "airbyte_type": "timestamp_without_timezone"}, Format.MOMENT),
        ({"type": "string", "format": "time", "airbyte_type": "time_with_timezone"}, Format.TIME),
        ({"oneOf": [{"type": "null"}, {"type": "string", "format": "time"}]}, Format.TIME),
        ({"$ref": "WellKnownTypes.json#/definitions/TimestampWithTimezone"}, Format.MOMENT),
        ({"type": "string", "format": "uuid"}, None),
        ({"type": ["null", "number"]}, Format.NUMBER),
        ({"type": "string", "airbyte_type": "big_integer"}, Format.NUMBER),
        ({"oneOf": [{"type": "null"}, {"type": "integer"}]}, Format.NUMBER),
        ({"type": ["number", "string"]}, None),
        ({"anyOf": [{"type": "number"}, {"type": "string"}]}, None),
        (None, None),
        (True, None),
        ({"oneOf": 5, "anyOf": True, "format": ["date"], "type": {"date": 1}}, None),
        ({"oneOf": {"format": "date"}, "anyOf": [None, 1, "date", []]}, None),
    ],
)
def test_the_catalog_says_which_texts_are_dates(schema: Any, expected: Format | None) -> None:
    """By `format`, by Airbyte's own types, or in one of several alternatives."""
    assert expected is format_of(schema)


def test_a_schema_of_any_depth_is_read() -> None:
    """What lies too deep to be meant is not looked at."""
    schema: Any = {"format": "date"}
    for _ in range(50_000):
        schema = {"oneOf": [schema]}

    assert format_of(schema) is None
