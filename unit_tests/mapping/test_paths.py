"""Dot paths into nested records."""

from typing import Any

import pytest

from destination_dust.mapping.paths import MISSING, find


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


@pytest.mark.parametrize("path", ["b", "a.x", "a.b.c", "items.y", "l.x", "a..b", "a.", "n.x"])
def test_a_path_to_nowhere_is_missing(path: str) -> None:
    """Which is something else than null."""
    record = {"a": {"b": 1}, "items": [{"x": 1}], "l": [[{"x": 1}]], "n": None}

    assert find(record, path) is MISSING
