"""Names and contents of tables, and the warnings about them."""

from __future__ import annotations

from typing import Any

import pytest

from integration_tests.harness.in_process import sync
from integration_tests.harness.messages import catalog, record, state, stream
from integration_tests.harness.tables import GONE, TABLE, looks, settings, stored, upserts, users
from local_dust import World

ODD_NAMES = [
    *("Foo.Bar", "foo_bar", "FOO BAR", "é", "e", "address1", "address_1", "a__b", "createdAt", "order"),
    *("💥", "", "__dust_id"),
]


@pytest.mark.parametrize("declared", [True, False])
def test_fields_of_any_name_arrive_under_the_same_names_each_time(world: World, declared: bool) -> None:
    """All columns are there, distinct, and called the same when the records come in another order."""
    fields = {name: {"type": "string"} for name in ODD_NAMES} if declared else {}
    streams = catalog(stream("users", fields={"id": {"type": "integer"}, **fields}))
    values: list[dict[str, Any]] = [{name: f"of {name!r}"} for name in ODD_NAMES]
    records = [record("users", id=number, **value) for number, value in enumerate(values)]
    names = []
    for messages in (records, records[::-1]):
        assert sync(world, streams, messages, **settings()).failure is None
        rows = stored(world)
        cells = [{name: cell for name, cell in row.items() if name != "id"} for row in rows.values()]
        assert [1] * len(ODD_NAMES) == [len(row) for row in cells]
        names.append({cell: name for row in cells for name, cell in row.items()})

    assert {f"of {name!r}" for name in ODD_NAMES} == set(names[0])
    assert len(ODD_NAMES) == len(set(names[0].values()))
    assert names[0] == names[1]


def test_a_table_is_created_once_and_says_what_is_in_it(world: World) -> None:
    """Id and name are a slug of the stream, the title is the stream, the description names key and columns."""
    fields = {"id": {"type": "integer"}, "createdAt": {"type": "string", "format": "date-time"}}
    records = users(5, createdAt="2026-01-01T00:00:00Z")
    sync(world, catalog(stream("users", fields=fields)), records, **settings(table_batch_size=1))

    created = [arrival.body for arrival in world.arrivals if arrival.path.endswith("/tables")]
    assert [{"table_id", "name", "title", "description", "tags"}] == [set(body) for body in created]
    assert (TABLE, TABLE, "users") == tuple(created[0][name] for name in ("table_id", "name", "title"))
    for part in ("users", "One row per id.", "id (integer)", 'created_at ("createdAt" in the source; date and time)'):
        assert part in created[0]["description"]


def test_the_description_says_which_columns_are_not_there(world: World) -> None:
    """A new table has only those that are sent. Of others it is known once they were read. It follows when one is
    filled."""
    fields: dict[str, Any] = {"id": {"type": "integer"}, "番号": {}, "closedAt": {}}
    streams = catalog(stream("users", fields=fields))

    def described(*messages: dict[str, Any]) -> list[str]:
        before = len(world.arrivals)
        assert sync(world, streams, messages, **settings()).failure is None
        return [each.body["description"] for each in world.arrivals[before:] if each.path.endswith("/tables")]

    (first,) = described(*users(2))
    assert "Columns that do not exist yet, because no row had a value: fan_hao, closed_at." in first
    second, third = described(*users(2, start=2, 番号=7))
    assert "not exist" not in second
    assert "no row had a value: closed_at." in third
    assert 'fan_hao ("番号" in the source)' in third
    _, fourth = described(*users(2, start=4))
    assert third == fourth
    (last,) = described(*users(2, start=6, closedAt="x"))
    assert "not exist" not in last


def test_a_name_that_another_table_has_is_named_with_both_tables(world: World) -> None:
    """Dust wants names to be unique in a data source: the message names ours and the other table."""
    world.data_source.tables.describe(
        "the_other",
        timestamp=None,
        source_url=None,
        name=TABLE,
        description="",
        title="",
        tags=(),
        parents=(),
        parent_id=None,
        mime_type="",
    )

    finished = sync(world, catalog("users"), [*users(1), state("users", 1)], **settings())

    assert "config_error" == finished.failure
    assert TABLE in finished.message
    assert "the_other" in finished.message
    assert [] == finished.states


def test_values_that_dust_misreads_are_counted_and_reported_once(world: World) -> None:
    """Nothing keeps Dust from taking 007 for a number, so the report counts such values by column."""
    messages = [record("users", id=number, zip="007", flag="t", when="2024-01-02", name="Ann") for number in range(3)]

    finished = sync(world, catalog("users"), messages, **settings())

    assert {"id": 0, "zip": 7, "flag": True, "when": "2024-01-02 00:00:00", "name": "Ann"} == stored(world)["users-0"]
    for part in ("3 values are texts that Dust reads as numbers", "booleans", "dates", "zip (3)", "when (3)"):
        assert 1 == sum(part in line for line in finished.warnings)
    assert not any("name (" in line for line in finished.warnings)


