"""Rows that wait on disk: the last change of each, and what became of the other records."""

from __future__ import annotations

import tempfile
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from destination_dust.airbyte.ledger import Span
from destination_dust.mapping.tables import sizes
from destination_dust.mapping.tables.delimiters import misleading_columns
from destination_dust.mapping.tables.rows import Row, RowEncoder
from destination_dust.mapping.tables.sizes import Size
from destination_dust.spool import DiskFull
from destination_dust.writers.tables import staging as staging_module
from destination_dust.writers.tables.changes import MAX_EARLIER, Change
from destination_dust.writers.tables.context import RequestLimits
from destination_dust.writers.tables.staging import COUNT_EVERY, COUNT_EVERY_BYTES, StagedRows, Staging
from unit_tests.builders import USERS
from unit_tests.conftest import TemporaryFiles


def spool() -> StagedRows:
    return StagedRows(Staging(cache=256 * 1024))


def change(row_id: str, content: bytes | None, span: Span) -> Change:
    """What a record makes of a row."""
    return Change(row_id, None if content is None else Row(content, len(content), 1), span)


def kept(rows: StagedRows) -> list[tuple[str, bytes | None]]:
    return [(each.row_id, each.row and each.row.content) for each in rows]


def test_the_last_change_of_a_row_stays_in_the_place_of_the_last() -> None:
    """Whatever came before: contents and deletes, in any order."""
    rows, span = spool(), Span(USERS)
    for row_id, content in (("a", b"1"), ("b", b"2"), ("c", None), ("a", b"3"), ("b", None), ("c", b"4")):
        rows.put(change(row_id, content, span))

    assert [("a", b"3"), ("b", None), ("c", b"4")] == kept(rows)
    assert [("a", b"3"), ("b", None), ("c", b"4")] == kept(rows), "they can be read again"
    assert [span] * 3 == [each.span for each in rows]


def test_every_record_is_either_kept_or_accounted_for() -> None:
    """By the span in which it was read: rows that a later record changed, and deletes where those are not sent."""
    rows, first, second = spool(), Span(USERS), Span(USERS)
    for row_id, content, span in (
        ("a", b"1", first),
        ("b", b"1", first),
        ("c", None, first),
        ("a", b"2", second),
        ("d", None, second),
        ("d", None, second),
    ):
        rows.put(change(row_id, content, span))

    assert [(first, 1, 1), (second, 1, 1)] == list(rows.unsent(deletes_are_sent=False))
    assert [(first, 1, 0), (second, 1, 0)] == list(rows.unsent(deletes_are_sent=True))


def test_rows_are_counted_and_not_their_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A source may bring each row a hundred times. What can never fit is known before the end of the input."""
    monkeypatch.setattr(sizes, "MAX_ROWS", 11)
    rows, span = spool(), Span(USERS)
    for number in range(COUNT_EVERY + 11):
        rows.put(change(str(number % 11), b"", span))
        assert not rows.exceeds(1)
    for number in range(COUNT_EVERY):
        rows.put(change(str(number % 12), b"", span))
    assert rows.exceeds(1)
    assert Size(12, 0, 12) == rows.size()


def test_rows_that_come_twice_in_a_row_are_counted_before_the_end_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    """No block of them ever fills, and the disk would."""
    monkeypatch.setattr(staging_module, "COUNT_EVERY", 100)
    rows, span = spool(), Span(USERS)
    asked = [rows.put(change(str(number // 2), b"", span)) for number in range(102)]

    assert 99 == asked.index(True)


def test_large_rows_are_counted_before_there_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """100 of 1 MB are all that a table can have."""
    monkeypatch.setattr(staging_module, "BLOCK", 1)
    rows = spool()
    asked = [rows.put(Change(str(number), Row(b"", 1_000_000, 1), Span(USERS))) for number in range(12)]

    assert COUNT_EVERY_BYTES // 1_000_000 == asked.index(True) + 1


def test_bytes_are_counted_as_the_csv_has_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """A comma for each column of each row, and the end of a line."""
    monkeypatch.setattr(sizes, "MAX_BYTES", 10 * (1_000_000 + 500 + 1))
    monkeypatch.setattr(staging_module, "COUNT_EVERY_BYTES", 0)
    rows = spool()
    for number in range(10):
        rows.put(Change(str(number), Row(b"", 1_000_000, 1), Span(USERS)))

    assert not rows.exceeds(500)
    assert rows.exceeds(501)


def test_few_earlier_changes_of_a_row_are_kept() -> None:
    """One that changes all the time does not fill the disk."""
    rows, span = StagedRows(Staging(), keeps_earlier=True), Span(USERS)
    for number in range(100):
        rows.put(change("a", b"%d" % number, span))
        rows.put(change("b", b"%d" % number, span))

    ((count,),) = rows._database.read("SELECT count(*) FROM earlier1")
    assert 2 * MAX_EARLIER == count
    first = rows.with_earlier(next(iter(rows)), deletes_are_sent=True)
    assert [b"99", b"98", b"97", b"96", b"95"] == [each.row and each.row.content for each in first.chain]


def test_no_one_else_can_read_the_rows_and_nothing_of_them_stays(temporary_files: TemporaryFiles) -> None:
    """The file is the user's alone from the beginning, and has lost its name when the first row comes."""
    rows = spool()
    for number in range(5000):
        rows.put(change(str(number), b"x" * 500, Span(USERS)))

    assert [0o600] == temporary_files.modes
    assert [] == list(temporary_files.folder.iterdir())
    assert 5000 == len(kept(rows))


