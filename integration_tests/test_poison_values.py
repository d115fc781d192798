"""Values and schemas that no source means: each costs its record at most, never the sync."""

from __future__ import annotations

import json
from typing import Any

import pytest

from integration_tests.harness import tables
from integration_tests.harness.in_process import sync
from integration_tests.harness.messages import EMITTED_AT, catalog, state, stream
from local_dust import World

CHOSEN: dict[str, Any] = {"title_field": "name", "source_url_field": "url", "tag_fields": ["tag"]}
# The values of a field, as JSON: what Python, orjson or the standard library stumble over.
POISON = [
    "1e1000000",
    "-1e-1000000",
    "1e99999999999999999999",
    "9" * 5000,
    "NaN",
    "-Infinity",
    "-0.0",
    "true",
    '"\\ud800"',
    '"https://h:' + "9" * 5000 + '/"',
    '"' + "9" * 5000 + '"',
    '"2024-01-0\\ud800"',
    "[" * 200 + "]" * 200,
    '{"a":' * 200 + "1" + "}" * 200,
    '{"' + "k" * 20_000 + '":"\\u0000"}',
    "1" + "0" * 400 + ".5",
]


def line(number: int, value: str, emitted_at: str = str(EMITTED_AT)) -> bytes:
    """A record with one value in every field that has a meaning."""
    fields = ",".join(f'"{name}":{value}' for name in ("name", "url", "tag", "when", "day", "amount", "any"))
    data = f'{{"id":{number},{fields}}}'
    return f'{{"type":"RECORD","record":{{"stream":"users","data":{data},"emitted_at":{emitted_at}}}}}'.encode()


FIELDS: dict[str, Any] = {
    "id": {"type": "integer"},
    "when": {"type": "string", "format": "date-time"},
    "day": {"type": "string", "format": "date"},
    "amount": {"type": "number"},
}


def chosen(data_format: str) -> tuple[World, dict[str, Any]]:
    """A local Dust, and the settings for a sync into it."""
    if data_format == "tables":
        return World(quiet_seconds=tables.QUIET), tables.settings()
    return World(upserts_per_minute=None), {**CHOSEN, "timestamp_field": "when"}


def stored(world: World, data_format: str) -> set[str]:
    """The ids of what was stored."""
    return set(tables.stored(world)) if data_format == "tables" else set(world.documents())


@pytest.mark.parametrize("data_format", ["documents", "tables"])
def test_records_with_poison_values_are_stored_like_others(data_format: str) -> None:
    """What Dust cannot hold of them is left out or cleaned; every record arrives."""
    world, settings = chosen(data_format)
    moments = ["1e30", "-1e30", "1e1000000", "NaN", "true", "null", '"soon"', "[1]", "-1", "253402300800000"]
    lines = [line(number, value) for number, value in enumerate(POISON)]
    lines += [line(100 + number, '"x"', moment) for number, moment in enumerate(moments)]

    finished = sync(world, catalog(stream("users", fields=FIELDS)), [*lines, state("users", 1)], **settings)

    assert (None, len(lines)) == (finished.failure, len(stored(world, data_format))), finished.message
    assert float(len(lines)) == finished.states[0]["destinationStats"]["recordCount"]


@pytest.mark.parametrize("data_format", ["documents", "tables"])
@pytest.mark.parametrize("levels", [150, 1_000_000])
def test_a_record_that_is_nested_too_deeply_is_a_bad_record(data_format: str, levels: int) -> None:
    """Two million brackets are read in seconds, and cost their record alone: the state behind it counts it."""
    world, settings = chosen(data_format)
    deep = '{"a":[' * levels + "1" + "]}" * levels
    lines: list[dict[str, Any] | bytes] = [line(1, '"x"'), line(2, deep), line(3, '"x"'), state("users", 1)]

    failed = sync(world, catalog(stream("users", fields=FIELDS)), lines, **settings)
    assert "in line 2 of the input" in failed.message
    assert "nested deeper than 250 levels" in failed.message

    skipped = sync(world, catalog(stream("users", fields=FIELDS)), lines, **settings, on_record_error="skip")
    assert (None, {"users-1", "users-3"}) == (skipped.failure, stored(world, data_format)), skipped.message
    statistics = skipped.states[0]["destinationStats"]
    assert (2.0, 1.0) == (statistics["recordCount"], statistics["rejectedRecordCount"])


@pytest.mark.parametrize("data_format", ["documents", "tables"])
@pytest.mark.parametrize(
    "schema",
    [
        True,
        "object",
        [1],
        {"properties": True},
        {"properties": ["id"]},
        {"properties": {"id": None, "name": True, "when": [], "day": 5, "url": "string"}},
        {"properties": {"id": {"oneOf": 5, "anyOf": True, "format": {"a": []}, "type": {"x": 1}, "description": 1}}},
        {"properties": {"\ud800\0": {"type": ["\ud800", 1], "description": "\ud800\0"}, "": {}, "k" * 20_000: {}}},
    ],
    ids=range(8),
)
def test_a_schema_may_be_anything(data_format: str, schema: Any) -> None:
    """It is advice: records are stored without it."""
    world, settings = chosen(data_format)
    configured = stream("users")
    configured["stream"]["json_schema"] = json.loads(json.dumps(schema))

    finished = sync(world, catalog(configured), [line(1, '"x"'), state("users", 1)], **settings)

    assert (None, {"users-1"}) == (finished.failure, stored(world, data_format)), finished.message
    assert 1 == len(finished.states)


def test_a_record_with_too_many_fields_is_left_out_alone() -> None:
    """What it would have added to the table is not held against the records after it."""
    world, settings = chosen("tables")
    wide = {"id": 1, **{f"column_{number}_x": number for number in range(600)}}
    content = {"stream": "users", "data": wide, "emitted_at": EMITTED_AT}
    messages: list[dict[str, Any] | bytes] = [
        line(0, '"x"'),
        {"type": "RECORD", "record": content},
        line(2, '"y"'),
        state("users", 1),
    ]

    finished = sync(world, catalog("users"), messages, **settings, on_record_error="skip")

    assert (None, {"users-0", "users-2"}) == (finished.failure, stored(world, "tables"))
    assert {"recordCount": 2.0, "rejectedRecordCount": 1.0} == finished.states[0]["destinationStats"]
    assert any(
        "record users-1 was left out: a Dust table has at most 511 columns" in each for each in finished.warnings
    )


def test_a_record_with_too_many_fields_fails_the_sync_if_bad_records_do() -> None:
    """The records before it are stored, and the message says what to do."""
    world, settings = chosen("tables")
    wide = {"id": 1, **{f"column_{number}_x": number for number in range(600)}}
    content = {"stream": "users", "data": wide, "emitted_at": EMITTED_AT}

    finished = sync(world, catalog("users"), [line(0, '"x"'), {"type": "RECORD", "record": content}], **settings)

    assert "config_error" == finished.failure
    assert "Select fewer of the stream's fields in the connection (record users-1)" in finished.message
