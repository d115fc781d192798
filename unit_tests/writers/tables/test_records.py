"""Rows of records that lack values, when their table cannot be read."""

from __future__ import annotations

from typing import Any

from destination_dust.dust.errors import Unavailable
from destination_dust.writers.tables.client import UnusableTable
from unit_tests.builders import ORDERS, USERS
from unit_tests.writers.tables.fake_tables import TablesHarness

PARTIAL: dict[str, Any] = {"body": "__debezium_unavailable_value", "_ab_cdc_updated_at": "2026-01-01T00:00:00Z"}


class Described(TablesHarness):
    """A sync into tables that had rows before."""

    def __init__(self, *tables: str, **more: Any) -> None:
        super().__init__(**more)
        for name in tables:
            self.dust.upsert_table(name)
        self.dust.log.clear()
        fake: Any = self.dust
        described = fake.table
        fake.table = lambda table_id: {**described(table_id), "schema": [{"name": "body", "value_type": "text"}]}


def test_a_table_that_cannot_be_read_does_not_end_the_others() -> None:
    """A record waits for its row, which cannot be read; the stream fails, and only that."""
    tables = Described("users")
    tables.add(1, **PARTIAL)
    tables.add(2, 3, stream=ORDERS)
    tables.state(1, ORDERS)
    tables.state(2, USERS)
    tables.dust.unreadable = True
    tables.turn()
    tables.dust.unreadable = False

    tables.drain(30)

    assert [(2, 0)] == tables.released()
    assert {"orders-2", "orders-3"} == set(tables.dust.rows_of["orders"])
    assert [USERS] == list(tables.writer.failures)
    assert isinstance(tables.writer.failures[USERS], UnusableTable)
    assert tables.writer.idle
    assert 0 == tables.context.budget.used


def test_a_record_that_lacks_nothing_waits_for_one_of_its_row_that_does() -> None:
    """Whether or not it comes from change data capture: the last record of a row decides."""
    tables = Described("users")
    tables.add(1, v=1, **PARTIAL)
    tables.add(1, v=2)

    tables.drain(30)

    assert 2 == tables.dust.rows_of["users"]["users-1"]["v"]


def test_what_is_under_way_is_not_acknowledged_when_a_read_of_the_table_fails() -> None:
    """The call ends, but what was sent is not proven, and its memory is free once, not twice."""
    tables = Described("users")
    tables.add(1)
    tables.state(1)
    tables.add(2, **PARTIAL)
    tables.add(3, stream=ORDERS)
    (read,) = (call for call in tables.calls.open if call.key == ("stored", "users-2"))
    tables.calls.open.remove(read)
    tables.writer.drain()
    read.failed(Unavailable("gave up"))

    tables.turn(100)

    assert [] == tables.released()
    assert [USERS] == list(tables.writer.failures)
    assert {"orders-3"} == set(tables.dust.rows_of["orders"])
    assert 0 == tables.context.budget.used


def test_a_record_whose_stream_has_failed_meanwhile_is_not_written() -> None:
    """Nothing would send it, or give its memory back."""
    tables = Described("users")
    tables.add(1, **PARTIAL)
    (read,) = (call for call in tables.calls.open if call.key == ("stored", "users-1"))
    tables.calls.open.remove(read)
    tables.writer._lives[USERS].fail(UnusableTable("gone"))

    read.done({"body": "whole"})

    assert [USERS] == list(tables.writer.failures)
    assert 0 == tables.context.budget.used
