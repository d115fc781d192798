"""What a response of Dust means: success, a named error, or "try again".

This is the only place that knows HTTP statuses and Dust's error types. Dust's error envelope is
`{"error": {"type": …, "message": …, "data_source_error"?: {"code": …, "message": …}}}`; a proxy in
front of it may answer with anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from enum import Enum
from time import time
from typing import Any

import orjson

from destination_dust.dust.errors import DustError, Misconfigured, NameTaken, NotFound, Rejected, TooLarge
from destination_dust.dust.transport import Response

MAX_MESSAGE = 200
MAX_RETRY_AFTER = 600.0

# Parts of messages with which Dust's core refuses for good; they arrive as a catch-all 500.
PERMANENT_CORE_ERRORS = ("preserve_system_tags", "title_is_empty", "invalid_parent", "__DUST")
NAME_TAKEN = "names must be unique within a data source"
# Codes of temporary errors, which a document route reports with status 400.
PASSING_CORE_CODES = {"internal_server_error", "unexpected_network_error", "unexpected_response_format"}


class RetryReason(Enum):
    """Why a call should be repeated."""

    UPSERT_LIMIT = "Dust's limit of document upserts per minute is used up"
    PENDING_UPDATES = "Dust has too many pending updates of this table"
    SLOW_DOWN = "Dust asks to slow down"
    MAINTENANCE = "the workspace is under maintenance"
    REFUSED_FOR_NOW = "Dust could not carry out the call"
    UNREACHABLE = "Dust cannot be reached"
    DISCONNECTED = "the connection to Dust broke"
    TIMED_OUT = "Dust did not answer in time"


@dataclass(frozen=True, slots=True)
class Retry:
    """The call may succeed when repeated. `after`: seconds that the server asked for, if it did."""

    reason: RetryReason
    detail: str
    after: float | None = None
    ambiguous: bool = False
    """Whether Dust answers like this both to bad data and in outages."""


def classify(response: Response, *, host: str) -> dict[str, Any] | DustError | Retry:
    """The JSON object of a successful response (empty for an empty body), or the error or retry that it means."""
    if 200 <= response.status < 300:
        return _success(response, host)
    if 300 <= response.status < 400:
        return _redirect(response, host)
    error = _envelope(response.body)
    if response.status == 429:
        return _limit(response, error)
    if response.status >= 500:
        return _server_error(response, error, host)
    return _client_error(response.status, error, host)


def _success(response: Response, host: str) -> dict[str, Any] | DustError | Retry:
    if not response.body:
        # Truncated headers look like a response without a body, and Dust's responses have one.
        return {} if response.status == 204 else Retry(RetryReason.DISCONNECTED, "the answer was empty")
    try:
        content = orjson.loads(response.body)
    except ValueError:
        if response.body.lstrip()[:1] == b"{":
            return Retry(RetryReason.DISCONNECTED, "the answer was cut off")
        return _not_dust(host)
    if not isinstance(content, dict):
        return _not_dust(host)
    if content.get("error"):
        return Retry(RetryReason.REFUSED_FOR_NOW, _text(content["error"]), ambiguous=True)
    return content


def _redirect(response: Response, host: str) -> DustError:
    return Misconfigured(
        f"{host} answered with a redirect (status {response.status}), which Dust never does. "
        "The redirect was not followed. Check the base URL."
    )


def _limit(response: Response, error: dict[str, Any]) -> Retry:
    message, after = _text(error), retry_after(response.headers.get("Retry-After"))
    if "upserts per minute" in message:
        return Retry(RetryReason.UPSERT_LIMIT, message, after)
    if "pending table updates" in message:
        return Retry(RetryReason.PENDING_UPDATES, message, after)
    return Retry(RetryReason.SLOW_DOWN, message or "status 429", after)


def _server_error(response: Response, error: dict[str, Any], host: str) -> DustError | Retry:
    after = retry_after(response.headers.get("Retry-After"))
    core = _whole_text(error.get("data_source_error"))
    message = _text(error)
    if response.status == 501:
        return _not_dust(host)
    if NAME_TAKEN in core:
        return NameTaken(message)
    if any(sign in core for sign in PERMANENT_CORE_ERRORS):
        return Rejected(f"{message} {core[:MAX_MESSAGE]}")
    if response.status == 503 and error.get("type") == "service_unavailable":
        return Retry(RetryReason.MAINTENANCE, message, after)
    if not error:
        return Retry(RetryReason.UNREACHABLE, f"status {response.status}", after)
    detail = f"{message} {core[:MAX_MESSAGE]}".strip() or f"status {response.status}"
    return Retry(RetryReason.REFUSED_FOR_NOW, detail, after, ambiguous=response.status == 500)


def _client_error(status: int, error: dict[str, Any], host: str) -> DustError | Retry:
    kind, message = str(error.get("type", "")), _text(error)
    code = _part(error.get("data_source_error"), "code")
    if kind == "data_source_error" and code in PASSING_CORE_CODES:
        return Retry(RetryReason.REFUSED_FOR_NOW, message)
    if code == "data_source_document_not_found" or kind == "table_not_found":
        return NotFound(message)
    if status in (408, 425):
        return Retry(RetryReason.UNREACHABLE, f"status {status}")
    if status == 409:
        return Retry(RetryReason.REFUSED_FOR_NOW, message or "status 409", ambiguous=True)
    if status == 413 or kind == "data_source_quota_error":
        return TooLarge(message or "the request is too large (status 413)")
    if status in (400, 422):
        return Rejected(message or f"Dust refused the request without a reason (status {status})")
    if error:
        return Misconfigured(message, reason=kind)
    if status in (401, 403, 407):
        return Misconfigured(
            f"{host} refused access (status {status}), but the answer did not come from Dust. Check the base URL, "
            "and whether there is a proxy or a firewall in between."
        )
    return _not_dust(host)


def retry_after(value: str | None) -> float | None:
    """Seconds of a `Retry-After` header (a number or an HTTP date), capped; None if it is not usable."""
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(value).timestamp() - time()
        except (ValueError, TypeError):
            return None
    return min(max(seconds, 0.0), MAX_RETRY_AFTER) if seconds == seconds else None


def _not_dust(host: str) -> Misconfigured:
    return Misconfigured(
        f"{host} does not seem to be a Dust server. Check the base URL (https://dust.tt, or https://eu.dust.tt for "
        "workspaces in Europe), and that there is no proxy or login page in between.",
        reason="not_dust",
    )


def _envelope(body: bytes) -> dict[str, Any]:
    try:
        error = orjson.loads(body)["error"]
    except (ValueError, KeyError, TypeError):
        return {}
    return error if isinstance(error, dict) else {}


def _part(error: object, name: str) -> str:
    return str(error.get(name, "")) if isinstance(error, dict) else ""


def _text(error: object) -> str:
    return _whole_text(error)[:MAX_MESSAGE]


def _whole_text(error: object) -> str:
    return _part(error, "message") if isinstance(error, dict) else str(error or "")
