"""The preview shows what a sync would write."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from destination_dust.airbyte.catalog import Catalog
from destination_dust.airbyte.reader import UnreadableInput
from destination_dust.config import Config
from destination_dust.preview import preview
from unit_tests.builders import configured, record, settings

KEY = [["id"]]


def shown(lines: Iterable[bytes], *streams: dict[str, Any], records: int = 3, **changes: Any) -> list[str]:
    """The blocks of the preview."""
    catalog = Catalog.parse({"streams": list(streams) or [configured(primary_key=KEY)]})
    return list(preview(Config.parse(settings(**changes)), catalog, lines, records=records))


def test_a_document_is_shown_with_all_that_goes_with_it() -> None:
    """And with what its text leaves out."""
    data = {"id": 1, "title": "Fire", "body": "It burns since noon, please send water.", "url": "https://x.example"}

    line = record("users", data, emitted_at=1_700_000_000_000)
    stream = configured(primary_key=KEY, stream_json_schema={"properties": {"id": {}, "url": {}}})
    (block,) = shown([line], stream, text_format="auto", tag_fields=["id"], source_url_field="url", records=1)
    lines = block.splitlines()
    assert ["--- users: document users-1", "title: Fire"] == lines[:2]
    assert lines[2].startswith("tags: airbyte:stream:users, id:1, airbyte:")
    assert ["link: https://x.example", "time: 2023-11-14 22:13:20 UTC", "type: text/markdown"] == lines[3:6]
    assert ["size: 57 bytes, about 1 chunk", "in each chunk: # Fire", "left out: url"] == lines[6:9]
    assert ["", "# Fire", "", data["body"], "", "- id: 1"] == lines[9:]


def test_a_long_text_has_several_chunks() -> None:
    """By an estimate."""
    (block,) = shown([record("users", {"id": 1, "body": "word " * 2000})], records=1)

    assert "about 5 chunks" in block


def test_a_row_is_shown_cell_by_cell() -> None:
    """Under the names of its columns."""
    (block,) = shown([record("users", {"id": 1, "fullName": "Ann", "no": None})], data_format="tables", records=1)

    assert block.startswith("--- users: row users-1 of the table airbyte_users\nsize: ")
    assert "\n_airbyte_extracted_at: 1970-01-01 00:00:00 UTC\nid: 1\nfull_name" in block
    assert block.endswith(": Ann\n")


def test_some_records_of_each_stream_are_shown_and_no_more_is_read() -> None:
    """Also of streams that come late; others than those of the catalog are not."""

    def lines() -> Iterator[bytes]:
        yield from (record("users", {"id": n}) for n in range(5))
        yield b"a line of a log"
        yield record("others", {"id": 1})
        yield from (record("orders", {"id": n}) for n in range(2))
        raise AssertionError

    blocks = shown(lines(), configured("users", primary_key=KEY), configured("orders", primary_key=KEY), records=2)
    assert ["users-0", "users-1", "orders-0", "orders-1"] == [block.splitlines()[0].split()[-1] for block in blocks]


def test_what_would_not_be_stored_is_said() -> None:
    """A delete, a record without its key, a stream without records."""
    streams = [configured("users", "append_dedup", primary_key=KEY), configured("orders")]

    blocks = shown([record("users", {"id": 1, "_ab_cdc_deleted_at": "now"}), record("users", {"a": 1})], *streams)
    assert "--- users: document users-1: deleted" == blocks[0]
    assert "users: rejected, because the primary key field id is missing or null" in blocks[1]
    assert "--- orders: no records" == blocks[-1]


def test_settings_without_effect_are_named() -> None:
    """As at the start of a sync; documents keep all of their text while no record has a chosen field, as they would."""
    blocks = shown([record("users", {"id": 1, "a": "x"})], text_fields=["nothing"], records=1)

    assert 2 == sum(block.startswith("--- warning: ") for block in blocks)
    assert '{"id":1,"a":"x"}' in blocks[-1]


def test_a_terminal_does_not_obey_records() -> None:
    """Control characters and marks of direction are shown as such."""
    data = {"id": 1, "body": "a\nb\x1b[2J \u202e \x9b"}

    for data_format in ("documents", "tables"):
        (block,) = shown([record("users", data)], data_format=data_format, text_format="markdown", records=1)
        assert "b\ufffd[2J \ufffd" in block
        assert not {"\x1b", "\u202e", "\x9b"} & set(block)


def test_unreadable_input_is_an_error() -> None:
    """As in a sync."""
    with pytest.raises(UnreadableInput):
        shown([b"{broken"])
