"""JSON of any depth: a reader and a writer that keep their own stack instead of recursing.

The last resort of `exact_json`, which reads and writes the values; this file handles only how they nest.
"""

from __future__ import annotations

import json.decoder
import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from json.encoder import encode_basestring
from typing import Any

import orjson

_BLANKS = re.compile(r"[ \t\n\r]*")
_NUMBER = re.compile(r"(-?(?:0|[1-9][0-9]*))(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_NAMES = {"null": None, "true": True, "false": False}
_CONSTANTS = ("NaN", "Infinity", "-Infinity")
_END: Any = object()

# The standard library's own reader of strings, which its type stubs leave out.
_scan_string: Callable[[str, int, bool], tuple[str, int]] = json.decoder.scanstring  # type: ignore[attr-defined]


def decode(
    text: str,
    *,
    parse_int: Callable[[str], Any],
    parse_float: Callable[[str], Any],
    parse_constant: Callable[[str], Any],
) -> Any:
    """Read one JSON text, with the hooks of `json.loads`, in linear time. Raises `ValueError`."""

    def scalar(at: int) -> tuple[Any, int]:
        if text.startswith('"', at):
            return _scan_string(text, at + 1, False)
        for name in _CONSTANTS:
            if text.startswith(name, at):
                return parse_constant(name), at + len(name)
        if number := _NUMBER.match(text, at):
            integer, fraction, exponent = number.groups(default="")
            parse = parse_float if fraction or exponent else parse_int
            return parse(integer + fraction + exponent), number.end()
        for name, value in _NAMES.items():
            if text.startswith(name, at):
                return value, at + len(name)
        raise ValueError("not a JSON value")

    def key(at: int) -> tuple[str, int]:
        if not text.startswith('"', at):
            raise ValueError("not a key")
        name, at = _scan_string(text, at + 1, False)
        at = _skip(text, at)
        if not text.startswith(":", at):
            raise ValueError("a key without a value")
        return name, _skip(text, at + 1)

    at = _skip(text, 0)
    open_containers: list[tuple[Any, str]] = []
    keys: list[str] = []
    container: Any
    value: Any
    while True:
        opened = text[at : at + 1]
        if opened in ("{", "["):
            container, closing = ({}, "}") if opened == "{" else ([], "]")
            at = _skip(text, at + 1)
            if not text.startswith(closing, at):
                open_containers.append((container, closing))
                if closing == "}":
                    name, at = key(at)
                    keys.append(name)
                continue
            value = container
            at += 1
        else:
            value, at = scalar(at)
        while True:
            at = _skip(text, at)
            if not open_containers:
                if at != len(text):
                    raise ValueError("more than one JSON value")
                return value
            container, closing = open_containers[-1]
            if closing == "}":
                container[keys.pop()] = value
            else:
                container.append(value)
            if text.startswith(",", at):
                at = _skip(text, at + 1)
                if closing == "}":
                    name, at = key(at)
                    keys.append(name)
                break
            if not text.startswith(closing, at):
                raise ValueError("a list or object that does not end")
            value, _ = open_containers.pop()
            at += 1


def encode(
    value: Any, *, number: Callable[[Decimal], str], text: Callable[[str], str] = str, sort_keys: bool = False
) -> str:
    """Write compact JSON; `number` returns a Decimal's JSON, `text` the text to write for a string.

    Raises `TypeError` for what JSON does not know.
    """

    def quoted(string: Any) -> str:
        if not isinstance(string, str):
            raise TypeError("a key must be a string")
        return encode_basestring(text(string))

    def scalar(item: Any) -> str:
        if isinstance(item, str):
            return quoted(item)
        if isinstance(item, Decimal):
            return number(item)
        if isinstance(item, int) and not isinstance(item, bool):
            return str(Decimal(item))  # str(int) refuses thousands of digits
        return orjson.dumps(item).decode()

    parts: list[str] = []
    nested: list[tuple[Iterator[Any], str]] = []
    while True:
        if isinstance(value, dict) and value:
            items: Iterator[Any] = iter(sorted(value.items()) if sort_keys else value.items())
            name, value = next(items)
            parts += "{", quoted(name), ":"
            nested.append((items, "}"))
            continue
        if isinstance(value, (list, tuple)) and value:
            items = iter(value)
            value = next(items)
            parts.append("[")
            nested.append((items, "]"))
            continue
        parts.append(scalar(value))
        while nested:
            items, closing = nested[-1]
            following = next(items, _END)
            if following is not _END:
                break
            parts.append(closing)
            nested.pop()
        else:
            return "".join(parts)
        parts.append(",")
        if closing == "}":
            name, value = following
            parts += quoted(name), ":"
        else:
            value = following


def _skip(text: str, at: int) -> int:
    blanks = _BLANKS.match(text, at)
    return blanks.end() if blanks else at
