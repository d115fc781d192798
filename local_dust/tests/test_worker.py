"""Merges take time, one after the other, and forget what arrives meanwhile: as Dust's background worker does."""

from __future__ import annotations

from typing import Any

import pytest

from local_dust.limits import Limits
from local_dust.response import Busy
from local_dust.tables.csv_files import Rows
from local_dust.tables.merging import Deletion
from local_dust.tables.store import Tables
from local_dust.tests.conftest import Clock

DESCRIBED: dict[str, Any] = {
    "timestamp": None,
    "description": "",
    "tags": (),
    "source_url": None,
    "parents": (),
    "parent_id": None,
    "mime_type": "",
}


class Worked:
    """Tables whose merges handle ten rows a second."""

    def __init__(self, clock: Clock, *table_ids: str, **limits: Any) -> None:
        self.clock = clock
        self.began = clock.time
        self.tables = Tables(Limits(merge_rows_per_second=10.0, **limits), now=clock, wall=clock, seed=0)
        for table_id in table_ids or ("t",):
            self.tables.describe(table_id, name=table_id, title=table_id, **DESCRIBED)

    def rows(self, *numbers: int, value: int = 1) -> Rows:
        """Rows of these ids."""
        return Rows(("a",), [str(number) for number in numbers], [(value,)] * len(numbers), 20 * len(numbers))

    def queue(self, *numbers: int, table_id: str = "t", value: int = 1) -> None:
        self.tables.queue(table_id, self.rows(*numbers, value=value))

    def at(self, seconds: float) -> dict[str, int]:
        """How many rows each table has when so many seconds have passed, unless nothing is there to be read."""
        self.clock.time = self.began + seconds
        self.tables.work()
        return {table_id: table.row_count for table_id, table in self.tables.stored.items() if table.row_count}


def test_a_merge_takes_the_longer_the_more_rows_there_are(clock: Clock) -> None:
    """Old and new ones; what is there is readable meanwhile."""
    worked = Worked(clock)
    worked.tables.replace_rows("t", worked.rows(*range(30)))
    worked.queue(*range(20, 40))

    assert [{"t": 30}, {"t": 30}, {"t": 40}] == [worked.at(10), worked.at(14.9), worked.at(15)]


def test_what_arrives_during_a_merge_is_left_lying_until_the_next_change(clock: Clock) -> None:
    """When the merge has ended, the table's note is gone, also for what came meanwhile."""
    worked = Worked(clock)
    worked.queue(*range(20))
    worked.at(11)
    worked.queue(20)

    assert {"t": 20} == worked.at(3000)
    assert 1 == worked.tables.snapshot()["t"].pending
    worked.tables.queue("t", Deletion("no such row"))
    assert {"t": 21} == worked.at(3020)
    assert 0 == worked.tables.snapshot()["t"].pending


def test_tables_are_merged_one_after_the_other(clock: Clock) -> None:
    """The first to be quiet for long enough is the first."""
    worked = Worked(clock, "t", "u", "v")
    for table_id in ("v", "t", "u"):
        worked.queue(*range(20), table_id=table_id)
        worked.at(clock.time - worked.began + 0.5)

    assert {"v": 20} == worked.at(12)
    assert {"t": 20, "v": 20} == worked.at(14)
    assert {"t": 20, "v": 20} == worked.at(15.9)
    assert {"t": 20, "u": 20, "v": 20} == worked.at(16)


def test_a_queue_is_merged_in_passes_and_in_order(clock: Clock) -> None:
    """By rows, bytes or cells; the last change of a row wins all the same."""
    worked = Worked(clock, pass_cells=2)
    worked.queue(1, 2)
    worked.queue(2, 3, value=5)

    assert {"t": 2} == worked.at(10.2)
    assert {"t": 3} == worked.at(10.7)
    assert {"1": {"a": 1}, "2": {"a": 5}, "3": {"a": 5}} == worked.tables.stored["t"].rows()


def test_a_truncate_waits_for_the_merge_and_drops_what_is_queued_when_it_lands(clock: Clock) -> None:
    """Not when it was sent."""
    worked = Worked(clock)
    worked.queue(*range(20))
    worked.at(11)

    with pytest.raises(Busy) as caught:
        worked.tables.replace_rows("t", worked.rows(50))
    assert worked.began + 12 == caught.value.until
    worked.queue(60)
    worked.at(12)
    worked.tables.replace_rows("t", worked.rows(50))

    worked.tables.queue("t", Deletion("no such row"))
    assert {"t": 1} == worked.at(40)


def test_a_merge_that_outlives_its_lock_writes_the_old_rows_back(clock: Clock) -> None:
    """A lock lives 60 s."""
    worked = Worked(clock)
    worked.queue(*range(700))
    worked.at(11)
    with pytest.raises(Busy) as caught:
        worked.tables.replace_rows("t", worked.rows(9999))
    assert worked.began + 70 == caught.value.until
    worked.at(70)
    worked.tables.replace_rows("t", worked.rows(9999))

    assert [{"t": 1}, {"t": 700}] == [worked.at(79), worked.at(80)]


def test_the_delimiter_is_guessed_anew_on_the_merged_file(clock: Clock) -> None:
    """Its rows are in random order, so what a request began with proves nothing."""
    worked = Worked(clock)
    values = [("x" * 50, 1)] * 400 + [("x;" * 10, 1)] * 400
    sent = Rows(("a", "b"), [str(number) for number in range(800)], values, 50_000)
    worked.tables.replace_rows("t", sent)
    assert ("a", "b") == worked.tables.stored["t"].stored.names, "the file begins as the request did"

    worked.tables.queue("t", worked.rows(900))
    worked.at(200)

    assert worked.tables.stored["t"].stored.names != ("a", "b")


def test_a_file_has_a_comma_for_each_column_of_each_row(clock: Clock) -> None:
    """So sparse rows are larger as CSV than they were as JSON."""
    worked = Worked(clock, table_bytes=3_000)
    names = tuple("abcdefghijklmnopqrstuvwxyz")
    sparse = [tuple(1 if place == n % 26 else None for place in range(26)) for n in range(104)]
    worked.tables.replace_rows("t", Rows(names, [str(n) for n in range(104)], sparse, 1_500))

    assert "CSV file is too large" == worked.tables.stored["t"].unreadable
