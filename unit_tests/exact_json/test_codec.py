"""JSON in and out without losing anything."""

import json
from decimal import Decimal
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from destination_dust.exact_json import NotJSON, NotUTF8, clean_text, dumps, loads, readable

_HALVES = st.characters(categories=["Cs"])
_TEXTS = st.text() | st.text(st.characters(categories=["L"]) | _HALVES, max_size=5).filter(
    # The two halves of one character are that character once they are JSON.
    lambda text: text == text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
)
_LONG_DECIMALS = st.builds(
    "{}{}.{}".format, st.sampled_from(["", "-"]), st.just("7"), st.text("0123456789", min_size=30)
).map(Decimal)
_SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | _TEXTS
_VALUES = st.recursive(
    _SCALARS | st.integers(-(2**200), 2**200),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXTS, inner, max_size=4),
)

_NOT_JSON = """|[|[1|[1,]|[,1]|{|{"a"|{"a":|{"a":1|{"a":1,}|{1:2}|[1]]|1 2|01|nul|-|"a|[1}|{"a":1]|{"a" 1}
|1.|.5|1e|'a'|+1|\ufeff\ufeff1| """
_ROUNDED = """18446744073709551616 -9223372036854775809 8.000000000000003 8000000000000003e-15
3.14159265358979323846 1e400 -1E+400 1e-400 1.23456789012345e-310"""


@given(_VALUES | _LONG_DECIMALS)
def test_a_written_value_is_read_back(value: Any) -> None:
    """Strings with lone surrogates, huge integers and long decimals survive the way out and in."""
    assert value == loads(dumps(value))


@given(_VALUES)
def test_the_output_is_standard_json(value: Any) -> None:
    """Any strict reader takes it."""
    assert value == json.loads(dumps(value))


@given(st.recursive(_SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)), st.booleans())
def test_both_writers_write_the_same(value: Any, sort_keys: bool) -> None:
    """The identity of a record may not depend on which writer its oddities led to."""
    written = dumps([value], sort_keys=sort_keys)

    assert written[:-1] + b',"\\udc00"]' == dumps([value, "\udc00"], sort_keys=sort_keys)


@pytest.mark.parametrize(
    "text",
    _NOT_JSON.split("|"),
)
def test_invalid_json_is_refused_without_being_shown(text: str) -> None:
    """Content of a line must never reach a log, not even through the error's context."""
    with pytest.raises(NotJSON) as caught:
        loads(text.encode())

    assert f"{len(text.encode())} bytes that are not JSON" == str(caught.value)
    assert caught.value.__context__ is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("18446744073709551615", 2**64 - 1),
        ("-9223372036854775808", -(2**63)),
        ("0.30000000000000004", 0.30000000000000004),
        ("1.1000000000000000000", 1.1),
        ("1e22", 1e22),
        ("123456789012345e99", 123456789012345e99),
        ("1E+300", 1e300),
    ],
)
def test_numbers_that_fit_are_ordinary(text: str, value: float) -> None:
    """An integer of 64 bits and a decimal that a float64 keeps need no Decimal."""
    read = loads(text.encode())

    assert (value, type(value)) == (read, type(read))


@pytest.mark.parametrize(
    "text",
    [
        *_ROUNDED.split(),
        pytest.param("9" * 5000, id="5000 digits"),
        pytest.param("0." + "0" * 400 + "1", id="400 zeros"),
    ],
)
@pytest.mark.parametrize("line", ["%s", '{"a":%s}', '[ %s, "b"]', '{"a" :\t%s}'])
def test_numbers_that_would_be_rounded_stay_exact(text: str, line: str) -> None:
    """They come as Decimals and go out as the same numbers."""
    (number,) = (item for item in _scalars(loads((line % text).encode())) if item != "b")

    assert isinstance(number, Decimal)
    assert Decimal(text) == number
    assert Decimal(text) == Decimal(dumps(number).decode())


def _scalars(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else [value]


@given(st.from_regex(r"-?(0|[1-9][0-9]{0,24})(\.[0-9]{1,24})?([eE][+-]?[0-9]{1,4})?", fullmatch=True))
@settings(max_examples=500)
def test_no_number_ever_changes(text: str) -> None:
    """Whatever its digits, point and exponent, a number has the value that its text says."""
    number = loads(b'{"a":' + text.encode() + b"}")["a"]

    assert Decimal(text) == Decimal(repr(number) if isinstance(number, float) else number)


@settings(max_examples=500)
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False)), st.sampled_from([json.dumps, orjson.dumps]))
def test_what_programs_write_of_a_float64_is_an_ordinary_number(numbers: list[float], write: Any) -> None:
    """With 17 digits and three of an exponent, too."""
    text = write(numbers)

    read = loads(text.encode() if isinstance(text, str) else text)
    assert [*map(repr, numbers)] == [*map(repr, read)]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('["7f3b-1234567890123456789012", -8000000000000000.3]', "7f3b-1234567890123456789012"),
        ('["1.2.3.4.5.6.7.8.9.0", -8000000000000000.3]', "1.2.3.4.5.6.7.8.9.0"),
        ('["x, 1e9999999", -8000000000000000.3]', "x, 1e9999999"),
        ('["+0000000000000000000e000", -8000000000000000.3]', "+0000000000000000000e000"),
        ('["--------------------", -8000000000000000.3]', "--------------------"),
        ('["12-3456789012345678901", -8000000000000000.3]', "12-3456789012345678901"),
    ],
)
def test_texts_like_long_numbers_hide_none(text: str, value: str) -> None:
    """Digits of hashes and versions are no numbers, and the number behind them is found."""
    assert [value, Decimal("-8000000000000000.3")] == loads(text.encode())


