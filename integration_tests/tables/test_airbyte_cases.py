"""Cases of Airbyte's own test suites for destinations that tables have no other test for.

The mark `airbyte_case` names them; `docs/airbyte-test-cases.md` lists all cases.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from destination_dust.mapping.ids import table_name
from destination_dust.mapping.tables.columns import ColumnNames
from integration_tests.harness.connector import Connector, write
from integration_tests.harness.in_process import sync
from integration_tests.harness.messages import catalog, complete, record, state, stream
from integration_tests.harness.replacements import truncating, users
from integration_tests.harness.tables import GONE, OWN_COLUMNS, TABLE, settings, stored
from local_dust import LocalDust

Messages = list[dict[str, Any]]


def earlier(dust: LocalDust, streams: dict[str, Any], messages: Messages) -> None:
    """A sync that went well before the one that the test is about."""
    finished = sync(dust.world, streams, messages, **settings())
    assert finished.failure is None, finished.message


def start(dust: LocalDust, folder: Path, streams: dict[str, Any], **overrides: Any) -> Connector:
    """A sync that is under way."""
    return Connector("write", folder, config=dust.config(**settings(**overrides)), catalog=streams)


def run(dust: LocalDust, folder: Path, streams: dict[str, Any], messages: Messages) -> Connector:
    """A whole sync, which goes well."""
    return write(folder, dust.config(**settings()), streams, messages)


def table(name: str, namespace: str | None = None) -> str:
    """The id of a stream's table."""
    return table_name("airbyte_", namespace, name)


def listed(dust: LocalDust, table_id: str = TABLE) -> list[dict[str, Any]]:
    """The rows of a table whose ids are hashes, by the column `id` or `name`."""
    return sorted(stored(dust.world, table_id).values(), key=lambda row: str(row.get("id", row.get("name", ""))))


def generations(dust: LocalDust) -> dict[str, int]:
    """The generation of each user."""
    return {i: row["_airbyte_generation_id"] for i, row in dust.world.tables()[TABLE].rows().items()}


@pytest.mark.airbyte_case("testSecondSync", "testOverwriteSchemaEvolution")
def test_a_second_overwrite_replaces_the_first_and_no_other_stream(dust: LocalDust, tmp_path: Path) -> None:
    """New columns come, old ones go, a bystander stays."""

    def overwritten(number: int, **fields: Any) -> dict[str, Any]:
        return truncating(number, mode="overwrite", sync=number, fields=fields)

    first = [*users(1, 2, dropped="x", retyped=7), record("bystander", id=1)]
    before = catalog(overwritten(11, dropped={"type": "string"}), "bystander")
    earlier(dust, before, [*first, complete("users"), complete("bystander")])

    after = catalog(overwritten(12, added={"type": "boolean"}))
    run(dust, tmp_path, after, [*users(2, 3, added=True, retyped="seven"), state("users", 1), complete("users")])

    new = {"added": True, "retyped": "seven"}
    assert {"users-2": {"id": 2, **new}, "users-3": {"id": 3, **new}} == stored(dust.world)
    columns = {each["name"]: each["value_type"] for each in dust.world.tables()[TABLE].schema or ()}
    assert {"id": "int", "added": "bool", "retyped": "text"} == {n: columns[n] for n in columns.keys() - OWN_COLUMNS}
    assert {"bystander-1": {"id": 1}} == stored(dust.world, table("bystander"))


@pytest.mark.airbyte_case(
    "testIncrementalSync",
    "testAppend",
    "testAppendSchemaEvolution",
    "testAppendJsonSchemaEvolution",
    "testNoColumns",
    "resumeAfterCancelledTruncate",
)
def test_append_keeps_what_earlier_syncs_brought(dust: LocalDust, tmp_path: Path) -> None:
    """Rows and columns of two syncs are all there. Equal records, and records of an equal key, are one row."""

    def appended(generation: int, **fields: Any) -> dict[str, Any]:
        keyless = [stream(name, mode="append", key=[], fields=fields[name]) for name in ("keyless", "bare")]
        return catalog(*keyless, stream("users", mode="append", generation=generation))

    old = [record("keyless", name="a", dropped=1, retyped=1), record("bare")]
    earlier(dust, appended(1, keyless={"name": {}}, bare={}), [*old, *users(1, 2, v=1)])

    new = [record("keyless", name="b", more={"b": 1}, retyped="one"), record("bare", name="undeclared")]
    streams = appended(2, keyless={"name": {}, "more": {}}, bare={})
    run(dust, tmp_path, streams, [*new, *old, *users(2, v=2), *users(3, v=3)])

    rows = [{"name": "a", "dropped": 1, "retyped": 1}, {"name": "b", "more": '{"b":1}', "retyped": "one"}]
    assert rows == listed(dust, table("keyless"))
    assert [{}, {"name": "undeclared"}] == listed(dust, table("bare"))
    assert {1: 1, 2: 2, 3: 3} == {row["id"]: row["v"] for row in stored(dust.world).values()}
    assert {"users-1": 1, "users-2": 2, "users-3": 2} == generations(dust)


