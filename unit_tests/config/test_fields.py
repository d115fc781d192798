"""Readers for single settings: null means left out, and a refusal says what to change."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any

import pytest

from destination_dust.config.fields import InvalidConfig, boolean, choice, integer, required_text, seconds


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


READERS: dict[str, Callable[[dict[str, Any]], object]] = {
    "choice": lambda settings: choice(Colour, settings, "x", Colour.RED),
    "integer": lambda settings: integer(settings, "x", 3, least=1, most=5),
    "boolean": lambda settings: boolean(settings, "x", True),
    "seconds": lambda settings: seconds(settings, "x", 2.5, "timing."),
}


@pytest.mark.parametrize(
    ("kind", "default"), [("choice", Colour.RED), ("integer", 3), ("boolean", True), ("seconds", 2.5)]
)
@pytest.mark.parametrize("settings", [{}, {"x": None}, {"x": ""}, {"x": " "}])
def test_a_setting_that_is_absent_or_empty_has_its_default(
    kind: str, default: object, settings: dict[str, Any]
) -> None:
    """Forms send emptied fields as null, or as an empty text."""
    assert default == READERS[kind](settings)


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("choice", "blue", Colour.BLUE),
        ("integer", 1, 1),
        ("integer", 5, 5),
        ("seconds", 1, 1.0),
        ("seconds", 0.5, 0.5),
    ],
)
def test_a_valid_value_is_taken(kind: str, value: object, expected: object) -> None:
    """Bounds are inclusive."""
    assert expected == READERS[kind]({"x": value})


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("integer", 2.0, 2),
        ("integer", "2", 2),
        ("integer", " 2.0\n", 2),
        ("seconds", "0.5", 0.5),
        ("boolean", "true", True),
        ("boolean", "False", False),
    ],
)
def test_a_value_may_be_spelled_out(kind: str, value: object, expected: object) -> None:
    """Environment variables, templates and spreadsheets make texts and decimals of numbers."""
    result = READERS[kind]({"x": value})

    assert (expected, type(expected)) == (result, type(result))


def test_false_is_not_taken_for_missing() -> None:
    """Its default may be true."""
    assert READERS["boolean"]({"x": False}) is False


@pytest.mark.parametrize(
    ("kind", "value", "message"),
    [
        ("choice", "green", "x must be one of: red, blue."),
        ("choice", ["red"], "x must be one of: red, blue."),
        ("integer", 0, "x must be a whole number from 1 to 5."),
        ("integer", 6, "x must be a whole number from 1 to 5."),
        ("integer", True, "x must be a whole number from 1 to 5."),
        ("integer", 2.5, "x must be a whole number from 1 to 5."),
        ("integer", "2.5", "x must be a whole number from 1 to 5."),
        ("integer", "two", "x must be a whole number from 1 to 5."),
        ("integer", "true", "x must be a whole number from 1 to 5."),
        ("integer", "[2]", "x must be a whole number from 1 to 5."),
        ("integer", float("nan"), "x must be a whole number from 1 to 5."),
        ("boolean", 1, "x must be true or false."),
        ("boolean", "yes", "x must be true or false."),
        ("boolean", "1", "x must be true or false."),
        ("seconds", 0, "timing.x must be a number of seconds above 0."),
        ("seconds", "-1", "timing.x must be a number of seconds above 0."),
        ("seconds", True, "timing.x must be a number of seconds above 0."),
        ("seconds", float("inf"), "timing.x must be a number of seconds above 0."),
        ("seconds", float("nan"), "timing.x must be a number of seconds above 0."),
        ("seconds", "soon", "timing.x must be a number of seconds above 0."),
    ],
)
def test_an_invalid_value_is_refused_with_the_valid_ones(kind: str, value: object, message: str) -> None:
    """The message names the setting."""
    with pytest.raises(InvalidConfig) as caught:
        READERS[kind]({"x": value})

    assert message == str(caught.value)


def test_a_required_text_is_trimmed() -> None:
    """Pasted values come with blanks and line ends."""
    assert "a b" == required_text({"x": " a b\n"}, "x", "See there.")


@pytest.mark.parametrize(
    ("value", "message"),
    [(None, "The setting x is missing."), (" \n", "The setting x is missing."), (7, "x must be a text, in quotes.")],
)
def test_a_missing_required_text_is_refused_with_where_to_find_it(value: object, message: str) -> None:
    """A number is not called missing."""
    with pytest.raises(InvalidConfig) as caught:
        required_text({"x": value}, "x", "See there.")

    assert f"{message} See there." == str(caught.value)
