"""JSON in and out without losing anything.

orjson is fast, but it rounds long numbers and refuses some of what sources write: NaN, 1e400, halves of
surrogate pairs, deep nesting, bytes that are not UTF-8. Such input takes a slower, exact path.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal, InvalidOperation
from typing import Any

import orjson

from destination_dust.exact_json import nesting

# Digits and points become "0", "E" becomes "e" and signs go, so that two searches for bytes find every number
# that orjson might round. Texts that look alike match too, which only costs time.
_SHAPE = bytes(
    ord("0") if chr(byte) in "0123456789." else ord("e") if chr(byte) == "E" else byte for byte in range(256)
)
# A float64 keeps 15 significant digits, which with the point are 16 characters: those may be too many.
_LONG_NUMBER = b"0" * 16
# Exponents of two digits leave 15 digits in float64's range; three may overflow, underflow or be subnormal.
_LARGE_EXPONENT = b"0e000"
_BEFORE_A_NUMBER = b":,[ \t\r\n"

_INT64_MIN, _UINT64_MAX = -(2**63), 2**64 - 1

_ODD_CHARACTERS = re.compile("[\x00\ud800-\udfff]")


class NotJSON(ValueError):
    """The bytes are not JSON. The message never shows them."""


class NotUTF8(ValueError):
    """The bytes are not UTF-8, so they may or may not be JSON."""


def loads(line: bytes, errors: str = "replace") -> Any:
    """Read one JSON text; a number that neither 64-bit integers nor float64 hold exactly comes as `Decimal`.

    NaN and the infinities are `Decimal` too, so that odd numbers are of one type. A lone surrogate stays one,
    a byte order mark is ignored, of equal keys the last wins, at any depth. `errors`: what becomes of bytes that are
    not UTF-8, as in `bytes.decode`; "strict" raises `NotUTF8`. Raises `NotJSON`. Both are `ValueError`s.
    """
    if not _has_numbers_to_check(line):
        try:
            return orjson.loads(line)
        except orjson.JSONDecodeError:
            pass  # not JSON, or more than orjson accepts: the exact path decides
    problem: ValueError = NotJSON(f"{len(line)} bytes that are not JSON")
    try:
        return _loads_exactly(line.decode("utf-8-sig", errors))
    except UnicodeDecodeError:
        problem = NotUTF8(f"{len(line)} bytes that are not UTF-8")
    except ValueError:
        pass
    raise problem  # outside of the handlers, so that the error does not carry the content


def dumps(value: Any, *, sort_keys: bool = False) -> bytes:
    """Write compact JSON in UTF-8, of any depth.

    A `Decimal` is written as an exact number, or as the text "NaN", "Infinity", "-Infinity"; a lone
    surrogate as its escape. Raises `TypeError` for what JSON does not know, such as a number as key.
    """
    try:
        return orjson.dumps(value, _fragment, orjson.OPT_SORT_KEYS if sort_keys else None)
    except TypeError:
        text = nesting.encode(value, number=_number_text, sort_keys=sort_keys)
        return text.encode("utf-8", "backslashreplace")


def readable(value: Any) -> tuple[str, int]:
    """Return compact JSON for readers, and how many texts and numbers were changed.

    NUL is removed and a lone surrogate becomes U+FFFD, also in keys (two keys that become equal are both
    written); a number that is not finite becomes its name. So the JSON is valid Unicode without escaped NULs.
    """
    changed = 0

    def number_text(number: Decimal) -> str:
        nonlocal changed
        changed += not number.is_finite()
        return _number_text(number)

    def fragment(number: object) -> orjson.Fragment:
        return orjson.Fragment(number_text(_decimal(number)))

    def clean(text: str) -> str:
        nonlocal changed
        text, odd = clean_text(text)
        changed += odd
        return text

    try:
        json_text = orjson.dumps(value, fragment).decode()
    except TypeError:
        pass  # surrogates, depth
    else:
        if "\\u0000" not in json_text:
            return json_text, changed
    changed = 0
    return nesting.encode(value, number=number_text, text=clean), changed


def clean_text(text: str) -> tuple[str, int]:
    """Return the text without NUL and with U+FFFD for lone surrogates, and 1 if that changed it, else 0."""
    if not _ODD_CHARACTERS.search(text):
        return text, 0
    units = text.replace("\0", "").encode("utf-16-le", "surrogatepass")
    return units.decode("utf-16-le", "replace"), 1


def _has_numbers_to_check(line: bytes) -> bool:
    shape = line.translate(_SHAPE, b"+-")
    if _LONG_NUMBER in shape:
        return True
    at = shape.find(_LARGE_EXPONENT)
    while at >= 0:
        before = shape[max(0, at - len(_LONG_NUMBER)) : at].rstrip(b"0")
        if before[-1:] in _BEFORE_A_NUMBER:  # not a part of a UUID or a hash
            return True
        at = shape.find(_LARGE_EXPONENT, at + 1)
    return False


def _loads_exactly(text: str) -> Any:
    try:
        return _EXACT.decode(text)
    except RecursionError:
        return nesting.decode(text, parse_int=_integer, parse_float=_real, parse_constant=Decimal)


def _integer(text: str) -> int | Decimal:
    if len(text) > len(str(_INT64_MIN)):
        return Decimal(text)  # int() refuses thousands of digits
    number = int(text)
    return number if _INT64_MIN <= number <= _UINT64_MAX else Decimal(number)


def _real(text: str) -> float | Decimal:
    nearest = float(text)
    try:
        exact = Decimal(text)
    except InvalidOperation:  # an exponent of 19 digits and more: nothing can hold it
        return Decimal(nearest)
    return nearest if exact == Decimal(repr(nearest)) else exact


def _number_text(number: Decimal) -> str:
    if number.is_finite():
        return str(number)
    return '"NaN"' if number.is_nan() else '"Infinity"' if number > 0 else '"-Infinity"'


def _fragment(number: object) -> orjson.Fragment:
    return orjson.Fragment(_number_text(_decimal(number)))


def _decimal(value: object) -> Decimal:
    if isinstance(value, Decimal):
        return value
    raise TypeError(f"{type(value).__name__} is not a JSON type")


_EXACT = json.JSONDecoder(parse_int=_integer, parse_float=_real, parse_constant=Decimal, strict=False)