@pytest.mark.airbyte_case("testDedup", "testDedupWithStringKey", "testIncrementalDedupeSync")
@pytest.mark.parametrize("key_is", [int, str])
def test_changes_and_deletes_in_one_sync_and_over_two(dust: LocalDust, tmp_path: Path, key_is: type) -> None:
    """The last record of a composite key decides; deleting what never existed does no harm."""
    deduped = catalog(stream("users", key=[["id1"], ["id2"]]))

    def row(number: int, name: str, **more: Any) -> dict[str, Any]:
        return record("users", id1=1, id2=key_is(number), name=name, **more)

    first = [row(200, "Alice1"), row(200, "Alice2"), row(201, "Bob1"), row(203, "Evelyn", **GONE)]
    first += [row(204, "Frank"), row(204, "Frank", **GONE)]
    earlier(dust, deduped, first)
    assert {"users-1-200": "Alice2", "users-1-201": "Bob1"} == {i: r["name"] for i, r in stored(dust.world).items()}

    second = [row(200, "Alice3"), row(201, "Bob2"), row(201, "Bob2", **GONE), row(205, "Gone", **GONE)]
    second += [row(206, "Back", **GONE), row(206, "Back")]
    run(dust, tmp_path, deduped, [*second, state("users", 1), complete("users")])

    assert {"users-1-200": "Alice3", "users-1-206": "Back"} == {i: r["name"] for i, r in stored(dust.world).items()}


@pytest.mark.airbyte_case("testDedupNoCursor", "testDedupChangeCursor")
def test_input_order_decides_whatever_the_cursor(dust: LocalDust, tmp_path: Path) -> None:
    """Cursors are not compared."""
    earlier(dust, catalog("users"), users(1, 2, old_cursor=100, name="first"))
    changed = catalog({**stream("users"), "cursor_field": ["new_cursor"]})

    run(dust, tmp_path, changed, [*users(1, new_cursor=9, name="second"), *users(1, new_cursor=1, name="third")])

    assert {
        "users-1": {"id": 1, "new_cursor": 1, "name": "third"},
        "users-2": {"id": 2, "old_cursor": 100, "name": "first"},
    } == stored(dust.world)


@pytest.mark.airbyte_case("testDedupChangePk")
def test_another_key_makes_other_rows(dust: LocalDust, tmp_path: Path) -> None:
    """Rows under the old key stay until the stream is replaced."""
    earlier(dust, catalog(stream("users", key=[["id"], ["part"]])), users(1, part=1))
    run(dust, tmp_path, catalog("users"), users(1, part=2))
    assert {"users-1-1": {"id": 1, "part": 1}, "users-1": {"id": 1, "part": 2}} == stored(dust.world)

    earlier(dust, catalog(truncating(2)), [*users(1, part=3), complete("users")])

    assert {"users-1": {"id": 1, "part": 3}} == stored(dust.world)


@pytest.mark.airbyte_case(
    "testNamespaces", "testSyncUsesAirbyteStreamNamespaceIfNotNull", "testSyncWriteSameTableNameDifferentNamespace"
)
def test_equal_names_in_different_namespaces_do_not_meet(dust: LocalDust, tmp_path: Path) -> None:
    """Not even strange ones; replacing one stream leaves the others alone."""
    namespaces = [None, "test", "test_1", "Test", "ns with spaces", "日本", "a" * 300, "$%&", "-", "1"]

    def overwritten(name: str | None, generation: int) -> dict[str, Any]:
        return stream("users", namespace=name, mode="overwrite", generation=generation, minimum=generation)

    def brought(name: str | None, number: int) -> Messages:
        return [record("users", namespace=name, id=number, of=f"of {name}"), complete("users", namespace=name)]

    messages = [message for name in namespaces for message in brought(name, 1)]
    run(dust, tmp_path, catalog(*(overwritten(name, 1) for name in namespaces)), messages)
    expected = {table("users", name): [{"id": 1, "of": f"of {name}"}] for name in namespaces}
    assert len(namespaces) == len(expected)
    assert expected == {each: listed(dust, each) for each in dust.world.tables()}

    earlier(dust, catalog(overwritten("test", 2)), brought("test", 2))

    expected[table("users", "test")] = [{"id": 2, "of": "of test"}]
    assert expected == {each: listed(dust, each) for each in dust.world.tables()}


