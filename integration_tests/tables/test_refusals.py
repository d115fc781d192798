"""Requests that Dust refuses: too large, too many, too often, or simply bad."""

from __future__ import annotations

from typing import Any

import pytest

from integration_tests.harness.in_process import sync
from integration_tests.harness.messages import catalog, record, state, stream
from integration_tests.harness.tables import TABLE, has_row, settings, stored, upserts, users
from local_dust import World


def test_a_request_that_is_too_large_is_halved_and_that_is_remembered(world: World) -> None:
    """After a 413, no request is as large as the one that was refused."""
    world.faults.add("status", status=413, path="/rows", method="POST", when=lambda a: a.body_bytes > 100_000)

    sync(world, catalog("users"), users(3_000, text="x" * 150), **settings())

    assert 3_000 == len(stored(world))
    refused = [arrival.body_bytes for arrival in upserts(world) if arrival.status != 200]
    assert 1 <= len(refused) <= 5
    assert refused == sorted(refused, reverse=True)


def test_a_row_that_no_request_can_hold_is_a_bad_record(world: World) -> None:
    """It is left out and counted, and the others are stored."""
    messages = [*users(3), record("users", id=9, text="x" * 1_000_001), state("users", 1)]

    finished = sync(world, catalog("users"), messages, **settings(on_record_error="skip"))

    assert {"users-0", "users-1", "users-2"} == set(stored(world))
    assert {"recordCount": 3.0, "rejectedRecordCount": 1.0} == finished.states[0]["destinationStats"]


@pytest.mark.parametrize("bad", [0, 7, 15])
def test_a_refused_batch_is_halved_down_to_the_bad_row(world: World, bad: int) -> None:
    """Dust refuses a whole request for one row: the others are stored, and the row is named, not quoted."""
    world.faults.add("status", status=400, path="/rows", method="POST", when=lambda a: has_row(a, bad))
    messages = [*users(16, secret="rumpelstiltskin"), state("users", 1)]

    finished = sync(world, catalog("users"), messages, **settings(on_record_error="skip"))

    assert {f"users-{number}" for number in range(16)} - {f"users-{bad}"} == set(stored(world))
    assert {"recordCount": 15.0, "rejectedRecordCount": 1.0} == finished.states[0]["destinationStats"]
    assert 1 == sum(f"users-{bad} " in line for line in finished.warnings)
    assert not any("rumpelstiltskin" in line for line in finished.logs)


@pytest.mark.parametrize("bad", [0, 3])
def test_a_row_on_which_dust_fails_is_distinguished_from_an_outage(world: World, bad: int) -> None:
    """Dust answers 500 to bad rows and in outages alike: the row is bad if a row that Dust took passes again."""
    world.faults.add("status", status=500, path="/rows", method="POST", when=lambda a: has_row(a, bad))
    messages = [*users(4), state("users", 1)]

    finished = sync(world, catalog("users"), messages, **settings(on_record_error="skip", timing={"retry_budget": 10}))

    assert {f"users-{number}" for number in range(4)} - {f"users-{bad}"} == set(stored(world))
    assert 1.0 == finished.states[0]["destinationStats"]["rejectedRecordCount"]


@pytest.mark.parametrize("seed", range(3))
def test_a_partial_outage_makes_no_row_bad(world: World, seed: int) -> None:
    """Most requests fail for some time, those of a single row among them."""
    rule = world.faults.add("status", status=500, path="/rows", method="POST", share=0.8, seed=seed, lasts=6)
    messages = [*users(8), state("users", 1)]

    finished = sync(
        world,
        catalog("users"),
        messages,
        **settings(on_record_error="skip", timing={"retry_budget": 40}, table_batch_size=2),
    )

    assert rule.hits > 4
    assert 8 == len(stored(world))
    assert [{"recordCount": 8.0}] == [state["destinationStats"] for state in finished.states]


def test_a_passing_failure_costs_nothing(world: World) -> None:
    """A 500, and a 503 at the creation of the table: the calls are repeated, and the rows are there once."""
    world.faults.add("status", status=503, path="/tables$", method="POST", times=1)
    world.faults.add("status", status=500, path="/rows", method="POST", times=1)

    finished = sync(world, catalog("users"), [*users(5), state("users", 1)], **settings())

    assert 5 == len(stored(world))
    assert 1 == len(finished.states)


@pytest.mark.long
def test_a_full_queue_of_dust_gets_time_to_empty(world: World) -> None:
    """Dust refuses requests while too many are pending: the table is left alone for 15 s, then all goes on."""
    world.limits.pending_files = 5

    finished = sync(world, catalog("users"), [*users(8), state("users", 1)], **settings(table_batch_size=1))

    assert 8 == len(stored(world))
    refused = [arrival for arrival in upserts(world) if arrival.status == 429]
    assert 1 == len(refused)
    following = next(arrival for arrival in upserts(world) if arrival.time > refused[0].time)
    assert following.time - refused[0].time >= 15
    assert 1 == len(finished.states)


def test_more_columns_than_dust_can_read_are_refused_before_they_are_sent(world: World) -> None:
    """511 columns with our own go in; with one more, Dust could never read the table again."""
    wide: dict[str, Any] = {f"column_{number}_x": number for number in range(507)}
    assert sync(world, catalog("users"), [record("users", id=1, **wide)], **settings()).failure is None
    assert 511 == len(world.tables()[TABLE].schema or ())

    finished = sync(
        world, catalog("users"), [*users(1, start=2), *users(1, start=3, another=1), state("users", 1)], **settings()
    )

    assert "config_error" == finished.failure
    assert "511" in finished.message
    assert {"users-1"} == set(stored(world))


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_texts_that_would_mislead_dust_are_refused_with_their_columns(world: World, delimiter: str) -> None:
    """Dust guesses the delimiter of its CSV: more semicolons or tabs than commas, and rows lose their ids."""
    path = delimiter.join("abcdefghijkl")

    finished = sync(world, catalog("users"), [*users(5, path=path, name="harmless"), state("users", 1)], **settings())

    assert "config_error" == finished.failure
    assert finished.message.endswith("path.")
    assert [] == upserts(world)


def test_harmless_semicolons_are_stored(world: World) -> None:
    """Where they do not outnumber the commas, or stand in quotes, they do no harm."""
    texts = ["a; b; c", ";".join("abcdefghijkl") + ", quoted", "a;b;c;d;e;f"]
    fields = {"id": {"type": "integer"}, **{name: {"type": "string"} for name in "abcdefg"}}
    messages = [record("users", id=number, a=text, b=1, c=2, d=3, e=4, f=5, g=6) for number, text in enumerate(texts)]

    sync(world, catalog(stream("users", fields=fields)), messages, **settings())

    assert texts == [stored(world)[f"users-{number}"]["a"] for number in range(3)]
