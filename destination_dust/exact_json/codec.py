"""JSON in and out without losing anything.

orjson is fast, but it rounds long numbers and refuses some of what sources write: NaN, 1e400, halves of
surrogate pairs, bytes that are not UTF-8. Such input takes a slower, exact path.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from json.encoder import encode_basestring
from typing import Any

import orjson

from destination_dust.exact_json.depth import NotJSON, TooDeep, checked

# Digits, points and signs become "0", "E" becomes "e". Two searches for bytes then find every number that orjson might
# round. Texts that look alike match too, which only costs time.
_SHAPE = bytes(
    ord("0") if chr(byte) in "0123456789.+-" else ord("e") if chr(byte) == "E" else byte for byte in range(256)
)
# A float64 keeps 15 significant digits, which with the point are 16 characters: those may be too many.
_LONG = b"0" * 16
# Exponents of two digits leave 15 digits in float64's range; three may overflow, underflow or be subnormal.
_LARGE_EXPONENT = b"0e000"
_UNSIGNED = re.compile(rb"[0-9.]+(?:[eE][-+]?[0-9]+)?")
# Only from where digits begin, or a long row of them would be looked at from each.
_WITH_LARGE_EXPONENT = re.compile(rb"(?<![0-9.])[0-9.]+[eE][-+]?[0-9]{3,}")
# What stands before a number. Before other digits, as in a hash, it is another character.
_BEFORE_A_NUMBER = b":,[ \t\r\n-"

_INT64_MIN, _UINT64_MAX = -(2**63), 2**64 - 1

_ODD_CHARACTERS = re.compile("[\x00\ud800-\udfff]")


class NotUTF8(ValueError):
    """The bytes are not UTF-8, so they may or may not be JSON."""


def loads(line: bytes, errors: str = "replace") -> Any:
    """Read one JSON text; a number that neither 64-bit integers nor float64 hold exactly comes as `Decimal`.

    NaN and the infinities are `Decimal` too, so that odd numbers are of one type. A lone surrogate stays one,
    a byte order mark is ignored, of equal keys the last wins. `errors`: what becomes of bytes that are not UTF-8, as in
    `bytes.decode`; "strict" raises `NotUTF8`. Raises `NotJSON`, and `TooDeep` (see `depth`). All are `ValueError`s.
    """
    try:
        value = checked(line, orjson.loads(line))
        # Proof that no number was rounded: the value is written just as it was read. Most programs write JSON as orjson
        # does, and writing it is quicker than looking for long numbers.
        if orjson.dumps(value) == line or not _may_round(line):
            return value
    except orjson.JSONDecodeError:
        pass  # not JSON, or more than orjson accepts: the exact path decides
    problem: ValueError = NotJSON(f"{len(line)} bytes that are not JSON")
    try:
        return checked(line, _EXACT.decode(line.decode("utf-8-sig", errors)))
    except UnicodeDecodeError:
        problem = NotUTF8(f"{len(line)} bytes that are not UTF-8")
    except (RecursionError, TooDeep):
        problem = TooDeep(f"{len(line)} bytes that are nested too deeply")
    except ValueError:
        pass
    raise problem  # outside of the handlers, so that the error does not carry the content


def dumps(value: Any, *, sort_keys: bool = False) -> bytes:
    """Write compact JSON in UTF-8.

    A `Decimal` is written as an exact number, or as the text "NaN", "Infinity", "-Infinity"; a lone
    surrogate as its escape. Raises `TypeError` for what JSON does not know, such as a number as key, and
    `RecursionError` for what is nested much deeper than `loads` reads.
    """
    try:
        return orjson.dumps(value, _fragment, orjson.OPT_SORT_KEYS if sort_keys else None)
    except TypeError:
        text = _written(value, number=_number_text, sort_keys=sort_keys)
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
        pass  # surrogates
    else:
        if "\\u0000" not in json_text:
            return json_text, changed
    changed = 0
    return _written(value, number=number_text, text=clean), changed


def clean_text(text: str) -> tuple[str, int]:
    """Return the text without NUL and with U+FFFD for lone surrogates, and 1 if that changed it, else 0."""
    if not _ODD_CHARACTERS.search(text):
        return text, 0
    units = text.replace("\0", "").encode("utf-16-le", "surrogatepass")
    return units.decode("utf-16-le", "replace"), 1


def _may_round(line: bytes) -> bool:
    """Whether orjson might round a number of the line."""
    shape = line.translate(_SHAPE)  # as long as the line, to find the place
    at = shape.find(_LONG)
    if _LARGE_EXPONENT in shape and any(_rounds(line, number) for number in _WITH_LARGE_EXPONENT.finditer(line)):
        return True
    while at >= 0:
        number = _UNSIGNED.search(line, at)
        if number is None:
            return False  # a ruler of signs
        if _rounds(line, number):
            return True
        at = shape.find(_LONG, number.end())
    return False


def _rounds(line: bytes, number: re.Match[bytes]) -> bool:
    """Whether a number without its sign, if it is one, has a value that orjson's type for it does not hold."""
    start, end = number.span()
    before = line[max(0, start - 1) : start]
    if before not in _BEFORE_A_NUMBER:
        return False
    text = line[start - (before == b"-") : end].decode()
    try:
        if repr(float(text)) == text:
            return False  # as most programs write a float64
        value = _integer(text) if text.removeprefix("-").isdigit() else _real(text)
    except ValueError:
        return True  # no number, but a part of a text: the exact path is right in any case
    return isinstance(value, Decimal)


def _written(
    value: Any, *, number: Callable[[Decimal], str], text: Callable[[str], str] = str, sort_keys: bool = False
) -> str:
    """Write what orjson does not: `number` returns a Decimal's JSON, `text` the text to write for a string."""
    parts: list[str] = []

    def quoted(string: Any) -> str:
        if not isinstance(string, str):
            raise TypeError("a key must be a string")
        return encode_basestring(text(string))

    def write(item: Any) -> None:
        if isinstance(item, str):
            parts.append(quoted(item))
        elif isinstance(item, dict):
            separator = "{"
            for key in sorted(item) if sort_keys else item:
                parts.extend((separator, quoted(key), ":"))
                write(item[key])
                separator = ","
            parts.append("}" if item else "{}")
        elif isinstance(item, (list, tuple)):
            separator = "["
            for each in item:
                parts.append(separator)
                write(each)
                separator = ","
            parts.append("]" if item else "[]")
        elif isinstance(item, Decimal):
            parts.append(number(item))
        elif isinstance(item, int) and not isinstance(item, bool):
            parts.append(str(Decimal(item)))  # str(int) refuses thousands of digits
        else:
            parts.append(orjson.dumps(item).decode())

    write(value)
    return "".join(parts)


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
