"""The settings, parsed once. Defaults are stated here and in `spec.json`; a test compares them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from destination_dust.config.base_url import DEFAULT_BASE_URL, base_url
from destination_dust.config.documents import SHAPE_FIELDS, STREAM_OVERRIDES, DocumentOptions
from destination_dust.config.fields import InvalidConfig, boolean, choice, integer, required_text, seconds
from destination_dust.dust.connection import Connection

# A valid beginning of an SQL name without quotes.
TABLE_PREFIX = re.compile("([a-z_][a-z0-9_]{0,49})?")
# What Dust's server accepts after "Bearer ".
API_KEY = re.compile(r"sk-[A-Za-z0-9]+")
# On Dust's page the role user is called Read-only, which sounds wrong for a connector and is right.
CREATE_A_KEY = (
    "In Dust, an admin creates a key under Admin > Dust API Keys (or Admin > Developers > API keys), with the access "
    "scope Read-only (the role user) and the folder's space added under Spaces: it writes to the spaces added to it."
)
# What Dust's pages for other tools ask people to paste in front of it.
BEARER = re.compile(r"\s*[Bb]earer\s+")


class DataFormat(Enum):
    """What a record becomes."""

    DOCUMENTS = "documents"
    TABLES = "tables"


class OnRecordError(Enum):
    """What to do with a record that cannot be stored."""

    FAIL = "fail"
    SKIP = "skip"
    SPLIT = "split"
    """As `FAIL`, but a document that is too large is stored in parts."""


class CdcDeletes(Enum):
    """What to do with a table row that was deleted in the source."""

    HARD = "hard"
    SOFT = "soft"


@dataclass(frozen=True, slots=True)
class Timing:
    """Times in seconds. Hidden in the form: for tests and for support."""

    retry_budget: float = 900.0
    """How long one call may fail before the sync does."""
    call_deadline: float = 600.0
    """How long one call may take, including its whole answer."""
    progress_interval: float = 30.0
    batch_age: float = 60.0
    """Tables: how long rows wait for others to fill a request, and requests for others before Dust merges them."""
    confirmation_delay: float = 11.0
    """Tables: how long Dust is left alone before rows are first read back."""
    confirmation_limit: float = 1800.0
    """Tables: how long rows that Dust accepted may stay unreadable."""
    check_limit: float = 20.0
    """How long a check may take: Airbyte's users wait for it."""


@dataclass(frozen=True, slots=True)
class Config:
    """All settings of a connection to Dust."""

    connection: Connection
    data_format: DataFormat = DataFormat.DOCUMENTS
    documents: DocumentOptions = field(default_factory=DocumentOptions)
    documents_per_minute: int = 120
    table_id_prefix: str = "airbyte_"
    table_batch_size: int = 5000
    cdc_deletes: CdcDeletes = CdcDeletes.HARD
    confirm_rows: bool = True
    skip_unchanged: bool = True
    end_of_input_is_complete: bool = False
    on_record_error: OnRecordError = OnRecordError.FAIL
    max_concurrency: int = 32
    timing: Timing = field(default_factory=Timing)
    unknown: tuple[str, ...] = ()
    """Settings that this version does not know, and ignores."""

    @classmethod
    def parse(cls, settings: Mapping[str, Any]) -> Config:
        """Read a connector configuration. Raises `InvalidConfig`."""
        documents = DocumentOptions.parse(settings)
        return cls(
            Connection(
                api_key=_api_key(settings),
                workspace_id=required_text(
                    settings, "workspace_id", "It is in the address of Dust: app.dust.tt/w/<id>."
                ),
                space_id=required_text(settings, "space_id", "It is in the address of the space and begins with vlt_."),
                data_source_id=required_text(
                    settings, "data_source_id", "In Dust, Use from API in the menu of the folder shows it (dts_…)."
                ),
                base_url=base_url(settings.get("base_url") or DEFAULT_BASE_URL),
            ),
            data_format=choice(DataFormat, settings, "data_format", DataFormat.DOCUMENTS),
            documents=documents,
            documents_per_minute=integer(settings, "documents_per_minute", 120, 1, 100_000),
            table_id_prefix=_prefix(settings, "table_id_prefix", "airbyte_"),
            table_batch_size=integer(settings, "table_batch_size", 5000, 1, 100_000),
            cdc_deletes=choice(CdcDeletes, settings, "cdc_deletes", CdcDeletes.HARD),
            confirm_rows=boolean(settings, "confirm_rows", True),
            skip_unchanged=boolean(settings, "skip_unchanged", True),
            end_of_input_is_complete=boolean(settings, "end_of_input_is_complete", False),
            on_record_error=choice(OnRecordError, settings, "on_record_error", OnRecordError.FAIL),
            max_concurrency=integer(settings, "max_concurrency", 32, 1, 64),
            timing=_timing(settings.get("timing")),
            unknown=(*sorted(set(settings) - KNOWN), *documents.unknown),
        )


KNOWN = frozenset(
    (
        *("api_key", "workspace_id", "space_id", "data_source_id", "base_url", "data_format"),
        *("documents_per_minute", "table_id_prefix", "table_batch_size", "cdc_deletes", "confirm_rows"),
        *("skip_unchanged", "end_of_input_is_complete", "on_record_error", "max_concurrency", "timing"),
        *SHAPE_FIELDS,
        STREAM_OVERRIDES,
    )
)


def bare_key(text: str) -> str:
    """The API key in a pasted text: without blanks around it and without the word Bearer. It may still be wrong."""
    found = BEARER.match(text)
    return text[found.end() if found else 0 :].strip()


def _api_key(settings: Mapping[str, Any]) -> str:
    key = bare_key(required_text(settings, "api_key", CREATE_A_KEY))
    if not API_KEY.fullmatch(key):
        raise InvalidConfig("api_key is not a Dust API key: those begin with sk- and go on in letters and digits.")
    return key


def _prefix(settings: Mapping[str, Any], name: str, default: str) -> str:
    value = settings.get(name)
    if value is None:
        return default
    if not isinstance(value, str) or not TABLE_PREFIX.fullmatch(value.strip()):
        raise InvalidConfig(
            f"{name} must consist of lower-case letters, digits and _ (at most 50), and not begin with a digit."
        )
    return value.strip()


def _timing(settings: object) -> Timing:
    if settings is None:
        return Timing()
    if not isinstance(settings, Mapping):
        raise InvalidConfig("timing must be an object of times in seconds.")
    return Timing(**{name: seconds(settings, name, getattr(Timing(), name), "timing.") for name in Timing.__slots__})
