"""Lines that are not messages: a log is let through, and an altered message never is."""

from __future__ import annotations

import base64
import bz2
import gzip
import html
import json
import lzma
from collections.abc import Callable
from urllib.parse import quote

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from destination_dust.airbyte.messages import Record, State
from destination_dust.airbyte.reader import Reader, UnreadableInput
from unit_tests.builders import USERS, record, state

RECORD = record("users", {"id": 1, "note": 'a "b" {c} é\n\\'})
STATE = state(USERS).line
MESSAGES = [RECORD, STATE, json.dumps(orjson.loads(RECORD)).encode(), state(None).line]

LOGS = [
    b"Starting the source",
    b"fetched 200 rows {users: 200}",
    b"2026-01-01 INFO {'level': 'info', 'type': 'request'}",
    b'INFO state is {"type": "STREAM", "stream": {"stream_state": {}}}',
    b'INFO {"record": {"id": 1}}',
    b'{"level":"info","type":"request","message":"stored a record of the type RECORD"}',
    b'{"level":"info","record":{"id":1},"state":"done"}',
    b'{"level":"info","entity":{"type":"state","name":"Ohio"}}',
    b'{"type":"trace","message":"entering main"}',
    b'{"log":"plain text\\n","stream":"stdout","time":"2026-01-01T00:00:00Z"}',
    b"Reading a record of type: RECORD",
    b"type=RECORD count=5",
    b'<element type="record"/>',
    b"template {{ users }}",
    b"} catch (error) {}",
    b"}",
    b"\x1b[32mINFO\x1b[0m done",
    b"10%\r20%\r100%",
    b"caf\xe9 is open",
    b"progress: \x08\x08\x0850%",
    b"[1]",
    b"[INFO] done",
    b'"text"',
    b"eyJ0eXAiOiJKV1QifQ.e30.x",
]

DECORATIONS = [
    b"fetched 200 rows",
    b"fetched 200 rows ",
    b"10%\r20%\r",
    b"\x1b[32m",
    b"\x1b[0m",
    b"\0\0\0",
    b"source-1  | ",
    b"data: ",
    b"\x1e",
    b"[",
    b"]",
    b",",
    b"{",
    b"}",
    b'"',
    b"'",
    b"\xef\xbb\xbf",
    b"\xef\xbb\xbf\xef\xbb\xbf",
    b"\xc2\xa0",
    b"\xe2\x80\x8b",
    b"\xff",
    b"\x1a",
    b"\x0c",
    b"// ",
    b"log\n",
    b"\r\n",
    RECORD,
    b'{"a":1}',
    b"{users} ",
]

