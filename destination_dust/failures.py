"""Messages for users about errors: why the sync failed, and what to do about it."""

from __future__ import annotations

import errno

from destination_dust.airbyte.catalog import UnusableCatalog
from destination_dust.airbyte.completion import SourceFailed
from destination_dust.airbyte.messages import FailureType
from destination_dust.airbyte.reader import UnreadableInput
from destination_dust.config.config import CREATE_A_KEY
from destination_dust.config.fields import InvalidConfig
from destination_dust.dust.connection import Connection
from destination_dust.dust.errors import Misconfigured, NotFound, Rejected, Unavailable
from destination_dust.spool import MORE_FILES, DiskFull
from destination_dust.threads import NoThread
from destination_dust.writers.outcomes import BadRecord
from destination_dust.writers.tables.client import UnusableTable
from destination_dust.writers.tables.proof import Unconfirmed

# Airbyte's three kinds: the user must act; a defect; or a temporary failure, so the platform tries again.
FAILURE_TYPES: dict[type[Exception], FailureType] = {
    InvalidConfig: FailureType.config_error,
    UnusableCatalog: FailureType.config_error,
    Misconfigured: FailureType.config_error,
    Rejected: FailureType.config_error,
    BadRecord: FailureType.config_error,
    UnusableTable: FailureType.config_error,
    NotFound: FailureType.config_error,
    UnreadableInput: FailureType.system_error,
    DiskFull: FailureType.system_error,
    NoThread: FailureType.system_error,
    SourceFailed: FailureType.transient_error,
    Unavailable: FailureType.transient_error,
    Unconfirmed: FailureType.transient_error,
}

# Limits that may be met anywhere, in words for users.
LIMITS = {
    errno.EMFILE: f"The process has opened as many files and connections as it may. {MORE_FILES}",
    errno.ENFILE: f"The machine has opened as many files and connections as it can. {MORE_FILES}",
    errno.ENOSPC: "The disk is full. Make room on it, or point the environment variable TMPDIR to another one.",
    errno.ENOMEM: "The process has used up the memory that it may have. Give the connector more.",
}

REGIONS = {"dust.tt": "https://eu.dust.tt", "eu.dust.tt": "https://dust.tt"}


EXPECTED = tuple(FAILURE_TYPES)
"""Errors that are no defects of the connector: their texts are for users."""


def failure_type(error: BaseException) -> FailureType:
    """How the platform should treat an error."""
    for kind, result in FAILURE_TYPES.items():
        if isinstance(error, kind):
            return result
    return FailureType.system_error


def explain(error: BaseException, connection: Connection | None) -> str:
    """The message for the user. For unexpected errors, only the type is named."""
    return " ".join([_explained(error, connection), *getattr(error, "__notes__", ())])


def _explained(error: BaseException, connection: Connection | None) -> str:
    if isinstance(error, Misconfigured) and connection:
        return _misconfigured(error, connection)
    if isinstance(error, Unavailable):
        return f"{error} Try again later. If it persists, check https://status.dust.tt and the network in between."
    if isinstance(error, EXPECTED):
        return str(error)
    if isinstance(error, MemoryError):
        return LIMITS[errno.ENOMEM]
    if isinstance(error, OSError) and error.errno in LIMITS:
        return LIMITS[error.errno]
    return (
        f"The connector failed unexpectedly ({type(error).__name__}), which is a defect of the connector. "
        "Please report it with the error in the log."
    )


def _misconfigured(error: Misconfigured, at: Connection) -> str:
    """Dust's own words are short; the advice is ours. Keyed by Dust's `error.type`."""
    match error.reason:
        case "invalid_api_key_error":
            return f"Dust does not know the API key, or it was revoked.{_other_region(at)}"
        case "malformed_authorization_header_error" | "not_authenticated":
            return (
                "Dust does not accept the API key. A key begins with sk- and is copied whole when it is created, under "
                f"Admin > Dust API Keys.{_other_region(at)}"
            )
        case "workspace_auth_error" | "user_not_found":
            return (
                f"The API key belongs to another workspace, not to {at.workspace_id}. "
                "Take the key and the workspace ID from the same workspace."
            )
        case "workspace_not_found":
            return (
                f"Dust has no workspace {at.workspace_id} at {at.host}. "
                f"The ID is in the address of Dust in the browser: app.dust.tt/w/<workspace ID>.{_other_region(at)}"
            )
        case "workspace_can_use_product_required_error":
            return "The plan of this Dust workspace does not include API access. Upgrade the plan in Dust."
        case "data_source_quota_error":
            return f"The Dust data source is full: {error} Delete documents or upgrade the plan in Dust."
        case "workspace_quota_error":
            return f"The Dust workspace is full: {error} Free some space or upgrade the plan in Dust."
        case "space_not_found":
            return (
                f"The space {at.space_id} does not exist, or the API key may not see it. Copy the ID (vlt_…) from the "
                f"address of the space in Dust. If it is right, use a key that this space was added to. {CREATE_A_KEY}"
            )
        case "data_source_not_found":
            return (
                f"The data source {at.data_source_id} does not exist in the space {at.space_id}, or the API key may "
                "not see it. In Dust, Use from API in the menu of the folder shows both IDs (vlt_… and dts_…). If they "
                f"are right, use a key that this space was added to. {CREATE_A_KEY}"
            )
        case "data_source_auth_error" if "managed" in str(error):
            return (
                f"The data source {at.data_source_id} is managed by Dust's own connection to another service and "
                "cannot be written to. Create a folder in Dust, and set the data source ID to that of the folder."
            )
        case "data_source_auth_error":
            return (
                f"The API key may read the data source {at.data_source_id} but not write to it "
                f"({str(error).rstrip('.')}): the space {at.space_id} was not added to the key, which cannot be done "
                f"later. {CREATE_A_KEY} Keys that had the role builder lost the right to write in September 2026, "
                "although nothing changed on your side."
            )
        case "" | "not_dust":
            return str(error)
        case reason:
            return f"Dust refuses access: {error} ({reason}). Check the API key, the IDs and the workspace in Dust."


def _other_region(at: Connection) -> str:
    other = REGIONS.get(at.host)
    if not other:
        return " Check the API key and the base URL."
    where = "Europe" if other == REGIONS["dust.tt"] else "the United States"
    return f" Each region has its own keys: if the workspace is in {where}, set the base URL to {other}."
