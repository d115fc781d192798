"""The schema of a document's upsert."""

from __future__ import annotations

from typing import Any

from local_dust.routes.validation import (
    Check,
    Path,
    array,
    boolean,
    fields,
    nullable,
    nullish,
    number,
    one_of,
    optional,
    string,
)


def _section(value: Any, path: Path) -> list[str]:
    return _SECTION(value, path)


_SECTION: Check = fields({"prefix": nullable(string), "content": nullable(string), "sections": array(_section)})
UPSERT = fields(
    {
        "timestamp": nullish(number),
        "tags": nullish(array(string)),
        "parent_id": nullish(string),
        "parents": nullish(array(string)),
        "source_url": nullish(string),
        "upsert_context": optional(fields({"sync_type": optional(one_of("batch", "incremental"))})),
        "text": nullish(string),
        "section": nullish(_SECTION),
        "light_document_output": optional(boolean),
        "async": nullish(boolean),
        "title": nullish(string),
        "mime_type": nullish(string),
    }
)
