"""Lines of a tap: read without losing anything, or refused in words."""

from __future__ import annotations

from decimal import Decimal

import pytest

from destination_dust.hosts.singer.messages import Activation, Bookmarks, NoMessage, Row, Schema, parse
from unit_tests.hosts.singer.lines import activation, bookmarks, row, schema

EXACT = b'{"type":"RECORD","stream":"users","record":{"n":0.1234567890123456789,"big":123456789012345678901}}'


def test_the_four_messages_of_a_tap_are_read() -> None:
    """With what a target needs of them."""
    extracted = row(1, version=7, time_extracted=1).replace(b',"time_extracted":1', b"")
    timed = extracted[:-1] + b',"time_extracted":"2026-01-02T03:04:05.678Z"}'

    assert Schema("users", ("id",), False, {"id": {"type": "integer"}}) == parse(schema())
    assert Row("users", 7, {"id": 1}, 1767323045678, True) == parse(timed)
    assert Activation("users", 7) == parse(activation(7))
    assert Bookmarks({"bookmarks": {"users": {"id": 3}}}) == parse(bookmarks(3))


@pytest.mark.parametrize("line", [b"", b"  \t", b"\xef\xbb\xbf", b"\r"], ids=["empty", "blanks", "mark", "CR"])
def test_a_blank_line_is_no_message(line: bytes) -> None:
    """Some taps end with one."""
    assert parse(line) is None


def test_numbers_stay_exact() -> None:
    """Taps of databases send decimals."""
    message = parse(EXACT)

    assert isinstance(message, Row)
    assert {"n": Decimal("0.1234567890123456789"), "big": Decimal("123456789012345678901")} == message.data


@pytest.mark.parametrize("key", [None, []])
def test_a_stream_may_have_no_key(key: object) -> None:
    """Some taps say so with null."""
    message = parse(schema(key_properties=key))

    assert isinstance(message, Schema)
    assert () == message.key


@pytest.mark.parametrize(
    ("names", "expected"), [(["updated_at"], True), ("updated_at", True), ([], False), (None, False)]
)
def test_bookmarks_make_a_stream_incremental(names: object, expected: bool) -> None:
    """Whether they are written as a list or as one name."""
    message = parse(schema(bookmark_properties=names))

    assert isinstance(message, Schema)
    assert expected is message.is_incremental


def test_bytes_that_are_not_utf8_stay_apart() -> None:
    """Two keys must not become one."""
    first, second = (parse(row(1, name="?").replace(b"?", byte)) for byte in (b"\xe9", b"\xe8"))

    assert isinstance(first, Row)
    assert isinstance(second, Row)
    assert first.data != second.data
    assert not first.is_utf8


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (b"INFO fetched 200 rows", "is not valid JSON"),
        (row(1)[:-1], "is not valid JSON"),
        (row(1) + row(2), "is not valid JSON: it holds two objects"),
        (b"[]", "is not a JSON object"),
        (b'"RECORD"', "is not a JSON object"),
        (b"{}", "has no type that a message of Singer has"),
        (b'{"type":"s3cr3t text"}', "has no type that a message of Singer has"),
        (b'{"type":"FILE"}', "has the type FILE, which this target does not know"),
        (b'{"type":"BATCH","stream":"users","manifest":[]}', "is a BATCH.* remove batch_config"),
        (b'{"type":"RECORD","stream":"users"}', "is a RECORD without a record"),
        (b'{"type":"RECORD","stream":"users","record":[1]}', "is a RECORD without a record"),
        (b'{"type":"RECORD","record":{"id":1}}', "of the type RECORD that does not name its stream"),
        (b'{"type":"RECORD","record":{"stream":"users","data":{"id":1}}}', "a message of Airbyte's protocol"),
        (b'{"type":"SCHEMA","stream":"users"}', "is a SCHEMA without a schema"),
        (schema(key_properties=[["id"]]), "is a SCHEMA whose key_properties are no list of names"),
        (schema(""), "of the type SCHEMA that does not name its stream"),
        (b'{"type":"STATE"}', "is a STATE without a value"),
        (b'{"type":"STATE","value":"\xe9"}', "is a STATE that is not UTF-8"),
        (b'{"type":"ACTIVATE_VERSION","version":1}', "of the type ACTIVATE_VERSION that does not name its stream"),
    ],
)
def test_what_may_be_a_record_and_is_none_is_refused(line: bytes, problem: str) -> None:
    """In words that do not quote it."""
    with pytest.raises(NoMessage, match=problem) as caught:
        parse(line)

    assert "s3cr3t" not in str(caught.value)
