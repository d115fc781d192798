"""What databases do that the example must survive."""

from __future__ import annotations

import signal
from functools import partial
from pathlib import Path

import psycopg2

from integration_tests.harness.contents import contents
from integration_tests.postgres.source import USERS, Replicator, Source, caught_up
from local_dust import LocalDust


def test_a_slot_that_a_killed_copy_left_is_given_up(source: Source, dust: LocalDust, tmp_path: Path) -> None:
    """PostgreSQL would keep its log for it until the disk is full."""
    source.execute(USERS)
    caught_up(source, dust.config(), tmp_path)
    source.execute("SELECT pg_copy_logical_replication_slot(%s, %s)", source.name, f"{source.name}_copying")

    caught_up(source, dust.config(), tmp_path)

    assert [(source.name,)] == source.execute(
        "SELECT slot_name FROM pg_replication_slots WHERE database = current_database()"
    )


def test_a_database_may_have_another_encoding(server: str, dust: LocalDust, tmp_path: Path) -> None:
    """In the copy and in the log."""
    source = Source(server, "latin", "ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0")
    source.execute(USERS)
    source.execute("INSERT INTO users VALUES (1, 'Zoë')")
    caught_up(source, dust.config(), tmp_path)
    source.execute("INSERT INTO users VALUES (2, 'Noël')")
    caught_up(source, dust.config(), tmp_path)
    source.close()

    assert ["Zoë", "Noël"] == [each["name"] for each in contents(dust.world).values()]


def test_a_copy_outlives_a_limit_of_idle_transactions(source: Source, dust: LocalDust, tmp_path: Path) -> None:
    """Its snapshot is one, and Dust is slow; many services set such a limit."""
    source.execute(USERS)
    source.execute("INSERT INTO users SELECT i FROM generate_series(1, 3) i")
    source.execute(f"ALTER DATABASE {source.name} SET idle_in_transaction_session_timeout = '200ms'")
    hold = dust.hold(lambda arrival: arrival.is_upsert and arrival.document_id == "users-1")
    with Replicator(source, dust.config(), tmp_path, "--once") as replicator:
        hold.wait_for(1)
        replicator.wait_for(partial(_is_idle_for, source, 0.5))
        hold.let_go()
        assert 0 == replicator.process.wait(60), replicator.log


def _is_idle_for(source: Source, seconds: float) -> bool:
    query = "SELECT 1 FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid() AND state LIKE 'idle%%' "
    idle = source.execute(
        query + "AND clock_timestamp() - state_change > make_interval(secs => %s)", source.name, seconds
    )
    return bool(idle)


def test_a_dropped_table_does_not_keep_the_others_from_going_on(
    source: Source, dust: LocalDust, tmp_path: Path
) -> None:
    """Its last changes are in the log, but its key is known no more."""
    source.execute(USERS)
    source.execute("CREATE TABLE teams (id bigint PRIMARY KEY); ALTER PUBLICATION dust ADD TABLE teams")
    caught_up(source, dust.config(), tmp_path)
    source.execute("INSERT INTO teams VALUES (1)")
    source.execute("DROP TABLE teams")
    source.execute("INSERT INTO users VALUES (1)")

    log = caught_up(source, dust.config(), tmp_path)

    assert ["users-1"] == [*contents(dust.world)]
    assert "public.teams was dropped" in log


def test_a_renamed_key_is_refused_in_words(source: Source, dust: LocalDust, tmp_path: Path) -> None:
    """The log has the former name."""
    source.execute(USERS)
    caught_up(source, dust.config(), tmp_path)
    source.execute("INSERT INTO users VALUES (1, 'one')")
    source.execute("ALTER TABLE users RENAME id TO number")

    with Replicator(source, dust.config(), tmp_path, "--once") as replicator:
        assert 1 == replicator.process.wait(60)

    assert "Traceback" not in replicator.log
    assert "The key of public.users was changed" in replicator.log


def test_a_ping_within_a_transaction_confirms_no_other(source: Source, dust: LocalDust, tmp_path: Path) -> None:
    """The client library confirms what a ping names if it has confirmed something behind the last message's position.

    Here the last message is of a transaction that began before the one that was confirmed, and ended after one that
    Dust does not have yet.
    """
    source.execute(USERS)
    caught_up(source, dust.config(), tmp_path)
    early = psycopg2.connect(source.dsn)
    early.cursor().execute("INSERT INTO users SELECT i, repeat('x', 9000) FROM generate_series(1001, 2000) i")
    with Replicator(source, dust.config(), tmp_path) as replicator:
        source.execute("INSERT INTO users VALUES (1)")
        at = source.position()
        replicator.wait_for(lambda: source.confirmed() >= at)
        hold = dust.hold(lambda arrival: arrival.is_upsert and arrival.document_id == "users-2")
        replicator.process.send_signal(signal.SIGSTOP)
        source.execute("INSERT INTO users VALUES (2)")
        waiting = source.position()
        early.commit()
        # PostgreSQL pings a reader that was silent for half of its patience of 5 s.
        replicator.wait_for(partial(_is_silent_for, source, 3.0))
        replicator.process.send_signal(signal.SIGCONT)
        hold.wait_for(1)
        assert source.confirmed() < waiting
        hold.let_go()
        replicator.wait_for(lambda: "users-2000" in contents(dust.world))
    early.close()


def _is_silent_for(source: Source, seconds: float) -> bool:
    query = (
        "SELECT 1 FROM pg_stat_replication r JOIN pg_replication_slots s ON s.active_pid = r.pid WHERE slot_name = %s"
    )
    silent = f"{query} AND clock_timestamp() - reply_time > make_interval(secs => %s)"
    return bool(source.execute(silent, source.name, seconds))
