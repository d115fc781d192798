"""States as they are given back: the line of the source, with our counts."""

from __future__ import annotations

import json
from typing import Any

import airbyte_cdk.models
import orjson
import pytest

from destination_dust.airbyte.messages import FailureType, acknowledgement


def state_line(content: str, *, more: str = "") -> bytes:
    """The line of a STATE message with some JSON as its content."""
    return f'{{"type":"STATE","state":{content}{more}}}'.encode()


def given_back(line: bytes) -> Any:
    """The acknowledgement of a state, with numbers as texts, so that the comparison rounds none."""
    return json.loads(acknowledgement(line, stored=3, rejected=0), parse_int=str, parse_float=str)


def test_a_state_is_given_back_as_it_came_with_its_counts() -> None:
    """The platform knows it again by its `id`, and refuses it without; other hosts may use unknown keys."""
    content = (
        '{"type":"STREAM","id":7,"new":[null],"sourceStats":{"recordCount":3.0},'
        '"stream":{"stream_descriptor":{"name":"users","namespace":null},"stream_state":{"a":null,"b":{}}}}'
    )

    line = acknowledgement(state_line(content, more=',"id":8,"new":{"x":1}'), stored=3, rejected=0)

    expected = content[:-1] + ',"destinationStats":{"recordCount":3.0}}'
    assert f'{{"type":"STATE","state":{expected},"id":8,"new":{{"x":1}}}}' == line.decode()


def test_rejected_records_are_counted_apart() -> None:
    """Stored and rejected add up to what was read."""
    line = acknowledgement(state_line("{}"), stored=3, rejected=2)

    assert {"recordCount": 3.0, "rejectedRecordCount": 2.0} == orjson.loads(line)["state"]["destinationStats"]


def test_old_counts_of_a_destination_are_replaced() -> None:
    """Only ours are true here."""
    line = acknowledgement(state_line('{"destinationStats":{"recordCount":99}}'), stored=3, rejected=0)

    assert {"recordCount": 3.0} == orjson.loads(line)["state"]["destinationStats"]


@pytest.mark.parametrize(
    "number",
    ["123456789012345678901234567890", "-9223372036854775809", "0.1234567890123456789012345", "18446744073709551615"],
)
def test_numbers_of_a_state_stay_exact(number: str) -> None:
    """A cursor that comes back rounded makes the source skip or repeat records."""
    content = f'{{"type":"GLOBAL","global":{{"shared_state":{{"lsn":{number}}}}}}}'

    assert {"lsn": number} == given_back(state_line(content))["state"]["global"]["shared_state"]


def test_texts_of_a_state_stay_as_they_are() -> None:
    """Also halves of surrogate pairs and NUL, which only the state's source must understand."""
    content = r'{"data":{"\ud800":"\udc00 \u0000 é"}}'

    assert {"\ud800": "\udc00 \0 é"} == given_back(state_line(content))["state"]["data"]


def test_a_global_state_under_the_name_that_some_hosts_use_is_given_back_untouched() -> None:
    """PyAirbyte writes `global_`, and all keys that there are."""
    shared = {"shared_state": {"lsn": "9007199254740993"}, "stream_states": []}
    content = f'{{"type":"GLOBAL","stream":null,"data":null,"global_":{json.dumps(shared)}}}'

    expected = {"type": "GLOBAL", "stream": None, "data": None, "global_": shared}
    assert {**expected, "destinationStats": {"recordCount": "3.0"}} == given_back(state_line(content))["state"]


def test_failure_types_are_those_of_the_protocol() -> None:
    """The CDK has them, too, but a library must not import it."""
    assert {each.name: each.value for each in airbyte_cdk.models.FailureType} == {
        each.name: each.value for each in FailureType
    }
