"""Records as source-postgres writes them with change data capture, of one table with a large text.

What arrives was read in the source's code and in issues of its users; the table of types is that of its own tests.
"""

from __future__ import annotations

from typing import Any

from integration_tests.harness.messages import catalog, record, stream

INTEGER: dict[str, Any] = {"type": "number", "airbyte_type": "integer"}
NUMBER: dict[str, Any] = {"type": "number"}
TEXT: dict[str, Any] = {"type": "string"}
DATE: dict[str, Any] = {"type": "string", "format": "date"}
TIMESTAMP: dict[str, Any] = {
    "type": "string",
    "format": "date-time",
    "airbyte_type": "timestamp_with_timezone",
}
CAPTURED: dict[str, Any] = {"_ab_cdc_lsn": NUMBER, "_ab_cdc_updated_at": TIMESTAMP, "_ab_cdc_deleted_at": TIMESTAMP}

UNAVAILABLE = "__debezium_unavailable_value"
"""For a json column that an update left as it was; for varchar and text it is the next one."""
UNAVAILABLE_TEXT = "java.lang.Object@2c5e36a7"
UPDATED_AT = "2026-05-01T12:34:56.789000Z"
DELETED_AT = "2026-05-02T00:00:00.000000Z"


def table(name: str = "tickets", *, mode: str = "append_dedup", **more: Any) -> dict[str, Any]:
    """The catalog of one captured table, with the key `id`; `more`: further columns, or settings of its stream."""
    settings = {each: more.pop(each) for each in ("key", "namespace", "generation", "minimum") if each in more}
    fields = {"id": INTEGER, "title": TEXT, "body": TEXT, **more, **CAPTURED}
    return catalog(stream(name, mode=mode, fields=fields, **settings))


def changed(number: int, *, at: str = UPDATED_AT, **fields: Any) -> dict[str, Any]:
    """A row that was read, inserted or updated."""
    return record("tickets", id=number, **fields, _ab_cdc_lsn=1, _ab_cdc_updated_at=at, _ab_cdc_deleted_at=None)


def gone(number: int, *, at: str = DELETED_AT, **fields: Any) -> dict[str, Any]:
    """A tombstone: with REPLICA IDENTITY DEFAULT only the key has a value."""
    values = {"title": None, "body": None, **fields}
    return record("tickets", id=number, **values, _ab_cdc_lsn=2, _ab_cdc_updated_at=at, _ab_cdc_deleted_at=at)
