"""The checks that the legacy server makes before it reads a request's content."""

from __future__ import annotations

import re
from collections.abc import Iterable

from local_dust.limits import Limits
from local_dust.request import Request, repeatedly_decoded
from local_dust.response import Answer, DustError, plain

_FORBIDDEN = re.compile(r"\.\./|\.\.\\|\.\.%2f|%2e%2e/|%00|\x00", re.IGNORECASE)


def refusal(request: Request, limits: Limits) -> Answer | None:
    """The answer of the edge filter on paths and of the body parser, or None if both accept the request."""
    path = repeatedly_decoded(request.path)
    if _FORBIDDEN.search(path) or _FORBIDDEN.search(request.path):
        return Answer(400, b"", None)
    if "%" in path:
        return plain(500, "Internal Server Error")
    if request.method != "POST":
        return None
    is_document = "documents" in request.segments
    most = limits.legacy_document_bytes if is_document else limits.legacy_body_bytes
    if len(request.body) > most:
        return plain(413, f"Body exceeded {most // (1024 * 1024)}mb limit")
    try:
        _ = request.json
    except ValueError:
        return plain(400, "Invalid JSON")
    return None


def wrong_method(supported: Iterable[str]) -> Answer:
    methods = " or ".join(supported)
    return DustError(
        405,
        "method_not_supported_error",
        f"The method passed is not supported, {methods} is expected.",
    ).answer
