"""The life of a table: created, filled in bursts, left alone, confirmed."""

from __future__ import annotations

from typing import Any

import pytest

from destination_dust.airbyte.catalog import Mode, StreamPlan
from destination_dust.mapping.tables import sizes
from destination_dust.writers.tables.context import BurstLimits, ConfirmationTiming
from destination_dust.writers.tables.proof import Unconfirmed
from unit_tests.builders import ORDERS, USERS
from unit_tests.writers.tables.fake_tables import TablesHarness


def test_rows_are_sent_when_they_fill_a_request_and_confirmed_when_they_are_merged() -> None:
    """Created once, measured before each further burst; states come only with the proof, 11 s after the last 200."""
    tables = TablesHarness(rows=2)
    tables.add(1, 2, 3)
    tables.state(1)

    assert ["create users", "upsert 1 2"] == tables.turn()
    assert ["upsert 3"] == tables.drain(10)
    assert [] == tables.released()
    assert ["look 3", "count"] == tables.turn(2)
    assert [(3, 0)] == tables.released()
    assert tables.writer.idle
    assert {"users-1", "users-2", "users-3"} == set(tables.dust.rows_of["users"])


def test_rows_go_by_their_age() -> None:
    """A minute after the first that waits came, with all that came since; then the table is left alone at once."""
    tables = TablesHarness(batch_age=60.0)
    tables.add(1)
    tables.turn(30)
    tables.add(2)
    tables.state(1)
    assert ["create users", "upsert 1 2"] == tables.turn(30)
    tables.turn(1)
    tables.add(3)

    assert ["look 2"] == tables.turn(11)
    assert [(2, 0)] == tables.released()
    assert ["measure", "upsert 3"] == tables.turn(49)


def test_a_row_that_changes_all_the_time_goes_by_its_age() -> None:
    """It keeps its turn, whether it is upserted or deleted."""
    tables = TablesHarness(batch_age=60.0)
    for number in range(59):
        if number % 2:
            tables.add(1)
        else:
            tables.delete(1)
        assert [] == tables.turn(1)
    tables.add(1)
    assert ["create users", "upsert 1"] == tables.turn(1)


def test_a_burst_goes_on_while_dust_cannot_have_begun_to_merge() -> None:
    """A request that fills up within 5 s is sent without a rest before it; after that, the table is left alone."""
    tables = TablesHarness(rows=1)
    for number in range(4):
        tables.add(number)
        assert f"upsert {number}" in tables.turn(4)
    tables.turn(2)
    tables.add(9)

    assert not any("upsert" in entry for entry in tables.turn(4))
    assert "upsert 9" in tables.turn(10)


def test_a_burst_takes_no_more_after_a_minute() -> None:
    """However steadily requests fill up: states come every minute or so."""
    tables = TablesHarness(rows=1, batch_age=60.0)
    for number in range(40):
        tables.add(number)
        tables.state(number)
        tables.turn(3)
        if tables.released():
            break

    assert 60 <= tables.dust.now <= 80


def test_old_deletes_go_together_with_all_that_wait() -> None:
    """Each is a request, so they wait for one another."""
    tables = TablesHarness(batch_age=60.0)
    for number in range(5):
        tables.delete(number)
        tables.turn(10)
    assert ["create users", *(f"delete {number}" for number in range(5))] == tables.turn(10)


def test_a_table_at_rest_gets_nothing_while_others_go_on() -> None:
    """What comes meanwhile waits for the confirmation, and is the next burst."""
    tables = TablesHarness(rows=1, bursts=BurstLimits(requests=2))
    tables.add(1, 2, 3, 4)
    tables.add(1, 2, stream=ORDERS)

    expected = ["create users", "create orders", "upsert 1", "upsert orders-1", "upsert 2", "upsert orders-2"]
    assert expected == tables.turn()
    assert [] == tables.turn(10)
    of_users = [entry for entry in tables.turn(1) if "orders" not in entry]
    assert ["look 2", "count", "count", "measure", "upsert 3", "upsert 4"] == of_users  # one count is of the orders


