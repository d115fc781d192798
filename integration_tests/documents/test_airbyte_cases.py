"""Cases of Airbyte's own test suites for destinations that documents have no other test for.

The mark `airbyte_case` names them; `docs/airbyte-test-cases.md` lists all cases.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from integration_tests.harness.connector import Connector, write
from integration_tests.harness.contents import contents, keep, marks
from integration_tests.harness.in_process import sync
from integration_tests.harness.messages import catalog, complete, global_state, record, state, stream
from local_dust import LocalDust

DELETED = {"_ab_cdc_deleted_at": "2026-01-01T00:00:00Z"}


def truncating(generation: int, mode: str = "append", **more: Any) -> dict[str, Any]:
    """The stream `test`, whose older generations are to go."""
    return stream("test", mode=mode, generation=generation, minimum=generation, **more)


def some(*numbers: int, **more: Any) -> list[dict[str, Any]]:
    """A record of the stream `test` for each number."""
    return [record("test", id=number, **more) for number in numbers]


@pytest.mark.airbyte_case(
    "testIncrementalSync", "testAppend", "testAppendSchemaEvolution", "testAppendJsonSchemaEvolution"
)
def test_append_keeps_what_earlier_syncs_brought(dust: LocalDust, tmp_path: Path) -> None:
    """Keyless records of two syncs with different fields are all there."""

    def appended(**fields: Any) -> dict[str, Any]:
        return catalog(stream("test", mode="append", key=[], fields=fields))

    assert sync(dust.world, appended(name={}), [record("test", name="a", dropped=1)]).failure is None

    write(tmp_path, dust.config(), appended(name={}, more={}), [record("test", name="a", more={"b": 1})])

    assert [{"name": "a", "dropped": 1}, {"name": "a", "more": {"b": 1}}] == sorted(
        contents(dust.world).values(), key=lambda data: "more" in data
    )


@pytest.mark.airbyte_case("testDedup", "testDedupWithStringKey", "testIncrementalDedupeSync")
@pytest.mark.parametrize("key_is", [int, str])
def test_changes_and_deletes_in_one_sync_and_over_two(dust: LocalDust, tmp_path: Path, key_is: type) -> None:
    """The last record of a composite key decides; deleting what never existed does no harm."""
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


@pytest.mark.airbyte_case("testDedupNoCursor", "testDedupChangeCursor")
def test_input_order_decides_whatever_the_cursor(dust: LocalDust, tmp_path: Path) -> None:
    """Cursors are not compared."""
    assert sync(dust.world, catalog("test"), some(1, old_cursor=100, name="first")).failure is None
    changed = {**stream("test"), "cursor_field": ["new_cursor"]}

    write(tmp_path, dust.config(), catalog(changed), some(1, new_cursor=1, name="second"))

    assert {"test-1": {"id": 1, "new_cursor": 1, "name": "second"}} == contents(dust.world)


@pytest.mark.airbyte_case("testDedupChangePk")
def test_another_key_makes_other_documents(dust: LocalDust, tmp_path: Path) -> None:
    """Documents under the old key stay until the stream is replaced."""
    by_two = stream("test", key=[["id"], ["part"]])
    assert sync(dust.world, catalog(by_two), some(1, part=1)).failure is None
    assert sync(dust.world, catalog("test"), some(1, part=2)).failure is None
    assert {"test-1-1", "test-1"} == contents(dust.world).keys()

    write(tmp_path, dust.config(), catalog(truncating(2, "append_dedup")), [*some(1, part=3), complete("test")])

    assert {"test-1": {"id": 1, "part": 3}} == contents(dust.world)


@pytest.mark.airbyte_case(
    "testNamespaces", "testSyncUsesAirbyteStreamNamespaceIfNotNull", "testSyncWriteSameTableNameDifferentNamespace"
)
def test_equal_names_in_different_namespaces_do_not_meet(dust: LocalDust, tmp_path: Path) -> None:
    """Not even strange ones; replacing one stream leaves the others alone."""
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
    assert len(namespaces) == len(marks(dust.world))

    replaced = sync(dust.world, catalog(each(2)[1]), brought("test", 2))

    assert replaced.failure is None
    assert sorted([(1, str(name)) for name in namespaces if name != "test"] + [(2, "test")]) == sorted(
        (data["id"], str(data["n"])) for data in contents(dust.world).values()
    )


@pytest.mark.airbyte_case("testFunkyCharacters", "testFunkyCharactersDedup")
@pytest.mark.parametrize("mode", ["append", "append_dedup"])
def test_funky_names_and_values_arrive(dust: LocalDust, tmp_path: Path, mode: str) -> None:
    """In streams, namespaces, fields, keys and values."""
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


@pytest.mark.airbyte_case(
    "testTruncateRefresh", "testInterruptedTruncateWithPriorData", "testInterruptedTruncateWithoutPriorData"
)
def test_a_truncate_refresh_that_is_killed_can_be_resumed(dust: LocalDust, tmp_path: Path) -> None:
    """The killed attempt deletes nothing, and the next one finishes the replacement."""
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


@pytest.mark.airbyte_case("testTruncateRefreshNoData", "testClear")
@pytest.mark.parametrize("messages", [[], [global_state(1, "test")]], ids=["nothing", "a global state"])
def test_a_stream_without_records_ends_empty(dust: LocalDust, tmp_path: Path, messages: list[dict[str, Any]]) -> None:
    """That is how the platform clears a stream, once or again."""
    keep(dust.world, stream("test", generation=1), some(1, 2))
    keep(dust.world, stream("other", generation=1), [record("other", id=1)])
    cleared = catalog(truncating(2))

    connector = write(tmp_path, dust.config(), cleared, [*messages, complete("test")])

    assert {"other-1": {"id": 1}} == contents(dust.world)
    assert len(messages) == len(connector.states())
    assert sync(dust.world, cleared, [*messages, complete("test")]).failure is None
    assert {"other-1": {"id": 1}} == contents(dust.world)


@pytest.mark.airbyte_case("testManyStreamsCompletion", "testNoData")
def test_many_streams_are_completed(dust: LocalDust, tmp_path: Path) -> None:
    """21 replaced streams, one of them without records."""
    names = [f"stream_{number}" for number in range(21)]
    streams = [stream(name, mode="overwrite", generation=3, minimum=3) for name in names]
    for name in names:
        keep(dust.world, stream(name, generation=2), [record(name, id=99)])
    messages = [record(name, id=1) for name in names[1:]]
    messages += [state(name, number) for number, name in enumerate(names)] + [complete(name) for name in names]

    connector = write(tmp_path, dust.config(), catalog(*streams), messages)

    assert {f"{name}-1" for name in names[1:]} == contents(dust.world).keys()
    assert [*range(21)] == sorted(each["id"] for each in connector.states())
    assert 21 == len(marks(dust.world))


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


@pytest.mark.airbyte_case("testBasicTypes", "testContainerTypes", "testUnknownTypes", "testUnions", "testNoColumns")
@pytest.mark.airbyte_case(
    "testDataTypeTestWithNormalization", "testLineBreakCharacters", "testSyncNotFailsWithNewFields"
)
def test_values_of_every_type_arrive_as_they_are(dust: LocalDust, tmp_path: Path) -> None:
    """A document is JSON, so no value has to fit a type, declared or not."""
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


@pytest.mark.airbyte_case(
    "testSyncNumberNanDataType",
    "testSyncIntegerNanDataType",
    "testSyncNumberInfinityDataType",
    "testSyncIntegerInfinityDataType",
)
@pytest.mark.parametrize("kind", ["number", "integer"])
@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity"])
def test_nan_and_infinity_arrive_as_strings(dust: LocalDust, kind: str, value: str) -> None:
    """JSON has no numbers for them."""
    message = some(1, value=float(value.replace("Infinity", "inf")))

    assert sync(dust.world, catalog(stream("test", fields={"value": {"type": kind}})), message).failure is None

    assert {"test-1": {"id": 1, "value": value}} == contents(dust.world)
