"""What a response of Dust means, row by row of what its server is known to answer."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from destination_dust.dust.errors import DustError, Misconfigured, NameTaken, NotFound, Rejected, TooLarge
from destination_dust.dust.responses import MAX_MESSAGE, Retry, RetryReason, classify
from destination_dust.dust.transport import Response

HOST = "dust.tt"
HTML = b"<html><head><title>502 Bad Gateway</title></head></html>"


def take(status: int, body: bytes = b"", **headers: str) -> dict[str, Any] | DustError | Retry:
    """What a response means."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return classify(Response(status, named, body), host=HOST)


def envelope(kind: str | None, message: str = "what happened", *, code: str = "", core: str = "") -> bytes:
    """An error in Dust's envelope."""
    error: dict[str, Any] = {"type": kind, "message": message}
    if code or core:
        error["data_source_error"] = {"code": code, "message": core}
    return orjson.dumps({"error": error})


UPSERTS = "You have reached the maximum number of 120 upserts per minute."
PENDING = "Too many pending table updates are queued for this table. Please retry later."
NOT_UNIQUE = "Failed to upsert table (table names must be unique)."
# status, Dust's error type, message, code of its core, message of its core -> what it means
ROWS: list[tuple[int, str, str, str, str, type[DustError] | RetryReason]] = [
    (400, "invalid_request_error", "Invalid request body", "", "", Rejected),
    (400, "data_source_error", "not found", "data_source_document_not_found", "", NotFound),
    (400, "data_source_error", "failed", "internal_server_error", "", RetryReason.REFUSED_FOR_NOW),
    (400, "data_source_error", "failed", "unexpected_network_error", "", RetryReason.REFUSED_FOR_NOW),
    (400, "data_source_error", "failed", "unexpected_response_format", "", RetryReason.REFUSED_FOR_NOW),
    (400, "data_source_error", "failed", "something_else", "", Rejected),
    (400, "invalid_rows_request_error", "bad CSV", "", "", Rejected),
    (401, "not_authenticated", "no credentials", "", "", Misconfigured),
    (401, "malformed_authorization_header_error", "Malformed", "", "", Misconfigured),
    (401, "invalid_api_key_error", "invalid or disabled", "", "", Misconfigured),
    (401, "workspace_auth_error", "other workspace", "", "", Misconfigured),
    (401, "user_not_found", "no user", "", "", Misconfigured),
    (401, "expired_oauth_token_error", "expired", "", "", Misconfigured),
    (401, "invalid_oauth_token_error", "invalid", "", "", Misconfigured),
    (403, "data_source_auth_error", "not allowed", "", "", Misconfigured),
    (403, "invalid_oauth_token_error", "system keys only", "", "", Misconfigured),
    (403, "data_source_quota_error", "Data sources document upload size is limited to 2MB", "", "", TooLarge),
    (403, "data_source_quota_error", "Data sources are limited to 32 documents", "", "", Misconfigured),
    (403, "workspace_quota_error", "plan limit", "", "", Misconfigured),
    (403, "workspace_can_use_product_required_error", "no API access", "", "", Misconfigured),
    (403, "something_new", "who knows", "", "", Misconfigured),
    (404, "workspace_not_found", "no workspace", "", "", Misconfigured),
    (404, "space_not_found", "no space", "", "", Misconfigured),
    (404, "data_source_not_found", "no data source", "", "", Misconfigured),
    (404, "table_not_found", "no table", "", "", NotFound),
    (405, "method_not_supported_error", "no such method", "", "", Misconfigured),
    (408, "", "", "", "", RetryReason.UNREACHABLE),
    (409, "conflict", "conflict", "", "", RetryReason.REFUSED_FOR_NOW),
    (413, "content_too_large", "Request body too large.", "", "", TooLarge),
    (422, "invalid_request_error", "unprocessable", "", "", Rejected),
    (425, "", "", "", "", RetryReason.UNREACHABLE),
    (429, "rate_limit_error", UPSERTS, "", "", RetryReason.UPSERT_LIMIT),
    (429, "rate_limit_error", PENDING, "", "", RetryReason.PENDING_UPDATES),
    (429, "rate_limit_error", "Too many requests to this endpoint", "", "", RetryReason.SLOW_DOWN),
    (500, "internal_server_error", NOT_UNIQUE, "x", "names must be unique within a data source", NameTaken),
    (500, "internal_server_error", NOT_UNIQUE, "x", "connection lost", RetryReason.REFUSED_FOR_NOW),
    (500, "internal_server_error", "Failed to upsert database rows.", "", "", RetryReason.REFUSED_FOR_NOW),
    (500, "internal_server_error", "Failed to get table.", "", "", RetryReason.REFUSED_FOR_NOW),
    (500, "internal_server_error", "There was an error upserting the document.", "x", "y", RetryReason.REFUSED_FOR_NOW),
    (500, "internal_server_error", "There was an error", "x", "(error: preserve_system_tags)", Rejected),
    (500, "internal_server_error", "There was an error", "x", "(error: title_is_empty)", Rejected),
    (500, "internal_server_error", "There was an error", "x", "(error: invalid_parent_id)", Rejected),
    (500, "internal_server_error", "There was an error", "x", "tag __DUST_A is reserved", Rejected),
    (500, "internal_server_error", "Failed to get row.", "", "", RetryReason.REFUSED_FOR_NOW),
    (500, "internal_server_error", "Failed to list database rows.", "", "", RetryReason.REFUSED_FOR_NOW),
    (500, "data_source_error", "There was an error enqueueing", "", "", RetryReason.REFUSED_FOR_NOW),
    (500, "internal_server_error", "Unhandled internal server error: x", "", "", RetryReason.REFUSED_FOR_NOW),
    (501, "", "", "", "", RetryReason.NOT_DUST),
    (503, "service_unavailable", "under maintenance", "", "", RetryReason.MAINTENANCE),
    (503, "internal_server_error", "later", "", "", RetryReason.REFUSED_FOR_NOW),
]