@pytest.mark.parametrize(
    ("limits", "first"),
    [(BurstLimits(requests=2), 2), (BurstLimits(rows=3), 3), (BurstLimits(size=300), 2)],
)
def test_a_burst_is_bounded_in_requests_rows_and_bytes(limits: BurstLimits, first: int) -> None:
    """So that Dust never has 100 requests pending, and merges in one go."""
    tables = TablesHarness(rows=1, bursts=limits)
    tables.add(1, 2, 3, 4, 5, filler="x" * 50)

    sent = [entry for entry in tables.turn() if entry.startswith("upsert")]

    assert first == len(sent)
    tables.drain(200)
    assert 5 == len(tables.dust.rows_of["users"])


def test_a_row_has_one_fate_the_latest() -> None:
    """An upsert cancels a delete that waits, and a delete an upsert."""
    tables = TablesHarness(rows=2)
    tables.add(1)
    tables.delete(1, 3)
    tables.add(3)
    tables.delete(4)
    tables.add(5)
    tables.delete(5)
    tables.state(1)

    calls = tables.drain(5)
    calls += tables.turn(40)
    changes = [entry for entry in calls if "upsert" in entry or "delete" in entry]
    assert ["upsert 3", "delete 1", "delete 4", "delete 5"] == changes
    assert {"users-3"} == set(tables.dust.rows_of["users"])
    assert [(7, 0)] == tables.released()


def test_deletes_are_a_burst_of_their_own() -> None:
    """Then the number of rows shows that each of them was merged: it can only fall."""
    tables = TablesHarness(rows=10)
    tables.add(1, 2, 3)
    tables.drain(20)
    tables.add(4)
    tables.delete(1, 2)
    tables.state(1)

    calls = tables.drain(60)

    upserted, deleted = calls.index("upsert 4"), calls.index("delete 1")
    assert "measure" in calls[upserted:deleted]
    looked = ["look 2", "look 1", "look 2", "count", "look 2", "count"]
    assert ["delete 1", "delete 2", *looked] == calls[deleted:]
    assert [(6, 0)] == tables.released()


def test_a_delete_never_overtakes_a_row_that_waits() -> None:
    """Rows that only the next burst sends take the deletes after them along."""
    tables = TablesHarness(rows=1, bursts=BurstLimits(requests=3))
    tables.add(1)
    tables.add(1, version=2)
    tables.context.requests.shrink(1)
    tables.delete(1)
    tables.state(1)

    assert "delete 1" == [entry for entry in tables.drain(100) if entry[:6] in ("upsert", "delete")][-1]
    assert {} == tables.dust.rows_of["users"]
    assert [(3, 0)] == tables.released()


def test_each_burst_has_a_later_whole_second_whatever_the_clock_says() -> None:
    """So the row of an earlier burst, or sync, is never taken for that of a later one, which Dust has dropped."""
    tables = TablesHarness(rows=1, bursts=BurstLimits(requests=1))
    tables.add(1, version=1)
    tables.drain(20)
    first = tables.dust.rows_of["users"]["users-1"]["_airbyte_loaded_at"]["epoch"]
    tables.wall -= 3600
    tables.add(1, version=2)
    tables.state(1)
    tables.drain(5)
    tables.dust.queues["users"].clear()
    tables.turn(100)

    assert 0 == first % 1000
    assert [] == tables.released()
    tables.dust.rows_of["users"]["users-1"]["_airbyte_loaded_at"]["epoch"] = first + 1000
    tables.turn(30)
    assert [(2, 0)] == tables.released()


def test_records_are_counted_by_what_became_of_them() -> None:
    """Those in Dust's queue until they are confirmed; then as upserted, deleted, or overtaken by a later record."""
    tables = TablesHarness(rows=10)
    tables.add(1, 2, 2, 3)
    tables.delete(3, 4)
    tables.drain(5)
    counts = tables.calls.progress.of(USERS)
    assert (3, 0) == (counts.queued, counts.upserted)

    tables.turn(40)

    assert (0, 2, 2, 2) == (counts.queued, counts.upserted, counts.deleted, counts.superseded)


def test_an_unmerged_burst_fails_after_half_an_hour_of_ever_rarer_looks() -> None:
    """Each look makes Dust read the whole table."""
    tables = TablesHarness()
    tables.add(1)
    tables.state(1)
    tables.drain(5)
    tables.dust.queues["users"].clear()

    looked = tables.turn(1790)
    assert [] == tables.released()
    assert 60 <= len(looked) <= 80
    with pytest.raises(Unconfirmed, match="511 columns"):
        tables.turn(10)
    assert [] == tables.released()


