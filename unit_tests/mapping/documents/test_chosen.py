"""What a record has at the fields that were chosen."""

from __future__ import annotations

from typing import Any

import pytest

from destination_dust.mapping.documents import chosen

RECORD: dict[str, Any] = {
    "Subject": "S",
    "name": 5,
    "object": {"a": 1},
    "many": ["a", None, ["b", {"c": " ", "d": 2}]],
    "url": "https://a",
    "blank": " ",
}


def test_titles_come_best_first() -> None:
    """The chosen field, then texts under the usual names, in any letter case."""
    assert [("many", "a, b, 2"), ("Subject", "S")] == list(chosen.titles(RECORD, "many"))
    assert [("Subject", "S")] == list(chosen.titles(RECORD, None))


@pytest.mark.parametrize(
    ("record", "titles"),
    [
        ({"key": "ED-1", "fields": {"summary": "S", "project": {"name": "P"}}}, [("fields.summary", "S")]),
        ({"properties": {"subject": "S"}, "name": "N"}, [("name", "N"), ("properties.subject", "S")]),
        ({"type": "articles", "attributes": {"title": "T"}}, [("attributes.title", "T")]),
        ({"summary": "S", "title": "T"}, [("title", "T"), ("summary", "S")]),
        ({"summary": "S" * 200}, []),
        ({"summary": "Two\nlines"}, []),
        ({"fields": [{"name": "N"}], "user": {"name": "U"}}, []),
    ],
)
def test_titles_are_found_where_sources_keep_them(record: dict[str, Any], titles: list[tuple[str, str]]) -> None:
    """In the object that holds a record's fields, never in one about something else; short summaries are titles."""
    assert titles == list(chosen.titles(record, None))


@pytest.mark.parametrize(
    ("field", "unusable"),
    [("object", True), ("many", False), ("name", False), ("blank", False), ("missing", False), (None, False)],
)
def test_a_title_that_has_no_text_is_told_apart(field: str | None, unusable: bool) -> None:
    """From one that is not there."""
    assert unusable is chosen.has_unusable_title(RECORD, field)


def test_a_title_without_visible_characters_is_no_title() -> None:
    """Though it is a text."""
    assert chosen.has_unusable_title({"t": "\u200b"}, "t")


def test_the_text_has_the_chosen_fields_or_all() -> None:
    """Under the names that were chosen, without what change data capture added."""
    assert {"subject": "S", "many.0": "a"} == chosen.text_fields(RECORD, ["subject", "many.0", "missing"])
    assert RECORD == chosen.text_fields({**RECORD, "_ab_cdc_lsn": 1, "_source_record_id": "1"}, ())


@pytest.mark.parametrize(
    ("field", "found"),
    [
        ("url", ("https://a", False)),
        ("many", (None, True)),
        ("name", (None, True)),
        ("blank", (None, False)),
        ("missing", (None, False)),
        (None, (None, False)),
    ],
)
def test_a_link_is_found_or_missed(field: str | None, found: object) -> None:
    """A value that is no link is missed, no value is not."""
    assert found == chosen.link(RECORD, field)


def test_a_time_is_found_or_missed() -> None:
    """The first in a list counts; a number that is no time does not."""
    record = {"at": ["soon", "2024-01-31"], "year": 2024, "epoch": 0}

    assert (1_706_659_200_000, False) == chosen.time(record, "at")
    assert (None, True) == chosen.time(record, "year") == chosen.time(record, "epoch")


def test_tags_are_found_or_missed() -> None:
    """One field without any is enough to be counted."""
    assert (["many:a", "many:b", "many:2"], 0, False) == chosen.tags(RECORD, ["many", "blank"])
    assert (["name:5"], 0, True) == chosen.tags(RECORD, ["name", "object"])