@pytest.mark.airbyte_case("testFunkyCharacters", "testFunkyCharactersDedup")
@pytest.mark.parametrize("mode", ["append", "append_dedup"])
def test_funky_names_and_values_arrive(dust: LocalDust, tmp_path: Path, mode: str) -> None:
    """In streams, namespaces, fields, keys and values."""
    funky = "~!@#$%^&*()`[]{}|;':\",./<>?"
    names = [funky, "1_starts_with_digit", "with-dash", "foo\nbar", "naïve", "stream " * 60]
    values: list[Any] = [funky, "foo\nbar", ""]
    streams = [stream(name, namespace=funky, mode=mode, key=[[funky], ["id"]]) for name in names]
    messages = [
        record(name, namespace=funky, **{"id": number, funky: value, "": "x", "a.b": "foo\nbar\u2028"})
        for name in names
        for number, value in enumerate(values)
    ]

    run(dust, tmp_path, catalog(*streams), messages)

    column = ColumnNames(["id"]).name_of
    same = {column(""): "x", column("a.b"): "foo\nbar"}  # trimmed by Dust, to which a blank text is null
    rows = [{"id": 0, column(funky): funky, **same}, {"id": 1, column(funky): "foo\nbar", **same}, {"id": 2, **same}]
    assert {table(name, funky): rows for name in names} == {each: listed(dust, each) for each in dust.world.tables()}


@pytest.mark.airbyte_case("testInterruptedTruncateWithPriorData", "testInterruptedTruncateWithoutPriorData")
def test_a_truncate_refresh_that_is_killed_touches_nothing(dust: LocalDust, tmp_path: Path) -> None:
    """Rows wait on disk until the stream is complete, so the next attempt brings everything."""
    earlier(dust, catalog(stream("users", generation=41)), users(1, 2))
    fresh = stream("fresh", mode="append", generation=7, minimum=7)
    refreshed = catalog(truncating(42), fresh, "plain")
    killed = start(dust, tmp_path, refreshed, batch_age=0.2)
    killed.send(*users(2, 3, v=2), state("users", 1), record("fresh", id=1), state("fresh", 2))
    killed.send(record("plain", id=1), state("plain", 3))
    killed.wait_for(killed.states)  # so all that was sent before has been read
    killed.kill()
    killed.wait()
    assert [3] == [each["id"] for each in killed.states()]
    assert {"users-1": {"id": 1}, "users-2": {"id": 2}} == stored(dust.world)
    assert {TABLE, table("plain")} == dust.world.tables().keys()

    messages = [*users(2, 4, v=2), complete("users"), record("fresh", id=2), complete("fresh")]
    run(dust, tmp_path, refreshed, messages)

    assert {"users-2": {"id": 2, "v": 2}, "users-4": {"id": 4, "v": 2}} == stored(dust.world)
    assert {"fresh-2": {"id": 2}} == stored(dust.world, table("fresh"))


@pytest.mark.airbyte_case("testManyStreamsCompletion", "testNoData")
def test_many_streams_are_completed(dust: LocalDust, tmp_path: Path) -> None:
    """21 replaced streams, one of them without records."""
    names = [f"stream_{number}" for number in range(21)]

    def overwritten(generation: int) -> dict[str, Any]:
        return catalog(*(stream(name, mode="overwrite", generation=generation, minimum=generation) for name in names))

    completed = [complete(name) for name in names]
    earlier(dust, overwritten(2), [*(record(name, id=99) for name in names), *completed])
    messages = [record(name, id=1) for name in names[1:]]
    messages += [state(name, number) for number, name in enumerate(names)]

    connector = run(dust, tmp_path, overwritten(3), [*messages, *completed])

    expected: dict[str, Any] = {table(name): {f"{name}-1": {"id": 1}} for name in names}
    assert {**expected, table(names[0]): {}} == {each: stored(dust.world, each) for each in dust.world.tables()}
    assert [*range(21)] == sorted(each["id"] for each in connector.states())
    assert {("airbyte:replaced:3:7", "airbyte:columns")} == {each.tags for each in dust.world.tables().values()}


