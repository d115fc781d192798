"""Records of change data capture: which values the source did not have, and what only looks like one of them."""

from __future__ import annotations

import base64
import hashlib
import uuid
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from destination_dust.airbyte.cdc import available, is_change, is_placeholder, is_tombstone, unavailable

PLACEHOLDER = "__debezium_unavailable_value"
BYTES = base64.b64encode(PLACEHOLDER.encode()).decode()
CHANGE: dict[str, Any] = {"_ab_cdc_updated_at": "2026-05-01T12:34:56Z", "_ab_cdc_deleted_at": None}


@pytest.mark.parametrize(
    "value",
    [
        PLACEHOLDER,
        "java.lang.Object@2c5e36a7",
        "java.lang.Object@1",
        [PLACEHOLDER],
        [95, 95, 100, 101, 98, 101, 122, 105, 117, 109, *PLACEHOLDER[10:].encode()],
        {PLACEHOLDER: PLACEHOLDER},
        '{"__debezium_unavailable_value":"__debezium_unavailable_value"}',
        '["__debezium_unavailable_value"]',
        BYTES,
        [BYTES],
        [str(uuid.UUID(bytes=hashlib.md5(PLACEHOLDER.encode(), usedforsecurity=False).digest(), version=3))],
    ],
)
def test_debeziums_placeholders_are_recognised(value: object) -> None:
    """For texts, JSON, bytes, arrays and hstores; the latter also as the JSON that a table of Dust holds."""
    assert ("body",) == unavailable({"id": 1, "body": value, **CHANGE})


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        f" {PLACEHOLDER}",
        f"{PLACEHOLDER}\n",
        f"see {PLACEHOLDER}",
        PLACEHOLDER.upper(),
        "java.lang.Object@",
        "java.lang.Object@2c5e36a7f",
        "java.lang.Object@2C5E36A7",
        "java.lang.Object@2c5e36a7\n",
        "java.lang.String@2c5e36a7",
        [PLACEHOLDER, PLACEHOLDER],
        [],
        {PLACEHOLDER: 1},
        {"a": PLACEHOLDER},
        [[PLACEHOLDER]],
    ],
)
def test_other_values_are_values(value: object) -> None:
    """Only a whole value is a placeholder: a text about one is a text."""
    assert () == unavailable({"id": 1, "body": value, **CHANGE})


def test_only_change_data_capture_has_placeholders() -> None:
    """Elsewhere, the text is what the source has."""
    assert () == unavailable({"id": 1, "body": PLACEHOLDER})
    assert not is_change({"id": 1, "_ab_cdc_lsn": 5})
    assert is_change({"_ab_cdc_deleted_at": None})


@pytest.mark.parametrize(("value", "gone"), [(None, False), ("2026-01-01T00:00:00Z", True), ("", True), (0, True)])
def test_a_tombstone_has_a_time_of_deletion(value: object, gone: bool) -> None:
    """Other records have the field, too, and it is null."""
    assert gone == is_tombstone({"_ab_cdc_deleted_at": value})


_VALUES = st.sampled_from([None, 1, "text", PLACEHOLDER, [PLACEHOLDER], "java.lang.Object@1"])


@given(st.dictionaries(st.sampled_from("abcde"), _VALUES))
def test_what_is_available_and_what_is_not_make_the_record(data: dict[str, Any]) -> None:
    """No field is lost between the two, and the others keep their values and their order."""
    record = {**data, **CHANGE}

    assert [*record] == [name for name in record if name in available(record) or name in unavailable(record)]
    assert {name: value for name, value in record.items() if not is_placeholder(value)} == available(record)
