"""Tables of a real PostgreSQL, kept in a local Dust by the example."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import pytest

from integration_tests.harness.contents import contents
from integration_tests.harness.tables import settings as of_tables
from integration_tests.harness.tables import stored as stored_rows
from integration_tests.postgres.source import LARGE, USERS, Replicator, Source, caught_up
from local_dust import LocalDust
from local_dust.control.arrivals import Arrival

SETTINGS: dict[str, dict[str, Any]] = {"documents": {}, "tables": of_tables()}


@pytest.fixture(params=["documents", "tables"])
def settings(request: pytest.FixtureRequest, dust: LocalDust) -> dict[str, Any]:
    """Those of both formats, one after the other."""
    return dust.config(**SETTINGS[request.param])


def users(dust: LocalDust) -> dict[int, Any]:
    """The names in Dust by id, in either format."""
    tables = dust.world.tables()
    rows = stored_rows(dust.world).values() if tables else contents(dust.world).values()
    return {row["id"]: row.get("name") for row in rows}


def test_a_table_is_copied_and_every_change_follows(
    source: Source, dust: LocalDust, settings: dict[str, Any], tmp_path: Path
) -> None:
    """Insert, update, delete, another key, TRUNCATE."""
    source.execute(USERS)
    source.execute("INSERT INTO users SELECT i, 'user ' || i FROM generate_series(1, 4) i")
    caught_up(source, settings, tmp_path)
    assert {number: f"user {number}" for number in (1, 2, 3, 4)} == users(dust)

    source.execute("INSERT INTO users VALUES (5, 'five'); UPDATE users SET name = 'two' WHERE id = 2")
    source.execute("DELETE FROM users WHERE id = 3; UPDATE users SET id = 40 WHERE id = 4")
    source.execute("INSERT INTO users VALUES (6, 'gone'); DELETE FROM users WHERE id = 6")
    caught_up(source, settings, tmp_path)
    assert {1: "user 1", 2: "two", 5: "five", 40: "user 4"} == users(dust)

    source.execute("TRUNCATE users")
    source.execute("INSERT INTO users VALUES (7, 'seven')")
    caught_up(source, settings, tmp_path)
    assert {7: "seven"} == users(dust)


def test_what_happens_during_the_copy_is_streamed_after_it(source: Source, dust: LocalDust, tmp_path: Path) -> None:
    """The stream begins where the copy was read."""
    source.execute(USERS)
    source.execute("INSERT INTO users VALUES (1, 'one'), (2, 'two'), (3, 'three')")
    hold = dust.hold(lambda arrival: arrival.is_upsert and arrival.document_id == "users-1")
    with Replicator(source, dust.config(), tmp_path, "--once") as replicator:
        hold.wait_for(1)
        source.execute("UPDATE users SET name = 'ONE' WHERE id = 1; DELETE FROM users WHERE id = 2")
        source.execute("INSERT INTO users VALUES (4, 'four')")
        hold.let_go()
        replicator.process.wait(60)
    caught_up(source, dust.config(), tmp_path)

    assert {1: "ONE", 3: "three", 4: "four"} == users(dust)


def test_a_copy_that_breaks_off_begins_anew(source: Source, dust: LocalDust, tmp_path: Path) -> None:
    """The slot has its name only once all tables are copied; what is gone by then, Dust forgets."""
    source.execute(USERS)
    source.execute("INSERT INTO users VALUES (1, 'one'), (2, 'two'), (3, 'three')")
    hold = dust.hold(lambda arrival: arrival.is_upsert and arrival.document_id == "users-3")
    with Replicator(source, dust.config(), tmp_path) as replicator:
        hold.wait_for(1)
        replicator.wait_for(lambda: 1 in users(dust))
        replicator.kill()
    assert 0 == source.confirmed()
    hold.let_go()
    source.execute("DELETE FROM users WHERE id = 1; UPDATE users SET name = 'TWO' WHERE id = 2")

    caught_up(source, dust.config(), tmp_path)

    assert {2: "TWO", 3: "three"} == users(dust)
    assert [(source.name,)] == source.execute(
        "SELECT slot_name FROM pg_replication_slots WHERE database = current_database()"
    )


def test_nothing_is_confirmed_before_dust_has_it(source: Source, dust: LocalDust, tmp_path: Path) -> None:
    """Not even if Dust takes longer than PostgreSQL waits for a silent reader (5 s here)."""
    source.execute(USERS)
    caught_up(source, dust.config(), tmp_path)
    hold = dust.hold(lambda arrival: arrival.is_upsert and arrival.document_id == "users-2")
    with Replicator(source, dust.config(), tmp_path) as replicator:
        source.execute("INSERT INTO users VALUES (1, 'one'), (2, 'two')")
        committed = source.position()
        hold.wait_for(1)
        replicator.wait_for(lambda: 1 in users(dust))
        assert source.confirmed() < committed
        for _ in range(3):  # of the pauses after which PostgreSQL hears of a reader that waits for Dust
            replicator.wait_for(partial(_has_replied_since, source, _last_reply(source)))
        assert source.confirmed() < committed
        hold.let_go()
        replicator.wait_for(lambda: source.confirmed() >= committed)

    assert {1: "one", 2: "two"} == users(dust)


def _has_replied_since(source: Source, before: object) -> bool:
    return _last_reply(source) != before


def _last_reply(source: Source) -> object:
    return source.execute(
        "SELECT reply_time FROM pg_stat_replication r JOIN pg_replication_slots s ON s.active_pid = r.pid "
        "WHERE s.slot_name = %s",
        source.name,
    )


@pytest.mark.parametrize("identity", ["DEFAULT", "FULL"])
def test_an_unchanged_large_value_is_kept(
    source: Source, dust: LocalDust, settings: dict[str, Any], tmp_path: Path, identity: str
) -> None:
    """PostgreSQL does not send it with an update of something else: it is in the old row, or in the table."""
    source.execute(USERS)
    source.execute("ALTER TABLE users ALTER body SET STORAGE EXTERNAL")
    source.execute(f"ALTER TABLE users REPLICA IDENTITY {identity}")
    source.execute(f"INSERT INTO users SELECT i, 'user', {LARGE} FROM generate_series(1, 4) i")
    caught_up(source, settings, tmp_path)

    source.execute("UPDATE users SET name = 'changed' WHERE id < 4; UPDATE users SET id = 40 WHERE id = 4")
    source.execute("UPDATE users SET name = 'gone' WHERE id = 1; DELETE FROM users WHERE id = 1")
    source.execute("UPDATE users SET name = 'moved' WHERE id = 2; UPDATE users SET id = 20 WHERE id = 2")
    caught_up(source, settings, tmp_path)

    assert {20: "moved", 3: "changed", 40: "user"} == users(dust)
    rows = stored_rows(dust.world) if dust.world.tables() else contents(dust.world)
    assert {5000} == {len(row["body"]) for row in rows.values()}


def test_a_column_that_is_added_arrives(source: Source, dust: LocalDust, tmp_path: Path) -> None:
    """With the rows that have it; the log describes the table anew."""
    source.execute(USERS)
    source.execute("INSERT INTO users VALUES (1, 'one')")
    caught_up(source, dust.config(), tmp_path)

    source.execute("UPDATE users SET name = 'ONE'")
    source.execute("ALTER TABLE users ADD colour text DEFAULT 'red'")
    source.execute("INSERT INTO users VALUES (2, 'two', NULL, 'blue')")
    caught_up(source, dust.config(), tmp_path)

    assert "colour" not in contents(dust.world)["users-1"]
    assert "blue" == contents(dust.world)["users-2"]["colour"]


def test_a_transaction_of_more_events_than_are_written_at_once_arrives(
    source: Source, dust: LocalDust, tmp_path: Path
) -> None:
    """It is confirmed when all of it is stored."""
    source.execute(USERS)
    tables = dust.config(**of_tables())
    caught_up(source, tables, tmp_path)

    source.execute("INSERT INTO users SELECT i, 'user' FROM generate_series(1, 12000) i")
    caught_up(source, tables, tmp_path)

    assert 12000 == len(users(dust))


@pytest.mark.parametrize(
    ("statements", "problem"),
    [
        ("CREATE TABLE t (id int); CREATE PUBLICATION dust FOR TABLE t", "public.t has no primary key"),
        (
            "CREATE TABLE t (id int PRIMARY KEY); ALTER TABLE t REPLICA IDENTITY NOTHING; "
            "CREATE PUBLICATION dust FOR TABLE t",
            "ALTER TABLE public.t REPLICA IDENTITY DEFAULT",
        ),
        ("SELECT 1", "There is no publication dust with tables"),
    ],
    ids=["no key", "no identity", "no publication"],
)
def test_what_cannot_be_replicated_is_refused_in_words(
    source: Source, dust: LocalDust, tmp_path: Path, statements: str, problem: str
) -> None:
    """Before a slot is made, for which PostgreSQL would keep its log."""
    source.execute(statements)

    with Replicator(source, dust.config(), tmp_path) as replicator:
        assert 1 == replicator.process.wait(60)

    assert problem in replicator.log
    assert [] == source.execute("SELECT 1 FROM pg_replication_slots WHERE database = current_database()")


def test_a_refusal_of_dust_ends_the_process_and_loses_nothing(source: Source, dust: LocalDust, tmp_path: Path) -> None:
    """The log is still there for the next one."""

    def is_second(arrival: Arrival) -> bool:
        return arrival.is_upsert and arrival.document_id == "users-2"

    source.execute(USERS)
    caught_up(source, dust.config(), tmp_path)
    rule = dust.faults.add("status", method="POST", path="users-2", status=403, type="data_source_auth_error")
    source.execute("INSERT INTO users VALUES (1, 'one'), (2, 'two')")
    with Replicator(source, dust.config(), tmp_path) as replicator:
        assert 1 == replicator.process.wait(60)
    dust.faults.remove(rule)

    caught_up(source, dust.config(), tmp_path)

    assert {1: "one", 2: "two"} == users(dust)
