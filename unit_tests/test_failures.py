"""Errors as Airbyte's failure types, with messages for users."""

from __future__ import annotations

import errno
import inspect

import pytest

from destination_dust import failures
from destination_dust.airbyte.catalog import UnusableCatalog
from destination_dust.airbyte.messages import FailureType
from destination_dust.airbyte.reader import UnreadableInput
from destination_dust.config.fields import InvalidConfig
from destination_dust.dust import errors
from destination_dust.dust.connection import Connection
from destination_dust.dust.errors import DustError, Misconfigured, NotFound, Rejected, Stopped, TooLarge, Unavailable
from destination_dust.threads import NoThread
from destination_dust.writers.outcomes import BadRecord

KEY = "sk-0123456789abcdef"
AT = Connection(KEY, "0ec9852c2f", "vlt_1", "dts_1")
IN_EUROPE = Connection(KEY, "0ec9852c2f", "vlt_1", "dts_1", "https://eu.dust.tt")
ELSEWHERE = Connection(KEY, "0ec9852c2f", "vlt_1", "dts_1", "http://localhost:3000")


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (InvalidConfig("x"), FailureType.config_error),
        (UnusableCatalog("x"), FailureType.config_error),
        (Misconfigured("x"), FailureType.config_error),
        (Rejected("x"), FailureType.config_error),
        (TooLarge("x"), FailureType.config_error),
        (BadRecord("x"), FailureType.config_error),
        (NotFound("x"), FailureType.config_error),
        (UnreadableInput("x"), FailureType.system_error),
        (Unavailable("x"), FailureType.transient_error),
        (ValueError("x"), FailureType.system_error),
        (OSError("x"), FailureType.system_error),
        (Stopped("x"), FailureType.system_error),
    ],
)
def test_an_error_has_the_failure_type_of_its_remedy(error: Exception, expected: FailureType) -> None:
    """The user must act, software is broken, or it may pass: only then does the platform try again."""
    assert expected is failures.failure_type(error)


def test_every_error_of_dust_has_its_place() -> None:
    """Except those that the connector handles itself."""
    kinds = [
        kind
        for _, kind in inspect.getmembers(errors, inspect.isclass)
        if issubclass(kind, DustError) and kind is not DustError
    ]
    placed = {kind.__name__ for kind in kinds if issubclass(kind, tuple(failures.FAILURE_TYPES))}

    assert {kind.__name__ for kind in kinds} - placed <= {"Stopped", "Ambiguous"}


@pytest.mark.parametrize("kind", [InvalidConfig, UnusableCatalog, Rejected, BadRecord, UnreadableInput])
def test_an_expected_error_is_shown_as_it_is(kind: type[Exception]) -> None:
    """It was written for the user."""
    assert "what happened" == failures.explain(kind("what happened"), AT)


def test_the_message_of_a_lasting_outage_says_where_to_look() -> None:
    """After what happened: only people can find out more."""
    message = failures.explain(Unavailable("what happened"), AT)

    assert message.startswith("what happened ")
    assert "status.dust.tt" in message


def test_an_unexpected_error_is_named_by_its_type_only() -> None:
    """Its text may contain anything, a record for example."""
    message = failures.explain(ValueError("Jane Doe"), AT)

    assert "(ValueError)" in message
    assert "Jane" not in message


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("invalid_api_key_error", ["does not know the API key", "revoked"]),
        ("malformed_authorization_header_error", ["Dust API Keys", "sk-"]),
        ("not_authenticated", ["Dust API Keys", "sk-"]),
        ("workspace_auth_error", ["another workspace, not to 0ec9852c2f"]),
        ("user_not_found", ["another workspace, not to 0ec9852c2f"]),
        ("workspace_not_found", ["no workspace 0ec9852c2f at dust.tt", "/w/"]),
        ("workspace_can_use_product_required_error", ["plan", "Upgrade"]),
        ("data_source_quota_error", ["full", "what Dust says", "upgrade"]),
        ("workspace_quota_error", ["full", "what Dust says", "upgrade"]),
        ("space_not_found", ["vlt_1", "may not see it", "Dust API Keys", "Read-only", "role user"]),
        ("data_source_not_found", ["dts_1", "vlt_1", "may not see it", "Dust API Keys", "Read-only", "role user"]),
        ("data_source_auth_error", ["dts_1", "not write", "what Dust says", "space vlt_1 was not added to the key"]),
        ("data_source_auth_error", ["Dust API Keys", "Read-only", "role user", "builder", "September 2026"]),
        ("something_new", ["what Dust says"]),
        ("", ["what Dust says"]),
    ],
)
def test_a_mistake_in_the_settings_comes_with_advice(reason: str, words: list[str]) -> None:
    """Dust's message is short; the ids in question and the remedy are added."""
    message = failures.explain(Misconfigured("what Dust says", reason=reason), AT)

    assert [] == [word for word in words if word not in message]


def test_a_managed_data_source_is_not_blamed_on_the_key() -> None:
    """Dust refuses both with one type; its words tell them apart."""
    says = "You cannot upsert a document on a managed data source."

    message = failures.explain(Misconfigured(says, reason="data_source_auth_error"), AT)

    assert "dts_1 is managed by Dust's own connection" in message
    assert "API key" not in message


@pytest.mark.parametrize("reason", ["invalid_api_key_error", "not_authenticated", "workspace_not_found"])
def test_a_key_that_is_unknown_may_be_one_of_the_other_region(reason: str) -> None:
    """Each region has its own; the message names the address of the other one."""
    error = Misconfigured("x", reason=reason)

    assert "Europe, set the base URL to https://eu.dust.tt." in failures.explain(error, AT)
    assert "United States, set the base URL to https://dust.tt." in failures.explain(error, IN_EUROPE)
    assert "region" not in failures.explain(error, ELSEWHERE)


def test_without_a_connection_dusts_own_words_remain() -> None:
    """There is nothing to add."""
    assert "what Dust says" == failures.explain(Misconfigured("what Dust says", reason="space_not_found"), None)


def test_advice_does_not_show_the_key() -> None:
    """In none of the messages."""
    reasons = ["invalid_api_key_error", "not_authenticated", "workspace_auth_error", "data_source_auth_error", "x"]

    for reason in reasons:
        for at in (AT, IN_EUROPE, ELSEWHERE):
            assert KEY not in failures.explain(Misconfigured("x", reason=reason), at)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.EMFILE, "x"), "ulimit -n"),
        (OSError(errno.ENFILE, "x"), "ulimit -n"),
        (OSError(errno.ENOSPC, "x"), "The disk is full"),
        (OSError(errno.ENOMEM, "x"), "memory"),
        (MemoryError(), "memory"),
        (NoThread("x"), "x"),
    ],
)
def test_a_limit_of_the_system_is_no_defect(error: Exception, words: str) -> None:
    """Its message says which one to raise. No retry helps until then."""
    assert words in failures.explain(error, None)
    assert "defect" not in failures.explain(error, None)
    assert FailureType.system_error is failures.failure_type(error)


def test_another_error_of_the_system_is_a_defect() -> None:
    """Its text may hold anything, so only its type is named."""
    assert "OSError" in failures.explain(OSError(errno.EBADF, "x"), None)