@pytest.mark.parametrize(("status", "kind", "message", "code", "core", "expected"), ROWS)
def test_errors_in_dusts_words_have_a_meaning(
    status: int, kind: str, message: str, code: str, core: str, expected: type[DustError] | RetryReason
) -> None:
    """By status, type, and where those are not enough by what its core says."""
    outcome = take(status, envelope(kind, message, code=code, core=core) if kind else b"")

    if isinstance(expected, RetryReason):
        assert isinstance(outcome, Retry)
        assert expected is outcome.reason
        assert message in outcome.detail
    else:
        assert expected is type(outcome)
        assert not kind or message in str(outcome)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        HTML,
        b"Not Existing",
        b"[]",
        b'"error"',
        b'{"error":"text"}',
        b'{"error":null}',
        b'{"error":{"code":403,"message":"Forbidden"}}',
        b"\xff",
    ],
)
@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (400, RetryReason.NOT_DUST),
        (401, RetryReason.NOT_DUST),
        (403, RetryReason.NOT_DUST),
        (404, RetryReason.NOT_DUST),
        (405, RetryReason.NOT_DUST),
        (406, RetryReason.NOT_DUST),
        (407, RetryReason.NOT_DUST),
        (408, RetryReason.UNREACHABLE),
        (409, RetryReason.REFUSED_FOR_NOW),
        (413, TooLarge),
        (418, RetryReason.NOT_DUST),
        (421, RetryReason.NOT_DUST),
        (422, RetryReason.NOT_DUST),
        (425, RetryReason.UNREACHABLE),
        (429, RetryReason.SLOW_DOWN),
        (499, RetryReason.NOT_DUST),
        (500, RetryReason.UNREACHABLE),
        (501, RetryReason.NOT_DUST),
        (502, RetryReason.UNREACHABLE),
        (503, RetryReason.UNREACHABLE),
        (504, RetryReason.UNREACHABLE),
        (520, RetryReason.UNREACHABLE),
    ],
)
def test_errors_in_other_words_have_a_meaning(
    status: int, body: bytes, expected: type[DustError] | RetryReason
) -> None:
    """A proxy may answer with anything, which is never shown. It is a mistake in the settings only at first."""
    outcome = take(status, body)

    if isinstance(expected, RetryReason):
        assert isinstance(outcome, Retry)
        assert expected is outcome.reason
        assert "html" not in outcome.detail
        assert "html" not in str(outcome.at_first)
        assert (outcome.at_first is not None) is (expected is RetryReason.NOT_DUST)
    else:
        assert expected is type(outcome)
        assert "html" not in str(outcome)


@pytest.mark.parametrize("status", [200, 201, 202])
def test_a_success_is_its_object(status: int) -> None:
    """Whatever is in it."""
    assert {"document": {"hash": "x"}} == take(status, b'{"document":{"hash":"x"}}')


@pytest.mark.parametrize("body", [b"", b'{"document":{"hash":', b'{"document"', b"{", b'  {"a":1'])
def test_a_truncated_success_is_retried(body: bytes) -> None:
    """A state must not go out on the strength of it; the call is repeated."""
    outcome = take(200, body)

    assert isinstance(outcome, Retry)
    assert RetryReason.DISCONNECTED is outcome.reason


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, HTML),
        (200, b"OK"),
        (200, b"[]"),
        (200, b"123"),
        (200, b"null"),
        (200, b"\xff\xfe"),
        (200, b'{"error":"Please log in"}'),
        (204, b""),
    ],
)
def test_a_success_that_is_not_from_dust_is_none(status: int, body: bytes) -> None:
    """A login page, or a proxy that answers for everybody. Dust never answers 204."""
    outcome = take(status, body)

    assert isinstance(outcome, Retry)
    assert RetryReason.NOT_DUST is outcome.reason
    assert outcome.unsettled
    assert outcome.at_first
    assert "not_dust" == outcome.at_first.reason
    assert "html" not in f"{outcome.detail} {outcome.at_first}"


