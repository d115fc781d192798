"""Tags: ours say exactly what a document is, and no tag of a user can pass for one of ours."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from destination_dust.mapping.tags import (
    Marker,
    field_tags,
    fingerprint_of,
    generation_of,
    is_of_stream,
    marker_of,
    stream_tags,
    version_tag,
    with_fingerprint,
)

FINGERPRINT = "q83vASNFZ_k"
_NAMES = st.text(st.sampled_from("ab:\0\ud800 \ufffd"), max_size=3)


@given(st.none() | _NAMES, _NAMES, st.none() | _NAMES, _NAMES)
def test_no_stream_claims_the_documents_of_another(
    namespace: str | None, stream: str, other_namespace: str | None, other_stream: str
) -> None:
    """A replacement deletes by these tags, so they must be distinct for all streams, whatever their names."""
    tags = [*stream_tags(namespace, stream), version_tag(1, FINGERPRINT), "airbyteish:x"]
    equal = (namespace or None, stream) == (other_namespace or None, other_stream)

    assert equal == is_of_stream(tags, other_namespace, other_stream)


def test_our_tags_are_spelled_so() -> None:
    """Documents store them: another spelling would orphan every document."""
    assert ["airbyte:stream:users"] == stream_tags(None, "users") == stream_tags("", "users")
    assert ["airbyte:stream:users", "airbyte:namespace:public"] == stream_tags("public", "users")
    assert "airbyte:7:q83vASNFZ_k" == version_tag(7, FINGERPRINT)
    assert "airbyte::q83vASNFZ_k" == version_tag(None, FINGERPRINT)
    assert "airbyte:replaced:7:9" == Marker(7, 9, True).tag
    assert "airbyte:replacing:7" == Marker(7, None, False).tag


@given(st.none() | st.integers(0, 10**19 - 1))
def test_our_tags_are_read_back(generation: int | None) -> None:
    """From among all others."""
    tags = ["x", *stream_tags("public", "users"), version_tag(generation, FINGERPRINT), "airbyte:replaced:9"]

    assert (generation or 0) == generation_of(tags)
    assert FINGERPRINT == fingerprint_of(tags)


@given(st.integers(0, 10**19 - 1), st.none() | st.integers(0, 10**19 - 1), st.booleans())
def test_markers_are_read_back(generation: int, sync_id: int | None, completed: bool) -> None:
    """No other tag passes for one."""
    marker = Marker(generation, sync_id, completed)

    assert marker == marker_of(["x", version_tag(1, FINGERPRINT), marker.tag, *stream_tags("a", "replaced:1")])


def test_a_malformed_tag_counts_as_absent() -> None:
    """Other programs can write any; two that disagree prove nothing."""
    assert 0 == generation_of(["x"]) == generation_of(["airbyte:generation:x"])
    assert 0 == generation_of(["airbyte:generation:1", "airbyte:generation:2"])
    assert 0 == generation_of(["airbyte:generation:" + "9" * 5000]) == generation_of(["airbyte:generation:-1"])
    assert fingerprint_of(["x"]) is None
    assert fingerprint_of([version_tag(1, FINGERPRINT), version_tag(2, FINGERPRINT)]) is None
    assert fingerprint_of(["airbyte:1:short"]) is None
    assert (
        marker_of(["airbyte:replaced:", "airbyte:replaced:x", "airbyte:replaced:1:", "airbyte:replaced:1:2:3"]) is None
    )
    assert marker_of(["airbyte:replaced:1:2", "airbyte:replaced:3:4"]) is None


def test_the_tags_of_version_0_1_0_are_read() -> None:
    """Its fingerprints are not: they depend on the order of fields. Its documents are sent once more."""
    tags = ["airbyte:stream:users", "airbyte:generation:7", "airbyte:fingerprint:" + "0a" * 16, "airbyte:replaced:7"]

    assert is_of_stream(tags, None, "users")
    assert 7 == generation_of(tags)
    assert fingerprint_of(tags) is None
    assert Marker(7, None, True) == marker_of(tags)


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
        ("mixed", ["mixed:1", "mixed:x", "mixed:2"]),
        ("labels", ["labels:a b", "labels:c"]),
        ("Labels.*.NAME", ["Labels.*.NAME:a b", "Labels.*.NAME:c"]),
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


def test_another_fingerprint_leaves_the_other_tags_and_the_generation() -> None:
    """Whatever the fingerprint was."""
    tags = ["airbyte:stream:users", "plan:pro", version_tag(5, FINGERPRINT)]

    assert [*tags[:-1], version_tag(5, "AAAAAAAAAAA")] == with_fingerprint(tags, "AAAAAAAAAAA")
    assert ["x", "airbyte:replaced:5"] == with_fingerprint(["x", "airbyte:replaced:5"], "AAAAAAAAAAA")