FIELDS: dict[str, Any] = {
    "id": {"type": "integer"},
    "number": {"type": "number"},
    "whole": {"type": "integer"},
    "boolean": {"type": ["null", "boolean"]},
    "date": {"type": "string", "format": "date"},
    "moment": {"type": "string", "format": "date-time", "airbyte_type": "timestamp_with_timezone"},
    "local": {"type": "string", "format": "date-time", "airbyte_type": "timestamp_without_timezone"},
    "time": {"type": "string", "format": "time", "airbyte_type": "time_with_timezone"},
    "clock": {"type": "string", "format": "time", "airbyte_type": "time_without_timezone"},
    "array": {"type": "array", "items": {"type": "integer"}},
    "union": {"oneOf": [{"type": "string"}, {"type": "array"}]},
    "unknown": {"type": "potato"},
}
BREAKS = "a\u2028b\u2029c\u0085d\r\ne\nf\rg"
UNCHANGED: dict[str, list[Any]] = {
    "number": [0, -1.5, 0.1, 67.174118, 1e39, 1e-39, None],
    "whole": [-3, 2**60],
    "undeclared": [True, -3, 0.1, 2**60],
    "text": ["a", "null", 'a, "b" and\nc', BREAKS, "emoji 🙂", "e\u0301", "'; DROP TABLE x; --", None],
    "boolean": [True, False, 0, "maybe", None],
    "date": ["not a date", None],
    "time": [1234, None],
    "array": ["not an array", None],
    "union": [1, True, None],
    "unknown": ["potato", 1, None],
}
# Sent and stored: Dust infers the type of each cell, and shows numbers as JavaScript does.
CHANGED: dict[str, list[tuple[Any, Any]]] = {
    "number": [(math.nan, None), (math.inf, None), (-math.inf, None)],
    "whole": [(math.nan, None), (math.inf, None), (-math.inf, None), (2**53 + 1, 2**53), (10**32 - 1, 1e32)],
    "text": [("", None), ("1", 1), ("007", 7), ("true", True), ({"a": [1, {"b": None}]}, '{"a":[1,{"b":null}]}')],
    "date": [
        ("2023-01-23", "2023-01-23 00:00:00"),
        ("9999-12-31", "9999-12-31 00:00:00"),
        ("1931-07-08", "1931-07-08 00:00:00"),
    ],
    "moment": [
        ("2023-01-23T12:34:56.789+05:30", "2023-01-23 07:04:56"),
        ("0001-01-01 12:00Z", "0001-01-01 12:00:00"),
        ("1969-12-31T23:59:59.75+00:00", "1969-12-31 23:59:59"),
    ],
    "local": [("2024-02-29 12:00:00", "2024-02-29 12:00:00")],
    "time": [("12:34:56.789+05:30", "1970-01-01 07:04:56"), ("23:59:60", "1970-01-01 00:00:00")],
    "clock": [("23:05:01.5", "1970-01-01 23:05:01")],
    "array": [([], "[]"), ([1, "a", None, [2], {"b": 3}], '[1,"a",null,[2],{"b":3}]')],
    "union": [("1", 1), ([1], "[1]"), ({}, "{}")],
}


@pytest.mark.airbyte_case("testBasicTypes", "testContainerTypes", "testUnknownTypes", "testUnions")
@pytest.mark.airbyte_case(
    "testDataTypeTestWithNormalization", "testLineBreakCharacters", "testSyncNotFailsWithNewFields"
)
@pytest.mark.airbyte_case(
    "testSyncNumberNanDataType",
    "testSyncIntegerNanDataType",
    "testSyncNumberInfinityDataType",
    "testSyncIntegerInfinityDataType",
)
def test_values_of_every_type_arrive_as_dust_reads_them(dust: LocalDust, tmp_path: Path) -> None:
    """Dust infers the type of each cell, so some values change on the way."""
    cases = [(name, value, value) for name, values in UNCHANGED.items() for value in values]
    cases += [(name, sent, held) for name, pairs in CHANGED.items() for sent, held in pairs]
    messages = [record("users", **{"id": number, name: sent}) for number, (name, sent, _) in enumerate(cases)]

    connector = run(dust, tmp_path, catalog(stream("users", fields=FIELDS)), [*messages, state("users", 1)])

    expected = [{"id": number} | ({} if held is None else {name: held}) for number, (name, _, held) in enumerate(cases)]
    actual = [{"id": row["id"]} | row for row in sorted(stored(dust.world).values(), key=lambda row: row["id"])]
    assert [*map(repr, expected)] == [*map(repr, actual)]  # `repr` tells True from 1
    assert [{"recordCount": float(len(cases))}] == [each["destinationStats"] for each in connector.states()]
    assert any("6 values are NaN or infinite numbers, which become null" in line for line in connector.logs())
