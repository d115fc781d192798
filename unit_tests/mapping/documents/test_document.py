"""A record as a document: title, text, tags, link, time, fingerprint."""

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from destination_dust.mapping.documents.document import Document, DocumentShape, document, upsert_body

PLAIN = DocumentShape()


def made(data: dict[str, Any], shape: DocumentShape = PLAIN, **other: Any) -> Document:
    """The document of a record of the stream users."""
    settings: dict[str, Any] = {"generation": 3, "emitted_at": 1_700_000_000_123, **other}
    namespace, stream = settings.pop("namespace", None), settings.pop("stream", "users")
    return document(namespace, stream, data, shape=shape, **settings)


def test_by_default_the_text_is_the_record_as_json() -> None:
    """All of it, nulls included, except the fields that change data capture added."""
    record = {"id": 1, "name": "Ann", "note": None, "tags": ["a"], "_ab_cdc_lsn": 7, "_ab_cdc_deleted_at": None}

    content = made(record)

    assert '{"id":1,"name":"Ann","note":null,"tags":["a"]}' == content.text
    assert "application/json" == content.mime_type
    assert 0 == content.cleaned


def test_the_request_holds_only_fields_that_dust_takes() -> None:
    """Empty optional fields are left out, and the answer is kept small."""
    content = made({"id": 1}, namespace="public")

    assert {
        "title": "users record",
        "text": '{"id":1}',
        "mime_type": "application/json",
        "tags": [
            "airbyte:stream:users",
            "airbyte:namespace:public",
            f"airbyte:3:{content.fingerprint}",
        ],
        "timestamp": 1_700_000_000_123,
        "light_document_output": True,
    } == json.loads(upsert_body(content))


def test_markdown_is_sent_as_a_section_with_the_title_as_its_prefix() -> None:
    """Which Dust repeats in each chunk; the two make up the text."""
    content = made({"id": 1, "name": "Ann", "bio": "x" * 3000}, DocumentShape(text_format="markdown"))

    sent = json.loads(upsert_body(content))
    assert "text" not in sent
    assert {"prefix": "# Ann\n\n", "content": content.text[7:], "sections": []} == sent["section"]
    assert content.text == sent["section"]["prefix"] + sent["section"]["content"]


@pytest.mark.parametrize(
    ("record", "text_format"),
    [({"id": 1}, "markdown"), ({"name": "Ann"}, "markdown"), ({"id": 1, "name": "A"}, "json")],
)
def test_no_other_document_has_a_prefix(record: dict[str, Any], text_format: Any) -> None:
    """The name of the stream says nothing of a chunk, a title alone needs no repetition, and JSON stays a text."""
    content = made(record, DocumentShape(text_format=text_format))

    assert content.text == json.loads(upsert_body(content))["text"]


def test_a_prefix_is_part_of_the_fingerprint() -> None:
    """These two differ in nothing else, and Dust must learn it."""
    shape = DocumentShape(text_format="markdown")
    without, with_prefix = (made(record, shape) for record in ({"a": 1}, {"title": "users record", "a": 1}))

    assert (without.title, without.text) == (with_prefix.title, with_prefix.text)
    assert without.fingerprint != with_prefix.fingerprint


def test_unknown_values_are_not_sent() -> None:
    """No generation, no time."""
    sent = json.loads(upsert_body(made({"id": 1}, generation=None, emitted_at=None)))

    assert "timestamp" not in sent
    assert ["airbyte:stream:users"] == sent["tags"][:-1]


@pytest.mark.parametrize("emitted_at", [-1, 10**30, 253_402_300_800_000])
def test_a_time_of_emission_that_cannot_be_is_not_sent(emitted_at: int) -> None:
    """Dust takes the time of the call then."""
    assert "timestamp" not in json.loads(upsert_body(made({"id": 1}, emitted_at=emitted_at)))


def test_a_chosen_link_and_time_are_sent() -> None:
    """From any depth of the record."""
    shape = DocumentShape(source_url_field="links.web", timestamp_field="times.created")
    record = {"links": {"web": " https://example.com/1 "}, "times": {"created": "1970-01-02T00:00:00Z"}}

    sent = json.loads(upsert_body(made(record, shape)))

    assert "https://example.com/1" == sent["source_url"]
    assert 86_400 == sent["timestamp"]  # Dust's server takes a small number for seconds