def test_without_confirmation_the_answer_settles_but_the_table_rests() -> None:
    """Dust must still get the time to merge before it gets more than 100 requests."""
    tables = TablesHarness(rows=1, bursts=BurstLimits(requests=2), confirm=False)
    tables.add(1, 2, 3)
    tables.state(1)

    assert ["create users", "upsert 1", "upsert 2"] == tables.turn(10)
    assert ["measure", "upsert 3"] == tables.drain(1)
    assert [(3, 0)] == tables.released()
    assert [] == tables.turn(69)
    assert not tables.writer.idle
    assert ["delete airbyte_nudge"] == tables.turn(5)
    assert tables.writer.idle


def test_without_confirmation_dust_is_nudged_once_in_the_end() -> None:
    """It may have left the last request lying, as it came during a merge: a minute later no merge is under way."""
    tables = TablesHarness(rows=1, confirm=False)
    tables.add(1)
    assert "delete airbyte_nudge" not in tables.turn(500)
    tables.add(2)
    tables.drain(5)
    tables.dust.changed["users"] = float("inf")  # until the next change

    tables.turn(90)

    assert tables.writer.idle
    tables.dust.row("users", "users-2")  # Dust merges in its own time
    assert {"users-1", "users-2"} == set(tables.dust.rows_of["users"])


def test_a_full_memory_sends_where_most_waits() -> None:
    """Rows of many streams that fill no request would wait for each other for ever; half of the memory is enough."""
    tables = TablesHarness(memory=3500)
    tables.add(1, 2, 3, 4)
    tables.add(1, 2, stream=ORDERS)
    assert tables.writer.has_room
    assert [] == tables.turn(1)

    tables.add(3, stream=ORDERS)
    assert not tables.writer.has_room

    assert ["create users", "upsert 1 2 3 4"] == tables.turn()
    assert tables.writer.has_room


def test_a_table_at_rest_is_not_asked_for_its_memory() -> None:
    """It cannot send, however much waits there, so others do."""
    tables = TablesHarness(memory=3500, batch_age=60.0)
    tables.add(0)
    tables.turn(66)
    tables.add(1, 2, 3, 4)
    tables.add(1, 2, 3, stream=ORDERS)

    assert ["create orders", "upsert orders-1 orders-2 orders-3"] == tables.turn()


def test_memory_is_given_back_when_dust_has_taken_a_row() -> None:
    """Acknowledgements stay until the confirmation, bytes do not."""
    tables = TablesHarness(rows=2)
    tables.add(1, 2)
    tables.add(2, 3)
    tables.delete(9)
    assert tables.context.budget.used > 0

    tables.drain(1)

    assert 400 == tables.context.budget.used  # the delete waits until the rows are merged
    tables.turn(40)
    assert 0 == tables.context.budget.used
    assert tables.writer.idle


def test_the_trouble_of_one_table_is_not_that_of_others() -> None:
    """Its rows are not acknowledged, further ones are not sent, and the memory is given back; the others go on."""
    tables = TablesHarness(rows=2, confirmation=ConfirmationTiming(11.0, 60.0))
    tables.begin(StreamPlan(ORDERS, Mode.APPEND_DEDUP, (("id",),)))
    tables.add(1, 2, 3)
    tables.state(1)
    tables.turn(5)
    tables.dust.queues["users"].clear()
    tables.turn(100)
    tables.add(1, stream=ORDERS)
    tables.add(4)
    tables.state(2, ORDERS)

    tables.drain(60)

    assert [USERS] == list(tables.writer.failures)
    assert [(1, 0)] == tables.released()
    assert {"orders-1"} == set(tables.dust.rows_of["orders"])
    assert not any("upsert 3" in entry or "upsert users-4" in entry for entry in tables.dust.log)
    assert 0 == tables.context.budget.used
    assert tables.writer.idle


def test_once_no_table_is_left_the_sync_fails() -> None:
    """With what the first failed of."""
    tables = TablesHarness(confirmation=ConfirmationTiming(11.0, 60.0))
    tables.add(1)
    tables.add(1, stream=ORDERS)
    tables.drain(5)
    tables.dust.queues["users"].clear()
    tables.dust.queues["orders"].clear()

    with pytest.raises(Unconfirmed, match="rows for the table users"):
        tables.turn(100)


