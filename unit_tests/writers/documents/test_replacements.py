"""Streams that are being replaced: listed first, stored, and only on proof is anything deleted."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from destination_dust.airbyte.catalog import Mode, StreamPlan
from destination_dust.airbyte.completion import Ending
from destination_dust.airbyte.messages import StreamKey
from destination_dust.dust.client import ListedDocument
from destination_dust.mapping.tags import fingerprint_tag, generation_tag, replaced_tag, stream_tags
from destination_dust.writers.documents.replacements import Replacements
from unit_tests.builders import ORDERS, USERS
from unit_tests.writers.outcomes import FakeClient, FakeWorkers

GENERATION = 5


class World(FakeClient):
    """A data source that can be listed, and the replacements of a sync."""

    def __init__(self, *documents: ListedDocument, generation: int | None = GENERATION) -> None:
        super().__init__()
        self.stored = list(documents)
        self.calls = FakeWorkers()
        client: Any = self
        self.replacements = Replacements(client, self.calls.submit, self.calls.outcomes)
        ids = (generation, generation, 7) if generation else (None, None, None)
        self.plan = StreamPlan(USERS, Mode.OVERWRITE, (("id",),), *ids)

    def list_documents(self, *, offset: int, limit: int) -> list[ListedDocument]:
        return self.stored[offset : offset + limit]

    def document(self, document_id: str) -> dict[str, Any]:
        tags = next(list(each.tags) for each in self.stored if each.document_id == document_id)
        parts: dict[str, Any] = {"title": "t", "text": "x", "mime_type": "text/plain", "timestamp": 1}
        return {**parts, "tags": tags, "source_url": None}

    def prepare(self) -> None:
        self.replacements.prepare([self.plan])
        assert not self.replacements.idle
        self.calls.end_all()
        assert self.replacements.idle

    def conclude(self, ending: Ending = Ending.COMPLETE) -> list[str]:
        """End the input; returns the documents that are deleted."""
        self.replacements.conclude({USERS: ending})
        self.calls.end_all()
        assert self.replacements.idle
        return sorted(entry.removeprefix("delete ") for entry in self.made if entry.startswith("delete"))

    @property
    def marked(self) -> list[str]:
        """The documents that got the marker."""
        return [entry.split()[1] for entry in self.made if replaced_tag(GENERATION) in entry]


def listed(document_id: str, *more: str, stream: StreamKey = USERS, generation: int = GENERATION - 1) -> ListedDocument:
    """A document as a listing has it."""
    return ListedDocument(document_id, 1, (*stream_tags(*stream), generation_tag(generation), *more))


def test_a_complete_stream_loses_what_the_sync_did_not_bring() -> None:
    """Neither documents that it brought, nor those of other streams, nor those without our tags."""
    foreign = ListedDocument("users-9", 1, ("written by hand",))
    world = World(listed("users-1"), listed("users-2"), listed("orders-1", stream=ORDERS), foreign)
    world.prepare()

    world.replacements.see(USERS, "users-1")
    world.replacements.store(world.plan, "users-1", "0a")

    assert ["users-2"] == world.conclude()
    assert ["users-1"] == world.marked


def test_a_document_whose_record_was_refused_stays() -> None:
    """The source still has it: its old version is better than none."""
    world = World(listed("users-1"), listed("users-2"))
    world.prepare()
    world.replacements.see(USERS, "users-1")

    assert ["users-2"] == world.conclude()


def test_a_document_of_this_generation_is_not_stale() -> None:
    """An earlier attempt of this sync has written it."""
    world = World(listed("users-1", generation=GENERATION), listed("users-2"))
    world.prepare()

    assert ["users-2"] == world.conclude()


@pytest.mark.parametrize("ending", [Ending.UNPROVEN, Ending.INCOMPLETE])
def test_nothing_is_deleted_without_proof(ending: Ending) -> None:
    """A source that failed looks like one that is done."""
    world = World(listed("users-1"), generation=None if ending is Ending.UNPROVEN else GENERATION)
    world.prepare()

    assert [] == world.conclude(ending)
    assert [] == world.made


def test_nothing_is_deleted_if_a_record_does_not_say_which_document_it_is(caplog: pytest.LogCaptureFixture) -> None:
    """Its document may be any of those that look stale."""
    world = World(listed("users-1"))
    world.prepare()
    world.replacements.see(USERS, None)

    with caplog.at_level(logging.WARNING, "airbyte"):
        assert [] == world.conclude()
    assert any("1 old documents were kept" in record.getMessage() for record in caplog.records)


def test_nothing_is_deleted_if_the_listing_is_not_complete() -> None:
    """Its order is not the one that everything rests on."""
    world = World(listed("users-1"), listed("users-2")._replace(timestamp=2))
    world.prepare()

    assert [] == world.conclude()


def test_a_stream_with_the_marker_was_replaced_before() -> None:
    """By this generation, not by another."""
    world = World(listed("users-1", replaced_tag(GENERATION)))
    world.prepare()
    assert world.replacements.has_replaced(USERS)

    other = World(listed("users-1", replaced_tag(GENERATION - 1)))
    other.prepare()
    assert not other.replacements.has_replaced(USERS)


def test_the_only_marker_moves_before_its_document_is_deleted() -> None:
    """Without it, the next attempt would take everything for stale."""
    world = World(listed("users-1", replaced_tag(GENERATION)), listed("users-2", generation=GENERATION))
    world.prepare()
    deleted: list[str] = []

    world.replacements.before_delete(world.plan, "users-1", lambda: deleted.append("users-1"))
    assert [] == deleted
    world.calls.end_all()

    assert ["users-2"] == world.marked
    assert ["users-1"] == deleted


def test_the_marker_stays_where_it_is_if_another_document_is_deleted() -> None:
    """Nothing is written, so nothing has to wait for the limit."""
    world = World(listed("users-1", replaced_tag(GENERATION)), listed("users-2"))
    world.prepare()
    deleted: list[str] = []

    world.replacements.before_delete(world.plan, "users-2", lambda: deleted.append("users-2"))

    assert ["users-2"] == deleted
    assert [] == world.calls.open


def test_the_listing_knows_the_fingerprints() -> None:
    """And what the sync has stored or deleted since."""
    world = World(listed("users-1", fingerprint_tag("0a")), listed("users-2"))
    world.prepare()
    assert world.replacements.covers(USERS)
    assert not world.replacements.covers(ORDERS)
    assert ["0a", None] == [world.replacements.fingerprint(each) for each in ("users-1", "users-2")]

    world.replacements.store(world.plan, "users-1", None)
    world.replacements.store(world.plan, "users-2", "0b")

    assert [None, "0b"] == [world.replacements.fingerprint(each) for each in ("users-1", "users-2")]
