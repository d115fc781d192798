"""A document in parts: nothing of the text is lost, none is too long, and what did not change stays the same."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from destination_dust.mapping.documents.document import DocumentShape, TextFormat, document, upsert_body
from destination_dust.mapping.documents.parts import part_id, part_number, parts, text_of, unfinished, units, whole_id
from destination_dust.mapping.ids import identifier, is_identifier, marker_identifier, record_identifier
from destination_dust.mapping.tags import fingerprint_of, generation_of

LIMIT = 1000
_CHARACTERS = st.sampled_from(["a", "é", "😀", " ", "\n", "\n\n", ". ", "word "])


def body(text: str, *, title: str = "Ann", text_format: TextFormat = "markdown", **more: Any) -> bytes:
    shape = DocumentShape(text_format=text_format, **more)
    data = {"id": 1, "title": title, "body": text, "when": "2026-01-01"}
    return upsert_body(document(None, "users", data, generation=5, emitted_at=1_767_225_600_000, shape=shape))


def paragraphs(*numbers: int) -> str:
    """Paragraphs of some 300 characters, each of its own words."""
    return "\n\n".join(f"paragraph {number} " * 20 for number in numbers)


def sent(body: bytes, limit: int = LIMIT) -> list[dict[str, Any]]:
    return [json.loads(part.body) for part in parts(body, limit)]


@given(
    st.lists(_CHARACTERS, min_size=1, max_size=40).map("".join),
    st.integers(1, 60),
    st.integers(LIMIT, 3000),
    st.sampled_from(["json", "markdown", "auto"]),
)
def test_the_parts_make_up_the_text_and_none_is_too_long(
    text: str, times: int, limit: int, text_format: TextFormat
) -> None:
    """Each has the prefix; blank pieces are left out, because Dust may refuse them."""
    whole = body(text * times, text_format=text_format)
    made = parts(whole, limit)
    texts = [text_of(part.body) for part in made]

    assert all(units(each) <= limit and each.strip() for each in texts)
    prefix = (json.loads(whole).get("section") or {"prefix": ""})["prefix"]
    assert all(each.startswith(prefix) for each in texts)
    joined = prefix + "".join(each.removeprefix(prefix) for each in texts)
    assert text_of(whole).split() == joined.split()


def test_a_text_that_fits_is_one_document_as_it_is() -> None:
    """To the byte; the limit itself fits."""
    whole = body("x" * 500)

    (part,) = parts(whole, units(text_of(whole)))

    assert (whole, fingerprint_of(json.loads(whole)["tags"])) == part


def test_texts_are_cut_between_paragraphs() -> None:
    """Else between lines, sentences or words, if there is such a place in the second half of what fits."""
    for border in ("\n\n", "\n", ". ", " "):
        text = border.join("x" * 290 for _ in range(9))
        made = [text_of(part.body) for part in parts(body(text, title="", text_format="markdown"), LIMIT)]
        assert len(made) > 2
        assert all(each.endswith(border) for each in made[1:-1])


def test_each_part_is_a_document_of_its_record() -> None:
    """The first has the record's fingerprint; the others say which part they are. None is taken for JSON."""
    whole = json.loads(body(paragraphs(*range(9)), text_format="json"))
    first, *others = sent(body(paragraphs(*range(9)), text_format="json"))

    assert (whole["tags"], whole["title"]) == (first["tags"], first["title"])
    assert [f"Ann (part {number})" for number in range(2, len(others) + 2)] == [each["title"] for each in others]
    for each in (first, *others):
        assert "text/plain" == each["mime_type"]
        assert (whole["tags"][:-1], 5) == (each["tags"][:-1], generation_of(each["tags"]))
        assert whole["timestamp"] == each["timestamp"]
    fingerprints = [fingerprint_of(each["tags"]) for each in (first, *others)]
    assert len(set(fingerprints)) == len(fingerprints)
    assert [each.fingerprint for each in parts(body(paragraphs(*range(9)), text_format="json"), LIMIT)] == fingerprints


def test_a_part_that_did_not_change_keeps_its_fingerprint() -> None:
    """Neither the end of the text nor the time of reading is its own; the title, and a time of the record, are."""
    before = parts(body(paragraphs(*range(20))), LIMIT)
    longer = parts(body(paragraphs(*range(25))), LIMIT)
    renamed = parts(body(paragraphs(*range(20)), title="Bob"), LIMIT)
    later = [
        parts(body(paragraphs(*range(20))).replace(b"1767225600000", b"1767225600001"), LIMIT, timed=timed)
        for timed in (False, True)
    ]

    assert [each.fingerprint for each in before[1:-1]] == [each.fingerprint for each in longer[1 : len(before) - 1]]
    assert before[0].fingerprint != longer[0].fingerprint
    assert not {each.fingerprint for each in before} & {each.fingerprint for each in renamed}
    assert [each.fingerprint for each in before] == [each.fingerprint for each in later[0]]
    assert before[1].fingerprint not in {each.fingerprint for each in later[1]}


def test_an_unfinished_part_has_a_fingerprint_that_no_record_has() -> None:
    """All else is as it will be."""
    part = parts(body(paragraphs(*range(9))), LIMIT)[0]
    begun = json.loads(unfinished(part))

    assert fingerprint_of(begun["tags"]) not in (None, part.fingerprint)
    assert 5 == generation_of(begun["tags"])
    assert {**json.loads(part.body), "tags": begun["tags"]} == begun


def test_a_title_has_room_for_its_part() -> None:
    """Dust takes 512 UTF-16 units."""
    titles = [each["title"] for each in sent(body(paragraphs(*range(9)), title="😀" * 400))]

    assert all(units(title) <= 512 for title in titles)
    assert titles[1].endswith(" (part 2)")


_NAMES = st.text(st.sampled_from("ab-_/1"), min_size=1, max_size=6) | st.sampled_from(["a--part-2", "part-2", "é"])


@given(st.none() | _NAMES, _NAMES, st.lists(_NAMES | st.integers(0, 3), min_size=1, max_size=2), st.integers(2, 99))
def test_no_record_and_no_marker_has_the_id_of_a_part(
    namespace: str | None, stream: str, key: list[object], number: int
) -> None:
    """Not even one whose key looks like it. The other way round, an id tells the record's and the number."""
    document_id = identifier(namespace, stream, key)
    part = part_id(document_id, number)

    assert is_identifier(part)
    assert number == part_number(document_id, part)
    assert 1 == part_number(document_id, document_id)
    assert (document_id, document_id) == (whole_id(part), whole_id(document_id))
    assert part_number(part, document_id) is None
    others = (document_id, record_identifier(namespace, stream, {"k": key}), marker_identifier(namespace, stream))
    assert not any(each.rpartition("--")[2].startswith("part-") for each in others)


@pytest.mark.parametrize("other", ["users", "users-1--part-", "users-1--part-02", "users-1--part-2x", "users-12"])
def test_other_ids_are_no_parts(other: str) -> None:
    """Of another record, or not written like one of ours."""
    assert part_number("users-1", other) is None
    assert part_number("users-12", "users-1--part-2") is None