def test_the_rows_of_all_streams_share_one_file(temporary_files: TemporaryFiles) -> None:
    """A process may open a thousand files or so, and a sync may replace more tables."""
    staging = Staging(cache=256 * 1024)
    streams = [StagedRows(staging) for _ in range(50)]
    for number in range(10):
        for index, rows in enumerate(streams):
            rows.put(change(str(number), b"%d" % index, Span(USERS)))

    assert 1 == len(temporary_files.modes)
    assert [{b"%d" % index} for index in range(50)] == [{content for _, content in kept(rows)} for rows in streams]


@pytest.mark.parametrize("keeps_earlier", [False, True])
def test_a_stream_that_is_done_does_not_disturb_those_that_are_read(keeps_earlier: bool) -> None:
    """Streams are sent side by side."""
    staging = Staging(cache=256 * 1024)
    one, other = (StagedRows(staging, keeps_earlier=keeps_earlier) for _ in range(2))
    for rows in (one, other):
        for number in range(5000):
            rows.put(change(str(number), b"x" * 500, Span(USERS)))
    reading = iter(one)
    next(reading)

    other.close()

    assert 4999 == len(list(reading))


def test_streams_reuse_the_room_of_those_that_are_done() -> None:
    """A sync may replace a thousand tables, one after the other."""
    staging = Staging(cache=256 * 1024)
    pages = list[int]()
    lasting = StagedRows(staging)
    for _ in range(5):
        rows = StagedRows(staging)
        for number in range(1000):
            rows.put(change(str(number), b"x" * 500, Span(USERS)))
        rows.size()
        rows.close()
        ((count,),) = lasting._database.read("PRAGMA page_count")
        pages.append(count)

    assert pages[-1] < 2 * pages[0]


def test_the_disk_is_free_once_all_streams_are_done(temporary_files: TemporaryFiles) -> None:
    """Rows that come later begin another file."""
    staging = Staging(cache=256 * 1024)
    one, other = StagedRows(staging), StagedRows(staging)
    one.close()
    other.close()
    assert staging._database is None

    later = StagedRows(staging)
    later.put(change("a", b"1", Span(USERS)))

    assert [("a", b"1")] == kept(later)
    assert 2 == len(temporary_files.modes)


def test_streams_can_be_read_by_several_threads_at_once() -> None:
    """Their rows are validated side by side."""
    staging = Staging(cache=256 * 1024)
    streams = [StagedRows(staging) for _ in range(8)]
    for rows in streams:
        for number in range(2000):
            rows.put(change(str(number), b"x" * 100, Span(USERS)))

    with ThreadPoolExecutor() as pool:
        counts = list(pool.map(lambda rows: len(kept(rows)), streams))

    assert [2000] * 8 == counts


def test_a_full_disk_is_an_error_that_says_what_to_do() -> None:
    """Where the rows wait, and how to give them more room."""
    rows, span = spool(), Span(USERS)
    rows._database.execute("PRAGMA max_page_count = 20")

    def fill() -> None:
        for number in range(5000):
            rows.put(change(str(number), b"x" * 500, span))

    with pytest.raises(DiskFull, match="TMPDIR"):
        fill()


