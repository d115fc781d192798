"""What the text of a document gives back of its record."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from destination_dust.mapping.documents.document import Document, DocumentShape, document
from destination_dust.mapping.documents.stored_fields import needs, stored_fields

_SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
# Names that differ only in what Dust cannot store become one name, which stands twice in the text.
_NAMES = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=3)
_VALUES = st.recursive(_SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, max_size=3))


def made(data: dict[str, Any], **shape: Any) -> Document:
    return document(None, "users", data, generation=1, emitted_at=None, shape=DocumentShape(**shape))


def stored(content: Document) -> dict[str, Any]:
    """As Dust describes a document."""
    return {"text": content.text, "mime_type": content.mime_type}


@given(st.dictionaries(st.sampled_from(["id", "title", "body", "n"]), _VALUES, min_size=1))
def test_a_json_document_is_made_again_of_what_it_gives_back(data: dict[str, Any]) -> None:
    """So a value that is kept changes nothing."""
    content = made(data)

    again = made(stored_fields(stored(content)))

    assert (content.text, content.title) == (again.text, again.title)


def test_numbers_come_back_digit_by_digit() -> None:
    """Postgres has numbers that no float holds."""
    text = '{"id":1,"n":12345678901234567890.123456789}'

    assert "12345678901234567890.123456789" == str(stored_fields({"text": text, "mime_type": "application/json"})["n"])


@pytest.mark.parametrize("text_format", ["markdown", "auto"])
def test_texts_for_readers_give_nothing_back(text_format: str) -> None:
    """They leave values out, and a heading may be anything."""
    assert {} == stored_fields(stored(made({"id": 1, "body": "text"}, text_format=text_format)))


@pytest.mark.parametrize("text", ["", "no JSON", "[1]", '"text"', "{", None])
def test_a_text_that_is_no_object_gives_nothing_back(text: str | None) -> None:
    """Someone may have edited it in Dust."""
    assert {} == stored_fields({"text": text, "mime_type": "application/json"})


@pytest.mark.parametrize(
    ("field", "needed"),
    [
        *[(name, True) for name in ("body", "BODY", "author", "url", "label", "when", "tags", "title", "Subject")],
        *[(name, False) for name in ("other", "bod", "bodyguard", "body.x", "id")],
    ],
)
def test_a_field_is_needed_if_a_setting_leads_to_it(field: str, needed: bool) -> None:
    """Also as a title by default. The value of any other is in no document."""
    shape = DocumentShape(
        text_fields=("body", "author.name"),
        title_field="label",
        source_url_field="url",
        timestamp_field="when",
        tag_fields=("tags[0].name",),
    )

    assert needed == needs(shape, field)


def test_all_fields_are_needed_where_none_was_chosen() -> None:
    """And where a wildcard was."""
    assert needs(DocumentShape(tag_fields=("id",)), "other")
    assert needs(DocumentShape(text_fields=("*.body",)), "other")


def test_all_fields_are_needed_while_nothing_proves_that_the_chosen_ones_exist() -> None:
    """A document then keeps all of them."""
    assert needs(DocumentShape(text_fields=("body",)), "other", keeps_all=True)
