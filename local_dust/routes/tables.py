"""Describing, listing and deleting tables."""

from __future__ import annotations

import hashlib
from typing import Any

from local_dust.documents.rules import UNTITLED, cleaned_timestamp, title_in_tags, trimmed
from local_dust.documents.source_urls import normalised
from local_dust.response import Answer, CoreError, DustError, ok
from local_dust.routes.calls import Call, Effect, invalid
from local_dust.routes.documents import NO_HIERARCHY, NOT_A_URL
from local_dust.routes.validation import array, fields, nullish, number, optional, string
from local_dust.tables.stored import description
from local_dust.workspaces import DataSource

DESCRIBE = fields(
    {
        "name": string,
        "table_id": optional(string),
        "description": string,
        "timestamp": nullish(number),
        "tags": nullish(array(string)),
        "parent_id": nullish(string),
        "parents": nullish(array(string)),
        "remote_database_table_id": nullish(string),
        "remote_database_secret_id": nullish(string),
        "title": string,
        "mime_type": nullish(string),
        "source_url": nullish(string),
    }
)
NOT_DESCRIBED = "Failed to upsert table (table names must be unique)."
REMOTE = ("remote_database_table_id", "remote_database_secret_id")


def list_tables(call: Call) -> Effect:
    tables = call.readable().tables
    tables.faults.check("Failed to retrieve tables.")
    return lambda: ok({"tables": [table.described() for table in tables.listed()]})


def get_table(call: Call) -> Effect:
    tables = call.readable().tables
    tables.faults.check("Failed to get table.")
    table = tables.stored.get(call.ids[0])
    if table is None:
        raise DustError(404, "table_not_found", "Failed to get table.")
    return lambda: ok({"table": table.described()})


def delete_table(call: Call) -> Effect:
    source = call.readable()
    if not (call.key.system or call.key.role == "admin"):
        raise DustError(404, "data_source_not_found", "The data source you requested was not found.")
    source = call.writable()
    source.tables.faults.check("Failed to delete table.")

    def effect() -> Answer:
        source.tables.delete(call.ids[0])
        return Answer(200, b"", None)

    return effect


def post_table(call: Call) -> Effect:
    body = None if call.legacy else call.body(DESCRIBE)
    source = call.writable()
    valid = call.body(DESCRIBE) if body is None else body
    _check(call, valid)
    source.tables.faults.check(NOT_DESCRIBED)
    return lambda: _describe(call, source, valid)


def _check(call: Call, body: dict[str, Any]) -> None:
    if not call.key.system:
        if body.get("mime_type"):
            raise invalid("Invalid request body: mimeType must not be provided.")
        if body.get("parents") is not None:
            raise invalid(NO_HIERARCHY.format("parents"))
        if body.get("parent_id"):
            raise invalid(NO_HIERARCHY.format("parent_id"))
        if not call.legacy and any(body.get(name) is not None for name in REMOTE):
            raise invalid("Invalid request body: remote database fields must not be provided.")
    if not call.legacy and body.get("source_url") and normalised(body["source_url"]) is None:
        raise invalid(NOT_A_URL)


def _describe(call: Call, source: DataSource, body: dict[str, Any]) -> Answer:
    tags = body.get("tags") or []
    title = trimmed(body["title"]) or title_in_tags(tags) or trimmed(body["name"]) or UNTITLED
    random_id = hashlib.sha256(f"{call.now} {len(source.tables.stored)}".encode()).hexdigest()[:10]
    table_id = body.get("table_id") or random_id
    url = body.get("source_url")
    try:
        if body.get("parent_id") == "":
            raise CoreError("Failed to upsert table (error: invalid_parent_id: parent_id is empty)")
        table = source.tables.describe(
            table_id,
            timestamp=cleaned_timestamp(body.get("timestamp")),
            source_url=url if call.legacy else normalised(url or ""),
            **description(body, table_id, title=title, tags=tags),
        )
    except CoreError as failure:
        raise DustError(
            500,
            "internal_server_error",
            NOT_DESCRIBED,
            core=failure.error,
        ) from None
    shown = table.described()
    del shown["parent_id"]
    return ok({"table": shown})
