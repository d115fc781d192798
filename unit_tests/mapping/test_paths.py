"""Dot paths into nested records."""

from typing import Any

import pytest

from destination_dust.mapping.paths import MISSING, find, leaves


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("a", {"b": {"c": 1}, "b.c": 2}),
        ("a.b", {"c": 1}),
        ("a.b.c", 2),
        ("n", None),
        ("d.e", "whole"),
        ("f.g.h", 3),
        ("p.q.r", 5),
        ("items.sku", ["A", None]),
        ("items", [{"sku": "A"}, {"sku": None}, {"x": 1}, 7]),
        ("", "blank"),
        (".x", 4),
    ],
)
def test_a_path_finds_a_value(path: str, found: object) -> None:
    """Names with dots of their own come first, if they lead on; a list is gone through."""
    record: dict[str, Any] = {
        "a": {"b": {"c": 1}, "b.c": 2},
        "n": None,
        "d.e": "whole",
        "d": {"e": "nested"},
        "f": {"x": 0},
        "f.g": {"h": 3},
        "p.q": {"x": 4},
        "p": {"q": {"r": 5}},
        "items": [{"sku": "A"}, {"sku": None}, {"x": 1}, 7],
        "": "blank",
        ".x": 4,
    }

    assert found == find(record, path)


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("comments.*.body", ["one", "two"]),
        ("comments.body", ["one", "two"]),
        ("comments[*].body", ["one", "two"]),
        ("comments[].body", ["one", "two"]),
        ("comments[0].body", "one"),
        ("comments.1.body", "two"),
        ("comments.*.tags", [["a", "b"], []]),
        ("comments.*.author.*.body", [["not a comment"]]),
        ("byId.*.body", ["three", "four"]),
        ("byId.2.body", "four"),
        ("grid.*.x", [[1], [2]]),
        ("grid.x", [1, 2]),
        ("grid[1][0].x", 2),
        ("none.*.body", []),
        ("none.body", []),
        ("weird[0].x", "literal"),
        ("*", "star"),
        ("Body", "Text"),
        ("BODY", "Text"),
        ("COMMENTS.*.Body", ["one", "two"]),
        ("straSSe", "long s"),
        ("Case", "exact"),
    ],
)
def test_paths_may_be_spelled_in_several_ways(path: str, found: object) -> None:
    """With a `*` or a position for the elements of a list, with brackets, in another letter case."""
    record: dict[str, Any] = {
        "comments": [
            {"body": "one", "tags": ["a", "b"], "author": {"x": {"body": "not a comment"}}},
            {"body": "two", "tags": []},
        ],
        "byId": {"1": {"body": "three"}, "2": {"body": "four"}},
        "grid": [[{"x": 1}], [{"x": 2}]],
        "none": [],
        "weird[0].x": "literal",
        "weird": [{"x": 0}],
        "*": "star",
        "body": "Text",
        "straße": "long s",
        "Case": "exact",
        "case": "other",
    }

    assert found == find(record, path)


def test_leaves_are_what_lists_hold_in_the_end() -> None:
    """In lists and objects of any depth; a value that is no list is its own leaf."""
    deep: Any = "end"
    for _ in range(50_000):
        deep = [{"a": deep}]

    assert [1, "a", None, 2, 3, "end"] == list(leaves([1, ["a", [None]], {"x": 2, "y": [3, {}]}, [], deep]))
    assert ["x"] == list(leaves("x"))
    assert [{"a": 1}] == list(leaves({"a": 1}))
    assert ["end"] == list(leaves(find({"deep": deep}, "deep")))


@pytest.mark.parametrize(
    "path",
    [
        *("b", "a.x", "a.b.c", "items.y", "a..b", "a.", "n.x", "CASE", "items[7].x", "items.*.y", "*.*.*.*"),
        *("items[x].x", "items.9999999999.x", "items[-1].x", "a.*.b"),
    ],
)
def test_a_path_to_nowhere_is_missing(path: str) -> None:
    """Which is something else than null."""
    record = {"a": {"b": 1}, "items": [{"x": 1}], "n": None, "Case": 1, "case": 2}

    assert find(record, path) is MISSING
