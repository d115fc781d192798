"""The values of a record with their paths and kinds."""

from __future__ import annotations

from typing import Any

import pytest

from destination_dust.mapping.documents.kinds import Kind
from destination_dust.mapping.documents.leaves import leaves

TEXT = "It burns since noon, so please send water."
LONG = f"{TEXT}\n{TEXT}"


def found(record: dict[str, Any], schema: object = None) -> list[tuple[str, Kind, str]]:
    """The leaves as plain tuples."""
    return [(leaf.path, leaf.kind, leaf.text) for leaf in leaves(record, schema)]


def test_objects_lead_to_dot_paths_and_empty_values_to_nothing() -> None:
    """Whatever there is, in its order."""
    record: dict[str, Any] = {"a": {"b": "open", "c": {"d": 1.50}}, "e": None, "f": " ", "g": [], "h": {}, "i\nj": True}

    assert [("a.b", Kind.FACT, "open"), ("a.c.d", Kind.MACHINE, "1.5"), ("i j", Kind.MACHINE, "true")] == found(record)


def test_html_comes_as_text() -> None:
    """And is judged as such."""
    assert [("a", Kind.SENTENCE, TEXT)] == found({"a": f"<p>{TEXT}</p>", "b": "<p> </p>"})


def test_trees_of_nodes_come_as_text() -> None:
    """As Jira and Notion send them."""
    document = {"type": "doc", "content": [{"type": "paragraph", "content": [{"type": "text", "text": TEXT}]}]}

    assert [("a", Kind.SENTENCE, TEXT)] == found({"a": document})
    assert [("a.b", Kind.FACT, "Ann Lee")] == found({"a": {"b": [{"plain_text": "Ann "}, {"plain_text": "Lee"}]}})


def test_a_list_of_plain_values_is_one_leaf() -> None:
    """Without its noise; long texts are kept apart."""
    uuid = "550e8400-e29b-41d4-a716-446655440000"

    assert [("a", Kind.NOISE, uuid), ("a", Kind.FACT, "x, 5")] == found({"a": ["x", None, uuid, 5]})
    assert [("a", Kind.TEXT, f"{LONG}\n\nx")] == found({"a": [LONG, "x"]})
    assert [("a", Kind.MACHINE, "1, 2")] == found({"a": [1, 2]})


def test_a_long_list_of_numbers_is_noise() -> None:
    """An embedding or a series; codes are not."""
    assert [Kind.NOISE] == [kind for _, kind, _ in found({"a": [0.5] * 33})]
    assert [Kind.MACHINE] == [kind for _, kind, _ in found({"a": ["A1"] * 33})]


def test_elements_of_a_list_stay_together() -> None:
    """On one line, so that amounts can be told apart; noise is named by its path."""
    record = {
        "lines": [{"item": "Toner", "qty": 2, "url": "https://x"}, {"item": "Visit", "to": {"city": "Rome"}}, [1]]
    }

    assert [
        ("lines.url", Kind.NOISE, "https://x"),
        ("lines", Kind.FACT, "item: Toner, qty: 2"),
        ("lines", Kind.FACT, "item: Visit, to.city: Rome"),
        ("lines", Kind.MACHINE, "1"),
    ] == found(record)


def test_a_text_in_a_list_follows_its_facts() -> None:
    """Who wrote a comment stands above it; its numbers are left to the end."""
    record = {"comments": [{"author": {"name": "Ann"}, "body": LONG, "id": 5}, {"author": {"name": "Bob"}}]}

    assert [
        ("comments", Kind.TEXT, f"author.name: Ann\n\n{LONG}"),
        ("comments.id", Kind.MACHINE, "5"),
        ("comments", Kind.FACT, "author.name: Bob"),
    ] == found(record)


@pytest.mark.parametrize(
    "schema",
    [
        {"type": ["null", "string"], "format": "date-time"},
        {"oneOf": [{"type": "null"}, {"type": "string", "format": "date-time"}]},
        {"anyOf": [True, {"format": "date-time"}]},
    ],
)
def test_schemas_are_followed_into_objects_and_lists(schema: object) -> None:
    """To the format of a text, perhaps in one of its alternatives."""
    nested = {"properties": {"a": {"properties": {"b": {"items": {"properties": {"c": schema}}}}}}}

    assert [("a.b", Kind.MACHINE, "c: noon")] == found({"a": {"b": [{"c": "noon"}]}}, nested)
    assert [("a.b", Kind.FACT, "c: noon")] == found({"a": {"b": [{"c": "noon"}]}}, None)


@pytest.mark.parametrize(
    "schema", [5, [], {"properties": []}, {"properties": {"a": 5}}, {"properties": {"a": {"oneOf": 5}}}]
)
def test_odd_schemas_say_nothing(schema: object) -> None:
    """Catalogs are not validated."""
    assert [("a", Kind.FACT, "x")] == found({"a": "x"}, schema)


def test_deep_values_are_written_as_json() -> None:
    """As deep as a record can be."""
    deep: Any = "end"
    for _ in range(120):
        deep = {"a": [deep]}

    ((path, kind, text),) = found({"x": deep})
    assert ("x.a", Kind.BLOB) == (path, kind)
    assert text.count("{") > 110