def test_a_folder_that_cannot_be_written_to_is_an_error_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    """Such as a root file system that is read-only."""
    monkeypatch.setattr(tempfile, "tempdir", "/nonexistent")
    with pytest.raises(DiskFull, match="nonexistent"):
        spool()


def test_a_delete_that_is_not_sent_is_accounted_for_though_nothing_came_before_it() -> None:
    """There are as many changes as records, and still its record must be booked."""
    rows, span = spool(), Span(USERS)
    rows.put(change("a", b"1", span))
    rows.put(change("b", None, span))

    assert [(span, 0, 1)] == list(rows.unsent(deletes_are_sent=False))
    assert not [*rows.unsent(deletes_are_sent=True)]


def test_earlier_changes_are_kept_in_order_however_many_are_written_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A row may change again in the same block, in the next one, or much later."""
    contents = [b"%d" % number for number in range(7)]
    for block in (1, 2, 3, 100):
        monkeypatch.setattr(staging_module, "BLOCK", block)
        rows, span = StagedRows(Staging(cache=256 * 1024), keeps_earlier=True), Span(USERS)
        for content in contents:
            rows.put(change("hot", content, span))
            rows.put(change(content.decode(), content, span))

        chains = {each.row_id: [*rows.with_earlier(each, deletes_are_sent=True).chain] for each in rows}
        latest = [each.row.content for each in chains.pop("hot") if each.row]
        assert contents[: -2 - MAX_EARLIER : -1] == latest
        assert [[content] for content in contents] == [
            [c.row.content for c in chain if c.row] for chain in chains.values()
        ]
        assert [(span, len(contents) - len(latest), 0)] == list(rows.unsent(deletes_are_sent=True))


def test_what_is_not_written_yet_stays_small_however_many_streams_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """All streams share the memory for it."""
    monkeypatch.setattr(staging_module, "BLOCKS_BYTES", 50_000)
    staging = Staging(cache=256 * 1024)
    streams = [StagedRows(staging) for _ in range(10)]
    for stream in streams:
        for number in range(20):
            stream.put(change(str(number), b"x" * 1000, Span(USERS)))

    written = sum(
        count
        for number, stream in enumerate(streams, 1)
        for (count,) in stream._database.read(f"SELECT count(*) FROM changes{number}")
    )
    assert 10 * 20 - written <= 50


@pytest.mark.parametrize(("size", "expected"), [(900_000, 4), (300_000, 13), (10, 500)])
def test_few_large_rows_are_in_memory_at_once(monkeypatch: pytest.MonkeyPatch, size: int, expected: int) -> None:
    """However small most others are: they take no more than what is not written yet."""
    rows, span = spool(), Span(USERS)
    for number in range(20):
        rows.put(change(str(number), b"x" * (size if number == 7 else 10), span))
    read: list[int] = []

    def note(_statement: str, *, at_once: int) -> list[Any]:
        read.append(at_once)
        return []

    monkeypatch.setattr(rows._database, "read", note)

    assert [] == list(rows)
    assert [expected] == read


@pytest.mark.parametrize(("suspicious", "rows_a_request"), [(range(290, 300), 300), (range(0, 3000, 600), 1)])
def test_neither_the_table_nor_a_request_may_mislead(suspicious: range, rows_a_request: int) -> None:
    """Dust guesses the delimiter of both: ten rows at the end of 300 are a tenth of its sample in another order, and
    five of 3,000 are too few, unless they are sent alone."""
    encoder, rows = RowEncoder({"text": {"type": "string"}}), spool()
    for number in range(suspicious.stop):
        data = {"text": ";" * 40 if number in suspicious else "x" * 100}
        rows.put(Change(str(number), encoder.encode(str(number), data, 0), Span(USERS)))
    all_rows = [each.row for each in rows if each.row]

    assert [] == misleading_columns(all_rows)
    assert ["text"] == rows.misleading(encoder.in_table, RequestLimits(rows_a_request))
    if rows_a_request == 1:
        assert [] == rows.misleading(encoder.in_table, RequestLimits(3000))
