"""The catalog: a plan for each stream, or the reason why it is refused."""

from __future__ import annotations

from typing import Any

import pytest

from destination_dust.airbyte.catalog import Catalog, MissingKey, Mode, StreamPlan, UnusableCatalog
from destination_dust.airbyte.messages import StreamKey
from unit_tests.builders import USERS, configured


def plan_of(**stream: Any) -> StreamPlan:
    """The plan of a catalog's only stream."""
    (plan,) = Catalog.parse({"streams": [configured(**stream)]})
    return plan


def refusal(*streams: dict[str, Any]) -> str:
    """The message that refuses a catalog."""
    with pytest.raises(UnusableCatalog) as caught:
        Catalog.parse({"streams": list(streams)})
    return str(caught.value)


def keyed(*paths: tuple[str, ...]) -> StreamPlan:
    """A plan with a primary key."""
    return StreamPlan(USERS, Mode.APPEND_DEDUP, paths)


def test_a_stream_has_a_plan() -> None:
    """With its mode, key, generations and declared fields."""
    plan = plan_of(
        mode="append_dedup",
        stream_namespace="crm",
        primary_key=[["id"], ["address", "country"]],
        generation_id=7,
        minimum_generation_id=6,
        sync_id=99,
    )

    assert (StreamKey("crm", "users"), Mode.APPEND_DEDUP) == (plan.stream, plan.mode)
    assert (("id",), ("address", "country")) == plan.primary_key
    assert (7, 6) == (plan.generation_id, plan.minimum_generation_id)
    assert {"id": {"type": "integer"}} == plan.properties


def test_generations_may_be_missing() -> None:
    """Older platforms, and other hosts, do not send them."""
    plan = plan_of()

    assert (None, None) == (plan.generation_id, plan.minimum_generation_id)


def test_plans_are_found_by_namespace_and_name() -> None:
    """An empty namespace counts as no namespace; equal names in two namespaces are two streams."""
    catalog = Catalog.parse({"streams": [configured(stream_namespace=""), configured(stream_namespace="crm")]})

    assert [USERS, StreamKey("crm", "users")] == [plan.stream for plan in catalog]
    assert catalog.plan_of(USERS) is not catalog.plan_of(StreamKey("crm", "users"))
    assert catalog.plan_of(StreamKey("other", "users")) is None


@pytest.mark.parametrize("mode", list(Mode))
def test_every_mode_of_ours_is_taken_from_the_catalog(mode: Mode) -> None:
    """By the protocol's name for it."""
    assert mode is plan_of(mode=mode.value, primary_key=[["id"]]).mode


@pytest.mark.parametrize("mode", ["update", "soft_delete", "potato", None, ["append"]])
def test_a_mode_that_we_do_not_know_is_refused_with_those_that_we_do(mode: Any) -> None:
    """Guessing would do something else with the data than was asked for."""
    message = refusal(configured(mode=mode))

    assert f"The stream users is set to the destination sync mode {mode}" in message
    assert all(known.value in message for known in Mode)


def test_the_users_key_comes_before_the_sources() -> None:
    """The person who configures the connection knows better."""
    assert (("a",),) == plan_of(primary_key=[["a"]], stream_source_defined_primary_key=[["b"]]).primary_key
    assert (("b",),) == plan_of(primary_key=[], stream_source_defined_primary_key=[["b"]]).primary_key
    assert (("b",),) == plan_of(primary_key=None, stream_source_defined_primary_key=[["b"]]).primary_key


def test_a_key_may_be_written_as_names() -> None:
    """Some hosts send a name in the place of a path of one."""
    assert (("id",), ("country",)) == plan_of(primary_key=["id", ["country"]]).primary_key


@pytest.mark.parametrize("key", [[], [[]], None])
def test_an_empty_key_counts_as_no_key(key: object) -> None:
    """Also a path without a step: it would make the whole record the key."""
    assert () == plan_of(primary_key=key, stream_source_defined_primary_key=key).primary_key


def test_deduplication_needs_a_key() -> None:
    """Without, there is nothing by which two records are the same."""
    message = refusal(configured(mode="append_dedup"))

    assert "The stream users is to be deduplicated, but has no primary key" in message


def test_a_stream_of_files_is_refused() -> None:
    """Dust's API takes texts and rows."""
    assert "The stream users transfers files" in refusal(configured(include_files=True))


def test_a_stream_may_not_be_there_twice() -> None:
    """Its two plans may differ."""
    assert "the stream users twice" in refusal(configured(), configured(stream_namespace=None))


def test_a_stream_needs_a_name() -> None:
    """No record could be of it."""
    assert "without a name" in refusal({"destination_sync_mode": "append"})


