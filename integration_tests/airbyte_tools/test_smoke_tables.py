"""`pyab destination-smoke-test`, into tables. The tool does not look at Dust; these tests do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from integration_tests.airbyte_tools.conftest import quick_dust
from integration_tests.airbyte_tools.smoke import SCENARIOS, Smoke, smoke

PI = 3.141592653589793


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Smoke]:
    """One run for all of these tests."""
    with quick_dust() as dust:
        yield smoke(dust, tmp_path_factory.mktemp("smoke"), "tables")


def test_the_verdict_is_success(run: Smoke) -> None:
    """All records were delivered, and the tool has nothing to remark."""
    run.assert_succeeded()


def test_each_stream_has_one_row_for_each_key(run: Smoke) -> None:
    """Each scenario with records is a table of its own, and there are no others."""
    assert {stream: count for stream, count in SCENARIOS.items() if count} == {
        stream: len(rows) for stream, rows in run.tables().items()
    }


@pytest.mark.parametrize("stream", ["large_batch_stream", "duplicate_primary_keys", "single_record_stream"])
def test_plain_records_are_rows_as_they_are(run: Smoke, stream: str) -> None:
    """A thousand records, and the last of equal keys."""
    assert list(run.last_of_each_key()[stream].values()) == run.tables()[stream]


@pytest.mark.parametrize(
    ("stream", "rows"),
    [
        (
            "large_decimals_and_numbers",
            # Dust itself shows whole numbers beyond 2^53 as the nearest that JavaScript has.
            [
                {"id": 1, "big_integer": 10**16, "precise_decimal": PI, "small_decimal": 1e-6},
                {"id": 2, "big_integer": -(10**16), "precise_decimal": -0.1, "small_decimal": 1e-10},
                {"id": 3, "big_integer": 0, "precise_decimal": 99999999.99999999, "small_decimal": 0},
            ],
        ),
        (
            "special_number_values",
            [
                {"id": 1, "float_value": 1.7976931348623157e308, "integer_value": 1},
                {"id": 2, "float_value": 5e-324, "integer_value": -1},
                {"id": 3, "float_value": -1.7976931348623157e308, "integer_value": 0},
                {"id": 4, "float_value": -5e-324, "integer_value": 2**63},
                {"id": 5, "float_value": 0, "integer_value": -(2**63)},
                {"id": 6, "float_value": 1, "integer_value": 2147483647},
                {"id": 7, "float_value": -1, "integer_value": -2147483648},
            ],
        ),
        (
            "unicode_and_special_strings",
            [
                {"id": 1, "unicode_text": "Hello World", "special_chars": "line1\nline2\ttab"},
                {"id": 2, "unicode_text": "Café naïve résumé", "special_chars": 'quote"inside'},
                {"id": 3, "unicode_text": "你好世界", "special_chars": "back\\slash"},
                {"id": 4, "unicode_text": "АБВГ"},
            ],
        ),
        (
            "null_handling",
            [
                {
                    "id": 1,
                    "nullable_string": "present",
                    "nullable_integer": 42,
                    "nullable_number": PI,
                    "nullable_boolean": True,
                    "nullable_object": '{"key":"val"}',
                },
                {"id": 2},
                {
                    "id": 3,
                    "nullable_integer": 0,
                    "nullable_number": 0,
                    "nullable_boolean": False,
                    "nullable_object": "{}",
                },
            ],
        ),
        (
            "column_naming_edge_cases",
            [
                {
                    "id": 1,
                    "camel_case_column": "camel",
                    "allcaps": "caps",
                    "snake_case_column": "snake",
                    "column_with_dashes": "dashes",
                    "column_with_dots": "dots",
                    "column_with_spaces": "spaces",
                    "select": "reserved_select",
                    "from": "reserved_from",
                    "order": "reserved_order",
                    "group": "reserved_group",
                }
            ],
        ),
        (
            "time_types",
            [
                {
                    "id": 1,
                    "time_no_tz": "1970-01-01 10:30:00",
                    "time_with_tz": "1970-01-01 05:00:00",
                    "timestamp_no_tz": "2024-01-15 10:30:00",
                },
                {
                    "id": 2,
                    "time_no_tz": "1970-01-01 00:00:00",
                    "time_with_tz": "1970-01-01 00:00:00",
                    "timestamp_no_tz": "1970-01-01 00:00:00",
                },
                {
                    "id": 3,
                    "time_no_tz": "1970-01-01 23:59:59",
                    "time_with_tz": "1970-01-01 07:59:59",
                    "timestamp_no_tz": "2099-12-31 23:59:59",
                },
            ],
        ),
        (
            "union_types",
            [
                {"id": 1, "string_or_integer": "hello", "number_or_null": PI, "object_or_string": '{"key":"value"}'},
                {"id": 2, "string_or_integer": 42, "object_or_string": "just_a_string"},
                {"id": 3, "number_or_null": 0, "object_or_string": "{}"},
            ],
        ),
        (
            "schema_with_no_primary_key",
            [
                {"event_id": "evt_001", "event_type": "click", "payload": "{}"},
                {"event_id": "evt_002", "event_type": "view", "payload": '{"page": "home"}'},
            ],
        ),
    ],
)
def test_cells_are_exact(run: Smoke, stream: str, rows: list[dict[str, Any]]) -> None:
    """Numbers, other alphabets, nulls, odd names, times of day and values of several types, as Dust shows them."""
    by_content = sorted(run.tables()[stream], key=lambda row: (row.get("id"), row.get("event_id")))

    assert rows == by_content