OTHER_FORMS: dict[str, Callable[[bytes], bytes]] = {
    "UTF-16": lambda line: line.decode().encode("utf-16"),
    "UTF-16-LE": lambda line: line.decode().encode("utf-16-le"),
    "UTF-16-BE": lambda line: line.decode().encode("utf-16-be"),
    "UTF-16 behind a log": lambda line: b"log\n" + line.decode().encode("utf-16-be"),
    "UTF-32": lambda line: line.decode().encode("utf-32"),
    "gzip": gzip.compress,
    "gzip behind a log": lambda line: b"log\n" + gzip.compress(line),
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "Base64": base64.b64encode,
    "JSON text": lambda line: json.dumps(line.decode()).encode(),
    "JSON text in a JSON text": lambda line: json.dumps(json.dumps(line.decode())).encode(),
    "JSON log": lambda line: json.dumps({"log": line.decode() + "\n", "stream": "stdout"}).encode(),
    "object": lambda line: b'{"value":' + line + b"}",
    "object of another type": lambda line: b'{"type":"BATCH","messages":[' + line + b"]}",
    "list": lambda line: b"[" + line + b"," + line + b"]",
    "list of words": lambda line: b"[1," + line + b"]",
    "CSV": lambda line: b'1,"' + line.replace(b'"', b'""') + b'"',
    "Python": lambda line: b"got " + repr(json.loads(line)).encode(),
    "Python bytes": lambda line: repr(line).encode(),
    "HTML": lambda line: b"<pre>" + html.escape(line.decode()).encode(),
    "URL": lambda line: b"message=" + quote(line.decode()).encode(),
    "small letters": lambda line: line.replace(b"RECORD", b"record").replace(b"STATE", b"state"),
    "small letters in text": lambda line: b"x" + line.replace(b"RECORD", b"record").replace(b"STATE", b"state"),
    "other keys": lambda line: (
        line.replace(b'"type":', b'"Type":', 1).replace(b'"record":', b'"Record":').replace(b'"state":', b'"State":')
    ),
    "several lines": lambda line: json.dumps(json.loads(line), indent=2).encode(),
    "several lines in a list": lambda line: json.dumps([json.loads(line)], indent=2).encode(),
    "without its beginning": lambda line: line[line.index(b":", 15) :],
    "without its end": lambda line: b"x" + line[: len(line) // 2],
    "in colours": lambda line: line.replace(b'"', b'\x1b[34;1m"\x1b[0m').replace(b":", b"\x1b[1;39m:\x1b[0m"),
}


def is_kept(content: bytes, original: bytes) -> bool:
    """Whether an input gives the message, or stops the sync with the number of a line."""
    expected, reader, lines = Reader().read(original), Reader(), content.split(b"\n")
    for number, line in enumerate(lines, start=1):
        try:
            message = reader.read(line)
        except UnreadableInput as error:
            return str(error).startswith(f"Line {number} of the input ")
        if isinstance(message, Record) and isinstance(expected, Record) and message.data == expected.data:
            return True
        if isinstance(message, State) and isinstance(expected, State) and message.stream == expected.stream:
            return True
    return False


@pytest.mark.parametrize("line", LOGS)
def test_logs_are_let_through(line: bytes) -> None:
    """With braces, colours, words of the protocol, or as JSON."""
    reader = Reader()

    assert reader.read(line) is None
    assert 1 == reader.ignored


@pytest.mark.parametrize("message", MESSAGES[:3:2] + MESSAGES[1:2])
@pytest.mark.parametrize("form", OTHER_FORMS)
def test_a_message_in_another_form_stops_the_sync(form: str, message: bytes) -> None:
    """Whatever a program on the way made of it."""
    assert is_kept(OTHER_FORMS[form](message), message)


@pytest.mark.parametrize(
    ("form", "problem"),
    [
        ("UTF-16", "looks like UTF-16: convert the input to UTF-8 first"),
        ("UTF-16-LE", "looks like UTF-16: convert the input to UTF-8 first"),
        ("UTF-16-BE", "looks like UTF-16: convert the input to UTF-8 first"),
        ("gzip", "looks like a gzip archive: decompress the input first"),
        ("Base64", "looks like Base64: decode the input first"),
        ("list", "is a list of messages"),
        ("JSON text", "looks like a message inside another object or text"),
        ("JSON log", "looks like a message inside another object or text"),
        ("CSV", "has text before what looks like a message"),
        ("small letters", "has a type that is not written RECORD, as the protocol demands"),
        ("without its beginning", "ends like a message, but lacks its beginning"),
    ],
)
def test_the_error_says_what_the_line_looks_like(form: str, problem: str) -> None:
    """So that people know which program to look at."""
    with pytest.raises(UnreadableInput, match=f"^Line 1 of the input {problem}"):
        Reader().read(OTHER_FORMS[form](RECORD).split(b"\n")[0])


@pytest.mark.parametrize("kind", [b'"RECORDS"', b'"airbyte_message"', b'""', b"5", b"[]", b"false"])
@pytest.mark.parametrize("message", MESSAGES[:2])
def test_what_a_message_holds_under_another_type_stops_the_sync(message: bytes, kind: bytes) -> None:
    """It has the stream and the data of a record, or the stream of a state."""
    line = message.replace(b'"RECORD"', kind).replace(b'"STATE"', kind)

    with pytest.raises(UnreadableInput, match=r"^Line 1 of the input looks like a message with a type that no"):
        Reader().read(line)


def test_bytes_that_are_no_text_stop_the_sync() -> None:
    """An archive of another kind, or something encrypted: no log has control characters and no UTF-8."""
    with pytest.raises(UnreadableInput, match="is not text: decompress or decode the input first"):
        Reader().read(b"\x78\x9c\x4b\x4c\x02\x00\xff")


_DECORATION = st.lists(st.sampled_from(DECORATIONS) | st.text().map(str.encode) | st.binary(), max_size=3).map(b"".join)


@settings(max_examples=300)
@given(st.sampled_from(MESSAGES), _DECORATION, _DECORATION)
def test_no_decoration_hides_a_message(message: bytes, before: bytes, behind: bytes) -> None:
    """It is read as it was meant, or the sync stops there, whatever stands around it on its line."""
    assert is_kept(before + message + behind, message)


@settings(max_examples=100)
@given(st.sampled_from(MESSAGES), st.sampled_from(sorted(OTHER_FORMS)), st.text(alphabet="ab 1:|-", max_size=20))
def test_no_form_of_a_message_is_hidden_behind_text(message: bytes, form: str, before: str) -> None:
    """A log's time and name before each line, for example."""
    content = OTHER_FORMS[form](message)
    if not content.startswith((b"\x1f", b"BZ", b"\xfd")):
        assert is_kept(before.encode() + content, message)


@pytest.mark.parametrize(
    "line", [b"type" + b"\\" * 1_000_000, b'type:"' * 200_000, b"{" * 1_000_000, b"\0" * 1_000_000]
)
@pytest.mark.timeout(20)
def test_odd_lines_take_linear_time(line: bytes) -> None:
    """A long line may not stop the loop."""
    Reader().read(b"x" + line)
