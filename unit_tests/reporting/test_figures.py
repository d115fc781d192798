"""A sync in figures, as programs read them."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import fields
from typing import Any

import jsonschema
import pytest

from destination_dust.airbyte.messages import StreamKey
from destination_dust.dust.permit import PacerStatus, Reason
from destination_dust.dust.responses import RetryReason
from destination_dust.dust.traffic import TrafficStatus
from destination_dust.reporting.counts import Counts, States
from destination_dust.reporting.figures import PROGRESS, REPORT, Figures, Result, line
from unit_tests.builders import USERS
from unit_tests.reporting.report_schema import SCHEMA, described, paths

LIMIT = PacerStatus(calls=3, share=60, limit=120, others_seen=True, wait=None)
TRAFFIC = TrafficStatus(9, 800, 700, {RetryReason.TIMED_OUT: 2}, {Reason.SHARED: 12.3456})


def figures(**streams: Counts) -> Figures:
    """Of streams without a namespace."""
    counts = {StreamKey(None, name): each for name, each in streams.items()}
    return Figures(61.23456, counts, States(read=4, acknowledged=3), LIMIT, TRAFFIC)


def content(text: str, prefix: str = REPORT) -> dict[str, Any]:
    """What a program reads behind the prefix."""
    before, after = text[: len(prefix)], text[len(prefix) :]
    assert (prefix, " {") == (before, after[:2])
    assert "\n" not in text
    parsed: dict[str, Any] = json.loads(after)
    return parsed


def numbers(counts: dict[str, Any]) -> list[object]:
    """The counts of a stream, or those of all."""
    return [*counts["left_out"].values(), *(each for each in counts.values() if isinstance(each, int))]


def test_the_line_has_the_fields_of_the_schema() -> None:
    """All of them, always, and no others: whoever adds a field describes it."""
    found = content(line(figures(users=Counts()), Result.SUCCEEDED))

    jsonschema.validate(found, SCHEMA)
    assert sorted(described(SCHEMA)) == sorted(paths(found))


@pytest.mark.parametrize("count", [each.name for each in fields(Counts)])
def test_every_count_is_in_the_line(count: str) -> None:
    """For its stream and in the totals."""
    counts = Counts()
    value = getattr(counts, count)
    setattr(counts, count, Counter(title_field=41) if isinstance(value, Counter) else 41)
    found = content(line(figures(users=counts, orders=Counts()), Result.SUCCEEDED))

    assert 41 in numbers(found["totals"])
    assert 41 in numbers(found["streams"][0])
    assert 41 not in numbers(found["streams"][1])


def test_totals_are_those_of_all_streams() -> None:
    """And each stream has its namespace."""
    streams = {USERS: Counts(read=5, upserted=3, rejected=1), StreamKey("shop", "orders"): Counts(read=2)}
    found = content(line(Figures(1.0, streams, States(), LIMIT, TRAFFIC), Result.STOPPED))

    assert [7, 3, 1, 3] == [found["totals"][name] for name in ("read", "upserted", "rejected", "unsettled")]
    assert [[None, "users"], ["shop", "orders"]] == [[each["namespace"], each["name"]] for each in found["streams"]]


def test_times_traffic_and_states_are_in_the_line() -> None:
    """With every reason that there is, also those that never occurred."""
    found = content(line(figures(), Result.FAILED, "transient_error"))

    assert ["failed", "transient_error", 61.235] == [found["result"], found["failure_type"], found["seconds"]]
    assert {"read": 4, "acknowledged": 3} == found["states"]
    waited = {"limit": 0.0, "shared": 12.346, "server": 0.0, "spacing": 0.0}
    assert {"per_minute": 120, "share": 60, "waited_seconds": waited} == found["limit"]
    assert [9, 800, 700] == [found["http"][name] for name in ("requests", "sent_bytes", "received_bytes")]
    assert {"timed_out": 2} == {reason: count for reason, count in found["http"]["retries"].items() if count}


def test_a_line_while_the_sync_runs_has_another_prefix() -> None:
    """So that a search for the report finds one line in each log."""
    jsonschema.validate(content(line(figures(users=Counts()), Result.RUNNING), PROGRESS), SCHEMA)


def test_a_sync_that_did_not_begin_has_the_same_fields() -> None:
    """Whoever reads the line need not know how far it got."""
    jsonschema.validate(content(line(Figures.none(), Result.FAILED, "config_error")), SCHEMA)


@pytest.mark.parametrize("name", ['"}', "注文", "\ud800", "a\nb", "\x00\x7f"])
def test_any_name_of_a_stream_makes_one_line_of_json(name: str) -> None:
    """It comes from a source, and may hold anything."""
    found = content(line(Figures(1.0, {StreamKey(name, name): Counts()}, States(), LIMIT, TRAFFIC), Result.SUCCEEDED))

    assert name == found["streams"][0]["name"]
