"""The reader: every line becomes a message, is counted, or stops the sync. None is dropped silently."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import orjson
import pytest

from destination_dust.airbyte.catalog import UnusableCatalog
from destination_dust.airbyte.messages import Message, Record, SourceChange, SourceError, State, StreamKey, StreamStatus
from destination_dust.airbyte.reader import Reader, UnreadableInput
from unit_tests.builders import record

SECRET = "Jane Doe, Paris"


def read(*lines: bytes | str) -> list[Message | None]:
    """The messages of some lines, one for each."""
    reader = Reader()
    return [reader.read(line.encode() if isinstance(line, str) else line) for line in lines]


def data_of(json_text: str) -> Any:
    """The data of a record that holds some JSON as it stands."""
    (message,) = read(f'{{"type":"RECORD","record":{{"stream":"users","emitted_at":1,"data":{{"v":{json_text}}}}}}}')
    assert isinstance(message, Record)
    return message.data["v"]


def state_of(content: str, *, more: str = "") -> State:
    """A STATE message with some JSON as its content."""
    (message,) = read(f'{{"type":"STATE","state":{content}{more}}}')
    assert isinstance(message, State)
    return message


def test_a_record_is_read() -> None:
    """With all that a destination needs, and the number of its line."""
    messages = read(b"", record("users", {"id": 1}, namespace="crm", emitted_at=1700000000000))

    assert [None, Record(StreamKey("crm", "users"), {"id": 1}, 1700000000000, 2)] == messages


@pytest.mark.parametrize("namespace", [None, ""])
def test_null_and_empty_namespace_are_the_same(namespace: str | None) -> None:
    """Null, absent and empty mean the same to the platform."""
    line = {"type": "RECORD", "record": {"stream": "users", "data": {}, "namespace": namespace}}

    assert [Record(StreamKey(None, "users"), {}, None, 1)] == read(orjson.dumps(line))


@pytest.mark.parametrize(
    ("emitted_at", "expected"), [("1", 1), ("1700000000000.0", 1700000000000), ("null", None), ('"x"', None)]
)
def test_the_time_of_a_record_may_be_odd(emitted_at: str, expected: int | None) -> None:
    """Sources write floats, or nothing; the record is kept all the same."""
    (message,) = read(f'{{"type":"RECORD","record":{{"stream":"users","data":{{}},"emitted_at":{emitted_at}}}}}')

    assert isinstance(message, Record)
    assert expected == message.emitted_at


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("18446744073709551616", Decimal(2**64)),
        ("-9223372036854775809", Decimal(-(2**63) - 1)),
        ("123456789012345678901234567890.123456789", Decimal("123456789012345678901234567890.123456789")),
        ("1e400", Decimal("1e400")),
        ("Infinity", Decimal("Infinity")),
        ("-Infinity", Decimal("-Infinity")),
        (r'"\ud800"', "\ud800"),
        (r'"a\u0000b"', "a\0b"),
        ('"\u2028\u0085"', "\u2028\u0085"),
        ("9007199254740993", 9007199254740993),
        ("1.10", 1.1),
    ],
)
def test_values_that_others_refuse_or_round_are_read_exactly(text: str, value: object) -> None:
    """No record is dropped, and no number changed, for what orjson makes of it."""
    assert value == data_of(text)


def test_nan_is_read() -> None:
    """It is not JSON, but sources write it."""
    value = data_of("NaN")

    assert isinstance(value, Decimal)
    assert value.is_nan()


def test_an_ordinary_record_is_not_too_deep() -> None:
    """A few hundred levels, in the message that holds it."""
    value = data_of('{"a":[' * 120 + "1" + "]}" * 120)

    for _ in range(120):
        value = value["a"][0]
    assert 1 == value


@pytest.mark.parametrize("levels", [130, 400, 20_000])
@pytest.mark.parametrize("inner", [b"1", b"1e400", b"a"])
def test_a_record_that_is_too_deep_is_one_of_its_stream(levels: int, inner: bytes) -> None:
    """So its stream can reject it, by its key if that is not too deep. What is wrong deeper down does not matter."""
    deep = b'{"a":[' * levels + inner + b"]}" * levels
    line = b'{"type":"RECORD","record":{"data":{"deep":' + deep + b',"id":7},"stream":"users","emitted_at":1}}'
    if inner == b"a" and levels < 20_000:  # which Python reads to the end
        with pytest.raises(UnreadableInput, match="not valid JSON"):
            read(line)
        return

    (message,) = read(line)

    assert isinstance(message, Record)
    assert (True, True, 7) == (message.is_too_deep, message.is_utf8, message.data["id"])
    assert StreamKey(None, "users") == message.stream


@pytest.mark.parametrize("levels", [300, 20_000])
def test_a_state_that_is_too_deep_stops_the_sync(levels: int) -> None:
    """It could not be given back as it is. A log may be as deep as it likes."""
    deep = b"[" * levels + b"]" * levels
    with pytest.raises(UnreadableInput, match="is a STATE nested deeper than 250 levels"):
        read(b'{"type":"STATE","state":{"type":"GLOBAL","global":{"shared_state":' + deep + b"}}}")

    assert [None] == read(b'{"type":"LOG","log":{"level":"INFO","message":"x","more":' + deep + b"}}")


def test_an_object_that_is_too_deep_can_still_be_a_message() -> None:
    """In another object, or without its type, as it is at any depth."""
    deep = b"[" * 5_000 + b"]" * 5_000
    for line in (b'{"x":{"type":"RECORD"},"y":%b}', b'{"record":{"data":{"a":%b}}}', b'{"type":"record","record":%b}'):
        with pytest.raises(UnreadableInput):
            read(line % deep)
    with pytest.raises(UnreadableInput, match="not valid JSON"):
        read(b'{"type":"RECORD","record":{"stream":"users","data":{"a":' + b"[" * 5_000)


def test_bytes_that_are_not_utf8_are_read() -> None:
    """Each as half of a surrogate pair, so that the writers count it and different ones stay different."""
    (message,) = read(b'{"type":"RECORD","record":{"stream":"users","data":{"v":"a\xffb","n":12345678901234567890}}}')

    assert isinstance(message, Record)
    assert ({"v": "a\udcffb", "n": 12345678901234567890}, False) == (message.data, message.is_utf8)


@pytest.mark.parametrize("value", [b"abc", "é😀".encode(), rb"\udcff", b"1e400", b"1" * 40])
def test_everything_else_is_utf8(value: bytes) -> None:
    """Also a record that has an odd number or half of a character in it."""
    (message,) = read(b'{"type":"RECORD","record":{"stream":"users","data":{"v":"' + value + b'"}}}')

    assert isinstance(message, Record)
    assert message.is_utf8


@pytest.mark.parametrize("end", [b"", b"\r", b" \t"])
@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf", b"  ", b"\xef\xbb\xbf "])
def test_blanks_and_a_byte_order_mark_around_a_line_are_ignored(start: bytes, end: bytes) -> None:
    """Windows ends lines with CR LF and begins files with a byte order mark."""
    (message,) = read(start + record("users", {"id": 1}) + end)

    assert isinstance(message, Record)


def test_a_byte_order_mark_may_come_late() -> None:
    """Files that were put together have one in the middle; the record behind it is still read."""
    messages = read(record("users", {"id": 1}), b"\xef\xbb\xbf" + record("users", {"id": 2}))

    assert [1, 2] == [message.data["id"] for message in messages if isinstance(message, Record)]


def test_blank_lines_are_not_counted() -> None:
    """They are not even counted as ignored."""
    reader = Reader()

    assert [None] * 4 == [reader.read(line) for line in (b"", b"  ", b"\r", b"\xef\xbb\xbf")]
    assert (4, 0) == (reader.lines, reader.ignored)


@pytest.mark.parametrize(
    "line",
    ["Starting the source", "[1]", "123", "null", '"text"', '{"type":"LOG","log":{}}', '{"type":"NEW","new":1}', "{}"],
)
def test_other_lines_are_ignored_and_counted(line: str) -> None:
    """Plain text, log messages, and kinds of message that the protocol may gain."""
    reader = Reader()

    assert reader.read(line.encode()) is None
    assert 1 == reader.ignored


def test_ignored_lines_are_logged_and_bare_records_cause_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    """Otherwise a sync of unwrapped JSON lines would succeed and store nothing."""
    reader = Reader()
    for line in (b"Starting", b'{"type":"LOG"}', b'{"id":1}', b'{"id":2}'):
        reader.read(line)

    with caplog.at_level("INFO", logger="airbyte"):
        reader.report()

    (told, warned) = caplog.records
    assert ("INFO", True) == (told.levelname, told.getMessage().startswith("4 lines of the input were ignored"))
    assert ("WARNING", True) == (warned.levelname, warned.getMessage().startswith("2 lines of the input are JSON"))


def test_an_empty_input_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Not one of blank lines, which someone has sent."""
    empty, blank = Reader(), Reader()
    blank.read(b"")

    blank.end()
    assert [] == caplog.records
    empty.end()
    assert [
        "The input was empty, so nothing was written. To pipe into docker run, use its option -i."
    ] == caplog.messages


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (f'{{"type":"RECORD","record":{{"stream":"users","data":{{"name":"{SECRET}"}}', "is not valid JSON"),
        (f"{{'name': '{SECRET}'}}", "is not valid JSON"),
        (f'{{"a":"{SECRET}"}} {{}}', "is not valid JSON: it holds two objects"),
        (f'{{"a":"{SECRET}"}},', "is not valid JSON: something follows the object"),
        (f'{{"type":"record","x":"{SECRET}"}}', "has a type that is not written RECORD, as the protocol demands"),
        (f'{{"type":" State ","x":"{SECRET}"}}', "has a type that is not written STATE, as the protocol demands"),
        ('{"type":"Trace","trace":{}}', "has a type that is not written TRACE, as the protocol demands"),
        (f'{{"record":{{"stream":"users","data":{{"x":"{SECRET}"}}}}}}', "looks like a message without a type"),
        ('{"state":{"stream":{}}}', "looks like a message without a type"),
        (f'{{"type":"RECORD","x":"{SECRET}"}}', "is a RECORD without data"),
        (f'{{"type":"RECORD","record":["{SECRET}"]}}', "is a RECORD without data"),
        (f'{{"type":"RECORD","record":{{"stream":"users","data":["{SECRET}"]}}}}', "is a RECORD without data"),
        ('{"type":"RECORD","record":{"stream":"users","data":null}}', "is a RECORD without data"),
        (f'{{"type":"RECORD","record":{{"data":{{"name":"{SECRET}"}}}}}}', "is a RECORD that does not name its stream"),
        ('{"type":"RECORD","record":{"stream":1,"data":{}}}', "is a RECORD that does not name its stream"),
        ('{"type":"RECORD","stream":"users","record":{"id":1}}', "is a RECORD without data"),
        (f'{{"type":"STATE","state":"{SECRET}"}}', "is a STATE without content"),
        ('{"type":"STATE"}', "is a STATE without content"),
        ('{"type":"STATE","state":{"type":"STREAM","stream":{}}}', "is a STATE that does not name its stream"),
        (
            f'{{"type":"STATE","state":{{"type":"STREAM","stream":{{"stream_descriptor":"{SECRET}"}}}}}}',
            "is a STATE that does not name its stream",
        ),
        (
            '{"type":"TRACE","trace":{"stream_status":{"stream_descriptor":[],"status":"COMPLETE"}}}',
            "is a STREAM_STATUS that does not name its stream",
        ),
    ],
)
def test_a_line_that_may_have_been_a_record_stops_the_sync(line: str, problem: str) -> None:
    """The error names the line and the problem, but shows no content."""
    with pytest.raises(UnreadableInput) as caught:
        read("", line)

    assert str(caught.value).startswith(f"Line 2 of the input {problem}.")
    shown: BaseException | None = caught.value
    while shown:
        assert SECRET not in str(shown)
        shown = shown.__cause__ or shown.__context__


