"""What the schema of a stream says about its fields."""

from __future__ import annotations

from typing import Any

import pytest

from destination_dust.mapping.schemas import alternatives, declared_field, declared_types, declares

TEXT = {"type": ["null", "string"]}
FIELDS: dict[str, Any] = {
    "subject": TEXT,
    "a.b": {"type": "object", "properties": {"c": TEXT}},
    "customer": {"type": "object", "properties": {"Name": TEXT}},
    "comments": {"type": "array", "items": {"type": "object", "properties": {"body": TEXT}}},
    "grid": {"items": {"items": {"properties": {"x": TEXT}}}},
    "either": {"oneOf": [{"type": "null"}, {"type": "object", "properties": {"x": TEXT}}]},
    "open": {"type": "object"},
    "list": {"type": "array"},
    "mixed": {"type": ["string", "object"]},
    "any": {},
    "odd": True,
}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        *(("subject", True), ("Subject", True), ("body", False), ("subject.x", False), ("customer", True)),
        *(("customer.name", True), ("customer.age", False), ("a.b.c", True), ("a.b.x", False)),
        *(("comments.*.body", True), ("comments.body", True), ("comments[0].body", True), ("comments[0]", True)),
        *(("comments.*.text", False), ("comments.text", False), ("grid.*.*.x", True), ("grid.x", True)),
        *(("either.x", True), ("either.y", False), ("*.x", True), ("*", True)),
        *(("open.x", None), ("list.*.x", None), ("list.x", None), ("mixed.x", None), ("any.x", None), ("odd.x", None)),
    ],
)
def test_a_path_is_looked_up_as_in_records(path: str, expected: bool | None) -> None:
    """It is there, it is not, or the schema does not say what is in that field."""
    assert expected is declares(FIELDS, path)


def test_a_schema_without_fields_says_nothing() -> None:
    """Some sources declare none."""
    assert declares({}, "a") is None


def test_any_json_may_be_a_schema() -> None:
    """At any depth."""
    deep: Any = {"properties": {"a": {}}}
    for _ in range(50_000):
        deep = {"anyOf": [deep]}
    odd: list[Any] = [deep, 5, "x", [1], {"oneOf": 5}, {"items": [1]}, {"properties": [1]}, {"type": {"a": 1}}, None]

    assert {None} == {declares({"f": schema}, "f.a") for schema in odd}
    assert [] == list(alternatives(True))
    assert ["a", "b"] == declared_types({"type": ["a", None, 1, "null", ["x"], "b"]})


@pytest.mark.parametrize(
    ("path", "field"),
    [("a", "a"), ("a.b", "a.b"), ("a.b.c", "a.b"), ("a.x", "a"), ("x", ""), ("x.a", ""), ("", ""), ("ab", "")],
)
def test_a_path_begins_with_a_declared_field_or_with_none(path: str, field: str) -> None:
    """The longest that there is: a name may have dots."""
    assert field == declared_field({"a": {}, "a.b": {}}, path)
