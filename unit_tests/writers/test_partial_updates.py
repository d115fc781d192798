"""Records that lack values: in order for each id, asked about once, and only where the answer proves something."""

from __future__ import annotations

import json
from typing import Any

from destination_dust.writers import partial_updates as module
from destination_dust.writers.partial_updates import PartialUpdates, Update, Values
from unit_tests.writers.outcomes import FakeWorkers

A_READ = ("stored", "a")


class Harness:
    """Updates whose reads end when the test says so; what was written, in order."""

    def __init__(self) -> None:
        self.workers = FakeWorkers()
        self.updates = PartialUpdates(self.workers.submit, json.loads)
        self.written: list[tuple[str, Any]] = []
        self.reads = 0

    def take(self, name: str, content: str | None, *, lacks: bool = False, reads: bool = True, of: str = "a") -> None:
        """A record; `content`: what it makes of its row."""

        def put(values: Values | None) -> bytes | None:
            self.written.append((name, values))
            return None if content is None else content.encode()

        self.updates.take(of, Update(lacks, put, self._read if reads else None))

    def _read(self) -> Values:
        self.reads += 1
        return {"read": self.reads}


def test_a_complete_record_is_written_at_once() -> None:
    """Nothing is asked."""
    harness = Harness()
    harness.take("1", '{"v":1}')

    assert ([("1", None)], True, []) == (harness.written, harness.updates.idle, harness.workers.keys)


def test_what_a_record_lacks_is_read_if_no_earlier_one_had_its_id() -> None:
    """The next one has what this one made of the row."""
    harness = Harness()
    harness.take("1", '{"v":1}', lacks=True)
    assert ([], False) == (harness.written, harness.updates.idle)

    harness.workers.end(A_READ)
    harness.take("2", '{"v":2}', lacks=True)

    assert [("1", {"read": 1}), ("2", {"v": 1})] == harness.written
    assert (1, True) == (harness.reads, harness.updates.idle)


def test_records_behind_one_that_waits_keep_their_order() -> None:
    """Those of other ids pass them."""
    harness = Harness()
    harness.take("1", '{"v":1}', lacks=True)
    harness.take("2", '{"v":2}')
    harness.take("3", '{"v":3}', lacks=True)
    harness.take("other", '{"v":9}', of="b")
    assert ["other"] == [name for name, _ in harness.written]

    harness.workers.end(A_READ)

    assert [("1", {"read": 1}), ("2", None), ("3", {"v": 2})] == harness.written[1:]
    assert 1 == harness.reads


def test_a_row_that_is_gone_has_no_values() -> None:
    """Dust may still have those from before this sync."""
    harness = Harness()
    harness.take("gone", "")
    harness.take("1", '{"v":1}', lacks=True)

    assert [("gone", None), ("1", {})] == harness.written
    assert 0 == harness.reads


def test_nothing_is_read_where_it_would_prove_nothing() -> None:
    """The record is written without the values."""
    harness = Harness()
    harness.take("1", '{"v":1}', lacks=True, reads=False)

    assert [("1", None)] == harness.written


def test_a_record_that_waited_can_be_followed_by_another_read() -> None:
    """If what it made of the row need not be kept, Dust is asked again."""
    harness = Harness()
    harness.take("1", None, lacks=True)
    harness.take("2", None, lacks=True)
    harness.take("3", None)
    harness.workers.end(A_READ)
    assert [("1", {"read": 1})] == harness.written

    harness.workers.end(A_READ)

    assert [("1", {"read": 1}), ("2", {"read": 2}), ("3", None)] == harness.written


def test_only_so_many_records_wait() -> None:
    """They are in memory."""
    harness = Harness()
    for number in range(module.MAX_WAITING - 1):
        harness.take("1", "{}", lacks=True, of=f"{number % 50}")
    assert harness.updates.has_room

    harness.take("1", "{}", lacks=True)
    assert not harness.updates.has_room

    harness.workers.end_all()
    assert harness.updates.has_room
