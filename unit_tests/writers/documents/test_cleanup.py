"""The end of a replacement of documents: everything stale goes, nothing else, and then the marker is set."""

from __future__ import annotations

from typing import Any

import pytest

from destination_dust.airbyte.catalog import Mode, StreamPlan
from destination_dust.dust.errors import Rejected
from destination_dust.mapping.tags import replaced_tag, stream_tags
from destination_dust.workers import Lane
from destination_dust.writers.documents.cleanup import DELETES_AT_ONCE, Cleanup
from destination_dust.writers.documents.inventory import Entry, Inventory
from unit_tests.builders import ORDERS, USERS
from unit_tests.writers.outcomes import FakeClient, FakeWorkers

GENERATION = 5


class World(FakeClient):
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
        self.calls = FakeWorkers()
        self.refused: set[str] = set()
        self.tags = stream_tags(*USERS)
        client: Any = self
        self.cleanup = Cleanup(plan, self.inventory, client, self.calls.submit, self.calls.outcomes, deletes=deletes)

    def document(self, document_id: str) -> dict[str, Any]:
        if document_id in self.refused:
            raise Rejected("too large now")
        parts: dict[str, Any] = {"title": "t", "text": "x", "mime_type": "text/plain", "timestamp": 1}
        return {**parts, "tags": list(self.tags), "source_url": None}

    def end_all(self) -> None:
        while self.calls.open:
            call = self.calls.open.pop(0)
            try:
                answer = call.send()
            except Rejected as error:
                call.failed(error)
            else:
                call.done(answer)

    @property
    def deleted(self) -> list[str]:
        return sorted(entry.removeprefix("delete ") for entry in self.made if entry.startswith("delete"))

    @property
    def marked(self) -> list[str]:
        return [entry.split()[1] for entry in self.made if replaced_tag(GENERATION) in entry]


def test_everything_stale_is_deleted_and_then_one_document_is_marked() -> None:
    """A bounded number of deletes at once; the marker last; other streams are not touched."""
    world = World(stale=50, kept=3)
    world.cleanup.start()
    assert DELETES_AT_ONCE == len(world.calls.open)
    assert all(call.lane is Lane.FREE for call in world.calls.open)

    world.end_all()

    assert [f"old-{n:03}" for n in range(50)] == world.deleted
    assert ["new-000"] == world.marked
    assert world.made[-1].startswith("upsert new-000")
    assert world.cleanup.ended
    assert 50 == world.calls.progress.of(USERS).stale


def test_a_stream_without_documents_needs_no_marker() -> None:
    """Whatever a later attempt writes is of this generation itself."""
    world = World(stale=2, kept=0)
    world.cleanup.start()
    world.end_all()

    assert 2 == len(world.deleted)
    assert [] == world.marked
    assert world.cleanup.ended


def test_a_host_without_generations_sets_no_marker() -> None:
    """It does not try again by itself."""
    world = World(stale=2, kept=2, counts=False)
    world.cleanup.start()
    world.end_all()

    assert 2 == len(world.deleted)
    assert [] == world.marked


def test_nothing_is_deleted_if_nothing_may_be_but_the_marker_is_set() -> None:
    """It keeps later attempts from deleting, too."""
    world = World(stale=2, kept=2, deletes=False)
    world.cleanup.start()
    world.end_all()

    assert [] == world.deleted
    assert 1 == len(world.marked)


def test_the_next_document_is_marked_if_one_cannot_be() -> None:
    """Limits may have shrunk since it was stored."""
    world = World(stale=0, kept=2)
    world.refused = {"new-000"}
    world.cleanup.start()
    world.end_all()

    assert ["new-001"] == world.marked


def test_a_stream_that_cannot_be_marked_fails_the_sync() -> None:
    """Its states must not go out: the next attempt would delete what this one brought."""
    world = World(stale=0, kept=2)
    world.refused = {"new-000", "new-001"}
    world.cleanup.start()

    with pytest.raises(Rejected):
        world.end_all()
    assert not world.cleanup.ended


def test_a_document_that_is_not_the_streams_is_never_marked() -> None:
    """Someone else has written under its id since it was listed."""
    world = World(stale=0, kept=2)
    world.tags = stream_tags(*ORDERS)
    world.cleanup.start()
    world.end_all()

    assert [] == world.made
    assert world.cleanup.ended