@pytest.mark.parametrize(
    ("record", "title"),
    [
        ({"name": "Ann", "title": "Dr"}, "Dr"),
        ({"title": " \n", "name": None, "subject": "S", "label": "L"}, "S"),
        ({"title": 5, "headline": ["x"], "label": "L"}, "L"),
        ({"title": "a\r\n\tb\x07 \u2028c\u00a0 "}, "a b c"),
        ({"title": "\ufeff\u200b"}, "users record"),
        ({"title": {"a": 1}, "Name": "x"}, "x"),
        ({"Subject": "S"}, "S"),
        ({"NAME": "N", "Title": "T", "id": 1}, "T"),
        ({"Title": "T", "TITLE": "U"}, "users record"),
        ({"title": "", "Title": "T", "label": "L"}, "L"),
        ({}, "users record"),
        ({"title": "x" * 600}, "x" * 512),
        ({"title": "x" + "💥" * 300}, "x" + "💥" * 255),
        ({"title": "a\0b\ud800"}, "ab\ufffd"),
    ],
    ids=range(14),
)
def test_the_title_is_the_first_text_that_looks_like_one(record: dict[str, Any], title: str) -> None:
    """On one line, of at most 512 UTF-16 units, no character cut in two."""
    assert title == made(record).title


@pytest.mark.parametrize(
    ("record", "title"),
    [
        ({"a": {"b": "X"}, "title": "T"}, "X"),
        ({"a": {"b": 5}, "title": "T"}, "5"),
        ({"a": {"b": Decimal("1E+400")}}, "1E+400"),
        ({"a": {"b": " "}, "title": "T"}, "T"),
        ({"a": {"b": ["x", {"y": [None, 1]}]}, "title": "T"}, "x, 1"),
        ({"a": [{"b": "X"}, {"b": "Y"}]}, "X, Y"),
        ({"A": {"B": "X"}}, "X"),
        ({"a": {"b": {"c": "X"}}, "title": "T"}, "T"),
        ({"a": None}, "users record"),
    ],
)
def test_a_chosen_title_field_comes_first(record: dict[str, Any], title: str) -> None:
    """A record without it has the title that it would have had."""
    assert title == made(record, DocumentShape(title_field="a.b")).title


def test_a_stream_gives_a_title_however_it_is_called() -> None:
    """Within Dust's limits."""
    assert "a b\ufffd record" == made({}, stream="a\nb\ud800").title
    assert 512 == len(made({}, stream="x" * 1000).title)


def test_the_text_has_the_chosen_fields() -> None:
    """In their order, under their paths; what a record lacks is left out, a null is not."""
    shape = DocumentShape(text_fields=("b.c", "a", "missing", "n", "_ab_cdc_lsn"))

    content = made({"a": 1, "b": {"c": [2], "d": 3}, "n": None, "_ab_cdc_lsn": 7}, shape)

    assert '{"b.c":[2],"a":1,"n":null,"_ab_cdc_lsn":7}' == content.text


def test_markdown_does_not_repeat_the_title() -> None:
    """Unless only a part of the field fitted into it."""
    shape = DocumentShape(text_format="markdown")

    assert "# Ann\n\n- id: 1\n" == made({"id": 1, "name": "Ann", "_ab_cdc_lsn": 7}, shape).text
    assert made({"name": "x" * 600}, shape).text.endswith(f"## name\n\n{'x' * 600}\n")
    assert "text/markdown" == made({}, shape).mime_type


def test_values_that_dust_cannot_hold_are_cleaned_or_dropped_and_counted() -> None:
    """The text and the tag count as cleaned, the link and the time as left out."""
    record = {"a": "x\0y", "url": "ftp://x", "when": "soon"}
    shape = DocumentShape(tag_fields=("a",), source_url_field="url", timestamp_field="when")

    content = made(record, shape)

    assert (2, ("source_url_field", "timestamp_field")) == (content.cleaned, content.left_out)
    assert "a:xy" in content.tags
    assert content.source_url is None
    assert 1_700_000_000_123 == content.timestamp


@pytest.mark.parametrize(("values", "surplus"), [(99, 0), (100, 0), (101, 1), (5000, 4900)])
def test_a_document_has_a_hundred_chosen_tags_at_most(values: int, surplus: int) -> None:
    """The first of them; the rest is counted."""
    content = made({"a": list(range(values - 1)), "b": "last"}, DocumentShape(tag_fields=("b", "a")))

    chosen = [tag for tag in content.tags if not tag.startswith("airbyte:")]
    assert (values - surplus, surplus) == (len(chosen), content.surplus_tags)
    assert ["b:last", "a:0"] == chosen[:2]


EVERYTHING = DocumentShape(title_field="t", source_url_field="u", tag_fields=("g", "h"), timestamp_field="w")


@pytest.mark.parametrize("value", [None, "", " ", [], {}, [None, " ", [{}]]])
def test_a_record_without_a_value_lost_nothing(value: object) -> None:
    """So nothing is counted."""
    assert () == made({"t": value, "u": value, "g": value, "w": value}, EVERYTHING).left_out
    assert () == made({}, EVERYTHING).left_out


