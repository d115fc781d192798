"""How deeply lists and objects may be nested, and what can be said of a JSON text in which they are nested deeper.

Whatever reads or writes JSON has such a limit: orjson writes 254 levels, Python's stack holds about 900. No source
nests its values so deeply, and Dust has no use for it.
"""

from __future__ import annotations

import re
from typing import Any

# Of a whole message. orjson must still be able to write each of its values.
MAX_DEPTH = 250

# A text, which may lack its end, or where a list or an object begins or ends.
_TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"?|[\[{\]}]', re.DOTALL)
_ENDS = {ord("["): ord("]"), ord("{"): ord("}")}


class NotJSON(ValueError):
    """The bytes are not JSON. The message never shows them."""


class TooDeep(ValueError):
    """The values of a JSON text are nested more than `MAX_DEPTH` levels deep. The message never shows them."""


def checked(text: bytes, value: Any) -> Any:
    """The value of a JSON text. Raises `TooDeep`."""
    # A level has two characters, and nearly all texts have fewer lists and objects than levels that would be too many.
    if len(text) > 2 * MAX_DEPTH and text.count(b"[") + text.count(b"{") > MAX_DEPTH and _is_deep(value):
        raise TooDeep(f"{len(text)} bytes that are nested too deeply")
    return value


def shallow(text: bytes) -> bytes:
    """The JSON text with null for what is nested deeper than `MAX_DEPTH` levels, in linear time.

    Raises `NotJSON` if lists and objects do not end where they must. Nothing else of the deeper levels is looked at.
    """
    pieces: list[bytes] = []
    ends = bytearray()
    since = 0
    for token in _TOKEN.finditer(text):
        mark = text[token.start()]
        if mark in _ENDS:
            if len(ends) == MAX_DEPTH:
                pieces += text[since : token.start()], b"null"
            ends.append(_ENDS[mark])
        elif mark != ord('"'):
            if not ends or ends.pop() != mark:
                raise NotJSON(f"{len(text)} bytes that are not JSON")
            if len(ends) == MAX_DEPTH:
                since = token.end()
    if ends:
        raise NotJSON(f"{len(text)} bytes that are not JSON")
    return b"".join((*pieces, text[since:]))


def _is_deep(value: Any) -> bool:
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer if isinstance(outer, list) else ())
            if isinstance(inner, (dict, list))
        ]
        if not level:
            return False
    return True