@pytest.mark.parametrize(
    "file", [{"file": {"file_url": "/tmp/a.pdf"}}, {"file_reference": {"staging_file_url": "/tmp/a.pdf"}, "data": {}}]
)
def test_a_record_that_brings_a_file_is_refused(file: dict[str, Any]) -> None:
    """Its data only describes the file, which Dust does not get. So says the catalog's error, too."""
    with pytest.raises(UnusableCatalog, match=r"^The stream users transfers files, .* of the input brings one"):
        read(orjson.dumps({"type": "RECORD", "record": {"stream": "users", **file}}))


def test_unknown_fields_of_a_record_are_tolerated() -> None:
    """Hosts send every field that there is, most of them null."""
    content = {
        "stream": "users",
        "data": {},
        "meta": {"changes": None, "new": 1},
        "new": 1,
        "file": None,
        "file_reference": None,
    }
    messages = read(orjson.dumps({"type": "RECORD", "record": content, "log": None, "state": None, "new": {}}))

    assert [Record(StreamKey(None, "users"), {}, None, 1)] == messages


def test_a_record_says_what_its_source_changed() -> None:
    """In words of the protocol: others may be data. What is no change of a field is no reason to stop."""
    long = {"field": "n", "change": "NULLED", "reason": "the value 4711 was too long"}
    changes = [{"field": "n", "change": "NULLED", "reason": "NEW"}, {"reason": "X"}, None, "text", long]
    content = {"stream": "users", "data": {}, "meta": {"changes": changes}}
    (record,) = read(orjson.dumps({"type": "RECORD", "record": content}))

    assert isinstance(record, Record)
    assert (SourceChange("n", "NULLED", "NEW"), SourceChange("unknown", "unknown", "X")) == record.changes[:2]
    assert SourceChange("n", "NULLED", "OTHER") == record.changes[2]