def test_a_column_that_changes_its_type_is_reported(world: World) -> None:
    """A column of numbers that gets a text becomes a column of texts in Dust, with a warning."""
    sync(world, catalog("users"), users(2, size=5), **settings())

    finished = sync(world, catalog("users"), users(1, start=7, size="large"), **settings())

    assert any("column size is a whole number in the table" in line and "text" in line for line in finished.warnings)
    assert {5, "large"} == {row["size"] for row in stored(world).values()}


def test_deletes_follow_rows_of_an_earlier_sync(world: World) -> None:
    """A hard delete of change data capture removes the row."""
    sync(world, catalog("users"), users(3), **settings())

    deletes = [*users(1, **GONE), *users(1, start=2, **GONE)]
    finished = sync(world, catalog("users"), [*deletes, state("users", 1)], **settings())

    assert {"users-1"} == set(stored(world))
    assert 1 == len(finished.states)


def test_soft_deletes_keep_the_row_with_its_tombstone(world: World) -> None:
    """With cdc_deletes set to soft, a deleted row stays and says when it was deleted."""
    sync(world, catalog("users"), [*users(1), *users(1, **GONE)], **settings(cdc_deletes="soft"))

    assert {"id": 0, "_ab_cdc_deleted_at": "2026-01-01 00:00:00"} == stored(world)["users-0"]


def test_records_without_a_key_are_rows_of_their_own_content(world: World) -> None:
    """Equal records are one row, whatever the order of their fields; all count as stored."""
    records = [record("users", a=1, b=2), record("users", b=2, a=1), record("users", a=1, b=3), state("users", 1)]

    finished = sync(world, catalog(stream("users", mode="append", key=[])), records, **settings())

    assert [{"a": 1, "b": 2}, {"a": 1, "b": 3}] == sorted(stored(world).values(), key=lambda row: row["b"])
    assert 3.0 == finished.states[0]["destinationStats"]["recordCount"]


def test_characters_that_dust_cannot_store_are_replaced_and_counted(world: World) -> None:
    """NUL goes, half a surrogate pair becomes U+FFFD, and the other rows of the request are not lost with them."""
    finished = sync(world, catalog("users"), [*users(2), record("users", id=9, name="a\0b\ud800c")], **settings())

    assert "ab�c" == stored(world)["users-9"]["name"]
    assert 3 == len(stored(world))
    assert any("in 1 records, characters" in line for line in finished.warnings)


def test_without_confirmation_the_answer_is_trusted(world: World) -> None:
    """With confirm_rows off, no row is looked at and a 200 acknowledges."""
    world.limits.quiet_seconds = 1_000.0

    finished = sync(world, catalog("users"), [*users(1), state("users", 1)], **settings(confirm_rows=False))

    assert [] == looks(world)
    assert 1 == len(finished.states)
    assert 1 == len(upserts(world))


def test_a_field_keeps_its_column_when_the_catalog_changes(world: World) -> None:
    """Declared later, or beside another field whose name is alike: agents' queries go on to find its values."""

    def synced(fields: dict[str, Any], **values: Any) -> None:
        streams = catalog(stream("users", fields={"id": {"type": "integer"}, **fields}))
        assert sync(world, streams, [record("users", **values)], **settings()).failure is None

    synced({"userName": {}}, id=1, userName="a", planTier="free")
    synced({"userName": {}, "user_name": {}, "planTier": {}}, id=2, userName="b", user_name="c", planTier="pro")

    rows = stored(world)
    (plan_tier,) = (name for name, value in rows["users-1"].items() if value == "free")
    (other,) = (name for name, value in rows["users-2"].items() if value == "c")
    assert {"id": 1, "user_name": "a", plan_tier: "free"} == rows["users-1"]
    assert {"id": 2, "user_name": "b", plan_tier: "pro", other: "c"} == rows["users-2"]


def test_columns_that_may_have_moved_are_said_if_the_tags_are_gone(world: World) -> None:
    """Someone may have described the table anew."""

    def synced(fields: dict[str, Any]) -> list[str]:
        streams = catalog(stream("users", fields={"id": {"type": "integer"}, **fields}))
        finished = sync(world, streams, [record("users", id=1, planTier="free")], **settings())
        assert finished.failure is None
        return finished.warnings

    assert [] == synced({})
    table = world.tables()[TABLE]
    described = {"name": table.name, "title": table.title, "description": "mine", "tags": ()}
    world.data_source.tables.describe(TABLE, timestamp=1, source_url=None, parents=[], **described)

    (warning,) = synced({"planTier": {}})
    assert warning.startswith("Stream users: the values of the field planTier go to the column plan_tier.")
