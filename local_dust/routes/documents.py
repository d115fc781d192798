"""Reading, upserting and deleting documents."""

from __future__ import annotations

from typing import Any

from local_dust.documents import rules
from local_dust.documents.chunks import whole
from local_dust.documents.source_urls import normalised
from local_dust.limiter import SlidingWindow
from local_dust.response import CoreError, DustError, ok
from local_dust.routes.calls import Call, Effect, invalid, invalid_query
from local_dust.routes.document_body import UPSERT
from local_dust.routes.validation import whole_number
from local_dust.workspaces import DataSource

GIB = 1024**3
NO_HIERARCHY = "Setting a custom hierarchy is not supported yet. Please omit the {} field."
NOT_A_URL = "Invalid request body, `source_url` if provided must be a valid URL."


def list_documents(call: Call) -> Effect:
    query = call.request.parameters()
    limit, wrong_limit = whole_number(query.get("limit", []), "limit", 10)
    offset, wrong_offset = whole_number(query.get("offset", []), "offset", 0)
    if wrong_limit or wrong_offset:
        raise invalid_query(call, wrong_limit + wrong_offset)
    source = call.readable()
    return lambda: ok(
        {
            "documents": [
                document.json(source.core_id)
                for document in source.documents.page(limit, offset, query.get("document_ids"))
            ],
            "total": source.documents.total(),
        }
    )


def get_document(call: Call) -> Effect:
    source = call.readable()
    try:
        document = source.documents.get(call.ids[0])
    except CoreError as failure:
        raise DustError(
            400,
            "data_source_error",
            "There was an error retrieving the data source document.",
            core=failure.error,
        ) from None
    return lambda: ok({"document": {**document.json(source.core_id), "text": document.text}})


def delete_document(call: Call) -> Effect:
    source = call.writable(unmanaged="You cannot delete a document from a managed data source.")

    def effect() -> Any:
        source.documents.delete(call.ids[0])
        return ok({"document": {"document_id": call.ids[0]}})

    return effect


def post_document(call: Call) -> Effect:
    """The current server validates the body first and counts valid calls; the legacy one counts every call."""
    body = None if call.legacy else call.body(UPSERT)
    source = call.writable(unmanaged="You cannot upsert a document on a managed data source.")
    if not call.key.system:
        _count(call, call.workspace.upserts)
    valid = call.body(UPSERT) if body is None else body
    return lambda: _upsert(call, source, valid)


def _count(call: Call, window: SlidingWindow) -> None:
    limit = call.limits.upserts_per_minute
    if limit is not None and not window.accept(call.now, limit, call.limits.window_seconds):
        wait = call.limits.retry_after
        raise DustError(
            429,
            "rate_limit_error",
            f"You have reached the maximum number of {limit} upserts per minute.",
            headers=None if wait is None else {"Retry-After": f"{wait:g}"},
        )


def _upsert(call: Call, source: DataSource, body: dict[str, Any]) -> Any:
    document_id = call.ids[0]
    url = None
    if body.get("source_url"):
        url = normalised(body["source_url"])
        if url is None:
            raise invalid(NOT_A_URL)
    section = _section(body)
    text = rules.section_text(section)
    _check_quotas(call, text)
    _check_hierarchy(call, document_id, body)
    title = body.get("title") or ""
    if rules.utf16_units(title) > call.limits.title_units:
        raise invalid(f"Invalid title: title too long (max {call.limits.title_units} characters).")

    sent_tags: list[str] | None = body.get("tags")
    tags = list(sent_tags or [])
    title_tag = rules.title_in_tags(tags)
    title = rules.trimmed(title) or title_tag or (rules.UNTITLED if call.legacy else document_id)
    if not title_tag:
        tags.append(f"title:{title}")
    queued = body.get("async") is True
    # Without tags in the request the synchronous path drops the title tag that it has just made.
    stored_tags = tags if queued or sent_tags is not None else []

    values: dict[str, Any] = {
        "title": title,
        "text": text,
        "tags": [rules.without_stray_ends(tag) for tag in stored_tags],
        "timestamp": rules.cleaned_timestamp(body.get("timestamp")),
        "mime_type": "application/octet-stream" if body.get("mime_type") is None else body["mime_type"],
        "source_url": url,
        "parents": body.get("parents") or [document_id],
        "parent_id": body.get("parent_id") or None,
        "section": section,
    }
    if queued:
        source.documents.queue(document_id, values)
        return ok({"document": {"document_id": document_id}})
    try:
        document = source.documents.upsert(document_id, **values)
    except CoreError as failure:
        raise DustError(
            500,
            "internal_server_error",
            "There was an error upserting the document.",
            core=failure.error,
        ) from None
    light = body.get("light_document_output") is True
    full = {} if light else document.json_with_chunks(source.core_id, call.limits.vector_size)
    return ok({"document": full or document.light(), "data_source": source.json()})


def _section(body: dict[str, Any]) -> dict[str, Any]:
    """The section that is stored: a text wins over it, and becomes one."""
    if isinstance(body.get("text"), str):
        return whole(body["text"])
    if not body.get("section"):
        raise invalid("Invalid request body, `text` or `section` must be provided.")
    section: dict[str, Any] = body["section"]
    return section


def _check_quotas(call: Call, text: str) -> None:
    megabytes, units = call.limits.text_mb, rules.utf16_units(text)
    if megabytes != -1 and units > 1024 * 1024 * megabytes:
        raise DustError(
            403,
            "data_source_quota_error",
            f"Data sources document upload size is limited to {megabytes}MB on your current plan. "
            f"You are attempting to upload {units} bytes. "
            "Contact support@dust.tt if you want to increase it.",
        )
    used = call.limits.workspace_used_bytes
    if used is None:
        used = sum(other.documents.used_bytes for other in call.workspace.data_sources.values())
    seats = call.limits.workspace_seats
    if used > (seats + 1) * GIB:
        raise DustError(
            403,
            "workspace_quota_error",
            f"You've exceeded your plan limit ({used / GIB:.2f} GB used / {seats:.2f} GB allowed)",
        )


def _check_hierarchy(call: Call, document_id: str, body: dict[str, Any]) -> None:
    parents, parent_id = body.get("parents"), body.get("parent_id")
    if not call.key.system:
        if parents is not None:
            raise invalid(NO_HIERARCHY.format("parents"))
        if parent_id:
            raise invalid(NO_HIERARCHY.format("parent_id"))
    if parents is not None and parents[:1] != [document_id]:
        problem = "[0] should be equal to document_id" if parents else " must have at least one element"
        raise invalid(f"Invalid parents: parents{problem}.")