def test_a_stream_state_is_about_its_stream() -> None:
    """A state of an unknown stream is echoed as well."""
    state = state_of('{"type":"STREAM","stream":{"stream_descriptor":{"name":"unknown","namespace":"x"}}}')

    assert StreamKey("x", "unknown") == state.stream


def test_a_state_keeps_its_line() -> None:
    """To the byte: blanks, unknown keys, numbers and escapes."""
    line = rb'{ "type":"STATE", "id":8, "state":{"data":{"lsn":123456789012345678901234567890,"\ud800":"\u0000"}} }'
    (state,) = read(line)

    assert isinstance(state, State)
    assert line == state.line


@pytest.mark.parametrize(
    "content",
    [
        '{"type":"GLOBAL","global":{"stream_states":[]}}',
        '{"type":"GLOBAL","stream":null,"global_":{"stream_states":[]}}',
        '{"type":"LEGACY","data":{"cursor":1}}',
        '{"type":null,"data":{"cursor":1}}',
        '{"data":{"cursor":1}}',
        '{"type":"STREAM"}',
        '{"type":"NEW","new":1}',
    ],
)
def test_a_state_that_names_no_stream_is_about_all(content: str) -> None:
    """To wait for all streams is safe, whatever the state turns out to mean."""
    assert state_of(content).stream is None