@pytest.mark.parametrize("content", [{}, {"streams": []}, {"streams": None}])
def test_an_empty_catalog_is_refused(content: dict[str, Any]) -> None:
    """It is a mistake that would otherwise look like a very fast sync."""
    with pytest.raises(UnusableCatalog, match="no stream"):
        Catalog.parse(content)


@pytest.mark.parametrize(
    "schema", [None, {}, {"properties": None}, {"properties": ["a"]}, {"type": "object"}, True, "x", [1]]
)
def test_a_stream_without_declared_fields_is_fine(schema: object) -> None:
    """Sources without a schema exist, and a schema may be `true`, which allows everything."""
    assert {} == plan_of(stream_json_schema=schema).properties


@pytest.mark.parametrize(
    ("paths", "data", "key"),
    [
        ([("id",)], {"id": 1}, (1,)),
        ([("id",)], {"id": "1"}, ("1",)),
        ([("id",)], {"id": 0}, (0,)),
        ([("id",)], {"id": False}, (False,)),
        ([("id",)], {"id": ""}, ("",)),
        ([("id",)], {"id": {"a": 1}}, ({"a": 1},)),
        ([("a", "b"), ("c",)], {"a": {"b": 1}, "c": 2}, (1, 2)),
        ([("c",), ("a", "b")], {"a": {"b": 1}, "c": 2}, (2, 1)),
        ([], {"id": 1}, ()),
    ],
)
def test_the_parts_of_a_key_are_found(paths: list[tuple[str, ...]], data: dict[str, Any], key: tuple[Any, ...]) -> None:
    """In the order of the catalog, nested ones too; what is false, zero or empty is still there."""
    assert key == keyed(*paths).key_of(data)


@pytest.mark.parametrize(
    ("path", "data"),
    [
        (("id",), {}),
        (("id",), {"id": None}),
        (("a", "b"), {"a": None}),
        (("a", "b"), {"a": {"b": None}}),
        (("a", "b"), {"a": "text"}),
        (("a", "b"), {"a": [{"b": 1}]}),
        (("a", "b"), {"a.b": 1}),
    ],
)
def test_a_part_of_a_key_can_be_missing(path: tuple[str, ...], data: dict[str, Any]) -> None:
    """The error names the field, and nothing of the record."""
    with pytest.raises(MissingKey, match=f"^the primary key field {'[.]'.join(path)} is missing or null$"):
        keyed(path).key_of(data)


@pytest.mark.parametrize("value", ["2024-01-01", 0, False, "", {}])
def test_a_record_of_change_data_capture_can_be_a_deletion(value: object) -> None:
    """Whatever the mark holds, unless it is null, and in every mode: all of them find a row by its key."""
    data = {"id": 1, "_ab_cdc_deleted_at": value}

    for mode in ("append", "append_dedup", "overwrite", "overwrite_dedup"):
        assert plan_of(mode=mode, primary_key=[["id"]]).deletes(data)
    assert not plan_of(mode="overwrite_dedup").deletes(data), "without a key there is nothing to find the row by"


@pytest.mark.parametrize("data", [{"id": 1}, {"id": 1, "_ab_cdc_deleted_at": None}])
def test_a_record_without_the_mark_is_not_a_deletion(data: dict[str, Any]) -> None:
    """Sources of change data capture send the field with every record."""
    assert not plan_of(mode="append_dedup", primary_key=[["id"]]).deletes(data)


@pytest.mark.parametrize(
    ("mode", "ids", "has_ids", "replaces"),
    [
        ("append_dedup", (5, 5, 7), True, True),
        ("append_dedup", (5, 4, 7), True, True),
        ("append_dedup", (5, 0, 7), True, False),
        ("append", (1, 1, 7), True, True),
        ("append", (1, 1, None), True, True),
        ("append", (0, 0, 0), True, False),
        ("append", (1, 1, 1), False, False),
        ("append", (5, None, 7), False, False),
        ("append", (None, 5, 7), False, False),
        ("append", ("5", "5", "7"), False, False),
        ("append", (True, True, 7), False, False),
        ("overwrite", (None, None, None), False, True),
        ("overwrite", (1, 1, 1), False, True),
        ("overwrite", (5, 5, 7), True, True),
        ("overwrite", (5, 0, 7), True, False),
        ("overwrite_dedup", (None, None, None), False, True),
    ],
)
def test_a_stream_is_replaced_if_the_ids_or_else_the_mode_say_so(
    mode: str, ids: tuple[object, ...], has_ids: bool, replaces: bool
) -> None:
    """Three times 1 is what hosts send that count nothing; a minimum of 0 keeps all generations."""
    generation, minimum, sync = ids
    plan = plan_of(
        mode=mode, primary_key=[["id"]], generation_id=generation, minimum_generation_id=minimum, sync_id=sync
    )

    assert (has_ids, replaces) == (plan.has_ids, plan.replaces)
    assert (generation if has_ids else None) == plan.generation
