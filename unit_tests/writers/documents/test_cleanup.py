"""The end of a replacement of documents: everything stale goes, nothing else, and then the marker is written."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from destination_dust.airbyte.catalog import Mode, StreamPlan
from destination_dust.dust.errors import Rejected, Unavailable
from destination_dust.mapping.ids import marker_identifier
from destination_dust.mapping.tags import Marker
from destination_dust.workers import Lane
from destination_dust.writers.documents.cleanup import DELETES_AT_ONCE, Cleanup
from destination_dust.writers.documents.inventory import Entry, Inventory
from unit_tests.builders import ORDERS, USERS
from unit_tests.writers.documents.world import DocumentsWorld

GENERATION = 5


class World(DocumentsWorld):
    """A stream in Dust, and its cleanup."""

    def __init__(self, *, stale: int, kept: int, counts: bool = True, deletes: bool = True) -> None:
        super().__init__()
        ids = (GENERATION, GENERATION, 7) if counts else (None, None, None)
        plan = StreamPlan(USERS, Mode.OVERWRITE, (("id",),), *ids)
        self.inventory = Inventory()
        self.inventory.add_listed(Entry(f"old-{n:03}", USERS, None, GENERATION - 1) for n in range(stale))
        self.inventory.add_listed([Entry("of another stream", ORDERS, None, 0)])
        for n in range(kept):
            self.inventory.add_stored(Entry(f"new-{n:03}", USERS, "0a", GENERATION))
        client: Any = self
        documents = self.inventory.stale(USERS) if deletes else iter(())
        self.cleanup = Cleanup(plan, self.inventory, documents, client, self.calls.submit, self.calls.outcomes)

    def run(self) -> None:
        self.cleanup.start()
        while self.calls.open:
            call = self.calls.open.pop(0)
            try:
                answer = call.send()
            except (Rejected, Unavailable) as error:
                call.failed(error)
            else:
                call.done(answer)


def test_everything_stale_is_deleted_and_then_the_stream_is_marked() -> None:
    """A bounded number of deletes at once; the marker last; other streams are not touched."""
    world = World(stale=50, kept=3)
    world.cleanup.start()
    assert DELETES_AT_ONCE == len(world.calls.open)
    assert all(call.lane is Lane.FREE for call in world.calls.open)

    world.calls.end_all()

    assert [f"old-{n:03}" for n in range(50)] == world.deleted
    assert Marker(GENERATION, 7, True) == world.marker
    assert world.made[-1].startswith(f"upsert {marker_identifier(*USERS)}")
    assert world.cleanup.ended
    assert 50 == world.calls.progress.of(USERS).stale


def test_a_stream_without_documents_is_marked_too() -> None:
    """Another connection may write some before the next attempt."""
    world = World(stale=2, kept=0)
    world.run()

    assert 2 == len(world.deleted)
    assert Marker(GENERATION, 7, True) == world.marker
    assert world.cleanup.ended


def test_a_host_without_generations_sets_no_marker() -> None:
    """It does not try again by itself."""
    world = World(stale=2, kept=2, counts=False)
    world.run()

    assert 2 == len(world.deleted)
    assert world.marker is None


def test_nothing_is_deleted_if_nothing_may_be_but_the_marker_is_set() -> None:
    """It keeps later attempts from deleting, too."""
    world = World(stale=2, kept=2, deletes=False)
    world.run()

    assert [] == world.deleted
    assert Marker(GENERATION, 7, True) == world.marker


def test_a_stale_document_that_dust_does_not_delete_is_named_and_holds_nothing_up(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The states of the stream would otherwise wait for it in every sync."""
    world = World(stale=40, kept=1)
    world.refused["old-007"] = Rejected("it cannot go")

    with caplog.at_level(logging.WARNING, "airbyte"):
        world.run()

    assert 39 == len(world.deleted) == world.calls.progress.of(USERS).stale
    assert ["old-007"] == list(world.inventory.stale(USERS))
    assert Marker(GENERATION, 7, True) == world.marker
    assert ["Stream users: the stale document old-007 stays, because Dust does not delete it: it cannot go"] == [
        record.getMessage() for record in caplog.records
    ]


def test_an_outage_during_the_cleanup_leaves_the_stream_unmarked() -> None:
    """Then the next attempt goes on with it."""
    world = World(stale=40, kept=1)
    world.refused["old-007"] = Unavailable("gone")

    with pytest.raises(Unavailable):
        world.run()
    assert world.marker is None
    assert not world.cleanup.ended
