"""Changes as lines that the reader understands."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from destination_dust.airbyte.cdc import CDC_DELETED_AT
from destination_dust.airbyte.messages import Record, State, StreamKey
from destination_dust.airbyte.reader import Reader
from destination_dust.loading.changes import Change, Delete, Upsert, end_line, record_lines
from destination_dust.loading.stream import Stream

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)
USERS = Stream("users", "id", namespace="crm").plan()


def records(*changes: Change) -> list[Record]:
    """What the reader makes of the lines of changes."""
    reader = Reader()
    read = [reader.read(line) for line in record_lines(USERS, changes)]
    assert all(isinstance(each, Record) and StreamKey("crm", "users") == each.stream for each in read)
    return [each for each in read if isinstance(each, Record)]


def data(*changes: Change) -> list[dict[str, Any]]:
    return [each.data for each in records(*changes)]


def test_mappings_and_ready_lines_are_records() -> None:
    """A line of JSON may be spread over several, but a message may not."""
    assert [{"id": 1}, {"id": 2}, {"id": 3}] == data({"id": 1}, b'{"id":\n2}\r\n', Upsert({"id": 3}))


def test_numbers_of_ready_lines_stay_exact() -> None:
    """They are not read before the reader does."""
    assert [{"id": Decimal("1.00000000000000000001")}] == data(b'{"id": 1.00000000000000000001}')


@pytest.fixture
def _far_from_utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine whose own time is not UTC."""
    with monkeypatch.context() as elsewhere:
        elsewhere.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("_far_from_utc")
def test_a_record_has_the_time_at_which_it_was_read() -> None:
    """In milliseconds, if the caller knows it. Without a zone it is in UTC, wherever the program runs."""
    times = [AT, AT.replace(microsecond=123_000), AT.replace(tzinfo=None), AT.astimezone(timezone(timedelta(hours=5)))]
    read = records(*(Upsert({"id": 1}, emitted_at=each) for each in times), {"id": 1})

    assert [1767323045000, 1767323045123, 1767323045000, 1767323045000, None] == [each.emitted_at for each in read]


def test_a_delete_carries_airbytes_mark() -> None:
    """With the time of the call if there is no other."""
    first, second = data(Delete({"id": 1}, deleted_at=AT), Delete(b'{"id": 2, "name": "x"}'))

    assert {"id": 1, CDC_DELETED_AT: "2026-01-02T03:04:05+00:00"} == first
    assert {"id": 2, "name": "x"} == {name: second[name] for name in ("id", "name")}
    assert datetime.fromisoformat(second[CDC_DELETED_AT]) > AT


def test_a_changed_key_deletes_the_old_one_first() -> None:
    """Under the new key it is another document or row."""
    moved = data(Upsert(b'{"id": 2}', before={"id": 1}))
    stayed = data(Upsert({"id": 2, "v": 2}, before={"id": 2, "v": 1}))

    assert [(1, True), (2, False)] == [(each["id"], CDC_DELETED_AT in each) for each in moved]
    assert [{"id": 2, "v": 2}] == stayed


def test_a_key_that_python_takes_for_the_same_may_be_another_one() -> None:
    """True equals 1, but the ids of their documents and rows differ."""
    moved = data(Upsert({"id": True}, before={"id": 1}))

    assert [(1, True), (True, False)] == [(each["id"], CDC_DELETED_AT in each) for each in moved]


@pytest.mark.parametrize(
    "change",
    [Delete({"name": "x"}), Delete(b'{"id": null}'), Upsert({"id": 1}, before={}), Upsert({}, before={"id": 1})],
)
def test_it_must_be_known_what_to_delete(change: Change) -> None:
    """A hash of the record would be the id of nothing, and the call would seem to have deleted something."""
    with pytest.raises(ValueError, match="lacks its key: the primary key field id"):
        records(change)


def test_without_a_key_nothing_can_be_deleted() -> None:
    """Nor recognised as moved."""
    for change in (Delete({"id": 1}), Upsert({"id": 1}, before={"id": 2})):
        with pytest.raises(ValueError, match="has no primary_key"):
            [*record_lines(Stream("users").plan(), [change])]


@pytest.mark.parametrize("change", ["id", 1, None, Delete(b"[1]")])
def test_a_record_is_a_mapping_or_an_object(change: Any) -> None:
    """The names of one that was given in place of several records, for example, are no records."""
    with pytest.raises((TypeError, ValueError), match=r"must be an object|is a mapping or bytes"):
        records(change)


@pytest.mark.parametrize("is_complete", [True, False])
def test_the_end_is_a_state(is_complete: bool) -> None:
    """With the source's mark if the stream was read to its end."""
    end = Reader().read(end_line(USERS, is_complete=is_complete))

    assert isinstance(end, State)
    assert (StreamKey("crm", "users"), is_complete) == (end.stream, end.marks_complete)
