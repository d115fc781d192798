"""Spaces, data sources, search, and routes that refuse ordinary keys."""

from __future__ import annotations

from typing import Any

from local_dust.response import DustError, ok
from local_dust.routes.calls import Call, Effect, invalid, invalid_query
from local_dust.routes.validation import fields, string, whole_number

DEFAULT_KINDS = "system,global,regular"
TOKENIZE = fields({"text": string})


def list_spaces(call: Call) -> Effect:
    kinds = ",".join(call.request.parameters().get("kinds", [DEFAULT_KINDS])).split(",")
    spaces = [
        space.json() for space in call.workspace.spaces.values() if space.kind in kinds and space.readable(call.key)
    ]
    return lambda: ok({"spaces": spaces})


def list_data_sources(call: Call) -> Effect:
    space = call.workspace.spaces.get(call.space_id or "")
    if space is None or not space.readable(call.key):
        raise DustError(404, "space_not_found", "The space you requested was not found.")
    sources = [s.json() for s in call.workspace.data_sources.values() if s.space.id == space.id]
    return lambda: ok({"data_sources": sources})


def exists(call: Call) -> Effect:  # noqa: ARG001 the signature of every handler
    return lambda: ok({"exists": True})


def refuse_file(call: Call) -> Effect:  # noqa: ARG001 the signature of every handler
    raise invalid("The file use case is not supported by the API.")


def check_upsert_queue(call: Call) -> Effect:
    source = call.readable()
    if not call.key.system:
        raise DustError(403, "data_source_auth_error", "Only system keys can check the upsert queue.")
    return lambda: ok({"running_count": source.documents.queued})


def search(call: Call) -> Effect:
    """Documents that contain every word of the query, unlike Dust's ranking."""
    query = call.request.parameters()
    issues = [] if "query" in query else ['Required at "query"']
    top_k, wrong = whole_number(query.get("top_k", ["missing"]), "top_k", 0)
    if issues or wrong:
        raise invalid_query(call, issues + wrong)
    source = call.readable()
    words = query["query"][0].lower().split()
    with_text = bool(query.get("full_text", [""])[0])

    def effect() -> Any:
        found = [d for d in source.documents.stored.values() if all(w in d.text.lower() for w in words)]
        return ok(
            {
                "documents": [
                    {
                        **document.json(source.core_id),
                        "chunks": [
                            {"text": chunk, "hash": document.hash, "offset": offset}
                            for offset, chunk in enumerate(document.chunks)
                            if any(word in chunk.lower() for word in words)
                        ],
                        "text": document.text if with_text else None,
                    }
                    for document in found[:top_k]
                ]
            }
        )

    return effect


def tokenize(call: Call) -> Effect:
    """Split a text into words, in place of real tokens."""
    text: str = call.body(TOKENIZE)["text"]
    call.readable()
    return lambda: ok({"tokens": [[number, word] for number, word in enumerate(text.split())]})
