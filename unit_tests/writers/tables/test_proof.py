"""No row is acknowledged that is not stored, whatever a table held before and whatever Dust loses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import orjson
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from destination_dust.dust.errors import Ambiguous
from destination_dust.mapping.tables.rows import LOADED_AT
from destination_dust.writers.tables import client
from destination_dust.writers.tables.context import ConfirmationTiming
from destination_dust.writers.tables.proof import LOOKS_WITHOUT, Unconfirmed
from unit_tests.builders import ORDERS
from unit_tests.writers.tables.fake_tables import TablesHarness

WALL = 1_800_000_000


def at(seconds: float) -> dict[str, Any]:
    """A cell as Dust shows it."""
    return {"type": "datetime", "epoch": int(seconds * 1000), "string_value": "…"}


def table_of(*cells: object, **more: Any) -> TablesHarness:
    """A sync into a table whose rows 0, 1, … have these times of loading."""
    tables = TablesHarness(**more)
    tables.dust.rows_of["users"] = {
        f"users-{number}": {"version": 1, LOADED_AT: cell} for number, cell in enumerate(cells)
    }
    tables.dust.queues["users"] = []
    return tables


def lose_queue(tables: TablesHarness) -> None:
    """Dust forgets what waits for the users."""
    tables.dust.queues["users"].clear()


times = st.integers(-3, 8).map(lambda offset: at(WALL + offset)) | st.sampled_from(
    [None, "recently", 5, at(WALL + 300), at(WALL + 90_000)]
)


@settings(max_examples=300)
@given(
    st.lists(times, min_size=1, max_size=12),
    st.integers(0, 12),
    st.lists(st.tuples(st.integers(0, 12), st.booleans()), min_size=1, max_size=16),
    st.sets(st.integers(0, 8)),
)
@example([at(WALL - 3), at(WALL - 3), at(WALL + 300)], 2, [(2, False)], {0})
@example([at(WALL - 3), at(WALL - 3), at(WALL)], 2, [(2, False)], {0})
@example([at(WALL - 3)], 2, [(0, True), (9, True)], {0})
@example([at(WALL - 3)], 2, [(0, False), (1, False), (2, False), (0, False)], {1})
def test_no_row_is_acknowledged_that_is_not_stored(
    cells: list[object], sample: int, changes: list[tuple[int, bool]], lost: set[int]
) -> None:
    """Whatever times the table holds, of rows that are in the sample and of others, and whichever requests are lost."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(client, "SAMPLE_ROWS", sample)
        tables = table_of(*cells, rows=2, confirmation=ConfirmationTiming(11.0, 60.0))
        tables.dust.loses = lambda request: request in lost
        expected: dict[str, int | None] = {}
        for number, deletes in changes:
            if deletes:
                tables.delete(number)
            else:
                tables.add(number, version=2)
            expected[f"users-{number}"] = None if deletes else 2
        tables.state(1)
        try:
            tables.drain(200)
        except Unconfirmed:
            assert [] == tables.released()
            return

    assert [(len(changes), 0)] == tables.released()
    rows = tables.dust.rows_of["users"]
    assert expected == {row_id: rows.get(row_id, {}).get("version") for row_id in expected}


@pytest.mark.parametrize("cell", [at(WALL + 300), "recently", 5])
def test_a_foreign_time_is_named_in_the_end(cell: object) -> None:
    """With a clock that was five minutes fast once, a row that Dust loses is not acknowledged."""
    tables = table_of(at(WALL - 9), cell)
    tables.context.requests.shrink(1)
    tables.add(0, 1)
    tables.state(1)
    tables.drain(5)
    lose_queue(tables)
    tables.dust.rows_of["users"]["users-1"][LOADED_AT] = at(WALL + 900) if isinstance(cell, dict) else cell

    with pytest.raises(Unconfirmed, match="a clock that was wrong"):
        tables.turn(1800)
    assert [] == tables.released()


