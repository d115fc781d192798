"""The marker's document: found by its id, never taken for a record, and written as Dust likes it."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

import pytest

from destination_dust.airbyte.catalog import Mode, StreamPlan
from destination_dust.airbyte.messages import StreamKey
from destination_dust.dust.errors import Rejected
from destination_dust.mapping.ids import marker_identifier
from destination_dust.mapping.tags import Marker, origin
from destination_dust.workers import Lane
from destination_dust.writers.documents.marker import GROUP, find_markers, mark
from destination_dust.writers.steps import Runner, Steps
from unit_tests.builders import ORDERS, USERS
from unit_tests.writers.documents.world import DocumentsWorld


def plan(stream: StreamKey = USERS, ids: tuple[int | None, int | None, int | None] = (5, 5, 70)) -> StreamPlan:
    return StreamPlan(stream, Mode.APPEND_DEDUP, (("id",),), *ids)


def found(world: DocumentsWorld, plans: Collection[StreamPlan]) -> dict[StreamKey, Marker]:
    result: dict[StreamKey, Marker] = {}
    client: Any = world

    def steps() -> Steps:
        result.update((yield from find_markers(client, plans)))

    Runner("markers", world.calls.submit, steps()).advance()
    world.calls.end_all()
    return result


def write(world: DocumentsWorld, written: StreamPlan) -> None:
    client: Any = world
    Runner("marker", world.calls.submit, mark(client, written)).advance()
    assert all(call.lane is Lane.LIMITED for call in world.calls.open)
    world.calls.end_all()


@pytest.mark.parametrize("stream", [USERS, StreamKey("public", "users"), StreamKey(None, "a\ud800\n\0" + "💥" * 500)])
def test_a_marker_that_is_written_is_found(stream: StreamKey) -> None:
    """Whatever the stream is called; that of another stream is another."""
    world = DocumentsWorld()
    write(world, plan(stream))

    assert {stream: Marker(5, 70, True)} == found(world, [plan(stream), plan(ORDERS)])


def test_a_list_without_the_marker_is_no_proof_that_there_is_none() -> None:
    """The document itself is asked for: an empty list may be trouble."""
    world = DocumentsWorld()
    world.mark(Marker(5, 70, True))
    world.lists_markers = False

    assert {USERS: Marker(5, 70, True)} == found(world, [plan()])


def test_markers_of_many_streams_are_found_in_groups() -> None:
    """Ids travel in the URL."""
    world = DocumentsWorld()
    plans = [plan(StreamKey(None, f"stream_{number}")) for number in range(2 * GROUP + 1)]
    for each in plans:
        world.mark(Marker(5, 70, True), each.stream)

    assert {each.stream for each in plans} == found(world, plans).keys()


def test_a_host_without_generations_neither_writes_nor_reads_a_marker() -> None:
    """It would prove nothing."""
    world = DocumentsWorld()
    nameless = plan(ids=(1, 1, 1))
    write(world, nameless)

    assert {} == found(world, [nameless])
    assert {} == world.stored


def test_the_document_is_harmless() -> None:
    """It has a text, no tag of the stream, and the oldest time of all."""
    world = DocumentsWorld()
    write(world, plan())

    _, document_id, body = world.made[0].split(" ", 2)
    content = json.loads(body)
    assert marker_identifier(*USERS) == document_id
    assert "Airbyte keeps the stream users up to date in this data source." == content["text"]
    assert frozenset() == origin(content["tags"])
    assert 0 == content["timestamp"]


def test_a_marker_that_dust_refuses_fails_the_sync() -> None:
    """Without it, the next attempt would delete what this one has acknowledged."""
    world = DocumentsWorld()
    world.refused[marker_identifier(*USERS)] = Rejected("no")

    with pytest.raises(Rejected):
        write(world, plan())