@pytest.mark.parametrize("mark", ["__ab_full_refresh_sync_complete", "__ab_no_cursor_state_message"])
def test_a_state_can_say_that_its_stream_is_complete(mark: str) -> None:
    """At the top level of the stream's state, and with a true that is one."""

    def says(stream_state: object) -> bool:
        stream = {"stream_descriptor": {"name": "users"}, "stream_state": stream_state}
        return state_of(json.dumps({"type": "STREAM", "stream": stream})).marks_complete

    assert [True, False, False, False, False] == [
        says(content) for content in ({mark: True}, {mark: "true"}, {mark: 1}, {"inner": {mark: True}}, None)
    ]
    assert not state_of('{"type":"GLOBAL","global":{}}').marks_complete


def test_a_stream_status_is_read() -> None:
    """COMPLETE permits deleting old data."""
    status = {"stream_descriptor": {"name": "users", "namespace": "crm"}, "status": "COMPLETE", "reasons": []}

    messages = read(orjson.dumps({"type": "TRACE", "trace": {"type": "STREAM_STATUS", "stream_status": status}}))

    assert [StreamStatus(StreamKey("crm", "users"), "COMPLETE")] == messages


@pytest.mark.parametrize(
    ("descriptor", "stream"),
    [
        (None, None),
        ({"name": "users"}, StreamKey(None, "users")),
        ({"name": "users", "namespace": "crm"}, StreamKey("crm", "users")),
        ({"name": None}, None),
        ("users", None),
    ],
)
def test_an_error_of_the_source_is_read(descriptor: object, stream: StreamKey | None) -> None:
    """With its stream and the source's own words, without what is meant for engineers."""
    error = {"message": "No access.", "internal_message": "401", "stack_trace": SECRET, "stream_descriptor": descriptor}

    messages = read(
        orjson.dumps({"type": "TRACE", "trace": {"type": "ERROR", "error": error}}),
        orjson.dumps({"type": "TRACE", "trace": {"type": "ERROR"}}),
        orjson.dumps({"type": "TRACE", "trace": {"type": "ERROR", "error": "No access."}}),
    )

    unnamed = [SourceError(None, "no reason given"), SourceError(None, "No access.")]
    assert [SourceError(stream, "No access."), *unnamed] == messages


