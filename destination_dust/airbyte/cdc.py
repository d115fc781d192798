"""Records of change data capture: what a source built on Debezium says about a row that was changed.

source-postgres, -mysql, -mssql and -mongodb put the fields below into each record of a stream, those of the first
snapshot included.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

CDC_UPDATED_AT = "_ab_cdc_updated_at"
CDC_DELETED_AT = "_ab_cdc_deleted_at"

_UNAVAILABLE = "__debezium_unavailable_value"
# What Debezium's own mark for such a value looks like after Java's `toString`.
_JAVA_OBJECT = re.compile(r"java\.lang\.Object@[0-9a-f]{1,8}")
# Its bytes in base64, which JSON has for bytes; and the UUID that Java makes of them (`UUID.nameUUIDFromBytes`).
_BYTES = "X19kZWJleml1bV91bmF2YWlsYWJsZV92YWx1ZQ=="
_UUID = "b68a35a7-17ad-35b3-af2a-ae46edb4545a"
# Arrays of texts, of bytes, of UUIDs and of integers (the bytes of the text), and an hstore; also as JSON, as tables
# hold them. A UUID alone is never stored apart.
_CONTAINERS = ([_UNAVAILABLE], [_BYTES], [_UUID], [*_UNAVAILABLE.encode()], {_UNAVAILABLE: _UNAVAILABLE})
_TEXTS = (_UNAVAILABLE, _BYTES, *(json.dumps(container, separators=(",", ":")) for container in _CONTAINERS))


def is_change(data: Mapping[str, Any]) -> bool:
    """Whether a record comes from change data capture."""
    return CDC_UPDATED_AT in data or CDC_DELETED_AT in data


def is_tombstone(data: Mapping[str, Any]) -> bool:
    """Whether a record says that its row was deleted."""
    return data.get(CDC_DELETED_AT) is not None


def unavailable(data: Mapping[str, Any]) -> tuple[str, ...]:
    """The fields whose value the source did not have, because the update left it as it was.

    Postgres stores large values apart (TOAST), and without REPLICA IDENTITY FULL sends them only when they change. The
    proof: the record comes from change data capture, and the whole value is one of Debezium's placeholders. A row that
    holds just that text looks the same; it is then kept as Dust has it, or left out and counted. An array of other
    numbers comes as null, as if it were empty: nothing tells the two apart.
    """
    return tuple(name for name, value in data.items() if is_placeholder(value)) if is_change(data) else ()


def available(data: Mapping[str, Any]) -> dict[str, Any]:
    """The record without the fields that the source did not have."""
    missing = unavailable(data)
    return {name: value for name, value in data.items() if name not in missing}


def is_placeholder(value: object) -> bool:
    """Whether a value stands for one that the source did not have. Versions up to 0.1.0 stored it like any other."""
    if isinstance(value, str):
        return value in _TEXTS or (value[:5] == "java." and bool(_JAVA_OBJECT.fullmatch(value)))
    return isinstance(value, (list, dict)) and value in _CONTAINERS
