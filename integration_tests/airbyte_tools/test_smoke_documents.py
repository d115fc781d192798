"""`pyab destination-smoke-test`, into documents. The tool does not look at Dust; these tests do."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from integration_tests.airbyte_tools.conftest import quick_dust
from integration_tests.airbyte_tools.smoke import NAMESPACE, SCENARIOS, Smoke, smoke


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Smoke]:
    """One run for all of these tests."""
    with quick_dust() as dust:
        yield smoke(dust, tmp_path_factory.mktemp("smoke"), "documents")


def test_the_verdict_is_success(run: Smoke) -> None:
    """All records were delivered, and the tool has nothing to remark."""
    run.assert_succeeded()


def test_each_stream_has_one_document_for_each_key(run: Smoke) -> None:
    """All scenarios are there, and nothing else."""
    assert {stream: count for stream, count in SCENARIOS.items() if count} == {
        stream: len(texts) for stream, texts in run.documents().items()
    }


def test_each_document_is_its_record(run: Smoke) -> None:
    """The text has the fields of the last record of its key, in their order, and the id says which it is."""
    expected = {stream: list(last.values()) for stream, last in run.last_of_each_key().items()}
    found = {stream: [json.loads(text) for text in texts] for stream, texts in run.documents().items()}

    assert expected == found
    assert [list(record) for each in expected.values() for record in each] == [
        list(record) for stream in expected for record in found[stream]
    ]
    assert {
        f"{NAMESPACE}-{stream}-{key}"
        for stream, last in run.last_of_each_key().items()
        for key in last
        if last[key].get("id")
    } == {each.rpartition("--")[0] for each, document in run.world.documents().items() if '"id":' in document.text}


@pytest.mark.parametrize(
    ("stream", "texts"),
    [
        (
            "large_decimals_and_numbers",
            [
                '{"id":1,"big_integer":9999999999999999,"precise_decimal":3.141592653589793,"small_decimal":1e-6}',
                '{"id":2,"big_integer":-9999999999999999,"precise_decimal":-0.1,"small_decimal":1e-10}',
                '{"id":3,"big_integer":0,"precise_decimal":99999999.99999999,"small_decimal":0.0}',
            ],
        ),
        (
            "special_number_values",
            [
                '{"id":1,"float_value":1.7976931348623157e+308,"integer_value":1}',
                '{"id":2,"float_value":5e-324,"integer_value":-1}',
                '{"id":3,"float_value":-1.7976931348623157e+308,"integer_value":0}',
                '{"id":4,"float_value":-5e-324,"integer_value":9223372036854775807}',
                '{"id":5,"float_value":0.0,"integer_value":-9223372036854775808}',
                '{"id":6,"float_value":1.0,"integer_value":2147483647}',
                '{"id":7,"float_value":-1.0,"integer_value":-2147483648}',
            ],
        ),
        (
            "unicode_and_special_strings",
            [
                '{"id":1,"unicode_text":"Hello World","special_chars":"line1\\nline2\\ttab"}',
                '{"id":2,"unicode_text":"Café naïve résumé","special_chars":"quote\\"inside"}',
                '{"id":3,"unicode_text":"你好世界","special_chars":"back\\\\slash"}',
                '{"id":4,"unicode_text":"АБВГ","special_chars":""}',
            ],
        ),
        (
            "null_handling",
            [  # The source itself leaves null fields out.
                '{"id":1,"nullable_string":"present","nullable_integer":42,"nullable_number":3.141592653589793,'
                '"nullable_boolean":true,"nullable_object":{"key":"val"}}',
                '{"id":2}',
                '{"id":3,"nullable_string":"","nullable_integer":0,"nullable_number":0.0,'
                '"nullable_boolean":false,"nullable_object":{}}',
            ],
        ),
        (
            "column_naming_edge_cases",
            [
                '{"id":1,"CamelCaseColumn":"camel","ALLCAPS":"caps","snake_case_column":"snake",'
                '"column-with-dashes":"dashes","column.with.dots":"dots","column with spaces":"spaces",'
                '"select":"reserved_select","from":"reserved_from","order":"reserved_order","group":"reserved_group"}',
            ],
        ),
        (
            "duplicate_primary_keys",
            [
                '{"id":1,"name":"Alice","updated_value":"third"}',
                '{"id":2,"name":"Bob","updated_value":"second"}',
                '{"id":3,"name":"Charlie","updated_value":"first"}',
            ],
        ),
    ],
)
def test_texts_are_exact(run: Smoke, stream: str, texts: list[str]) -> None:
    """Long numbers, other alphabets, nulls and odd names arrive as they are, and of equal keys the last."""
    assert texts == run.documents()[stream]
