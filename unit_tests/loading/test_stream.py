"""Streams as a caller describes them."""

from __future__ import annotations

from typing import Any

import pytest

from destination_dust.airbyte.catalog import Mode
from destination_dust.airbyte.messages import StreamKey
from destination_dust.loading.stream import Stream


@pytest.mark.parametrize(
    ("key", "paths"),
    [
        ("id", (("id",),)),
        (["id"], (("id",),)),
        (("shop", "number"), (("shop",), ("number",))),
        ([["author", "id"], "number"], (("author", "id"), ("number",))),
        ((), ()),
        ([], ()),
    ],
)
def test_a_text_is_one_field_and_a_sequence_several(key: Any, paths: tuple[tuple[str, ...], ...]) -> None:
    """The letters of a text are no fields."""
    assert paths == Stream("users", key).plan().primary_key


@pytest.mark.parametrize(
    ("key", "replaces", "mode"),
    [
        ("id", False, Mode.APPEND_DEDUP),
        ((), False, Mode.APPEND),
        ("id", True, Mode.OVERWRITE_DEDUP),
        ((), True, Mode.OVERWRITE),
    ],
)
def test_a_key_recognises_records_in_either_mode(key: Any, replaces: bool, mode: Mode) -> None:
    """So a record that lacks its key is refused, and one may delete."""
    plan = Stream("users", key).plan(replaces=replaces)

    assert (mode, replaces, replaces) == (plan.mode, plan.replaces, plan.is_whole)
    assert not plan.has_ids


def test_a_schema_declares_fields() -> None:
    """As it does in a catalog."""
    fields = {"at": {"type": "string", "format": "date-time"}}

    assert fields == Stream("users", json_schema={"properties": fields}).plan().properties
    assert {} == Stream("users", json_schema={"type": "object"}).plan().properties


def test_an_empty_namespace_is_none() -> None:
    """Or it would be another stream."""
    assert StreamKey(None, "users") == Stream("users", namespace="").key
    assert StreamKey("crm", "users") == Stream("users", namespace="crm").key


def test_a_stream_needs_a_name() -> None:
    """Its documents could not be told from others."""
    with pytest.raises(ValueError, match="needs a name"):
        Stream("")
