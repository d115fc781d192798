"""Streams that are being replaced: listed first, stored, and only on proof is anything deleted."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from pytest_mock import MockerFixture

from destination_dust.airbyte.catalog import Mode, StreamPlan
from destination_dust.airbyte.completion import Ending
from destination_dust.dust.client import ListedDocument
from destination_dust.mapping.tags import Marker, stream_tags
from destination_dust.writers.documents import replacements as module
from destination_dust.writers.documents.pagination import Pages
from destination_dust.writers.documents.replacements import BELIEVED_FOR, Replacements
from unit_tests.builders import ORDERS, USERS
from unit_tests.writers.documents.world import DocumentsWorld, listed

GENERATION, SYNC = 5, 70


class World(DocumentsWorld):
    """A data source that can be listed, and the replacements of a sync."""

    def __init__(
        self, *documents: ListedDocument, generation: int | None = GENERATION, mode: Mode = Mode.OVERWRITE
    ) -> None:
        super().__init__(*documents)
        self.time = 0.0
        client: Any = self
        self.replacements = Replacements(client, self.calls.submit, self.calls.outcomes, now=lambda: self.time)
        ids = (generation, generation, SYNC) if generation else (None, None, None)
        self.plan = StreamPlan(USERS, mode, (("id",),), *ids)

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
        return self.deleted


def test_a_complete_stream_loses_what_the_sync_did_not_bring() -> None:
    """Neither documents that it brought, nor those of other streams, nor those without our tags."""
    foreign = ListedDocument("users-9", 1, ("written by hand",))
    world = World(listed("users-1"), listed("users-2"), listed("orders-1", stream=ORDERS), foreign)
    world.prepare()

    world.replacements.see(USERS, "users-1")
    world.replacements.store(world.plan, "users-1", "0a", with_parts=False)

    assert ["users-2"] == world.conclude()
    assert Marker(GENERATION, SYNC, True) == world.marker


@pytest.mark.parametrize("document_id", ["..", ".", "", "a/b", "users-1?x", "é", "x" * 201, "users-1\n"])
def test_a_document_whose_id_cannot_be_ours_is_not(document_id: str) -> None:
    """A copy with our tags, made by another program; a call for such an id might reach something else."""
    world = World(listed("users-1"), listed(document_id))
    world.prepare()

    assert ["users-1"] == world.conclude()


def test_a_document_whose_record_was_refused_stays() -> None:
    """The source still has it: its old version is better than none."""
    world = World(listed("users-1"), listed("users-2"))
    world.prepare()
    world.replacements.see(USERS, "users-1")

    assert ["users-2"] == world.conclude()


@pytest.mark.parametrize("mode", [Mode.OVERWRITE, Mode.APPEND_DEDUP])
def test_documents_of_this_generation_stay_and_those_of_others_go(mode: Mode) -> None:
    """An earlier attempt may have written them; a higher generation was counted by another connection."""
    documents = [listed(f"users-{number}", generation=number) for number in (3, 4, 5, 6, 9)]
    world = World(*documents, listed("users-0", generation=None), mode=mode)
    world.prepare()

    assert ["users-0", "users-3", "users-4", "users-6", "users-9"] == world.conclude()
    assert Marker(GENERATION, SYNC, True) == world.marker


def test_a_sync_that_overwrites_after_another_one_of_its_generation_replaces_all() -> None:
    """Of a connection that was made again: its generations begin at one, too."""
    world = World(listed("users-1", generation=GENERATION), listed("users-2"), listed("users-3", generation=9))
    world.mark(Marker(GENERATION, SYNC - 1, True))
    world.prepare()

    assert ["users-1", "users-2", "users-3"] == world.conclude()
    assert Marker(GENERATION, SYNC, True) == world.marker


def test_a_sync_that_truncates_after_another_one_of_its_generation_only_adds() -> None:
    """The other one may have acknowledged what this one does not bring."""
    world = World(listed("users-1"), mode=Mode.APPEND_DEDUP)
    world.mark(Marker(GENERATION, SYNC - 1, True))
    world.prepare()

    assert world.replacements.has_replaced(USERS)


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


def test_nothing_is_deleted_if_the_order_of_the_listing_is_unknown() -> None:
    """Everything rests on it."""
    world = World(listed("users-1"), listed("users-2")._replace(timestamp=2))
    world.prepare()

    assert [] == world.conclude()


def _incomplete() -> Pages[bool]:
    yield 0, 1000
    return False


@pytest.mark.parametrize("generation", [None, GENERATION])
def test_what_an_incomplete_listing_has_is_deleted_and_the_rest_may_stay(
    caplog: pytest.LogCaptureFixture, mocker: MockerFixture, generation: int | None
) -> None:
    """A listed document is known to be stale, whatever else there is. A warning says that others may be, too."""
    mocker.patch.object(module, "paginate", _incomplete)
    world = World(listed("users-1"), listed("users-2"), generation=generation)
    world.mark(Marker(GENERATION - 1, SYNC, True))
    with caplog.at_level(logging.WARNING, "airbyte"):
        world.prepare()

    assert ["listing may have missed some" in record.message for record in caplog.records] == [True]
    assert ["users-1", "users-2"] == world.conclude()


def test_an_incomplete_listing_may_have_missed_a_mark_of_version_0_1_0(mocker: MockerFixture) -> None:
    """Without a marker of its own, the stream keeps everything once; then it has one."""
    mocker.patch.object(module, "paginate", _incomplete)
    world = World(listed("users-1"))
    world.prepare()

    assert [] == world.conclude()
    assert Marker(GENERATION, SYNC, True) == world.marker


def test_a_stream_with_the_marker_of_this_sync_is_only_added_to() -> None:
    """Nothing needs to be listed for it."""
    world = World(listed("users-1"))
    world.mark(Marker(GENERATION, SYNC, True))
    world.prepare()

    assert world.replacements.has_replaced(USERS)
    assert not world.replacements.covers(USERS)


def test_a_mark_of_version_0_1_0_keeps_its_stream_from_being_replaced_again() -> None:
    """It tagged one of the stream's documents; a sync that was begun before the upgrade must not suffer."""
    world = World(listed("users-1", "airbyte:replaced:5"), listed("users-2"))
    world.prepare()
    assert world.replacements.has_replaced(USERS)
    assert not world.replacements.covers(USERS)

    earlier = World(listed("users-1", "airbyte:replaced:4"), listed("users-2"))
    earlier.prepare()
    assert not earlier.replacements.has_replaced(USERS)
    assert ["users-1", "users-2"] == earlier.conclude()


def test_the_inventory_knows_the_fingerprints() -> None:
    """And what the sync has stored or deleted since."""
    world = World(listed("users-1", fingerprint="a" * 11), ListedDocument("users-2", 1, tuple(stream_tags(*USERS))))
    world.prepare()
    assert world.replacements.covers(USERS)
    assert not world.replacements.covers(ORDERS)
    assert ["a" * 11, None] == [world.replacements.fingerprint(each) for each in ("users-1", "users-2")]

    world.replacements.store(world.plan, "users-1", None, with_parts=False)
    world.replacements.store(world.plan, "users-2", "b" * 11, with_parts=False)

    assert [None, "b" * 11] == [world.replacements.fingerprint(each) for each in ("users-1", "users-2")]


def test_a_listing_is_believed_for_some_minutes() -> None:
    """From its beginning on: a long one is old when it ends."""
    world = World(listed("users-1"))
    world.prepare()

    world.time += BELIEVED_FOR - 1
    assert world.replacements.recent
    world.time += 1
    assert not world.replacements.recent