def test_a_row_that_already_has_the_time_of_the_burst_is_no_witness(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is outside the sample, so it is looked at before Dust can have merged anything."""
    monkeypatch.setattr(client, "SAMPLE_ROWS", 1)
    tables = table_of(at(WALL - 9), at(WALL))
    tables.add(1)
    tables.state(1)

    with pytest.raises(Unconfirmed, match="a clock that was wrong"):
        tables.drain(5)
    assert [] == tables.released()


def test_a_row_that_was_merged_while_it_was_first_looked_at_is_a_witness(monkeypatch: pytest.MonkeyPatch) -> None:
    """The look took long: Dust was asked again and again, and what it shows in the end may be of this burst."""
    monkeypatch.setattr(client, "SAMPLE_ROWS", 1)
    tables = table_of(at(WALL - 9), at(WALL - 9))
    fake: Any = tables.dust
    look = fake.row

    def slowly(table_id: str, row_id: str) -> dict[str, Any] | None:
        tables.dust.now += 12.0
        return cast("dict[str, Any] | None", look(table_id, row_id))

    fake.row = slowly
    tables.add(1)
    tables.state(1)
    tables.drain(60)

    assert [(1, 0)] == tables.released()


def test_a_failed_read_proves_no_delete() -> None:
    """Dust answers 500 for a row that is gone, and in trouble: it counts only around a read that succeeds."""
    tables = table_of(at(WALL - 9), at(WALL - 9))
    tables.delete(0)
    tables.state(1)
    tables.drain(5)
    lose_queue(tables)

    tables.dust.unreadable = True
    tables.turn(30)
    assert [] == tables.released()

    tables.dust.unreadable = False
    tables.turn(30)
    assert [] == tables.released()
    del tables.dust.rows_of["users"]["users-0"]
    tables.turn(31)
    assert [(1, 0)] == tables.released()


def test_trouble_with_single_rows_is_no_proof_if_the_table_has_as_many_rows_as_before() -> None:
    """Dust fails to read the deleted row for a while, and reads the table: its number of rows has not gone down."""
    tables = table_of(at(WALL - 9), at(WALL - 9))
    tables.delete(0)
    tables.state(1)
    tables.drain(5)
    lose_queue(tables)
    fake, row = cast(Any, tables.dust), tables.dust.row
    fake.row = lambda *_: None
    tables.turn(25)
    fake.row = row

    tables.turn(60)

    assert [] == tables.released()


def test_rows_of_an_earlier_sync_that_come_meanwhile_do_not_hide_a_delete() -> None:
    """The number of rows has not gone down; the row is gone ten times in a row."""
    tables = table_of(at(WALL - 9), at(WALL - 9))
    tables.delete(0)
    tables.state(1)
    tables.drain(5)
    tables.dust.rows_of["users"] |= {"users-8": {}, "users-9": {}}

    tables.turn(60)
    assert [] == tables.released()
    tables.turn(120)
    assert [(1, 0)] == tables.released()


def test_a_row_that_was_never_there_is_no_witness_of_other_deletes() -> None:
    """Of eighty deletes that Dust left lying, those of missing rows look done at once: so each one is read."""
    tables = table_of(*[at(WALL - 9)] * 5)
    tables.delete(*range(100, 170))
    tables.delete(2)
    tables.delete(*range(170, 179))
    tables.state(1)
    tables.drain(5)
    lose_queue(tables)

    tables.turn(60)

    assert [] == tables.released()
    del tables.dust.rows_of["users"]["users-2"]
    tables.turn(60)
    assert [(80, 0)] == tables.released()


def orphaned(seconds: float) -> Callable[[], bool]:
    """Whether a burst that Dust left lying is acknowledged within these seconds."""

    def is_acknowledged() -> bool:
        tables = table_of(at(WALL - 9))
        tables.add(0, version=2)
        tables.state(1)
        tables.drain(5)
        tables.dust.changed["users"] = float("inf")  # until the next change
        tables.turn(seconds)
        return tables.released() == [(1, 0)]

    return is_acknowledged


def test_a_request_that_dust_left_lying_is_merged_by_a_nudge() -> None:
    """A harmless change after two minutes: the delete of a row that cannot exist."""
    assert not orphaned(119)()
    assert orphaned(180)()


def test_a_nudge_changes_no_row() -> None:
    """Its row has an id that no record has."""
    tables = table_of(at(WALL - 9), at(WALL - 9))
    tables.add(0)
    tables.drain(5)
    lose_queue(tables)

    assert ["delete airbyte_nudge"] * 3 == [each for each in tables.turn(900) if "delete" in each]
    assert {"users-0", "users-1"} == set(tables.dust.rows_of["users"])


def test_a_table_that_waits_for_the_merge_of_another_is_not_given_up() -> None:
    """Merges are serial: patience counts from the last one that was seen."""
    tables = TablesHarness(confirmation=ConfirmationTiming(11.0, 60.0))
    tables.add(1)
    tables.state(1)
    tables.drain(5)
    queue, tables.dust.queues["users"] = tables.dust.queues["users"], []
    tables.turn(30)
    tables.add(1, stream=ORDERS)
    tables.writer.drain()
    tables.turn(50)
    tables.dust.queues["users"] = queue

    tables.turn(30)

    assert [(1, 0)] == tables.released()


def test_trouble_while_a_delete_is_checked_is_no_proof() -> None:
    """The row cannot be read, then its table can, and then the row."""
    tables = table_of(at(WALL - 9), at(WALL - 9))
    reads, fake = iter([None, {"version": 1}]), cast(Any, tables.dust)
    fake.row = lambda *_: next(reads)

    dust = client.TableClient(tables.context.client, "users")

    assert dust.rows_without("users-0") is None


def test_a_count_that_fails_is_none() -> None:
    """For the caller to ask again."""
    tables = table_of(at(WALL - 9))
    dust = client.TableClient(tables.context.client, "users")
    assert 1 == dust.count()
    tables.dust.unreadable = True
    with pytest.raises(Ambiguous):
        tables.dust.rows("users", limit=1)

    assert dust.count() is None


@pytest.mark.parametrize("lands_at", [20, 40])
def test_a_request_that_lands_after_its_answer_was_lost_is_not_that_of_another_program(lands_at: int) -> None:
    """It is merged before its halves are, or after them; they have times of their own."""
    tables = table_of(*[at(WALL - 9)] * 60)
    late: list[dict[str, Any]] = []
    upsert = tables.dust.upsert_rows

    def cut_off(table_id: str, body: bytes, **options: Any) -> None:
        rows = orjson.loads(body)["rows"]
        if len(rows) > 2:
            late.append({row["row_id"]: row["value"] for row in rows})
            raise Ambiguous("status 504", cut_off=True)
        if len(late) == 1 and lands_at == 20:
            tables.dust.rows_of["users"] |= late[0]
        upsert(table_id, body, **options)

    cast(Any, tables.dust).upsert_rows = cut_off
    tables.add(1, 2, 3, 4, version=2)
    tables.state(1)
    tables.drain(5)
    if lands_at == 40:
        tables.dust.queues["users"].append(list(late[0].items()))

    tables.turn(30)

    assert [(4, 0)] == tables.released()


def test_a_delete_from_a_table_of_unknown_size_needs_more_than_one_look() -> None:
    """No number of rows from before tells whether one has gone; in partial trouble, one look says so by chance."""
    tables = TablesHarness()
    tables.dust.upsert_table("users")
    tables.dust.unreadable = True
    tables.delete(1)
    tables.state(1)
    tables.drain(5)
    tables.dust.unreadable = False

    tables.turn(20)
    assert [] == tables.released()
    tables.turn(200)
    assert [(1, 0)] == tables.released()


def test_each_delete_from_a_table_of_unknown_size_needs_more_than_one_look() -> None:
    """Looks at one row say nothing about the next."""
    tables = TablesHarness()
    tables.dust.upsert_table("users")
    tables.dust.unreadable = True
    tables.delete(1, 2)
    tables.state(1)
    tables.drain(5)
    tables.dust.unreadable = False

    looks = tables.turn(400)

    assert [(2, 0)] == tables.released()
    # Each look reads the row before and after its table.
    assert all(looks.count(f"look {number}") >= 2 * LOOKS_WITHOUT for number in (1, 2))
