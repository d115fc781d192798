"""What a person is shown of a sync. How it gets to a terminal is tested in `integration_tests/test_terminal.py`."""

from __future__ import annotations

import pytest

from destination_dust.airbyte.messages import StreamKey
from destination_dust.dust.permit import PacerStatus, Reason, Wait
from destination_dust.reporting.counts import Counts
from destination_dust.reporting.terminal import LONGEST_NAME, status_line, table
from unit_tests.builders import ORDERS, USERS


def _status(wait: Wait | None = None, calls: int = 120) -> PacerStatus:
    return PacerStatus(calls=calls, share=120, limit=120, others_seen=False, wait=wait)


@pytest.mark.parametrize(
    ("done", "seconds", "wait", "line"),
    [
        (Counts(), 0, None, "0 s: 0 read, 0 stored"),
        (Counts(read=3, upserted=1, deleted=1), 60, None, "60 s: 3 read, 2 stored, 1 to go, 2 a minute"),
        (
            Counts(read=9, unchanged=8, rejected=1),
            60,
            None,
            "60 s: 9 read, 0 stored, 8 unchanged, 1 rejected, 0 a minute",
        ),
        (
            Counts(read=240),
            60,
            Wait(4.0, Reason.LIMIT),
            "60 s: 240 read, 0 stored, 240 to go in about 2 min, 0 a minute; waiting because the limit of upserts per "
            "minute is used up",
        ),
        (Counts(read=1, upserted=1), 60, Wait(4.0), "60 s: 1 read, 1 stored, 1 a minute"),
        (Counts(read=60), 2, Wait(0.03), "2 s: 60 read, 0 stored, 60 to go in about 30 s"),
    ],
)
def test_the_line_shows_progress_and_why_records_wait(
    done: Counts, seconds: float, wait: Wait | None, line: str
) -> None:
    """And nothing that is not the case."""
    assert line == status_line(done, seconds, _status(wait), "")


def test_no_estimate_is_shown_while_the_limit_has_room() -> None:
    """What fits into it goes at once."""
    line = status_line(Counts(read=60), 2, _status(Wait(0.03), calls=60), "")

    assert line == "2 s: 60 read, 0 stored, 60 to go"


def test_a_retry_is_shown_rather_than_the_limit() -> None:
    """It is what a person can do something about."""
    line = status_line(Counts(read=1), 60, _status(Wait(4.0)), "Dust cannot be reached, trying again in 4 s")

    assert line.endswith("; Dust cannot be reached, trying again in 4 s")


def test_the_table_has_a_total_and_no_columns_of_zeros() -> None:
    """But always those that people look for."""
    streams = {USERS: Counts(read=1200, upserted=1000, unchanged=200), ORDERS: Counts(read=5, rejected=5)}

    assert [
        "stream  read  upserted  unchanged  deleted  rejected",
        "users   1200      1000        200        0         0",
        "orders     5         0          0        0         5",
        "total   1205      1000        200        0         5",
    ] == table(streams).splitlines()


def test_one_stream_needs_no_total() -> None:
    """It would say the same again."""
    assert 2 == len(table({USERS: Counts(read=1)}).splitlines())


def test_names_of_streams_do_not_steer_the_terminal() -> None:
    """They come from a source, and may hold anything; wide characters take two places."""
    names = ["a\x1b]0;owned\x07b\r\n", "注文", "x" * 100]
    lines = table({StreamKey(None, name): Counts() for name in names}).splitlines()

    assert len(names) + 2 == len(lines)
    assert all(line.isprintable() for line in lines)
    widths = [len(line) + (2 if "注文" in line else 0) for line in lines]
    assert {max(widths)} == set(widths)
    assert "x" * (LONGEST_NAME - 1) + "…" == lines[3].split()[0]
