"""Formats JSON texts for reading: one field per line, nested ones indented, numbers as written."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any


class _Number(str):
    """A number as written in the text."""

    __slots__ = ()


def readable(text: str) -> str:
    """The fields of a JSON object, one per line; any other text unchanged."""
    if not text.startswith("{"):
        return text
    try:
        value = json.loads(text, parse_int=_Number, parse_float=_Number)
        return "\n".join(_lines(value, ""))
    except (ValueError, RecursionError):
        return text


def _lines(value: Any, indent: str) -> Iterator[str]:
    """The lines of a list or an object."""
    labelled = (
        ((f"{name}:", item) for name, item in value.items())
        if isinstance(value, dict)
        else (("-", item) for item in value)
    )
    for name, item in labelled:
        label = indent + name
        if isinstance(item, (dict, list)) and item:
            yield label
            yield from _lines(item, f"{indent}  ")
        else:
            head, *rest = _shown(item).split("\n")
            yield f"{label} {head}"
            yield from (f"{indent}  {line}" for line in rest)


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