def test_an_error_under_the_status_of_a_success_is_an_error() -> None:
    """Bad data or trouble: not known."""
    outcome = take(200, envelope("internal_server_error"))

    assert Retry(RetryReason.REFUSED_FOR_NOW, "what happened", ambiguous=True) == outcome


@pytest.mark.parametrize("status", [300, 301, 302, 303, 304, 307, 308])
@pytest.mark.parametrize("location", ["https://evil.example/x", "http://dust.tt/x", "/login", "", "https://", "//x"])
def test_a_redirect_is_a_mistake_in_the_settings(status: int, location: str) -> None:
    """Dust never redirects. The target is not shown, because it may contain what we sent."""
    outcome = take(status, Location=location)

    assert isinstance(outcome, Retry)
    assert "was not followed" in str(outcome.at_first)
    assert "evil" not in f"{outcome.detail} {outcome.at_first}"


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, envelope("internal_server_error", "There was an error upserting the document.")),
        (500, envelope("internal_server_error", code="internal_server_error")),
        (409, envelope("conflict")),
        (409, b""),
        (200, envelope("internal_server_error")),
    ],
)
def test_errors_that_bad_data_and_outages_share_are_ambiguous(status: int, body: bytes) -> None:
    """Only other calls can tell the two apart."""
    outcome = take(status, body)

    assert isinstance(outcome, Retry)
    assert outcome.ambiguous


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, HTML),
        (502, b""),
        (502, envelope("internal_server_error")),
        (503, envelope("service_unavailable")),
        (504, HTML),
        (408, b""),
        (429, envelope("rate_limit_error")),
        (400, envelope("data_source_error", code="internal_server_error")),
        (500, envelope("internal_server_error", code="unexpected_network_error")),
        (500, envelope("internal_server_error", code="unexpected_response_format")),
        (200, envelope("internal_server_error", code="unexpected_network_error")),
        (200, b'{"document"'),
    ],
)
def test_errors_that_bad_data_cannot_cause_are_not_ambiguous(status: int, body: bytes) -> None:
    """A record must not be left out because a gateway was restarted."""
    outcome = take(status, body)

    assert isinstance(outcome, Retry)
    assert not outcome.ambiguous


def test_the_message_of_the_core_is_found_at_any_length() -> None:
    """It appends its causes to one another; only the shown text is cut."""
    core = "x" * 1000 + " names must be unique within a data source"
    assert isinstance(take(500, envelope("internal_server_error", core=core)), NameTaken)

    rejected = take(500, envelope("internal_server_error", core="x" * 1000 + " title_is_empty"))
    assert isinstance(rejected, Rejected)
    assert len(str(rejected)) < 3 * MAX_MESSAGE


@pytest.mark.parametrize("status", [400, 401, 403, 413, 429, 500, 503])
def test_long_messages_are_cut(status: int) -> None:
    """A validation message can list every cell of a batch."""
    outcome = take(status, envelope("x", "m" * 100_000, core="c" * 100_000))

    assert len(outcome.detail if isinstance(outcome, Retry) else str(outcome)) <= 3 * MAX_MESSAGE


@pytest.mark.parametrize("status", [429, 503, 500, 502])
def test_the_wait_that_dust_asks_for_is_kept(status: int) -> None:
    """With whatever status it comes."""
    for body in (b"", envelope("rate_limit_error"), envelope("service_unavailable"), envelope("x", UPSERTS)):
        outcome = take(status, body, Retry_After="17")

        assert isinstance(outcome, Retry)
        assert 17.0 == outcome.after


def test_dusts_own_type_travels_with_a_mistake_in_the_settings() -> None:
    """The explanation for the user depends on it."""
    outcome = take(401, envelope("invalid_api_key_error"))

    assert isinstance(outcome, Misconfigured)
    assert "invalid_api_key_error" == outcome.reason


@given(
    st.integers(100, 999),
    st.binary(max_size=100)
    | st.builds(
        orjson.dumps,
        st.recursive(
            st.none() | st.booleans() | st.text(st.characters(exclude_categories=["Cs"])),
            lambda inner: st.dictionaries(
                st.sampled_from(["error", "type", "message", "data_source_error", "code"]), inner
            ),
        ),
    ),
)
def test_no_answer_breaks_the_sync(status: int, body: bytes) -> None:
    """Whatever comes back is an object, a named error, or a reason to try again."""
    assert isinstance(take(status, body), (dict, DustError, Retry))
