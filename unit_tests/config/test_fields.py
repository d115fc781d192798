"""Readers for single settings: null means left out, and a refusal says what to change."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any

import pytest

from destination_dust.config.fields import InvalidConfig, boolean, choice, integer, required_text


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


READERS: dict[str, Callable[[dict[str, Any]], object]] = {
    "choice": lambda settings: choice(Colour, settings, "x", Colour.RED),
    "integer": lambda settings: integer(settings, "x", 3, least=1, most=5),
    "boolean": lambda settings: boolean(settings, "x", True),
}


@pytest.mark.parametrize(("kind", "default"), [("choice", Colour.RED), ("integer", 3), ("boolean", True)])
@pytest.mark.parametrize("settings", [{}, {"x": None}])
def test_a_setting_that_is_absent_or_null_has_its_default(kind: str, default: object, settings: dict[str, Any]) -> None:
    """Forms send emptied fields as null."""
    assert default == READERS[kind](settings)


@pytest.mark.parametrize(
    ("kind", "value", "expected"), [("choice", "blue", Colour.BLUE), ("integer", 1, 1), ("integer", 5, 5)]
)
def test_a_valid_value_is_taken(kind: str, value: object, expected: object) -> None:
    """Bounds are inclusive."""
    assert expected == READERS[kind]({"x": value})


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
        ("integer", 2.0, "x must be a whole number from 1 to 5."),
        ("boolean", 1, "x must be true or false."),
        ("boolean", "true", "x must be true or false."),
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
