"""What Airbyte's own test suites for destinations demand, of tables.

Each test names, in its docstring, the cases of `DestinationAcceptanceTest` (DAT) and
`BasicFunctionalityIntegrationTest` (BFIT) that it re-tells; `docs/airbyte-test-cases.md` lists all of them.
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
from integration_tests.harness.messages import EMITTED_AT, catalog, complete, global_state, record, state, stream
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


def test_one_record_and_its_state(dust: LocalDust, tmp_path: Path) -> None:
    """BFIT testBasicWrite, DAT testSync: the row is there, with time and generation; the state has both counts."""
    sent = state("users", 1)
    sent["state"]["sourceStats"] = {"recordCount": 1.0}
    message = record("users", emitted_at=EMITTED_AT + 1234, id=5678)
    message["record"]["meta"] = {"changes": [{"field": "x", "change": "NULLED", "reason": "SOURCE_RETRIEVAL_ERROR"}]}

    connector = run(dust, tmp_path, catalog(stream("users", generation=42)), [message, sent, complete("users")])

    assert {"users-5678": {"id": 5678}} == stored(dust.world)
    (row,) = dust.world.tables()[TABLE].rows().values()
    assert EMITTED_AT + 1000 == row["_airbyte_extracted_at"]["epoch"]  # which Dust keeps to the second
    assert {"users-5678": 42} == generations(dust)
    assert [{**sent["state"], "destinationStats": {"recordCount": 1.0}}] == connector.states()


def test_a_state_is_given_back_before_the_process_is_killed(dust: LocalDust, tmp_path: Path) -> None:
    """BFIT testMidSyncCheckpointingStreamState: and what it covers is there."""
    connector = start(dust, tmp_path, catalog("users"), burst_interval=0.2)
    connector.send(*users(1), state("users", 1), *users(2))
    connector.wait_for(connector.states)

    connector.kill()
    connector.wait()

    assert [1] == [each["id"] for each in connector.states()]
    assert {"id": 1} == stored(dust.world)["users-1"]


@pytest.mark.parametrize("counts", [True, False], ids=["generations", "1/1/1"])
def test_a_second_overwrite_replaces_the_first_and_no_other_stream(
    dust: LocalDust, tmp_path: Path, counts: bool
) -> None:
    """DAT testSecondSync, BFIT testOverwriteSchemaEvolution: new columns come, old ones go, a bystander stays."""

    def overwritten(number: int, **fields: Any) -> dict[str, Any]:
        number = number if counts else 1
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


def test_append_keeps_what_earlier_syncs_brought(dust: LocalDust, tmp_path: Path) -> None:
    """DAT testIncrementalSync, BFIT testAppend, testAppendSchemaEvolution, testAppendJsonSchemaEvolution,
    testNoColumns: rows and columns of two syncs. Records that are equal, or of an equal key, are one row."""

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


def test_of_records_with_one_composite_key_the_last_stays(dust: LocalDust, tmp_path: Path) -> None:
    """DAT testIncrementalDedupeSync: a key of several fields, over two syncs."""
    fields: dict[str, Any] = {name: {} for name in ("id", "currency", "date", "NZD", "HKD")}
    deduped = catalog(stream("exchange_rate", key=[["id"], ["currency"], ["date"]], fields=fields))

    def rate(number: int, currency: str, value: float, **more: Any) -> dict[str, Any]:
        return record("exchange_rate", id=number, currency=currency, date="2020-08-29", NZD=value, **more)

    earlier(dust, deduped, [rate(1, "USD", 0.1, HKD=1.5), rate(2, "EUR", 0.2, HKD=1.5)])
    run(dust, tmp_path, deduped, [rate(1, "USD", 0.3), rate(3, "USD", 0.4), rate(1, "USD", 0.5)])

    assert [
        {"id": 1, "currency": "USD", "date": "2020-08-29 00:00:00", "nzd": 0.5},
        {"id": 2, "currency": "EUR", "date": "2020-08-29 00:00:00", "nzd": 0.2, "hkd": 1.5},
        {"id": 3, "currency": "USD", "date": "2020-08-29 00:00:00", "nzd": 0.4},
    ] == listed(dust, table("exchange_rate"))


@pytest.mark.parametrize("key_is", [int, str])
def test_changes_and_deletes_in_one_sync_and_over_two(dust: LocalDust, tmp_path: Path, key_is: type) -> None:
    """BFIT testDedup, testDedupWithStringKey: insert and delete in one sync, and the delete of what never was."""
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


def test_without_a_cursor_and_with_another_one_input_order_decides(dust: LocalDust, tmp_path: Path) -> None:
    """BFIT testDedupNoCursor, testDedupChangeCursor: cursors are not compared, whatever they are called."""
    earlier(dust, catalog("users"), users(1, 2, old_cursor=100, name="first"))
    changed = catalog({**stream("users"), "cursor_field": ["new_cursor"]})

    run(dust, tmp_path, changed, [*users(1, new_cursor=9, name="second"), *users(1, new_cursor=1, name="third")])

    assert {
        "users-1": {"id": 1, "new_cursor": 1, "name": "third"},
        "users-2": {"id": 2, "old_cursor": 100, "name": "first"},
    } == stored(dust.world)


def test_another_key_makes_other_rows(dust: LocalDust, tmp_path: Path) -> None:
    """BFIT testDedupChangePk: rows under the old key stay until a refresh, which clears them."""
    earlier(dust, catalog(stream("users", key=[["id"], ["part"]])), users(1, part=1))
    run(dust, tmp_path, catalog("users"), users(1, part=2))
    assert {"users-1-1": {"id": 1, "part": 1}, "users-1": {"id": 1, "part": 2}} == stored(dust.world)

    earlier(dust, catalog(truncating(2)), [*users(1, part=3), complete("users")])

    assert {"users-1": {"id": 1, "part": 3}} == stored(dust.world)


def test_equal_names_in_different_namespaces_do_not_meet(dust: LocalDust, tmp_path: Path) -> None:
    """BFIT testNamespaces, DAT testNamespaces, testSyncUsesAirbyteStreamNamespaceIfNotNull and
    testSyncWriteSameTableNameDifferentNamespace: strange ones too; replacing one leaves the others alone."""
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


@pytest.mark.parametrize("mode", ["append", "append_dedup"])
def test_funky_names_and_values_arrive(dust: LocalDust, tmp_path: Path, mode: str) -> None:
    """BFIT testFunkyCharacters, testFunkyCharactersDedup: in streams, namespaces, fields, keys and values."""
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


def test_a_truncate_refresh_that_fails_changes_nothing_until_one_ends(dust: LocalDust, tmp_path: Path) -> None:
    """BFIT testTruncateRefresh, testInterruptedTruncateWithPriorData: what failed was not acknowledged, so it comes
    again. What comes after the refresh was acknowledged is added to it."""
    earlier(dust, catalog(stream("users", mode="append", generation=41)), users(1, 2))
    refreshed = catalog(truncating(42), "plain")
    failed = start(dust, tmp_path, refreshed)
    assert 1 == failed.finish(*users(3), state("users", 1), record("plain", id=1), state("plain", 2))
    assert "transient_error" == failed.failure()["failure_type"]
    assert [2] == [each["id"] for each in failed.states()]
    assert {"users-1": 41, "users-2": 41} == generations(dust)
    assert {"plain-1": {"id": 1}} == stored(dust.world, table("plain"))

    connector = run(dust, tmp_path, refreshed, [*users(4), state("users", 3), complete("users")])

    assert [3] == [each["id"] for each in connector.states()]
    assert {"users-4": 42} == generations(dust)
    assert ("airbyte:replaced:42",) == dust.world.tables()[TABLE].tags
    earlier(dust, refreshed, [*users(5), complete("users")])
    assert {"users-4": 42, "users-5": 42} == generations(dust)


def test_a_truncate_refresh_that_is_killed_has_touched_nothing(dust: LocalDust, tmp_path: Path) -> None:
    """BFIT testInterruptedTruncateWithPriorData and WithoutPriorData: the next attempt brings everything."""
    earlier(dust, catalog(stream("users", generation=41)), users(1, 2))
    fresh = stream("fresh", mode="append", generation=7, minimum=7)
    refreshed = catalog(truncating(42), fresh, "plain")
    killed = start(dust, tmp_path, refreshed, burst_interval=0.2)
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


def test_generations_without_a_minimum_all_stay(dust: LocalDust, tmp_path: Path) -> None:
    """BFIT resumeAfterCancelledTruncate: a truncate that was cancelled, which wrote nothing, and then plain syncs."""
    earlier(dust, catalog(stream("users", generation=41)), users(1, 2))
    cancelled = start(dust, tmp_path, catalog(truncating(42)))
    assert 1 == cancelled.finish(*users(2, 3), state("users", 1))

    plain = catalog(stream("users", generation=43, minimum=0))
    run(dust, tmp_path, plain, [*users(2, 4), state("users", 2), complete("users")])

    assert {"users-1": 41, "users-2": 43, "users-4": 43} == generations(dust)


@pytest.mark.parametrize("messages", [[], [global_state(1, "users", "never")]], ids=["nothing", "a global state"])
def test_a_stream_without_records_ends_empty(dust: LocalDust, tmp_path: Path, messages: Messages) -> None:
    """BFIT testTruncateRefreshNoData, testClear: proof and no records; again and again; no table is made for it."""
    earlier(dust, catalog(stream("users", mode="append"), "other"), [*users(1, 2), record("other", id=1)])
    cleared = catalog(truncating(2, mode="append"), stream("never", mode="overwrite", generation=2, minimum=2))
    ends = [*messages, complete("users"), complete("never")]

    connector = run(dust, tmp_path, cleared, ends)

    for _ in range(2):
        assert len(messages) == len(connector.states())
        assert {TABLE, table("other")} == dust.world.tables().keys()
        assert {} == stored(dust.world)
        assert {"other-1": {"id": 1}} == stored(dust.world, table("other"))
        connector = run(dust, tmp_path, cleared, ends)


def test_many_streams_are_completed(dust: LocalDust, tmp_path: Path) -> None:
    """BFIT testManyStreamsCompletion, testNoData: 21 replaced streams, of which one has no records."""
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
    assert {("airbyte:replaced:3",)} == {each.tags for each in dust.world.tables().values()}


FIELDS: dict[str, Any] = {
    "id": {"type": "integer"},
    "number": {"type": "number"},
    "whole": {"type": "integer"},
    "boolean": {"type": ["null", "boolean"]},
    "date": {"type": "string", "format": "date"},
    "moment": {"type": "string", "format": "date-time", "airbyte_type": "timestamp_with_timezone"},
    "time": {"type": "string", "format": "time", "airbyte_type": "time_with_timezone"},
    "array": {"type": "array", "items": {"type": "integer"}},
    "union": {"oneOf": [{"type": "string"}, {"type": "array"}]},
    "unknown": {"type": "potato"},
}
BREAKS = "a\u2028b\u2029c\u0085d\r\ne\nf\rg"
UNCHANGED: dict[str, list[Any]] = {
    "number": [0, -1.5, 67.174118, 1e39, 1e-39, None],
    "text": ["a", "null", BREAKS, "emoji 🙂", "e\u0301", "'; DROP TABLE x; --", None],
    "boolean": [True, False, 0, "maybe", None],
    "date": ["not a date", None],
    "time": [1234, None],
    "array": ["not an array", None],
    "union": [1, True, None],
    "unknown": ["potato", 1, None],
}
# What Dust holds after it was sent: it guesses the type of each cell, and shows numbers as JavaScript does.
CHANGED: dict[str, list[tuple[Any, Any]]] = {
    "number": [(math.nan, None), (math.inf, None), (-math.inf, None)],
    "whole": [(math.nan, None), (math.inf, None), (-math.inf, None), (2**53 + 1, 2**53), (10**32 - 1, 1e32)],
    "text": [("", None), ("1", 1), ("007", 7), ("true", True), ({"a": [1, {"b": None}]}, '{"a":[1,{"b":null}]}')],
    "date": [("2023-01-23", "2023-01-23 00:00:00"), ("9999-12-31", "9999-12-31 00:00:00")],
    "moment": [("2023-01-23T12:34:56.789+05:30", "2023-01-23 07:04:56"), ("0001-01-01 12:00Z", "0001-01-01 12:00:00")],
    "time": [("12:34:56.789+05:30", "1970-01-01 07:04:56"), ("23:59:60", "1970-01-01 00:00:00")],
    "array": [([], "[]"), ([1, "a", None, [2], {"b": 3}], '[1,"a",null,[2],{"b":3}]')],
    "union": [("1", 1), ([1], "[1]"), ({}, "{}")],
}


def test_values_of_every_type_are_what_dust_makes_of_them(dust: LocalDust, tmp_path: Path) -> None:
    """BFIT testBasicTypes, testContainerTypes, testUnknownTypes, testUnions; DAT testDataTypeTestWithNormalization,
    testLineBreakCharacters, testSyncNotFailsWithNewFields, testSyncNumberNanDataType and the like."""
    cases = [(name, value, value) for name, values in UNCHANGED.items() for value in values]
    cases += [(name, sent, held) for name, pairs in CHANGED.items() for sent, held in pairs]
    messages = [record("users", **{"id": number, name: sent}) for number, (name, sent, _) in enumerate(cases)]

    connector = run(dust, tmp_path, catalog(stream("users", fields=FIELDS)), [*messages, state("users", 1)])

    expected = [{"id": number} | ({} if held is None else {name: held}) for number, (name, _, held) in enumerate(cases)]
    actual = [{"id": row["id"]} | row for row in sorted(stored(dust.world).values(), key=lambda row: row["id"])]
    assert [*map(repr, expected)] == [*map(repr, actual)]  # which tells True from 1
    assert [{"recordCount": float(len(cases))}] == [each["destinationStats"] for each in connector.states()]
    assert any("6 values are NaN or infinite numbers, which become null" in line for line in connector.logs())
