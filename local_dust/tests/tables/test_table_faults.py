"""Switches for tables: writes that land late, outages of the core, tables without a file."""

from __future__ import annotations

import threading
import time

from local_dust import LocalDust, World
from local_dust.client import Visitor, error
from local_dust.tests.conftest import Clock
from local_dust.tests.tables.conftest import rows


def test_a_truncate_may_land_after_later_rows_and_delete_them(visitor: Visitor, dust: LocalDust, clock: Clock) -> None:
    """A gateway has answered for it."""
    dust.world.table_faults.land_late(5.0, truncates=True)
    lost = visitor.rows("t", {"1": {"a": 1}}, truncate=True)
    assert (504, {}) == (lost.status_code, rows(dust))

    visitor.rows("t", {"1": {"a": 2}}, truncate=True)
    visitor.rows("t", {"2": {"a": 2}})
    assert {"1": {"a": 2}} == rows(dust)
    clock.time += 20

    assert {"1": {"a": 1}} == rows(dust)


def test_an_error_may_apply_later(visitor: Visitor, dust: LocalDust, clock: Clock) -> None:
    """Rows and deletes, of one table, some of them, with a status of choice."""
    dust.world.table_faults.land_late(5.0, table_id="t", truncates=False, status=500, skip=1, times=2)
    visitor.rows("t", {"0": {"a": 1}})
    assert (500, "Failed to upsert database rows.") == error(visitor.rows("t", {"1": {"a": 1}}))[::2]
    visitor.table("u")
    assert 200 == visitor.rows("u", {"1": {"a": 1}}).status_code
    assert 500 == visitor.delete("/tables/t/rows/0").status_code
    assert 200 == visitor.rows("t", {"2": {"a": 1}}).status_code
    clock.time += 14
    assert {} == rows(dust), "it has begun the quiet time anew"
    clock.time += 1

    assert {"1", "2"} == set(rows(dust))


def test_which_writes_land_late_is_drawn_with_the_seed(clock: Clock) -> None:
    """The same each time."""

    def statuses(seed: int) -> list[int]:
        with LocalDust(World(now=clock, wall=clock, seed=seed)) as dust:
            visitor = Visitor(dust)
            visitor.table("t")
            dust.world.table_faults.land_late(5.0, times=None, chance=0.5)
            return [visitor.rows("t", {"1": {"a": 1}}).status_code for _ in range(20)]

    assert statuses(1) == statuses(1) != statuses(2)
    assert {200, 504} == set(statuses(1))


def test_in_an_outage_of_the_core_all_that_concerns_tables_fails(
    visitor: Visitor, dust: LocalDust, clock: Clock
) -> None:
    """With the same answers as for rows that are missing."""
    visitor.rows("t", {"1": {"a": 1}}, truncate=True)
    dust.world.table_faults.outage(60.0)
    dust.world.key.role = "admin"  # others may not delete a table

    answers = [
        *map(visitor.get, ("/tables", "/tables/t", "/tables/t/rows", "/tables/t/rows/1")),
        *map(visitor.delete, ("/tables/t", "/tables/t/rows/1")),
        visitor.table("t"),
        visitor.rows("t", {"2": {"a": 1}}),
    ]

    assert {500} == {answer.status_code for answer in answers}
    clock.time += 60
    assert 200 == visitor.get("/tables/t/rows/1").status_code
    assert {"1": {"a": 1}} == rows(dust)


def test_the_rows_of_a_table_without_a_file_may_not_be_listable(visitor: Visitor, dust: LocalDust) -> None:
    """In versions that read the file's metadata first; the answer of the create says that it is empty."""
    assert 200 == visitor.get("/tables/t/rows").status_code
    dust.world.table_faults.fails_while_empty = True

    assert (500, "Failed to list database rows.") == error(visitor.get("/tables/t/rows"))[::2]
    assert visitor.table("t").json()["table"]["schema"] is None
    visitor.rows("t", {"1": {"a": 1}}, truncate=True)
    assert 200 == visitor.get("/tables/t/rows").status_code


def test_a_truncate_is_answered_once_the_merge_has_ended(visitor: Visitor, dust: LocalDust, clock: Clock) -> None:
    """It waits for the lock of its table."""
    dust.world.limits.merge_rows_per_second = 1.0
    visitor.rows("t", {"1": {"a": 1}, "2": {"a": 1}})
    clock.time += 11
    sent = threading.Thread(target=visitor.rows, args=("t", {"3": {"a": 3}}), kwargs={"truncate": True})
    sent.start()
    while not dust.world.arrivals[-1].body["truncate"]:
        time.sleep(0.001)
    assert (None, {}) == (dust.world.arrivals[-1].answered, rows(dust))

    clock.time += 1
    sent.join()

    assert (200, {"3": {"a": 3}}) == (dust.world.arrivals[-1].status, rows(dust))
