"""Values of PostgreSQL, which come as texts in all protocols: as JSON has them, and how a schema declares them.

The texts are those of the session settings in `SESSION`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from destination_dust import exact_json

SESSION = (
    "-c datestyle=ISO -c timezone=UTC -c intervalstyle=iso_8601 -c bytea_output=hex -c extra_float_digits=3 "
    "-c client_encoding=UTF8 -c idle_in_transaction_session_timeout=0"
)
"""Options of a connection: how values are written, and that a copy may wait for Dust in its transaction."""

_BOOLEAN, _JSON, _DATE, _TIMESTAMP, _TIMESTAMP_TZ = 16, {114, 3802}, 1082, 1114, 1184
_INTEGERS, _NUMBERS = {20, 21, 23, 26}, {700, 701, 1700}
_TIMES = {1083, 1266}
# Arrays, by the type of their elements.
_ARRAYS = {
    1000: 16, 1005: 21, 1007: 23, 1016: 20, 1028: 26, 1021: 700, 1022: 701, 1231: 1700, 1182: 1082, 1115: 1114,
    1185: 1184, 1183: 1083, 1270: 1266, 199: 114, 3807: 3802, 1009: 25, 1015: 1043, 1014: 1042, 1003: 19, 2951: 2950,
    1041: 869, 1001: 17, 1187: 1186,
}  # fmt: skip
_ZONE = re.compile(r"([+-]\d\d)$")
# A quoted element, a bare one, or what divides them.
_TOKEN = re.compile(r'"((?:[^"\\]|\\.)*)"|([^{},"]+)|([{},])', re.DOTALL)


def schema_of(oid: int) -> Mapping[str, Any]:
    """The JSON schema of a type, empty for those that come as texts of their own."""
    if oid == _BOOLEAN:
        return {"type": "boolean"}
    if oid in _INTEGERS:
        return {"type": "integer"}
    if oid in _NUMBERS:
        return {"type": "number"}
    if oid in (_TIMESTAMP, _TIMESTAMP_TZ):
        return {"type": "string", "format": "date-time"}
    if oid == _DATE:
        return {"type": "string", "format": "date"}
    if oid in _TIMES:
        return {"type": "string", "format": "time"}
    if oid in _ARRAYS:
        return {"type": "array", "items": schema_of(_ARRAYS[oid])}
    return {} if oid in _JSON else {"type": "string"}


def value_of(oid: int, text: str | None) -> Any:
    """A value as JSON. Numbers keep all their digits; infinite ones and times, and NaN, become null."""
    if text is None:
        return None
    if oid == _BOOLEAN:
        return text == "t"
    if oid in _INTEGERS:
        return int(text)
    if oid in _NUMBERS:
        return None if text.lstrip("-") in ("NaN", "Infinity") else exact_json.loads(text.encode())
    if oid in _JSON:
        return exact_json.loads(text.encode())
    if oid in (_DATE, _TIMESTAMP, _TIMESTAMP_TZ):
        return None if text.endswith("infinity") else _moment(text)
    if oid in _ARRAYS:
        return _array(_ARRAYS[oid], text)
    return text


def _moment(text: str) -> str:
    return text if text.endswith("BC") else _ZONE.sub(r"\1:00", text.replace(" ", "T")) if " " in text else text


def _array(element: int, text: str) -> list[Any]:
    """An array, also of several dimensions. Bounds that do not begin at 1 stand in front of it: `[0:1]={a,b}`."""
    top: list[Any] = []
    levels = [top]
    for quoted, bare, mark in _TOKEN.findall(text[text.index("{") :]):
        if mark == "{":
            inner: list[Any] = []
            levels[-1].append(inner)
            levels.append(inner)
        elif mark == "}":
            levels.pop()
        elif bare:
            levels[-1].append(None if bare == "NULL" else value_of(element, bare))
        elif mark != ",":
            levels[-1].append(value_of(element, re.sub(r"\\(.)", r"\1", quoted, flags=re.DOTALL)))
    (array,) = top
    return list(array)