def test_a_sync_that_is_stopped_looks_at_what_dust_may_have_merged() -> None:
    """And sends nothing more. What cannot be proven in time is not waited for."""
    tables = TablesHarness(rows=1)
    tables.add(1)
    tables.state(1)
    tables.turn(8)
    tables.add(2)
    tables.add(1, stream=ORDERS)
    tables.turn(1)
    tables.add(3, stream=ORDERS)

    assert tables.writer.wind_down(tables.dust.now + 5.0, goes_on=False)

    assert ["look 1"] == tables.turn(4)
    assert [(1, 0)] == tables.released()
    assert tables.writer.idle
    assert not tables.writer.failures


def test_after_a_failure_nothing_is_sent_that_cannot_be_proven_in_time() -> None:
    """It would only be sent twice."""
    tables = TablesHarness()
    tables.add(1)

    assert not tables.writer.wind_down(tables.dust.now + 5.0, goes_on=True)
    assert [] == tables.turn(5)


@pytest.mark.parametrize("confirm", [True, False])
def test_after_a_failure_rows_are_sent_that_can_be_acknowledged_in_time(confirm: bool) -> None:
    """Without confirmation, that is all of them."""
    timing = ConfirmationTiming(10.5 if confirm else 11.0, 60.0)
    tables = TablesHarness(confirm=confirm, confirmation=timing)
    tables.add(1)
    tables.state(1)

    assert tables.writer.wind_down(tables.dust.now + 15.0, goes_on=True)
    tables.turn(15)

    assert [(1, 0)] == tables.released()


def test_a_table_without_columns_that_dust_cannot_read_is_empty() -> None:
    """Dust may answer 500 for a table that has no file yet; nothing was merged into it. Such as one of a sync that was
    killed before its rows were merged."""
    tables = TablesHarness()
    tables.dust.upsert_table("users")
    tables.dust.unreadable = True
    tables.add(1)
    tables.state(1)
    assert ["create users", "measure", "upsert 1"] == tables.drain(5)[:3]
    tables.dust.unreadable = False

    tables.turn(20)

    assert [(1, 0)] == tables.released()


def test_a_row_for_which_there_is_hardly_room_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """In many columns, it takes more of the table than of a request. It would never be sent, but measured for ever."""
    tables = TablesHarness()
    tables.dust.rows_of["users"] = {"users-0": {f"c{number}": None for number in range(400)}}
    tables.dust.queues["users"] = []
    tables.begin(StreamPlan(USERS, Mode.APPEND_DEDUP, (("id",),)))
    monkeypatch.setattr(sizes, "MAX_BYTES", 700)
    tables.add(1)
    tables.dust.fails = lambda _: monkeypatch.setattr(sizes, "MAX_BYTES", 100_000)
    measured: list[int] = []
    fake: Any = tables.dust
    rows = fake.rows

    def few(table_id: str, **options: Any) -> Any:
        measured.append(1)
        assert len(measured) < 10
        return rows(table_id, **options)

    fake.rows = few
    tables.drain()

    assert {"users-0", "users-1"} == set(tables.dust.rows_of["users"])


def test_many_cells_are_warned_of(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once. Dust has a limit, and does not say which."""
    monkeypatch.setattr("destination_dust.writers.tables.table.MANY_CELLS", 10)
    tables = TablesHarness(rows=1)
    tables.add(1, 2)
    with caplog.at_level("WARNING", "airbyte"):
        tables.turn(60)
        assert "cells" not in caplog.text
        tables.add(3, 4, 5, 6)
        tables.turn(60)
        tables.add(7)
        tables.drain(60)

    assert 1 == caplog.text.count("million cells")


def test_a_steady_stream_of_rows_does_not_put_deletes_off() -> None:
    """However many rows wait when a burst ends: the states behind a delete go out within minutes."""
    tables = TablesHarness(rows=1, batch_age=60.0)
    tables.delete(99)
    tables.state(1)
    for number in range(80):
        tables.add(number)
        tables.turn(3)
        if tables.released():
            break

    assert tables.dust.now < 200


def test_a_sync_that_stops_nudges_dust_though_rows_wait() -> None:
    """They are no longer sent, and what was sent is to be merged. It must not wait for them without end, either."""
    tables = TablesHarness(confirm=False)
    tables.add(1)
    tables.turn(200)
    tables.add(2)

    tables.writer.wind_down(tables.dust.now + 60, goes_on=False)

    assert ["delete airbyte_nudge"] == tables.turn()
    assert tables.writer.idle
