"""What Airbyte's own test suites for destinations demand, of documents.

Each test names, in its docstring, the cases of `DestinationAcceptanceTest` (DAT) and
`BasicFunctionalityIntegrationTest` (BFIT) that it re-tells; `docs/airbyte-test-cases.md` lists all of them.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from integration_tests.harness.connector import Connector, write
from integration_tests.harness.contents import contents, keep, marks
from integration_tests.harness.in_process import sync
from integration_tests.harness.messages import EMITTED_AT, catalog, complete, global_state, record, state, stream
from local_dust import LocalDust

DELETED = {"_ab_cdc_deleted_at": "2026-01-01T00:00:00Z"}


def truncating(generation: int, mode: str = "append", **more: Any) -> dict[str, Any]:
    """The stream `test`, whose older generations are to go."""
    return stream("test", mode=mode, generation=generation, minimum=generation, **more)


def some(*numbers: int, **more: Any) -> list[dict[str, Any]]:
    """A record of the stream `test` for each number."""
    return [record("test", id=number, **more) for number in numbers]


def test_one_record_and_its_state(dust: LocalDust, tmp_path: Path) -> None:
    """BFIT testBasicWrite, DAT testSync: the record is there, the state carries the counts of both sides."""
    sent = state("test", 1)
    sent["state"]["sourceStats"] = {"recordCount": 1.0}
    message = record("test", id=5678)
    message["record"]["meta"] = {"changes": [{"field": "x", "change": "NULLED", "reason": "SOURCE_RETRIEVAL_ERROR"}]}

    connector = write(tmp_path, dust.config(), catalog("test"), [message, sent, complete("test")])

    assert {"test-5678": {"id": 5678}} == contents(dust.world)
    assert [{**sent["state"], "destinationStats": {"recordCount": 1.0}}] == connector.states()


def test_many_records_and_their_state(dust: LocalDust, tmp_path: Path) -> None:
    """DAT testSyncWithLargeRecordBatch: many records, and the state is echoed."""
    messages = [record("test", id=number, value=number / 7) for number in range(100)]

    connector = write(tmp_path, dust.config(), catalog("test"), [*messages, state("test", 400)])

    assert {f"test-{number}": {"id": number, "value": number / 7} for number in range(100)} == contents(dust.world)
    assert [400] == [each["id"] for each in connector.states()]


def test_a_state_is_given_back_before_the_process_is_killed(dust: LocalDust, tmp_path: Path) -> None:
    """BFIT testMidSyncCheckpointingStreamState: and what it covers is there."""
    connector = Connector("write", tmp_path, config=dust.config(), catalog=catalog("test"))
    connector.send(*some(1), state("test", 1), *some(2))
    connector.wait_for(lambda: connector.states())

    connector.kill()
    connector.wait()

    assert [1] == [each["id"] for each in connector.states()]
    assert "test-1" in contents(dust.world)


@pytest.mark.parametrize("host", ["platform", "1/1/1"])
def test_a_second_overwrite_replaces_the_first_and_no_other_stream(dust: LocalDust, tmp_path: Path, host: str) -> None:
    """DAT testSecondSync, BFIT testOverwriteSchemaEvolution: new fields come, old ones go, a bystander stays."""

    def overwritten(generation: int, fields: dict[str, Any]) -> dict[str, Any]:
        if host == "platform":
            return truncating(generation, "overwrite", fields=fields)
        return stream("test", mode="overwrite", generation=1, minimum=1, sync=1, fields=fields)

    first = [record("test", id=number, dropped="x", retyped=number) for number in (1, 2)]
    bystander = record("test_bystander", id=1)
    before = catalog(overwritten(1, {"dropped": {"type": "string"}}), "test_bystander")
    assert sync(dust.world, before, [*first, bystander, complete("test"), complete("test_bystander")]).failure is None

    second = [record("test", id=number, added=True, retyped=str(number)) for number in (2, 3)]
    after = catalog(overwritten(2, {"added": {"type": "boolean"}}))
    write(tmp_path, dust.config(), after, [*second, state("test", 1), complete("test")])

    assert {
        "test-2": {"id": 2, "added": True, "retyped": "2"},
        "test-3": {"id": 3, "added": True, "retyped": "3"},
        "test_bystander-1": {"id": 1},
    } == contents(dust.world)


def test_append_keeps_what_earlier_syncs_brought(dust: LocalDust, tmp_path: Path) -> None:
    """DAT testIncrementalSync, BFIT testAppend, testAppendSchemaEvolution: keyless records of two syncs, all there."""

    def appended(**fields: Any) -> dict[str, Any]:
        return catalog(stream("test", mode="append", key=[], fields=fields))

    assert sync(dust.world, appended(name={}), [record("test", name="a", dropped=1)]).failure is None

    write(tmp_path, dust.config(), appended(name={}, more={}), [record("test", name="a", more={"b": 1})])

    assert [{"name": "a", "dropped": 1}, {"name": "a", "more": {"b": 1}}] == sorted(
        contents(dust.world).values(), key=lambda data: "more" in data
    )


def test_of_records_with_one_composite_key_the_last_stays(dust: LocalDust, tmp_path: Path) -> None:
    """DAT testIncrementalDedupeSync: key and cursor of several fields, over two syncs."""
    key = [["id"], ["currency"], ["date"]]
    deduped = stream("exchange_rate", key=key)

    def rate(number: int, currency: str, value: float) -> dict[str, Any]:
        return record("exchange_rate", id=number, currency=currency, date="2020-08-29", NZD=value)

    assert sync(dust.world, catalog(deduped), [rate(1, "USD", 0.1), rate(1, "EUR", 0.2)]).failure is None
    write(tmp_path, dust.config(), catalog(deduped), [rate(1, "USD", 0.3), rate(2, "USD", 0.4), rate(1, "USD", 0.5)])

    values = {(data["id"], data["currency"]): data["NZD"] for data in contents(dust.world).values()}
    assert {(1, "USD"): 0.5, (1, "EUR"): 0.2, (2, "USD"): 0.4} == values
    assert 3 == len(contents(dust.world))


@pytest.mark.parametrize("key_is", [int, str])
def test_changes_and_deletes_in_one_sync_and_over_two(dust: LocalDust, tmp_path: Path, key_is: type) -> None:
    """BFIT testDedup, testDedupWithStringKey: insert and delete in one sync, and the delete of what never was."""
    deduped = catalog(stream("test", key=[["id1"], ["id2"]]))

    def row(number: int, name: str, **more: Any) -> dict[str, Any]:
        return record("test", id1=1, id2=key_is(number), name=name, **more)

    first = [row(200, "Alice1"), row(200, "Alice2"), row(201, "Bob1"), row(203, "Evelyn", **DELETED)]
    first += [row(204, "Frank"), row(204, "Frank", **DELETED)]
    assert sync(dust.world, deduped, first).failure is None
    assert {"Alice2", "Bob1"} == {data["name"] for data in contents(dust.world).values()}

    second = [row(200, "Alice3"), row(201, "Bob2"), row(201, "Bob2", **DELETED), row(205, "Gone", **DELETED)]
    second += [row(206, "Back", **DELETED), row(206, "Back")]
    write(tmp_path, dust.config(), deduped, [*second, state("test", 1), complete("test")])

    assert {"test-1-200": "Alice3", "test-1-206": "Back"} == {i: d["name"] for i, d in contents(dust.world).items()}


def test_without_a_cursor_and_with_another_one_input_order_decides(dust: LocalDust, tmp_path: Path) -> None:
    """BFIT testDedupNoCursor, testDedupChangeCursor: cursors are not compared, whatever they are called."""
    assert sync(dust.world, catalog("test"), some(1, old_cursor=100, name="first")).failure is None
    changed = {**stream("test"), "cursor_field": ["new_cursor"]}

    write(tmp_path, dust.config(), catalog(changed), some(1, new_cursor=1, name="second"))

    assert {"test-1": {"id": 1, "new_cursor": 1, "name": "second"}} == contents(dust.world)


def test_another_key_makes_other_documents(dust: LocalDust, tmp_path: Path) -> None:
    """BFIT testDedupChangePk: records under the old key stay until a refresh, which clears them."""
    by_two = stream("test", key=[["id"], ["part"]])
    assert sync(dust.world, catalog(by_two), some(1, part=1)).failure is None
    assert sync(dust.world, catalog("test"), some(1, part=2)).failure is None
    assert {"test-1-1", "test-1"} == contents(dust.world).keys()

    write(tmp_path, dust.config(), catalog(truncating(2, "append_dedup")), [*some(1, part=3), complete("test")])

    assert {"test-1": {"id": 1, "part": 3}} == contents(dust.world)


def test_equal_names_in_different_namespaces_do_not_meet(dust: LocalDust, tmp_path: Path) -> None:
    """BFIT testNamespaces, DAT testNamespaces, testSyncUsesAirbyteStreamNamespaceIfNotNull and
    testSyncWriteSameTableNameDifferentNamespace: strange ones too; replacing one leaves the others alone."""
    namespaces = [None, "test", "test_1", "Test", "ns with spaces", "日本", "a" * 300, "$%&", "-", "1"]

    def each(generation: int) -> list[dict[str, Any]]:
        return [
            stream("test", namespace=name, mode="overwrite", generation=generation, minimum=generation)
            for name in namespaces
        ]

    def brought(name: str | None, number: int) -> list[dict[str, Any]]:
        return [record("test", namespace=name, id=number, n=name), complete("test", namespace=name)]

    messages = [message for name in namespaces for message in brought(name, 1)]
    write(tmp_path, dust.config(), catalog(*each(1)), messages)
    assert set(namespaces) == {data["n"] for data in contents(dust.world).values()}
    assert len(namespaces) == len(contents(dust.world))
    assert len(namespaces) == len(set(marks_by_document(dust)))

    replaced = sync(dust.world, catalog(each(2)[1]), brought("test", 2))

    assert replaced.failure is None
    assert sorted([(1, str(name)) for name in namespaces if name != "test"] + [(2, "test")]) == sorted(
        (data["id"], str(data["n"])) for data in contents(dust.world).values()
    )


def marks_by_document(dust: LocalDust) -> list[str]:
    """The ids of the documents that hold a mark."""
    return [i for i, stored in dust.world.documents().items() if "airbyte:replaced:1" in stored.tags]


@pytest.mark.parametrize("mode", ["append", "append_dedup"])
def test_funky_names_and_values_arrive(dust: LocalDust, tmp_path: Path, mode: str) -> None:
    """BFIT testFunkyCharacters, testFunkyCharactersDedup: in streams, namespaces, fields, keys and values."""
    funky = "~!@#$%^&*()`[]{}|;':\",./<>?"
    names = [funky, "1_starts_with_digit", "with-dash", "foo\nbar", "naïve", "stream " * 60]
    streams = [stream(name, namespace=funky, mode=mode, key=[[funky], ["b"]]) for name in names]
    values: list[dict[str, Any]] = [
        {funky: value, "b": number, "": "x", "a.b": "foo\nbar\u2028"}
        for number, value in enumerate([funky, "foo\nbar", "", " "])
    ]
    messages = [record(name, namespace=funky, **value) for name in names for value in values]

    write(tmp_path, dust.config(), catalog(*streams), messages)

    expected = sorted(json.dumps(message["record"]["data"]) for message in messages)
    assert expected == sorted(json.dumps(data) for data in contents(dust.world).values())


def test_a_truncate_refresh_keeps_both_attempts_and_drops_what_is_old(dust: LocalDust, tmp_path: Path) -> None:
    """BFIT testTruncateRefresh, testInterruptedTruncateWithPriorData: a failed attempt, then one that ends."""
    assert sync(dust.world, catalog(stream("test", mode="append", generation=41)), some(1, 2)).failure is None
    refreshed = catalog(truncating(42))
    failed = Connector("write", tmp_path, config=dust.config(), catalog=refreshed)
    assert 1 == failed.finish(*some(3), state("test", 1))
    assert "transient_error" == failed.failure()["failure_type"]
    assert [] == failed.states()
    assert {"test-1", "test-2", "test-3"} == contents(dust.world).keys()

    write(tmp_path, dust.config(), refreshed, [*some(4), state("test", 2), complete("test")])

    assert {"test-3", "test-4"} == contents(dust.world).keys()
    assert ["airbyte:replaced:42"] == marks(dust.world)


def test_a_truncate_refresh_that_is_killed_can_be_taken_up(dust: LocalDust, tmp_path: Path) -> None:
    """BFIT testInterruptedTruncateWithPriorData and WithoutPriorData: the kill deletes nothing, the next one ends."""
    keep(dust.world, stream("test", generation=41), some(1, 2))
    refreshed = catalog(truncating(42), truncating(7) | {"stream": stream("fresh")["stream"]})
    killed = Connector("write", tmp_path, config=dust.config(), catalog=refreshed)
    killed.send(*some(2, 3, v=2), state("test", 1), record("fresh", id=1), state("fresh", 2))
    killed.wait_for(lambda: {"test-3", "fresh-1"} <= contents(dust.world).keys())
    killed.kill()
    killed.wait()
    assert {"test-1", "test-2", "test-3", "fresh-1"} == contents(dust.world).keys()
    assert [] == killed.states()

    rest = [*some(4), complete("test"), record("fresh", id=2), complete("fresh")]
    assert sync(dust.world, refreshed, rest).failure is None

    # What the killed attempt has written is of this generation, too, and stays.
    assert {"test-2", "test-3", "test-4", "fresh-1", "fresh-2"} == contents(dust.world).keys()


def test_generations_without_a_minimum_all_stay(dust: LocalDust) -> None:
    """BFIT resumeAfterCancelledTruncate: a truncate that was cancelled, and then plain syncs."""
    assert sync(dust.world, catalog(stream("test", generation=41)), some(1)).failure is None
    assert sync(dust.world, catalog(truncating(42)), some(2)).failure == "transient_error"

    later = sync(dust.world, catalog(stream("test", generation=43, minimum=0)), [*some(3), complete("test")])

    assert later.failure is None
    assert {"test-1", "test-2", "test-3"} == contents(dust.world).keys()


@pytest.mark.parametrize("messages", [[], [global_state(1, "test")]], ids=["nothing", "a global state"])
def test_a_stream_without_records_ends_empty(dust: LocalDust, tmp_path: Path, messages: list[dict[str, Any]]) -> None:
    """BFIT testTruncateRefreshNoData, testClear: proof and no records; again and again."""
    keep(dust.world, stream("test", generation=1), some(1, 2))
    keep(dust.world, stream("other", generation=1), [record("other", id=1)])
    cleared = catalog(truncating(2))

    connector = write(tmp_path, dust.config(), cleared, [*messages, complete("test")])

    assert {"other-1": {"id": 1}} == contents(dust.world)
    assert len(messages) == len(connector.states())
    assert sync(dust.world, cleared, [*messages, complete("test")]).failure is None
    assert {"other-1": {"id": 1}} == contents(dust.world)


def test_many_streams_are_completed(dust: LocalDust, tmp_path: Path) -> None:
    """BFIT testManyStreamsCompletion, testNoData: 21 replaced streams, of which one has no records."""
    names = [f"stream_{number}" for number in range(21)]
    streams = [stream(name, mode="overwrite", generation=3, minimum=3) for name in names]
    for name in names:
        keep(dust.world, stream(name, generation=2), [record(name, id=99)])
    messages = [record(name, id=1) for name in names[1:]]
    messages += [state(name, number) for number, name in enumerate(names)] + [complete(name) for name in names]

    connector = write(tmp_path, dust.config(), catalog(*streams), messages)

    assert {f"{name}-1" for name in names[1:]} == contents(dust.world).keys()
    assert [*range(21)] == sorted(each["id"] for each in connector.states())
    assert 20 == len(marks(dust.world))


VALUES: dict[str, list[Any]] = {
    "number": [0, -1.5, 67.174118, 1e39, 1e-39, 99999999999999999999999999999999, 9007199254740993, None],
    "string": [
        "",
        "a",
        "1",
        "true",
        "null",
        "\u2028\u2029\u0085\r\n\t",
        "emoji 🙂",
        "e\u0301",
        "'; DROP TABLE x; --",
        None,
    ],
    "boolean": [True, False, "true", 0, None],
    "date": ["2023-01-23", "2023-01-23T00:00:00", "0001-01-01", "9999-12-31", "not a date", None],
    "time": ["12:34:56", "12:34:56.789+05:30", "23:59:60", 1234, None],
    "object": [{}, {"a": {"b": [1, {"c": None}]}}, {"": ""}, "not an object", None],
    "array": [[], [1, "a", None, [2], {"b": 3}], [[]], "not an array", None],
    "union": [1, "1", True, [1], {"one": 1}, None],
    "unknown": ["potato", 1, {"a": 1}, None],
}


def test_values_of_every_type_arrive_as_they_are(dust: LocalDust, tmp_path: Path) -> None:
    """BFIT testBasicTypes, testContainerTypes, testUnknownTypes, testUnions, testNoColumns; DAT
    testDataTypeTestWithNormalization, testLineBreakCharacters, testSyncNotFailsWithNewFields: a document is JSON,
    so that nothing has to fit a type, declared or not."""
    schema = {
        "id": {"type": "integer"},
        "number": {"type": "number"},
        "boolean": {"type": ["null", "boolean"]},
        "date": {"type": "string", "format": "date"},
        "time": {"type": "string", "format": "time", "airbyte_type": "time_with_timezone"},
        "object": {"type": "object"},
        "array": {"type": "array", "items": {"type": "integer"}},
        "union": {"oneOf": [{"type": "string"}, {"type": "array"}]},
        "unknown": {"type": "potato"},
    }
    cases = [(name, value) for name, values in VALUES.items() for value in values]
    messages = [record("types", **{"id": number, name: value}) for number, (name, value) in enumerate(cases)]
    messages += [record("types", id=len(cases)), record("bare"), record("bare", undeclared=1)]

    streams = [stream("types", fields=schema), stream("bare", mode="append", key=[], fields={})]
    write(tmp_path, dust.config(), catalog(*streams), messages)

    texts = [stored.text for stored in dust.world.documents().values()]
    assert sorted(json.dumps(message["record"]["data"]) for message in messages) == sorted(
        json.dumps(json.loads(text)) for text in texts
    )
    assert '"number":99999999999999999999999999999999' in "".join(texts)


@pytest.mark.parametrize("kind", ["number", "integer"])
@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity"])
def test_numbers_that_are_none_arrive_as_words(dust: LocalDust, kind: str, value: str) -> None:
    """DAT testSyncNumberNanDataType, testSyncIntegerInfinityDataType and the like."""
    message = some(1, value=float(value.replace("Infinity", "inf")))

    assert sync(dust.world, catalog(stream("test", fields={"value": {"type": kind}})), message).failure is None

    assert {"test-1": {"id": 1, "value": value}} == contents(dust.world)


def test_streams_of_files_are_refused_in_words(dust: LocalDust) -> None:
    """BFIT testBasicWriteFile does not apply: Dust's API takes no files."""
    finished = sync(dust.world, catalog({**stream("test"), "include_files": True}), [])

    assert "config_error" == finished.failure
    assert "transfers files, which Dust's API cannot take" in finished.message


def test_records_keep_their_time(dust: LocalDust) -> None:
    """All BFIT cases compare `_airbyte_extracted_at`, which a document has as its timestamp."""
    message = record("test", emitted_at=EMITTED_AT + 1234, id=1)

    assert sync(dust.world, catalog("test"), [message]).failure is None

    assert EMITTED_AT + 1234 == dust.world.documents()["test-1"].timestamp