@pytest.mark.parametrize(
    ("record", "left_out"),
    [
        ({"t": {"x": 1}, "title": "T"}, ("title_field",)),
        ({"u": ["ftp://x", 5]}, ("source_url_field",)),
        ({"g": "fine", "h": {"x": "y"}}, ("tag_fields",)),
        ({"w": 20240105}, ("timestamp_field",)),
        ({"w": True}, ("timestamp_field",)),
        ({"w": Decimal("1E+1000000")}, ("timestamp_field",)),
    ],
)
def test_a_value_of_no_use_is_counted_by_its_setting(record: dict[str, Any], left_out: tuple[str, ...]) -> None:
    """Its document is what it would be without the setting."""
    content = made(record, EVERYTHING)

    assert left_out == content.left_out
    assert (None, 1_700_000_000_123) == (content.source_url, content.timestamp)


def test_lists_give_what_they_hold() -> None:
    """The first link and time that are any, a tag for each value."""
    record = {
        "links": [{"href": "ftp://x"}, {"href": "https://a"}, {"href": "https://b"}],
        "times": [["soon"], ["2024-01-31"]],
        "labels": [{"id": 1, "name": "x"}, ["y", ["z"]]],
    }
    shape = DocumentShape(source_url_field="links.*.href", timestamp_field="times", tag_fields=("labels",))

    content = made(record, shape)

    assert ("https://a", 1_706_659_200_000, ()) == (content.source_url, content.timestamp, content.left_out)
    assert ["labels:1", "labels:x", "labels:y", "labels:z"] == [tag for tag in content.tags if tag.startswith("labels")]


def test_a_record_with_none_of_the_chosen_fields_has_its_title_as_text() -> None:
    """Its user should know. Null is a value, so is an empty list, and no choice is a choice of all."""
    shape = DocumentShape(text_fields=("a", "b.*.c"))

    lacking: list[dict[str, Any]] = [{"c": 1}, {"b": [{"d": 1}]}, {"b": {"d": 1}}, {"b": 1}]
    having: list[dict[str, Any]] = [{"a": None}, {"b": []}, {"b": [{"c": 1}]}, {"b": {"x": {"c": 1}}}, {"A": 1}]
    assert {True} == {made(record, shape).lacks_text for record in lacking}
    assert {False} == {made(record, shape).lacks_text for record in having}
    assert '{"title":"users record"}' == made({"b": {"d": 1}, "secret": 1}, shape).text
    assert "# users record\n" == made({"secret": 1}, replace(shape, text_format="markdown")).text
    assert not made({}).lacks_text


@pytest.mark.parametrize("text_format", ["json", "markdown"])
def test_a_record_with_none_of_the_chosen_fields_can_keep_all(text_format: Any) -> None:
    """As if none had been chosen."""
    shape = DocumentShape(text_fields=("Body",), text_format=text_format)
    record = {"text": "Hello", "_ab_cdc_lsn": 1}

    content = made(record, shape, keeps_all=True)

    assert content.lacks_text
    assert made(record, replace(shape, text_fields=())).text == content.text
    many = {"x": 1, "y": {"a": 1, "b": 2}}
    reversed_order = {"y": {"b": 2, "a": 1}, "x": 1}
    kept = [made(each, shape, keeps_all=True).fingerprint for each in (many, reversed_order)]
    assert kept[0] == kept[1]


@pytest.mark.parametrize("record", [{}, {"_ab_cdc_lsn": 1}])
@pytest.mark.parametrize("keeps_all", [True, False])
@pytest.mark.parametrize("shape", [DocumentShape(text_fields=("a",)), DocumentShape(text_format="markdown")])
def test_no_text_is_empty(record: dict[str, Any], keeps_all: bool, shape: DocumentShape) -> None:
    """An embedding model may refuse an empty chunk."""
    assert "users record" in made(record, shape, keeps_all=keeps_all).text
    assert "{}" == made(record).text


SHAPE = DocumentShape(title_field="t", text_fields=("x",), source_url_field="u", tag_fields=("g",), timestamp_field="w")
RECORD = {"t": "T", "x": "X", "u": "https://u", "g": "G", "w": 1_700_000_000, "other": 1, "title": "T"}


@pytest.mark.parametrize(
    "change", [{"t": "T2"}, {"x": "X2"}, {"u": "https://v"}, {"g": "G2"}, {"w": 1_700_000_001}, {"x": None}]
)
def test_every_change_of_what_is_sent_changes_the_fingerprint(change: dict[str, Any]) -> None:
    """Or the change would never reach Dust."""
    assert made(RECORD, SHAPE).fingerprint != made(RECORD | change, SHAPE).fingerprint


