"""Values as one line of text."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from destination_dust.mapping.text import cut, one_line, scalar_text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a \n", "a \n"),
        ("", ""),
        (7, "7"),
        (1.5, "1.5"),
        (True, "true"),
        (Decimal("0.1234567890123456789012345"), "0.1234567890123456789012345"),
        (Decimal("NaN"), "NaN"),
        (None, None),
        ([], None),
        ({"a": 1}, None),
    ],
)
def test_only_scalars_have_a_text(value: object, text: str | None) -> None:
    """A string is its own text, numbers and booleans have that of their JSON, without quotes."""
    assert text == scalar_text(value)


@pytest.mark.parametrize(
    ("text", "line", "cleaned"),
    [
        (" a\r\n\tb  c ", "a b c", 0),
        ("\ufeff\u200ba\u2060", "a", 0),
        ("a\x85b\u2028c\x1bd", "a b c d", 0),
        ("a\ud800", "a\ufffd", 1),
        (" \n", "", 0),
    ],
)
def test_a_text_becomes_one_line(text: str, line: str, cleaned: int) -> None:
    """Trimmed, with one blank for each run of white space or control characters."""
    assert (line, cleaned) == one_line(text)


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])), st.integers(0, 20))
def test_a_cut_text_is_a_beginning_that_fits(text: str, units: int) -> None:
    """Dust counts UTF-16 units."""
    short = cut(text, units)

    assert text.startswith(short)
    assert len(short.encode("utf-16-le")) // 2 <= units


def test_a_cut_splits_no_character_and_leaves_no_blank_at_the_end() -> None:
    """A text that fits stays as it is."""
    assert "a" == cut("a\U0001f600", 2)
    assert "a\U0001f600" == cut("a\U0001f600", 3)
    assert "ab" == cut("ab cdef", 3)
