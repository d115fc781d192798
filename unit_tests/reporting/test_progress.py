"""The log of a sync: at intervals, on retries, and at the end."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest

from destination_dust.dust.pacer import Pacer
from destination_dust.dust.responses import Retry, RetryReason
from destination_dust.reporting.progress import RETRY_INTERVAL, SOURCE_ERRORS_SHOWN, Progress, duration
from unit_tests.builders import ORDERS, USERS


class Sync:
    """A progress on a clock of its own, with what it logs."""

    def __init__(self, interval: float = 30.0) -> None:
        self.time = 0.0
        self.progress = Progress(interval=interval, pacer=Pacer(120, now=lambda: self.time), now=lambda: self.time)
        self.logged: list[tuple[str, str]] = []

    def after(self, seconds: float, in_flight: int = 0) -> list[str]:
        """Let time pass, and return what is logged then for people."""
        self.time += seconds
        before = len(self.logged)
        self.progress.tick(in_flight)
        return [message for level, message in self.logged[before:] if level != "DEBUG"]

    def told(self, level: str) -> list[str]:
        return [message for name, message in self.logged if name == level]


@pytest.fixture
def sync() -> Iterator[Sync]:
    sync = Sync()

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            sync.logged.append((record.levelname, record.getMessage()))

    logger, listener = logging.getLogger("airbyte"), Listener()
    level = logger.level
    logger.addHandler(listener)
    logger.setLevel(logging.DEBUG)
    yield sync
    logger.removeHandler(listener)
    logger.setLevel(level)


def test_progress_is_logged_once_in_an_interval(sync: Sync) -> None:
    """However often the loop asks."""
    assert [0, 0, 1, 0, 0, 1] == [len(sync.after(seconds)) for seconds in (0, 29, 1, 0, 29, 1)]


def test_progress_counts_all_streams(sync: Sync) -> None:
    """And says how fast it is."""
    sync.progress.of(USERS).read += 70
    sync.progress.of(USERS).upserted += 50
    sync.progress.of(ORDERS).read += 30
    sync.progress.of(ORDERS).deleted += 10
    sync.progress.of(ORDERS).rejected += 1

    (line,) = sync.after(120, in_flight=39)

    assert line.startswith(
        "Progress after 2 min: 100 records read, 50 upserted, 10 deleted, 1 rejected, 39 in flight; 30.0 a minute"
    )


def test_counts_of_a_stream_are_kept(sync: Sync) -> None:
    """They are added to where they are."""
    sync.progress.of(USERS).read += 1
    sync.progress.of(USERS).read += 1

    assert 2 == sync.progress.of(USERS).read
    assert sync.progress.of(USERS) is not sync.progress.of(ORDERS)


def test_a_retry_is_logged_at_once_and_then_once_in_a_while(sync: Sync) -> None:
    """One line for each kind of trouble, not one for each of thirty threads and all of their tries."""
    retry = Retry(RetryReason.UNREACHABLE, "Connection refused")
    for _ in range(50):
        sync.progress.retrying(retry, 4.0)
    sync.progress.retrying(Retry(RetryReason.MAINTENANCE, "down for repairs"), 30.0)

    assert [
        "Dust cannot be reached (Connection refused). Trying again in 4 s.",
        "The workspace is under maintenance (down for repairs). Trying again in 30 s.",
    ] == sync.told("WARNING")

    sync.time += RETRY_INTERVAL
    for _ in range(50):
        sync.progress.retrying(retry, 30.0)

    assert 3 == len(sync.told("WARNING"))


def test_the_report_names_each_stream(sync: Sync) -> None:
    """With what became of its records."""
    counts = sync.progress.of(USERS)
    counts.read, counts.upserted, counts.deleted, counts.rejected = 10, 6, 3, 1
    sync.progress.of(ORDERS).read = 5

    sync.progress.report()

    lines = sync.told("INFO")
    assert 2 == len(lines)
    assert lines[0].startswith("Stream users: 10 records read, 6 upserted, 3 deleted, 1 rejected")
    assert lines[1].startswith("Stream orders: 5 records read, 0 upserted")
    assert [] == sync.told("WARNING")


def test_the_report_warns_about_odd_records(sync: Sync) -> None:
    """Once for each oddity of each stream."""
    sync.progress.of(USERS).without_key = 2
    sync.progress.of(USERS).cleaned = 3
    sync.progress.of(ORDERS).cleaned = 4

    sync.progress.report()

    users_key, users_characters, orders_characters = sync.told("WARNING")
    assert "Stream users: 2 records lacked" in users_key
    assert users_characters.startswith("Stream users: in 3 records")
    assert orders_characters.startswith("Stream orders: in 4 records")


def test_progress_is_logged_for_programs_at_the_level_debug(sync: Sync) -> None:
    """Once for each line for people, with the same counts."""
    sync.progress.of(USERS).read += 70
    sync.progress.states.read += 2
    sync.after(30)
    sync.after(15)
    sync.after(15)

    lines = [message for message in sync.told("DEBUG") if message.startswith("SYNC_PROGRESS ")]
    first, second = [json.loads(line.partition(" ")[2]) for line in lines]
    assert ["running", 30.0, 70, 2] == [
        first["result"],
        first["seconds"],
        first["totals"]["unsettled"],
        first["states"]["read"],
    ]
    assert 60.0 == second["seconds"]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (1.4, "1 s"), (119, "119 s"), (120, "2 min"), (3600, "60 min"), (7200, "2.0 h"), (9000, "2.5 h")],
)
def test_a_duration_is_written_as_people_say_it(seconds: float, text: str) -> None:
    """In the largest unit that leaves a few of it."""
    assert text == duration(seconds)


def test_an_error_of_the_source_is_logged_at_once_and_with_the_report(sync: Sync) -> None:
    """Once for each, however often the source repeats it."""
    for stream in (USERS, None, USERS):
        sync.progress.source_failed(stream, "No access.")
    told = ["The source reported an error in the stream users: No access.", "The source reported an error: No access."]

    assert told == sync.told("WARNING")
    sync.progress.report()

    assert told * 2 == sync.told("WARNING")


def test_only_some_of_very_many_errors_of_the_source_are_shown(sync: Sync) -> None:
    """Some report one for each record."""
    for number in range(1000):
        sync.progress.source_failed(None, f"Record {number} is bad.")

    assert SOURCE_ERRORS_SHOWN == len(sync.told("WARNING"))
