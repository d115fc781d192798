"""Tags: ours say exactly what a document is, and no tag of a user can pass for one of ours."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from destination_dust.mapping.tags import (
    field_tags,
    fingerprint_of,
    fingerprint_tag,
    generation_of,
    generation_tag,
    is_of_stream,
    replaced_tag,
    stream_tags,
)

_NAMES = st.text(st.sampled_from("ab:\0\ud800 \ufffd"), max_size=3)


@given(st.none() | _NAMES, _NAMES, st.none() | _NAMES, _NAMES)
def test_no_stream_claims_the_documents_of_another(
    namespace: str | None, stream: str, other_namespace: str | None, other_stream: str
) -> None:
    """A replacement deletes by these tags, so they must be distinct for all streams, whatever their names."""
    tags = [*stream_tags(namespace, stream), generation_tag(1), fingerprint_tag("ab"), "airbyteish:x"]
    equal = (namespace or None, stream) == (other_namespace or None, other_stream)

    assert equal == is_of_stream(tags, other_namespace, other_stream)


def test_our_tags_are_spelled_so() -> None:
    """Documents store them: another spelling would orphan every document."""
    assert ["airbyte:stream:users"] == stream_tags(None, "users") == stream_tags("", "users")
    assert ["airbyte:stream:users", "airbyte:namespace:public"] == stream_tags("public", "users")
    assert "airbyte:generation:7" == generation_tag(7)
    assert "airbyte:fingerprint:ab" == fingerprint_tag("ab")
    assert "airbyte:replaced:7" == replaced_tag(7)


def test_our_tags_are_read_back() -> None:
    """From among all others; a malformed tag counts as absent."""
    assert 7 == generation_of(["x", "airbyte:generation:7", "airbyte:replaced:9"])
    assert 0 == generation_of(["x"]) == generation_of(["airbyte:generation:x"])
    assert 0 == generation_of(["airbyte:generation:1", "airbyte:generation:2"])
    assert 0 == generation_of(["airbyte:generation:" + "9" * 5000]) == generation_of(["airbyte:generation:-1"])
    assert "ab" == fingerprint_of(["x", "airbyte:fingerprint:ab"])
    assert fingerprint_of(["x"]) is None
    assert fingerprint_of(["airbyte:fingerprint:a", "airbyte:fingerprint:b"]) is None


@pytest.mark.parametrize(
    ("field", "tags"),
    [
        ("status", ["status:open"]),
        ("count", ["count:3"]),
        ("done", ["done:true"]),
        ("labels.name", ["labels.name:a b", "labels.name:c"]),
        ("title", ["_title:T"]),
        ("airbyte:stream", ["_airbyte:stream:users"]),
        ("__DUST", ["___DUST:x"]),
        ("Title", ["Title:t"]),
        ("null", []),
        ("blank", []),
        ("object", []),
        ("missing", []),
        ("mixed", ["mixed:1", "mixed:x"]),
        ("long", ["long:" + "💥" * 125]),
    ],
)
def test_fields_become_tags(field: str, tags: list[str]) -> None:
    """One for each value, on one line, of a bounded length."""
    data: dict[str, Any] = {
        "status": " open\n",
        "count": 3,
        "done": True,
        "labels": [{"name": "a\n\tb"}, {"name": "c"}, {"name": "c"}],
        "title": "T",
        "airbyte:stream": "users",
        "__DUST": "x",
        "Title": "t",
        "null": None,
        "blank": " \n",
        "object": {"a": 1},
        "mixed": [1, "x", None, "", {"a": 1}, [2]],
        "long": "💥" * 1000,
    }

    assert (tags, 0) == field_tags(data, [field])


def test_odd_characters_of_tags_are_cleaned_and_counted() -> None:
    """In values and in names of fields."""
    assert (["a\ufffd:x", "b:yz"], 1) == field_tags({"a\ud800": "x", "b": "y\0z"}, ["a\ud800", "b"])