@settings(max_examples=500)
@given(st.lists(st.from_regex(r"-?(0|[1-9][0-9]{0,24})(\.[0-9]{1,24})?([eE][+-]?[0-9]{1,4})?", fullmatch=True)))
def test_a_line_is_read_alike_however_it_is_written(numbers: list[str]) -> None:
    """What is written as orjson writes it needs no search for long numbers."""
    compact, spaced = loads(f"[{','.join(numbers)}]".encode()), loads(f"[ {' , '.join(numbers)} ]".encode())

    assert [(repr(number), type(number)) for number in spaced] == [(repr(number), type(number)) for number in compact]


def test_a_ruler_and_very_many_digits_are_read_in_linear_time() -> None:
    """Before a number with a large exponent, a million digits would otherwise take hours."""
    digits, ruler = "1" * 1_000_000, "-" * 1_000_000

    assert [digits, ruler, 1e300] == loads(f'["{digits}", "{ruler}", 1e300]'.encode())


def test_exponents_beyond_all_bounds_are_infinite_or_zero() -> None:
    """No type holds an exponent of twenty digits; it must not break the sync either."""
    assert [Decimal("Infinity"), 0] == loads(b"[1e99999999999999999999, 1e-99999999999999999999]")


def test_numbers_that_are_not_finite_are_decimals_and_go_out_as_names() -> None:
    """Sources write NaN; JSON does not know it."""
    numbers = loads(b"[NaN, Infinity, -Infinity]")

    assert ["NaN", "Infinity", "-Infinity"] == [str(number) for number in numbers]
    assert b'["NaN","Infinity","-Infinity"]' == dumps(numbers)


def test_odd_bytes_are_read() -> None:
    """Lone surrogates are kept, invalid bytes become U+FFFD, a byte order mark is ignored."""
    assert "\ud800 \udc00" == loads(b'"\\ud800 \\udc00"')
    assert "a\ufffdb" == loads(b'"a\xffb"')
    assert {"a": 1} == loads(b'\xef\xbb\xbf{"a":1}')
    assert "a\tb" == loads(b'"a\tb"')


def test_of_equal_keys_the_last_wins() -> None:
    """On each path."""
    assert {"a": 2} == loads(b'{"a":1,"a":2}')
    assert [{"a": 2}, Decimal("1E+400")] == loads(b'[{"a":1,"a":2},1e400]')


@pytest.mark.parametrize("value", [{1: 2}, {"\ud800": {None: 1}}, {"a": {1}}, [object(), 2**70]])
def test_a_value_without_a_json_type_is_refused(value: object) -> None:
    """Keys are strings, and values are what JSON has."""
    with pytest.raises(TypeError):
        dumps(value)
    with pytest.raises(TypeError):
        readable(value)


def test_sorted_keys_give_one_text_for_equal_objects() -> None:
    """Also where a surrogate or a huge integer takes the slower writer."""
    assert b'{"a":[{"b":1,"c":2}],"d":null}' == dumps({"d": None, "a": [{"c": 2, "b": 1}]}, sort_keys=True)
    assert b'{"a":1180591620717411303424,"b":"\\ud800"}' == dumps({"b": "\ud800", "a": 2**70}, sort_keys=True)


@given(_VALUES)
def test_readable_json_is_valid_unicode_without_nul(value: Any) -> None:
    """Sound values are unchanged."""
    text, cleaned = readable(value)

    assert 0 == readable(json.loads(text))[1]
    assert cleaned or value == json.loads(text)


def test_readable_json_counts_what_it_changed() -> None:
    """Keys, values and numbers that are not finite; an escaped text that looks like a NUL does not count."""
    odd = {"a\0": "x\0\ud800y", "a": "\\u0000", "n": [Decimal("NaN"), Decimal("1E+400")]}

    assert ('{"a":"x\ufffdy","a":"\\\\u0000","n":["NaN",1E+400]}', 3) == readable(odd)
    assert ('{"a":"xy"}', 1) == readable({"a": "x\0y"})
    assert ('{"a":"Infinity"}', 1) == readable({"a": Decimal("Infinity")})
    assert ('{"a":"\\\\u0000"}', 0) == readable({"a": "\\u0000"})


def test_texts_are_cleaned_only_where_they_are_odd() -> None:
    """NUL goes, half a character becomes U+FFFD, two halves become the character that they are."""
    assert ("naïve \U0001f600 \t", 0) == clean_text("naïve \U0001f600 \t")
    assert ("a\ufffdb\ufffd", 1) == clean_text("a\udc00\0b\ud800")
    assert ("\U0001f600", 1) == clean_text("\ud83d\ude00")


@given(st.text(st.sampled_from('\0\ud800\udc00\ud83d\ude00"\\au0')))
def test_cleaned_texts_are_clean(text: str) -> None:
    """Whatever the order of odd characters, and once is enough."""
    cleaned, _ = clean_text(text)

    assert (cleaned, 0) == clean_text(cleaned)
    assert cleaned == orjson.loads(orjson.dumps(cleaned))


@pytest.mark.parametrize("number", ["1", "1" * 40])
def test_bytes_that_are_not_utf8_become_what_the_caller_wants(number: str) -> None:
    """Also where a number takes the exact path. An error shows no content."""
    line = b'{"n":' + number.encode() + b',"v":"a\xff"}'

    assert ["a\ufffd", "a\udcff"] == [loads(line, errors)["v"] for errors in ("replace", "surrogateescape")]
    with pytest.raises(NotUTF8, match=r"^\d+ bytes that are not UTF-8$") as caught:
        loads(line, "strict")
    assert (None, None) == (caught.value.__cause__, caught.value.__context__)
