"""Schemas of request bodies and queries, and the server's messages about invalid ones.

Dust's server validates with zod and phrases the issues with zod-validation-error.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

Path = tuple[str | int, ...]
Check = Callable[[Any, Path], list[str]]

MISSING: Any = object()
_IDENTIFIER = re.compile(r"[$_\w][$\w\u200c\u200d]*")
_LONGEST = 99


def problems(value: Any, check: Check) -> str | None:
    """The problems of a value in the server's words, or None."""
    issues = check(value, ())
    return "Validation error: " + "; ".join(issues[:_LONGEST]) if issues else None


def string(value: Any, path: Path) -> list[str]:
    return [] if isinstance(value, str) else _expected("string", value, path)


def number(value: Any, path: Path) -> list[str]:
    fits = isinstance(value, int | float) and not isinstance(value, bool)
    return [] if fits else _expected("number", value, path)


def boolean(value: Any, path: Path) -> list[str]:
    return [] if isinstance(value, bool) else _expected("boolean", value, path)


def null(value: Any, path: Path) -> list[str]:
    return [] if value is None else _expected("null", value, path)


def literal(expected: str) -> Check:
    def check(value: Any, path: Path) -> list[str]:
        return [] if value == expected else [f'Invalid literal value, expected "{expected}"{at(path)}']

    return check


def one_of(*choices: str) -> Check:
    def check(value: Any, path: Path) -> list[str]:
        if not isinstance(value, str):
            return _expected(" | ".join(f"'{c}'" for c in choices), value, path)
        if value in choices:
            return []
        expected = " | ".join(f"'{c}'" for c in choices)
        return [f"Invalid enum value. Expected {expected}, received '{value}'{at(path)}"]

    return check


def optional(check: Check) -> Check:
    return lambda value, path: [] if value is MISSING else check(value, path)


def nullable(check: Check) -> Check:
    return lambda value, path: [] if value is None else check(value, path)


def nullish(check: Check) -> Check:
    return optional(nullable(check))


def union(*checks: Check) -> Check:
    def check(value: Any, path: Path) -> list[str]:
        refusals = []
        for one in checks:
            issues = one(value, path)
            if not issues:
                return []
            refusals.append("; ".join(issues))
        return [", or ".join(dict.fromkeys(refusals))]

    return check


def array(of: Check) -> Check:
    def check(value: Any, path: Path) -> list[str]:
        if not isinstance(value, list):
            return _expected("array", value, path)
        return [issue for i, item in enumerate(value) for issue in of(item, (*path, i))]

    return check


def record(of: Check) -> Check:
    def check(value: Any, path: Path) -> list[str]:
        if not isinstance(value, dict):
            return _expected("object", value, path)
        return [issue for key, item in value.items() for issue in of(item, (*path, key))]

    return check


def fields(checks: Mapping[str, Check]) -> Check:
    """An object with these fields. The server silently drops others."""

    def check(value: Any, path: Path) -> list[str]:
        if not isinstance(value, dict):
            return _expected("object", value, path)
        return [issue for name, one in checks.items() for issue in one(value.get(name, MISSING), (*path, name))]

    return check


def whole_number(values: list[str], name: str, default: int) -> tuple[int, list[str]]:
    """A query parameter as a non-negative integer, coerced like the server's `Number`, and its problems."""
    if not values:
        return default, []
    found = _as_number(values[0]) if len(values) == 1 else math.nan
    if math.isnan(found):
        return 0, [f"Expected number, received nan{at((name,))}"]
    if not math.isfinite(found) or found != int(found):
        return 0, [f"Expected integer, received float{at((name,))}"]
    if found < 0:
        return 0, [f"Number must be greater than or equal to 0{at((name,))}"]
    return int(found), []


def _as_number(text: str) -> float:
    text = text.strip()
    if not text:
        return 0.0
    try:
        if re.fullmatch(r"0[xX][0-9a-fA-F]+|0[oO][0-7]+|0[bB][01]+", text):
            return float(int(text, 0))
        return math.nan if "_" in text or re.search(r"(?i)nan|inf$", text) else float(text)
    except ValueError:
        return math.nan


def at(path: Path) -> str:
    if not path:
        return ""
    if len(path) == 1 and isinstance(path[0], int):
        return f" at index {path[0]}"
    joined = ""
    for part in path:
        if isinstance(part, int):
            joined += f"[{part}]"
        elif '"' in part:
            escaped = part.replace('"', '\\"')
            joined += f'["{escaped}"]'
        elif _IDENTIFIER.fullmatch(part) and not part[:1].isdigit():
            joined += f".{part}" if joined else part
        else:
            joined += f'["{part}"]'
    return f' at "{joined}"'


def _expected(kind: str, value: Any, path: Path) -> list[str]:
    if value is MISSING:
        return [f"Required{at(path)}"]
    return [f"Expected {kind}, received {_kind(value)}{at(path)}"]


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, str):
        return "string"
    return "array" if isinstance(value, list) else "object"