def test_the_fingerprint_covers_stream_and_format() -> None:
    """They are sent too."""
    prints = [
        made({"a": 1}),
        made({"a": 1}, stream="people"),
        made({"a": 1}, namespace="public"),
        made({"a": 1}, DocumentShape(text_format="markdown")),
    ]

    assert 4 == len({content.fingerprint for content in prints})


def test_generation_and_default_time_do_not_change_the_fingerprint() -> None:
    """Each sync has new ones: they would make every document a changed one."""
    content = made({"a": 1})

    assert content.fingerprint == made({"a": 1}, generation=4, emitted_at=1).fingerprint
    assert content.fingerprint == made({"a": 1}, generation=None, emitted_at=None).fingerprint


_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.decimals()
    | st.text()
    # Halves of characters, NUL and separators.
    | st.text(st.sampled_from("\0\ud800\udc00 \n/:a💥"), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3),
    max_leaves=8,
)
_FIELDS = ("title", "a", "a.b", "b\0", "\ud800")


@given(
    st.dictionaries(st.sampled_from(["title", "a", "b", "b\0", "\ud800", "_ab_cdc_x"]), _VALUES),
    st.builds(
        DocumentShape,
        title_field=st.none() | st.sampled_from(_FIELDS),
        text_fields=st.lists(st.sampled_from(_FIELDS), max_size=3).map(tuple),
        text_format=st.sampled_from(["json", "markdown"]),
        source_url_field=st.none() | st.sampled_from(_FIELDS),
        tag_fields=st.lists(st.sampled_from(_FIELDS), max_size=2).map(tuple),
        timestamp_field=st.none() | st.sampled_from(_FIELDS),
    ),
    st.text(max_size=5),
)
def test_any_record_in_any_shape_can_be_sent(record: Any, shape: DocumentShape, stream: str) -> None:
    """The request is standard JSON in valid UTF-8 without NUL, its title fits, its tags are ours or harmless."""
    content = document(None, stream, record, generation=1, emitted_at=0, shape=shape)
    sent = json.loads(upsert_body(content).decode("utf-8"))

    section = sent.get("section") or {"prefix": "", "content": sent["text"]}
    assert content.text == section["prefix"] + section["content"]
    assert section["content"].strip()
    assert len(section["prefix"].encode()) <= 240
    assert "\0" not in "".join([sent["title"], content.text, *sent["tags"]])
    assert 0 < len(sent["title"].encode("utf-16-le")) <= 2 * 512
    assert sent["title"] == sent["title"].strip()
    assert 1 == sum(tag.startswith("airbyte:stream:") for tag in sent["tags"])
    assert not any(tag.startswith(("title:", "__DUST")) for tag in sent["tags"])
    assert 0 <= sent["timestamp"]


def _reversed(value: Any) -> Any:
    """The same value, with the fields of each object in the other order."""
    if isinstance(value, dict):
        return {name: _reversed(inner) for name, inner in reversed(value.items())}
    return [_reversed(inner) for inner in value] if isinstance(value, list) else value


@given(
    st.dictionaries(st.sampled_from(["title", "a", "b", "\ud800", "_ab_cdc_x"]), _VALUES),
    st.builds(
        DocumentShape,
        text_fields=st.lists(st.sampled_from(["title", "a", "b"]), max_size=3, unique=True).map(tuple),
        text_format=st.sampled_from(["json", "markdown"]),
    ),
)
def test_the_order_of_fields_does_not_change_the_fingerprint(record: Any, shape: DocumentShape) -> None:
    """At any depth: some sources shuffle them, and nothing has changed then."""
    assert made(record, shape).fingerprint == made(_reversed(record), shape).fingerprint


def test_the_order_of_elements_and_of_chosen_fields_changes_the_fingerprint() -> None:
    """The text is another then."""
    ab, ba = DocumentShape(text_fields=("a", "b")), DocumentShape(text_fields=("b", "a"))

    assert made({"a": [1, 2]}).fingerprint != made({"a": [2, 1]}).fingerprint
    assert made({"a": 1, "b": 2}, ab).fingerprint != made({"a": 1, "b": 2}, ba).fingerprint


def test_deep_records_can_be_sent() -> None:
    """As deep as records may be, in either format."""
    deep: Any = "end"
    for _ in range(120):
        deep = {"a": [deep]}

    for shape in (PLAIN, DocumentShape(text_format="markdown"), DocumentShape(text_fields=("deep.a.a.a",))):
        sent = json.loads(upsert_body(made({"deep": deep}, shape)))
        assert sent["text"].count("[") > 115
