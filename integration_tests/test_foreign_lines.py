"""Lines that something altered on their way: no state goes back behind a record that could not be read."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from integration_tests.harness.connector import Connector, write
from integration_tests.harness.messages import catalog, record, state, stream
from integration_tests.harness.tables import QUIET
from integration_tests.harness.tables import settings as of_tables
from integration_tests.harness.tables import stored as stored_rows
from local_dust import LocalDust, World

ALTERED: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "text": (lambda line: b"fetched 200 rows" + line, "has text before what looks like a message"),
    "progress": (lambda line: b"10%\r20%\r" + line, "has text before what looks like a message"),
    "colour": (lambda line: b"\x1b[32m" + line + b"\x1b[0m", "has text before what looks like a message"),
    "NUL": (lambda line: b"\0\0" + line, "has text before what looks like a message"),
    "compose": (lambda line: b"source-1 | " + line, "has text before what looks like a message"),
    "events": (lambda line: b"data: " + line, "has text before what looks like a message"),
    "RFC 7464": (lambda line: b"\x1e" + line, "has text before what looks like a message"),
    "list": (lambda line: b"[" + line + b"]", "is a list of messages"),
    "two": (lambda line: line + line, "is not valid JSON: it holds two objects"),
    "text behind": (lambda line: line + b" done", "is not valid JSON: something follows the object"),
    "UTF-16": (lambda line: line.decode().encode("utf-16"), "looks like UTF-16: convert the input to UTF-8 first"),
    "UTF-16 without a mark": (lambda line: line.decode().encode("utf-16-le"), "looks like UTF-16"),
    "gzip": (gzip.compress, "looks like a gzip archive: decompress the input first"),
    "case": (lambda line: line.replace(b"RECORD", b"record"), "has a type that is not written RECORD"),
    "Docker": (
        lambda line: json.dumps({"log": line.decode() + "\n", "stream": "stdout"}).encode(),
        "looks like a message inside another object or text",
    ),
}


@pytest.mark.parametrize("how", ALTERED)
def test_an_altered_record_stops_the_sync(dust: LocalDust, tmp_path: Path, how: str) -> None:
    """With the number of its line, and what it looks like; what was acknowledged before it is safe."""
    alter, problem = ALTERED[how]
    altered = alter(json.dumps(record("users", id=2, name="s3cr3t")).encode())
    connector = Connector("write", tmp_path, config=dust.config(), catalog=catalog("users"))

    code = connector.finish(record("users", id=1), state("users", 1), b"INFO {done}", altered, state("users", 2))

    assert 1 == code
    assert f"Line 4 of the input {problem}" in connector.failure()["message"]
    assert [1] == [each["id"] for each in connector.states()]
    assert "s3cr3t" not in connector.text()


def test_logs_of_the_source_are_let_through(dust: LocalDust, tmp_path: Path) -> None:
    """As text with braces, or as JSON."""
    logs = [b"fetched 200 rows {users}", b'{"level":"info","type":"request"}', b"\x1b[32mdone\x1b[0m", b"caf\xe9"]

    connector = write(tmp_path, dust.config(), catalog("users"), [*logs, record("users", id=1), state("users", 1)])

    assert {"users-1"} == dust.world.documents().keys()
    assert [1] == [each["id"] for each in connector.states()]


def test_bytes_that_are_not_utf8_are_replaced_and_counted(dust: LocalDust, tmp_path: Path) -> None:
    """The records are worth more than these bytes; without a key, different ones stay two records."""
    lines = [
        b'{"type":"RECORD","record":{"stream":"users","emitted_at":1,"data":{"id":1,"name":"caf\xe9"}}}',
        b'{"type":"RECORD","record":{"stream":"visits","emitted_at":1,"data":{"name":"caf\xe9"}}}',
        b'{"type":"RECORD","record":{"stream":"visits","emitted_at":1,"data":{"name":"caf\xe8"}}}',
    ]

    connector = write(tmp_path, dust.config(), catalog("users", stream("visits", mode="append", key=[])), lines)

    texts = [json.loads(each.text)["name"] for each in dust.world.documents().values()]
    assert ["caf\ufffd"] * 3 == texts
    assert any("Stream users: 1 records have bytes that are not UTF-8" in each for each in connector.logs())
    assert any("Stream visits: 2 records have bytes that are not UTF-8" in each for each in connector.logs())


def test_rows_with_bytes_that_are_not_utf8_are_stored(tmp_path: Path) -> None:
    """Also where such a byte is in a name that the catalog does not know."""
    line = b'{"type":"RECORD","record":{"stream":"users","emitted_at":1,"data":{"id":1,"name":"caf\xe9","\xe9":1}}}'
    with LocalDust(World(quiet_seconds=QUIET)) as dust:
        write(tmp_path, dust.config(**of_tables()), catalog("users"), [line])

        assert "caf\ufffd" == stored_rows(dust.world)["users-1"]["name"]


@pytest.mark.parametrize("mode", ["append", "append_dedup"])
def test_a_key_that_is_not_utf8_is_refused_by_line(dust: LocalDust, tmp_path: Path, mode: str) -> None:
    """In Dust, it could not be told from another one."""
    lines = [
        b'{"type":"RECORD","record":{"stream":"users","emitted_at":1,"data":{"id":"caf\xe9"}}}',
        b'{"type":"RECORD","record":{"stream":"users","emitted_at":1,"data":{"id":"caf\xe8"}}}',
        json.dumps(record("users", id="tea")).encode(),
        json.dumps(state("users", 1)).encode(),
    ]
    streams = catalog(stream("users", mode=mode))

    skipping = write(tmp_path, dust.config(on_record_error="skip"), streams, lines)
    assert {"users-tea"} == dust.world.documents().keys()
    assert [(1, 2)] == [
        (each["destinationStats"]["recordCount"], each["destinationStats"]["rejectedRecordCount"])
        for each in skipping.states()
    ]
    assert 2 == sum("has bytes that are not UTF-8" in each for each in skipping.logs())

    failing = Connector("write", tmp_path, config=dust.config(), catalog=streams)
    assert 1 == failing.finish(*lines)
    assert "has bytes that are not UTF-8" in failing.failure()["message"]
    assert "(record in line 1 of the input)" in failing.failure()["message"]


@pytest.mark.parametrize("file", [{"file": {"file_url": "/tmp/a"}}, {"file_reference": {"staging_file_url": "/tmp/a"}}])
def test_records_that_bring_files_are_refused(dust: LocalDust, tmp_path: Path, file: dict[str, object]) -> None:
    """Their data only describes the file, which Dust would not have."""
    message = {"type": "RECORD", "record": {"stream": "users", "emitted_at": 1, "data": {"id": 2}, **file}}
    connector = Connector("write", tmp_path, config=dust.config(), catalog=catalog("users"))

    assert 1 == connector.finish(record("users", id=1), state("users", 1), message, state("users", 2))

    assert "The stream users transfers files" in connector.failure()["message"]
    assert "line 3 of the input" in connector.failure()["message"]
    assert "config_error" == connector.failure()["failure_type"]
    assert [1] == [each["id"] for each in connector.states()]
