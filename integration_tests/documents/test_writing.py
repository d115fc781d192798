"""Records become documents: what arrives, under which id, and in which order."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from integration_tests.harness.connector import Connector, write
from integration_tests.harness.messages import EMITTED_AT, catalog, record, state, stream
from local_dust import LocalDust

STREAMS = ("users", "orders", "products")


def interleaved(count: int) -> list[dict[str, Any]]:
    """Records of three streams in turn, and after every tenth a state of its stream."""
    messages: list[dict[str, Any]] = []
    for number in range(count):
        name = STREAMS[number % 3]
        fields: dict[str, Any] = {"id": number, "name": f"{name} № {number}", "nested": {"a": [number / 7]}}
        messages.append(record(name, emitted_at=EMITTED_AT + number, **fields))
        # Neither format has a place for it.
        messages[-1]["record"]["meta"] = {"changes": [{"field": "x", "change": "NULLED", "reason": "SOURCE_ERROR"}]}
        if number % 10 == 9:
            messages.append(state(name, number))
    return messages


@pytest.mark.airbyte_case("testBasicWrite", "testSync", "testSyncWithLargeRecordBatch")
def test_every_record_arrives_and_every_state_comes_back(dust: LocalDust, tmp_path: Path) -> None:
    """300 records of three interleaved streams: exact documents, 30 states in order, whole and with our counts."""
    messages = interleaved(300)

    connector = write(tmp_path, dust.config(), catalog(*STREAMS), messages, fresh=True)

    documents = dust.world.documents()
    expected = {f"{m['record']['stream']}-{m['record']['data']['id']}": m["record"] for m in messages if "record" in m}
    assert set(expected) == set(documents)
    for document_id, content in expected.items():
        stored = documents[document_id]
        assert content["data"] == json.loads(stored.text)
        assert content["data"]["name"] == stored.title
        assert content["emitted_at"] == stored.timestamp
        assert "application/json" == stored.mime_type
        stream_tag, version_tag = (tag for tag in stored.tags if tag.startswith("airbyte:"))
        assert f"airbyte:stream:{content['stream']}" == stream_tag
        assert re.fullmatch("airbyte:1:[A-Za-z0-9_-]{11}", version_tag)

    sent = [m["state"] for m in messages if m["type"] == "STATE"]
    for name in STREAMS:
        of_stream = [s for s in sent if s["stream"]["stream_descriptor"]["name"] == name]
        returned = [s for s in connector.states() if s["stream"]["stream_descriptor"]["name"] == name]
        assert [s["id"] for s in of_stream] == [s["id"] for s in returned]
    returned_by_id = {s["id"]: s for s in connector.states()}
    assert 30 == len(connector.states())
    last = dict.fromkeys(STREAMS, 0)
    for content in sent:
        name = content["stream"]["stream_descriptor"]["name"]
        read = sum(1 for n in range(content["id"] + 1) if STREAMS[n % 3] == name)
        covered, last[name] = read - last[name], read
        assert {**content, "destinationStats": {"recordCount": float(covered)}} == returned_by_id[content["id"]]


def test_the_later_version_of_a_document_wins(dust: LocalDust, tmp_path: Path) -> None:
    """However long the first version takes, the second is not sent before it has ended."""
    hold = dust.hold(lambda arrival: arrival.is_upsert and '"v":1' in arrival.body["text"], late=True)
    connector = Connector("write", tmp_path, config=dust.config(), catalog=catalog("users"))
    connector.send(record("users", id=1, v=1))
    hold.wait_for(1)
    connector.send(record("users", id=1, v=2), record("users", id=2, v=9))
    connector.wait_for(lambda: "users-2" in dust.world.documents())
    assert ["users-1", "users-2"] == sorted(str(a.document_id) for a in dust.world.arrivals if a.is_upsert)

    hold.let_go()

    assert 0 == connector.finish()
    assert 2 == json.loads(dust.world.documents()["users-1"].text)["v"]


def test_change_data_capture_deletes_documents(dust: LocalDust, tmp_path: Path) -> None:
    """In every mode: append is an upsert by id here, too."""
    deleted: dict[str, Any] = {"_ab_cdc_deleted_at": "2026-01-01T00:00:00Z", "_ab_cdc_lsn": 5}
    connector = write(
        tmp_path,
        dust.config(),
        catalog("users", stream("log", mode="append")),
        [
            record("users", id=1),
            record("users", id=2),
            record("users", id=1, **deleted),
            record("users", id=3, **deleted),
            record("log", id=1),
            record("log", id=1, **deleted),
            state("users", 1),
        ],
    )

    assert {"users-2"} == set(dust.world.documents())
    assert [4.0] == [s["destinationStats"]["recordCount"] for s in connector.states()]


def test_equal_records_without_a_key_are_one_document(dust: LocalDust, tmp_path: Path) -> None:
    """Without a key the content is the identity, whatever the order of its fields."""
    keyless = stream("events", mode="append", key=[])
    messages = [record("events", a=1, b=2), record("events", b=2, a=1), record("events", a=1, b=3)]

    write(tmp_path, dust.config(), catalog(keyless), messages)

    assert 2 == len(dust.world.documents())


def test_numbers_that_floats_cannot_hold_arrive_exact(dust: LocalDust, tmp_path: Path) -> None:
    """Numbers that orjson rounds or refuses are in the document's text digit by digit."""
    line = (
        '{"type":"RECORD","record":{"stream":"users","emitted_at":1767225600000,"data":{"id":1,'
        '"big":123456789012345678901234567890,"long":0.12345678901234567890123,"huge":1e400,"nan":NaN}}}'
    )

    write(tmp_path, dust.config(), catalog("users"), [line.encode()])

    text = dust.world.documents()["users-1"].text
    assert '"big":123456789012345678901234567890' in text
    assert '"long":0.12345678901234567890123' in text
    assert "400" in json.dumps(json.loads(text, parse_float=str)["huge"])
    assert "NaN" == json.loads(text)["nan"]


