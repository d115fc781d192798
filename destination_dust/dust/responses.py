"""What a response of Dust means: success, a named error, or "try again".

This is the only place that knows HTTP statuses and Dust's error types. Dust's error envelope is
`{"error": {"type": …, "message": …, "data_source_error"?: {"code": …, "message": …}}}`; a proxy in
front of it may answer with anything.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

import orjson

from destination_dust.dust.errors import DustError, Misconfigured, NameTaken, NotFound, Rejected, TooLarge
from destination_dust.dust.retry_after import retry_after
from destination_dust.dust.transport import Response

MAX_MESSAGE = 200

# Parts of messages with which Dust's core refuses for good; they arrive as a catch-all 500.
PERMANENT_CORE_ERRORS = ("preserve_system_tags", "title_is_empty", "invalid_parent", "__DUST")
NAME_TAKEN = "names must be unique within a data source"
# Codes of the core for trouble between Dust's own services. Bad data does not cause them, whatever the status.
PASSING_CORE_CODES = {"unexpected_network_error", "unexpected_response_format"}
# The core's code for anything else; with status 400, which GETs of documents have, it is temporary.
CATCH_ALL_CORE_CODE = "internal_server_error"


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
    NOT_DUST = "something other than Dust answered"


@dataclass(frozen=True, slots=True)
class Retry:
    """The call may succeed when repeated. `after`: seconds that the server asked for, if it did."""

    reason: RetryReason
    detail: str
    after: float | None = None
    ambiguous: bool = False
    """Whether Dust answers like this both to bad data and in outages."""
    unsettled: bool = False
    """Whether the answer is not Dust's, so that Dust may still be carrying out the call, or may never see it."""
    at_first: Misconfigured | None = None
    """The mistake in the settings that it shows as long as Dust has never answered."""

    @property
    def suspicious(self) -> bool:
        """Whether what was sent may be the cause: Dust fails on it, or a gateway or a firewall does not let it pass.

        Limits, maintenance, connections that were not made, and Dust's own inner trouble are no such signs.
        """
        return self.ambiguous or self.unsettled


def classify(response: Response, *, host: str) -> dict[str, Any] | DustError | Retry:
    """The JSON object of a 2xx response, which proves nothing yet (see `answers.py`), or what the response means."""
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


def not_dust(detail: str, host: str) -> Retry:
    """The outcome of an answer that Dust does not give."""
    mistake = Misconfigured(
        f"{host} does not seem to be a Dust server. Check the base URL (https://dust.tt, or https://eu.dust.tt for "
        "workspaces in Europe), and that there is no proxy or login page in between.",
        reason="not_dust",
    )
    return Retry(RetryReason.NOT_DUST, detail, unsettled=True, at_first=mistake)


def _success(response: Response, host: str) -> dict[str, Any] | Retry:
    if not response.body and response.status != 204:
        # Truncated headers look like a response without a body, and Dust's responses have one.
        return Retry(RetryReason.DISCONNECTED, "the answer was empty", unsettled=True)
    try:
        content = orjson.loads(response.body)
    except ValueError:
        if response.body.lstrip()[:1] == b"{":
            return Retry(RetryReason.DISCONNECTED, "the answer was cut off", unsettled=True)
        return not_dust(f"status {response.status} without JSON", host)
    if error := _envelope(response.body):
        return Retry(RetryReason.REFUSED_FOR_NOW, _text(error), ambiguous=_core_code(error) not in PASSING_CORE_CODES)
    if not isinstance(content, dict) or content.get("error"):
        return not_dust(f"status {response.status} with other JSON", host)
    return content


def _redirect(response: Response, host: str) -> Retry:
    mistake = Misconfigured(
        f"{host} answered with a redirect (status {response.status}), which Dust never does. "
        "The redirect was not followed. Check the base URL."
    )
    return Retry(RetryReason.NOT_DUST, f"status {response.status}", unsettled=True, at_first=mistake)


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
        return not_dust("status 501", host)
    if NAME_TAKEN in core:
        return NameTaken(message)
    if any(sign in core for sign in PERMANENT_CORE_ERRORS):
        return Rejected(f"{message} {core[:MAX_MESSAGE]}")
    if response.status == 503 and error.get("type") == "service_unavailable":
        return Retry(RetryReason.MAINTENANCE, message, after)
    if not error:
        return Retry(RetryReason.UNREACHABLE, f"status {response.status}", after, unsettled=True)
    detail = f"{message} {core[:MAX_MESSAGE]}".strip() or f"status {response.status}"
    ambiguous = response.status == 500 and _core_code(error) not in PASSING_CORE_CODES
    return Retry(RetryReason.REFUSED_FOR_NOW, detail, after, ambiguous=ambiguous)


def _client_error(status: int, error: dict[str, Any], host: str) -> DustError | Retry:
    kind, message, code = str(error.get("type", "")), _text(error), _core_code(error)
    if kind == "data_source_error" and code in (CATCH_ALL_CORE_CODE, *PASSING_CORE_CODES):
        return Retry(RetryReason.REFUSED_FOR_NOW, message)
    if code == "data_source_document_not_found" or kind == "table_not_found":
        return NotFound(message)
    if status in (408, 425):
        return Retry(RetryReason.UNREACHABLE, f"status {status}", unsettled=status == 408)
    if status == 409:
        return Retry(RetryReason.REFUSED_FOR_NOW, message or "status 409", ambiguous=True, unsettled=not error)
    # The same type refuses a document for its size, and every document once a plan's number of them is reached.
    if status == 413 or (kind == "data_source_quota_error" and "size" in message):
        return TooLarge(message or "the request is too large (status 413)")
    if not error:
        return _foreign_refusal(status, host)
    if status in (400, 422):
        return Rejected(message or f"Dust refused the request without a reason (status {status})")
    return Misconfigured(message, reason=kind)


def _foreign_refusal(status: int, host: str) -> Retry:
    """A refusal that is not Dust's. It says nothing of the key or the IDs, and may concern this call alone."""
    refused = not_dust(f"status {status}", host)
    if status not in (401, 403, 407):
        return refused
    mistake = Misconfigured(
        f"{host} refused access (status {status}), but the answer did not come from Dust. Check the base URL, "
        "and whether there is a proxy or a firewall in between."
    )
    return replace(refused, at_first=mistake)


def _envelope(body: bytes) -> dict[str, Any]:
    """Dust's error, which has a type; other servers' errors count as none."""
    try:
        error = orjson.loads(body)["error"]
    except (ValueError, KeyError, TypeError):
        return {}
    return error if isinstance(error, dict) and isinstance(error.get("type"), str) and error["type"] else {}


def _core_code(error: dict[str, Any]) -> str:
    return _part(error.get("data_source_error"), "code")


def _part(error: object, name: str) -> str:
    return str(error.get(name, "")) if isinstance(error, dict) else ""


def _text(error: object) -> str:
    return _whole_text(error)[:MAX_MESSAGE]


def _whole_text(error: object) -> str:
    return _part(error, "message") if isinstance(error, dict) else str(error or "")
