"""Values of Python that JSON lacks."""

from __future__ import annotations

import enum
import json
import uuid
from collections import OrderedDict, namedtuple
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import pytest

from destination_dust import exact_json
from destination_dust.loading.values import to_json

HUGE = 2**70
DEEP: dict[str, Any] = {"x": 1}
for _ in range(240):
    DEEP = {"x": DEEP}
Point = namedtuple("Point", "x y")


class Color(enum.Enum):
    RED = "red"


@dataclass
class Box:
    size: int


class Moment(datetime):
    """A subclass, as the times of pandas are, which orjson refuses."""


class NeverEqual(datetime):
    """Like the missing time of pandas."""

    def __eq__(self, other: object) -> bool:
        return False

    __hash__ = datetime.__hash__


class NAType:
    """Like the missing value of pandas."""


class Array:
    """Like the numbers and arrays of NumPy."""

    def tolist(self) -> list[int]:
        return [1, 2]


CASES: list[tuple[Any, Any]] = [
    (datetime(2026, 1, 2, 3, 4, 5, 6, timezone.utc), "2026-01-02T03:04:05.000006+00:00"),
    (datetime(2026, 1, 2), "2026-01-02T00:00:00"),
    (date(2026, 1, 2), "2026-01-02"),
    (time(3, 4, 5), "03:04:05"),
    (time(3, 4, 5, tzinfo=timezone.utc), "03:04:05+00:00"),
    (Moment(2026, 1, 2), "2026-01-02T00:00:00"),
    (NeverEqual(2026, 1, 2), None),
    (NAType(), None),
    (timedelta(days=1, seconds=0.5), 86400.5),
    (Decimal("1.00000000000000000001"), Decimal("1.00000000000000000001")),
    (Decimal("NaN"), None),
    (float("nan"), None),
    (float("-inf"), None),
    (HUGE, Decimal(HUGE)),
    (b"\x00\xff", "AP8="),
    (bytearray(b"a"), "YQ=="),
    ({3, 1, 2}, [1, 2, 3]),
    ((1, 2), [1, 2]),
    (Point(1, 2), [1, 2]),
    (MappingProxyType({"a": 1}), {"a": 1}),
    (OrderedDict(a=1), {"a": 1}),
    ({1: "a"}, {"1": "a"}),
    (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
    (Color.RED, "red"),
    (Box(3), {"size": 3}),
    (Array(), [1, 2]),
    ("\ud800", "\ud800"),
    (DEEP, DEEP),
    (True, True),
    (None, None),
]


@pytest.mark.parametrize(("value", "expected"), CASES, ids=[str(type(value).__name__) for value, _ in CASES])
@pytest.mark.parametrize("beside", [1, HUGE], ids=["fast", "exact"])
def test_a_value_becomes_what_json_has_for_it(value: Any, expected: Any, beside: int) -> None:
    """Wherever it stands in the record, and whatever stands beside it."""
    record = MappingProxyType({"beside": beside, "value": value, "list": [value]})

    read = exact_json.loads(to_json(record))

    assert {"beside": beside, "value": expected, "list": [expected]} == read
    assert type(expected) is type(read["value"])


def test_a_record_that_is_nested_too_deeply_is_written_or_refused_in_words() -> None:
    """The reader judges what is written, so that on_record_error holds for it."""
    levels: dict[str, Any] = {"x": 1}
    for _ in range(400):
        levels = {"x": levels}
    assert levels == json.loads(to_json(levels))
    for _ in range(100_000):
        levels = {"x": levels}
    with pytest.raises(TypeError, match="nested too deeply"):
        to_json(levels)


@pytest.mark.parametrize("value", [object(), [object()], {"a": {"b": object()}}, {None: 1}, {(1, 2): 1}])
def test_the_field_of_any_other_value_is_named(value: Any) -> None:
    """Its content is not, for the error may be logged."""
    with pytest.raises(TypeError, match="The field name has a value of the type"):
        to_json({"id": 1, "name": value})


def test_a_text_is_no_record() -> None:
    """Nor is anything else without names."""
    for value in ("id", 1, None, [("id", 1)]):
        with pytest.raises(TypeError, match="A record is a mapping or bytes, not"):
            to_json(value)  # type: ignore[arg-type]