def test_characters_that_dust_cannot_store_are_cleaned_and_counted(dust: LocalDust, tmp_path: Path) -> None:
    """NUL goes, half a surrogate pair becomes U+FFFD, and the report says in how many records."""
    line = rb'{"type":"RECORD","record":{"stream":"users","data":{"id":1,"name":"a\u0000b\ud800c"},"emitted_at":1}}'

    connector = write(tmp_path, dust.config(), catalog("users"), [line])

    document = dust.world.documents()["users-1"]
    assert "ab�c" == json.loads(document.text)["name"]
    assert "ab�c" == document.title
    assert any("in 1 records, characters" in log for log in connector.logs())


def test_a_record_without_its_key_fails_the_sync_or_is_skipped(dust: LocalDust, tmp_path: Path) -> None:
    """By `on_record_error`; skipped records are counted in the state."""
    messages = [
        record("users", id=1),
        record("users", id=None, secret="s3cr3t"),
        record("users", id=3),
        state("users", 1),
    ]
    failing = Connector("write", tmp_path, config=dust.config(), catalog=catalog("users"))
    assert 1 == failing.finish(*messages)
    assert "config_error" == failing.failure()["failure_type"]
    assert "primary key field id is missing or null" in failing.failure()["message"]
    assert "s3cr3t" not in failing.text()
    assert [] == failing.states()

    skipping = write(tmp_path, dust.config(on_record_error="skip"), catalog("users"), messages)

    assert {"users-1", "users-3"} == set(dust.world.documents())
    assert [{"recordCount": 2.0, "rejectedRecordCount": 1.0}] == [s["destinationStats"] for s in skipping.states()]


def test_a_document_over_the_plan_limit_is_a_bad_record(dust: LocalDust, tmp_path: Path) -> None:
    """Dust refuses it by its size; the records around it are stored."""
    dust.world.limits.text_mb = 1
    messages = [
        record("users", id=1),
        record("users", id=2, text="x" * 1_100_000),
        record("users", id=3),
        state("users", 1),
    ]

    connector = write(tmp_path, dust.config(on_record_error="skip"), catalog("users"), messages)

    assert {"users-1", "users-3"} == set(dust.world.documents())
    assert [1.0] == [s["destinationStats"]["rejectedRecordCount"] for s in connector.states()]
