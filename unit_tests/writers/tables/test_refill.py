"""Rows that replace a table: staged, validated, put in place, marked; and nothing is touched without proof."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from destination_dust.airbyte.catalog import Mode, StreamPlan
from destination_dust.airbyte.completion import Ending
from destination_dust.airbyte.messages import Record, StreamKey
from destination_dust.dust.errors import Rejected, Unavailable
from destination_dust.mapping.tables import sizes
from destination_dust.mapping.tags import Marker
from destination_dust.writers.outcomes import BadRecord
from destination_dust.writers.tables.context import MAX_ROW_BYTES, BurstLimits
from destination_dust.writers.tables.proof import Unconfirmed
from unit_tests.builders import ORDERS, USERS
from unit_tests.writers.tables.fake_tables import TablesHarness

GENERATION, SYNC = 5, 7
REPLACED, REPLACING = Marker(GENERATION, SYNC, True).tag, Marker(GENERATION, SYNC, False).tag


class Replacing(TablesHarness):
    """A sync that replaces the tables of streams, which hold the rows 1 and 2 of the generation before."""

    def __init__(
        self,
        *streams: StreamKey,
        old: int = GENERATION - 1,
        tags: tuple[str, ...] = (),
        mode: Mode = Mode.OVERWRITE,
        **more: Any,
    ) -> None:
        super().__init__(**more)
        ids = (GENERATION, GENERATION, SYNC)
        self.plans = {each: StreamPlan(each, mode, (("id",),), *ids) for each in streams or (USERS,)}
        for stream in self.plans:
            row = {"_airbyte_generation_id": old}
            self.dust.rows_of[stream.name] = {f"{stream.name}-{n}": row for n in (1, 2)}
            self.dust.queues[stream.name] = []
            self.dust.tags_of[stream.name] = list(tags)
        self.writer.prepare(list(self.plans.values()))
        self.turn()
        self.dust.log.clear()

    def bring(self, *ids: int, stream: StreamKey = USERS) -> None:
        """Records of these ids."""
        for number in ids:
            record = Record(stream, {"id": number}, None, 1)
            self.writer.add(self.plans[stream], record, self.calls.outcomes.read(stream))

    def conclude(self, ending: Ending = Ending.COMPLETE, *, seconds: float = 120.0) -> list[str]:
        """End the input; returns the calls."""
        self.writer.drain()
        self.writer.conclude(dict.fromkeys(self.plans, ending))
        return self.turn(seconds)

    def has_ended(self) -> bool:
        """Whether the table was replaced and marked."""
        return self.writer.idle and self.dust.marks("users") == [REPLACED]

    def rows(self, stream: StreamKey = USERS) -> set[str]:
        """The rows that the table has."""
        return set(self.dust.rows_of[stream.name])

    @property
    def counts(self) -> str:
        """What became of the users."""
        return str(self.calls.progress.of(USERS))


def test_the_rows_of_a_complete_stream_replace_those_of_the_table() -> None:
    """In one request if they fit; then the table is marked. Before the end of the input nothing is touched."""
    tables = Replacing()
    tables.bring(2, 3, 3)
    assert [] == tables.turn(100)

    assert ["create users", "replace by 2 3"] == tables.conclude()[:2]

    assert {"users-2", "users-3"} == tables.rows()
    assert [REPLACED] == tables.dust.marks("users")
    assert "3 records read, 2 upserted, 0 deleted, 0 rejected, 1 superseded by later ones" == tables.counts
    assert tables.writer.idle


def test_every_state_of_a_replaced_stream_goes_out() -> None:
    """Whether rows before it were changed again or not."""
    tables = Replacing()
    held = tables.calls.ledger.hold(USERS)
    for number, ids in enumerate([(1, 2), (2, 3), (4,), ()]):
        tables.bring(*ids)
        tables.state(number)
    tables.conclude()
    tables.calls.ledger.let_go(held)

    assert [(2, 0), (2, 0), (1, 0), (0, 0)] == tables.released()


def test_a_table_that_takes_several_requests_is_replaced_by_the_first() -> None:
    """The others are added. Until the end its tags say that it is being replaced."""
    tables = Replacing(rows=1)
    tables.bring(3, 4, 5)
    seen: list[list[str]] = []
    tables.dust.fails = lambda _ids: seen.append(tables.dust.marks("users"))

    calls = tables.conclude()

    assert ["create users", "replace by 3", "upsert 4", "upsert 5"] == calls[:4]
    assert [[REPLACING]] * 3 == seen
    assert {"users-3", "users-4", "users-5"} == tables.rows()


def test_a_replacement_of_several_bursts_has_the_rows_of_all() -> None:
    """They are counted in the end."""
    tables = Replacing(rows=1, bursts=BurstLimits(requests=2))
    tables.bring(1, 2, 3, 4, 5)

    tables.conclude(seconds=300)

    assert tables.has_ended()
    assert {"users-1", "users-2", "users-3", "users-4", "users-5"} == tables.rows()


def test_a_table_is_emptied_if_dust_refuses_all_of_its_rows() -> None:
    """No request has deleted the old ones then."""
    tables = Replacing(skip=True)
    tables.dust.refuses = {"bad"}
    record = Record(USERS, {"id": 1, "v": "bad"}, None, 1)
    tables.writer.add(tables.plans[USERS], record, tables.calls.outcomes.read(USERS))

    tables.conclude(seconds=300)

    assert tables.has_ended()
    assert set() == tables.rows()


def test_a_sync_that_only_adds_removes_the_mark_of_a_replacement() -> None:
    """Rows that it has acknowledged must not look like those of the replacement that the mark is about."""
    tables = TablesHarness()
    tables.dust.upsert_table("users", tags=[REPLACED])
    tables.add(1)

    tables.drain()

    assert [] == tables.dust.marks("users")


@pytest.mark.parametrize("ending", [Ending.UNPROVEN, Ending.INCOMPLETE])
def test_nothing_is_replaced_without_proof(ending: Ending) -> None:
    """Without ids, the rows are added; if the source failed, not even that."""
    tables = Replacing()
    tables.bring(3)
    tables.conclude(ending)

    expected = {"users-1", "users-2"} | ({"users-3"} if ending is Ending.UNPROVEN else set())
    assert expected == tables.rows()
    assert tables.writer.idle


def test_nothing_is_replaced_if_the_key_of_a_record_is_missing() -> None:
    """Its row is one of the old ones, and cannot be told from those that are stale. The rest is added."""
    tables = Replacing(mode=Mode.OVERWRITE_DEDUP, skip=True)
    plan = tables.plans[USERS]
    tables.bring(3)
    tables.writer.add(plan, Record(USERS, {"id": None}, None, 2), tables.calls.outcomes.read(USERS))
    tables.conclude()

    assert {"users-1", "users-2", "users-3"} == tables.rows()
    assert tables.has_ended()
    assert "2 records read, 1 upserted, 0 deleted, 1 rejected" == tables.counts


def test_a_table_is_not_emptied_because_all_records_were_left_out(caplog: pytest.LogCaptureFixture) -> None:
    """The source has rows, if none that can be stored."""
    tables = Replacing(skip=True)
    record = Record(USERS, {"id": 1, "text": "x" * MAX_ROW_BYTES}, None, 1)
    tables.writer.add(tables.plans[USERS], record, tables.calls.outcomes.read(USERS))
    with caplog.at_level(logging.WARNING, "airbyte"):
        tables.conclude()

    assert {"users-1", "users-2"} == tables.rows()
    assert tables.has_ended()
    assert "rows of the table users were kept, because all records that the source sent were left out" in caplog.text


def test_a_stream_without_rows_empties_its_table() -> None:
    """And marks it."""
    tables = Replacing()

    assert "replace by" in tables.conclude()
    assert set() == tables.rows()
    assert [REPLACED] == tables.dust.marks("users")


@pytest.mark.parametrize("mode", [Mode.APPEND_DEDUP, Mode.APPEND, Mode.OVERWRITE])
def test_rows_that_another_sync_may_have_acknowledged_are_not_thrown_away(mode: Mode) -> None:
    """They are of this generation, and no marker says who wrote them: this sync adds."""
    tables = Replacing(old=GENERATION, mode=mode)
    tables.bring(3)
    tables.conclude()

    assert {"users-1", "users-2", "users-3"} == tables.rows()


@pytest.mark.parametrize(
    ("old", "tags", "mode"),
    [
        # A connection that was made again counts its generations from one.
        (GENERATION + 4, (), Mode.APPEND_DEDUP),
        (GENERATION + 4, (Marker(GENERATION + 4, 1, True).tag,), Mode.APPEND_DEDUP),
        # Another sync has finished the same generation; this one overwrites, so it brings everything.
        (GENERATION, (Marker(GENERATION, SYNC - 1, True).tag,), Mode.OVERWRITE),
        # A replacement was begun: states were held, and what only adds would have removed the marker.
        (GENERATION, (REPLACING,), Mode.OVERWRITE),
        (GENERATION, (REPLACING,), Mode.APPEND_DEDUP),
        (GENERATION, (Marker(GENERATION, SYNC - 1, False).tag,), Mode.APPEND_DEDUP),
    ],
)
def test_rows_that_no_attempt_of_this_sync_acknowledged_are_replaced(
    old: int, tags: tuple[str, ...], mode: Mode
) -> None:
    """Whatever generation they say they are of."""
    tables = Replacing(old=old, tags=tags, mode=mode)
    tables.bring(3)
    tables.conclude()

    assert {"users-3"} == tables.rows()
    assert [REPLACED] == tables.dust.marks("users")


@pytest.mark.parametrize(
    ("tag", "mode"),
    [
        (REPLACED, Mode.OVERWRITE),
        (REPLACED, Mode.APPEND_DEDUP),
        (Marker(GENERATION, SYNC - 1, True).tag, Mode.APPEND_DEDUP),
        (Marker(GENERATION, None, True).tag, Mode.OVERWRITE),  # of version 0.1.0
    ],
)
def test_a_table_that_was_replaced_before_keeps_its_rows_and_its_marker(tag: str, mode: Mode) -> None:
    """Rows are only added, in the next attempt as well."""
    tables = Replacing(tags=(tag,), mode=mode)
    assert tables.writer.has_replaced(tables.plans[USERS])

    tables.bring(3)
    tables.writer.drain()
    tables.turn(100)

    assert {"users-1", "users-2", "users-3"} == tables.rows()
    assert [tag] == tables.dust.marks("users")


def test_a_stream_that_is_too_large_leaves_its_table_alone_and_the_others_go_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """All rows of a stream are validated before its table is touched."""
    monkeypatch.setattr(sizes, "MAX_ROWS", 2)
    tables = Replacing(USERS, ORDERS)
    tables.bring(3)
    tables.bring(3, 4, 5, stream=ORDERS)

    tables.conclude()

    assert {"users-3"} == tables.rows()
    assert {"orders-1", "orders-2"} == tables.rows(ORDERS)
    assert tables.has_ended()
    assert [ORDERS] == list(tables.writer.failures)
    assert "3 rows" in str(tables.writer.failures[ORDERS])


def test_the_earlier_record_of_a_row_is_stored_if_dust_refuses_the_later_one() -> None:
    """Of those of the row, the newest that Dust takes; each record has its own fate."""
    tables = Replacing(rows=1, skip=True)
    for version in ("good", "bad", "worse"):
        record = Record(USERS, {"id": 3, "v": version}, None, 1)
        tables.writer.add(tables.plans[USERS], record, tables.calls.outcomes.read(USERS))
    tables.bring(4)
    tables.dust.refuses = {"bad", "worse"}

    tables.conclude(seconds=200)

    assert {"users-3", "users-4"} == tables.rows()
    assert "good" == tables.dust.rows_of["users"]["users-3"]["v"]
    assert "4 records read, 2 upserted, 0 deleted, 2 rejected" == tables.counts
    assert 0 == tables.calls.progress.of(USERS).unsettled == tables.context.budget.used


def test_a_refused_row_does_not_stop_a_replacement_half_way() -> None:
    """The others are put in place; then the sync fails, and no marker is set. Nothing is left to be said or booked."""
    tables = Replacing(rows=1)
    tables.bring(3, 3, 4, 5)

    def fails(row_ids: list[str]) -> None:
        if "users-4" in row_ids:
            raise Rejected("Dust said no")

    tables.dust.fails = fails

    with pytest.raises(BadRecord, match=r"users \(1\)"):
        tables.conclude()
    assert {"users-3", "users-5"} == tables.rows()
    assert [REPLACING] == tables.dust.marks("users")
    assert "4 records read, 2 upserted, 0 deleted, 1 rejected, 1 superseded by later ones" == tables.counts
    assert [] == tables.writer.unfinished()


def test_a_table_that_was_replaced_has_exactly_the_rows_that_were_sent() -> None:
    """Also those of requests that have no witness, of which Dust has lost one here."""
    tables = Replacing(rows=1)
    tables.bring(*range(3, 23))
    tables.dust.loses = lambda request: request == 3
    calls: list[str] = []

    with pytest.raises(Unconfirmed, match="has 19 rows instead of 20"):
        calls = tables.conclude(seconds=500)

    assert "look users-6" not in calls
    assert not tables.has_ended()
    (sentence,) = tables.writer.unfinished()
    assert "users may not be complete: Dust has taken all 20 rows" in sentence


def test_a_request_that_was_left_lying_is_found_by_the_count() -> None:
    """A nudge has Dust merge it."""
    tables = Replacing()
    tables.bring(3, 4)

    def rows(_table_id: str, **_options: int) -> Any:
        return [], 1 + ("delete airbyte_nudge" in tables.dust.log)  # one row is left lying

    fake: Any = tables.dust
    fake.rows = rows

    calls = tables.conclude()

    assert 1 == calls.count("delete airbyte_nudge")
    assert tables.has_ended()


def test_a_table_that_had_rows_is_counted_again_a_minute_later() -> None:
    """A merge that had begun before, and outlived its lock, writes old rows back."""
    tables = Replacing()
    tables.bring(3)
    assert 1 == tables.conclude(seconds=58).count("count")
    assert not tables.has_ended()
    tables.dust.rows_of["users"] |= {"users-1": {}, "users-2": {}}

    with pytest.raises(Unconfirmed, match="has 3 rows instead of 1"):
        tables.turn(500)
    assert not tables.has_ended()


def test_a_table_that_could_not_be_read_is_counted_again_too() -> None:
    """It may have had rows."""
    tables = Replacing()
    tables.dust.unreadable = True
    tables.writer.prepare(list(tables.plans.values()))
    tables.turn()
    tables.dust.unreadable = False
    tables.bring(3)

    assert 1 == tables.conclude(seconds=58).count("count")
    assert not tables.has_ended()
    assert 1 == tables.turn(20).count("count")
    assert tables.has_ended()


def test_an_emptied_table_is_counted_again_too() -> None:
    """For the same reason."""
    tables = Replacing()
    tables.conclude(seconds=58)
    tables.dust.rows_of["users"] = {"users-1": {}}

    with pytest.raises(Unconfirmed, match="has 1 rows instead of 0"):
        tables.turn(500)


def test_a_table_without_rows_before_is_counted_once() -> None:
    """There is nothing to bring back."""
    tables = Replacing()
    tables.dust.rows_of["users"].clear()
    tables.writer.prepare(list(tables.plans.values()))
    tables.turn()
    tables.bring(3)

    assert 1 == tables.conclude(seconds=5).count("count")
    assert tables.has_ended()


def test_a_table_that_is_cut_off_is_named_with_what_it_lacks() -> None:
    """Dust fails for good in the middle of a replacement. The other stream is replaced."""
    tables = Replacing(USERS, ORDERS, rows=1)
    tables.bring(3, 4, 5)
    tables.bring(3, stream=ORDERS)

    def fails(row_ids: list[str]) -> None:
        if "users-5" in row_ids:
            raise Unavailable("Dust is down")

    tables.dust.fails = fails
    tables.conclude()

    assert {"orders-3"} == tables.rows(ORDERS)
    assert [USERS] == list(tables.writer.failures)
    (sentence,) = tables.writer.unfinished()
    assert "users is not complete: Dust has taken 2 of 3 rows" in sentence
    assert "The next complete sync of the stream users brings all." in sentence


def test_a_stream_that_can_never_fit_is_refused_before_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """It does not fill the disk with what is not needed."""
    monkeypatch.setattr(sizes, "MAX_ROWS", 2)
    monkeypatch.setattr("destination_dust.writers.tables.staging.COUNT_EVERY", 1)
    monkeypatch.setattr("destination_dust.writers.tables.staging.BLOCK", 1)
    tables = Replacing(USERS, ORDERS)
    tables.bring(3, 4)
    tables.turn()
    assert not tables.writer.failures
    tables.bring(5)
    tables.turn()
    assert [USERS] == list(tables.writer.failures)
    tables.bring(6, 7)

    tables.bring(3, stream=ORDERS)
    tables.conclude()

    assert {"users-1", "users-2"} == tables.rows()
    assert {"orders-3"} == tables.rows(ORDERS)


def test_the_size_of_a_replacement_is_that_of_the_csv(monkeypatch: pytest.MonkeyPatch) -> None:
    """A comma for each column in each row: 20 rows of one cell each, in 20 columns, and not their JSON."""
    tables = Replacing(USERS, ORDERS)
    for number in range(20):
        data = {"id": number, f"column_{'abcdefghijklmnopqrstuvwxyz'[number]}": 1}
        tables.writer.add(tables.plans[USERS], Record(USERS, data, None, 1), tables.calls.outcomes.read(USERS))
    monkeypatch.setattr(sizes, "MAX_BYTES", 20 * 50)

    tables.conclude()

    assert {"users-1", "users-2"} == tables.rows()
    assert "too large" in str(tables.writer.failures[USERS])


def test_without_confirmation_dust_is_nudged_before_the_states_go_out() -> None:
    """It may leave requests lying that came during a merge; nobody looks, and no later change may come."""
    tables = Replacing(rows=1, confirm=False)
    tables.bring(3, 4)

    calls = tables.conclude()

    assert ["replace by 3", "upsert 4", "delete airbyte_nudge"] == [
        each for each in calls if each.split()[0] in ("replace", "upsert", "delete")
    ]
    assert tables.has_ended()


def test_without_confirmation_one_request_needs_no_nudge() -> None:
    """It is there at once."""
    tables = Replacing(confirm=False)
    tables.bring(3, 4)

    assert not any("nudge" in each for each in tables.conclude())
    assert tables.has_ended()


@pytest.mark.parametrize("complete", [True, False])
def test_what_was_deleted_before_a_refused_record_stays_deleted(complete: bool) -> None:
    """An older version of the row does not come back. Where rows are only added, an old one in the table goes."""
    tables = Replacing(skip=True, mode=Mode.OVERWRITE_DEDUP)
    tables.dust.refuses = {"bad"}
    for more in ({"v": "good"}, {"_ab_cdc_deleted_at": "2026-01-01"}, {"v": "bad"}):
        record = Record(USERS, {"id": 1, **more}, None, 1)
        tables.writer.add(tables.plans[USERS], record, tables.calls.outcomes.read(USERS))
    tables.bring(3)

    tables.conclude(Ending.COMPLETE if complete else Ending.UNPROVEN, seconds=300)

    assert ({"users-3"} if complete else {"users-2", "users-3"}) == tables.rows()
    counts = tables.calls.progress.of(USERS)
    assert 4 == counts.read == counts.upserted + counts.deleted + counts.rejected + counts.superseded
    assert 0 == tables.context.budget.used