def test_a_fatal_log_is_an_error_of_the_source() -> None:
    """Sources that crash log it, and the stack trace behind it is left out."""
    log = {"level": "FATAL", "message": f"No access.\nTraceback: {SECRET}", "stack_trace": SECRET}

    assert [SourceError(None, "No access.")] == read(orjson.dumps({"type": "LOG", "log": log}))
    assert [None] == read(orjson.dumps({"type": "LOG", "log": {"level": "ERROR", "message": "No access."}}))


def test_the_words_of_a_source_are_cut() -> None:
    """Some put a whole answer into the message."""
    log = {"level": "FATAL", "message": "x" * 10_000}

    (message,) = read(orjson.dumps({"type": "LOG", "log": log}))

    assert isinstance(message, SourceError)
    assert 1000 == len(message.message)


@pytest.mark.parametrize("trace", [None, {}, {"type": "ESTIMATE", "estimate": {}, "stream_status": None}, "text"])
def test_other_traces_are_tolerated(trace: object) -> None:
    """Estimates are not for us."""
    assert [None] == read(orjson.dumps({"type": "TRACE", "trace": trace}))


def test_a_state_that_is_not_utf8_stops_the_sync() -> None:
    """It could not be given back as it was, and the next sync would go on from somewhere else."""
    line = b'{"type":"STATE","state":{"stream":{"stream_descriptor":{"name":"users"},"stream_state":{"at":"\xff"}}}}'

    with pytest.raises(UnreadableInput, match=r"^Line 1 of the input is a STATE that is not UTF-8"):
        read(line)


@pytest.mark.parametrize(
    "line",
    [
        '{"type":"LOG","log":{"level":"INFO","message":"{\\"type\\":\\"RECORD\\"}"}}',
        '{"type":"CONTROL","control":{"type":"RECORD"}}',
    ],
)
def test_a_message_of_the_protocol_may_quote_another(line: str) -> None:
    """Its own type says what it is."""
    assert [None] == read(line)
