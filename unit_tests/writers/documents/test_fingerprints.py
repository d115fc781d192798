"""Look-ups: many ids in one call, in a URL that every proxy takes, and none of them too late."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from destination_dust.airbyte.messages import StreamKey
from destination_dust.dust.client import ListedDocument
from destination_dust.dust.errors import Rejected, Unavailable
from destination_dust.mapping.tags import stream_tags, version_tag
from destination_dust.workers import Call
from destination_dust.writers.documents.fingerprints import MAX_AGE, Fingerprints
from destination_dust.writers.documents.look_ups import MAX_QUERY
from unit_tests.builders import ORDERS, TEAMS, USERS

A, B, C = "a" * 11, "b" * 11, "c" * 11
STORED: dict[str, tuple[str, ...]] = {
    "users-1": (*stream_tags(*USERS), version_tag(1, A)),
    "users-2": (*stream_tags(*ORDERS), version_tag(1, B)),
    "users-3": (*stream_tags(*USERS),),
}


class Dust:
    """Answers look-ups when the test says so; `listed` is the inventory of the teams, which are being replaced."""

    def __init__(self, *, skip_unchanged: bool = True) -> None:
        self.time = 0.0
        self.calls: list[Call] = []
        self.groups: list[Sequence[str]] = []
        self.answers: list[tuple[str, str | None]] = []
        self.listed: dict[str, str] = {}
        self.recent = True
        world: Any = self
        self.fingerprints = Fingerprints(
            world, self.calls.append, world, skip_unchanged=skip_unchanged, now=lambda: self.time
        )

    def covers(self, stream: StreamKey) -> bool:
        return stream == TEAMS

    def fingerprint(self, document_id: str) -> str | None:
        return self.listed.get(document_id)

    def ask(self, document_id: str, stream: StreamKey = USERS) -> None:
        self.fingerprints.find(stream, document_id, lambda *answer: self.answers.append(answer))

    def look_up_documents(self, document_ids: Sequence[str]) -> list[ListedDocument]:
        self.groups.append(document_ids)
        return [ListedDocument(each, 1, STORED[each]) for each in document_ids if each in STORED]

    def answer(self) -> None:
        for call in self.calls:
            call.done(call.send())
        self.calls.clear()


def test_each_id_that_was_asked_for_is_answered() -> None:
    """None for a document of another stream, one without a fingerprint, and one that does not exist."""
    dust = Dust()
    for document_id in ("users-1", "users-2", "users-3", "users-4"):
        dust.ask(document_id)
    dust.fingerprints.drain()

    dust.answer()

    assert [("users-1", A), ("users-2", None), ("users-3", None), ("users-4", None)] == dust.answers
    assert 1 == len(dust.groups)


@pytest.mark.parametrize("form", ["users-{}", "users-{:0194d}"])
def test_groups_fill_the_url_and_no_more(form: str) -> None:
    """Ids have up to 200 characters, and need no encoding."""
    dust = Dust()
    ids = [form.format(number) for number in range(1000)]
    for document_id in ids:
        dust.ask(document_id)
    dust.fingerprints.drain()
    dust.answer()

    lengths = [len("&".join(f"document_ids={each}" for each in group)) for group in dust.groups]
    assert max(lengths) <= MAX_QUERY
    assert min(lengths[:-1]) >= MAX_QUERY - 220
    assert ids == [each for group in dust.groups for each in group]


def test_an_id_does_not_wait_long_for_others() -> None:
    """A slow source sends few records, and wants their state back."""
    dust = Dust()
    dust.ask("users-1")
    dust.time += MAX_AGE / 2
    dust.ask("users-2")

    dust.fingerprints.tick()
    assert [] == dust.calls
    dust.time += MAX_AGE / 2
    dust.fingerprints.tick()
    dust.answer()

    assert [["users-1", "users-2"]] == dust.groups
    dust.time += MAX_AGE
    dust.fingerprints.tick()
    dust.fingerprints.drain()
    assert [] == dust.calls


def test_documents_of_a_refused_look_up_are_in_doubt() -> None:
    """Doubt means that they are sent; what is no refusal ends the sync."""
    dust = Dust()
    dust.ask("users-1")
    dust.fingerprints.drain()
    (call,) = dust.calls

    call.failed(Rejected("too long"))

    assert [("users-1", None)] == dust.answers
    with pytest.raises(Unavailable):
        call.failed(Unavailable("gone"))


def test_the_inventory_answers_for_a_stream_that_is_being_replaced() -> None:
    """Its documents were listed, so none is looked up."""
    dust = Dust()
    dust.listed["teams-1"] = C

    dust.ask("teams-1", TEAMS)
    dust.ask("teams-2", TEAMS)

    assert [("teams-1", C), ("teams-2", None)] == dust.answers
    dust.fingerprints.drain()
    assert [] == dust.calls


def test_an_old_listing_does_not_prove_that_a_document_is_still_there() -> None:
    """It is looked up again; one that was not there is sent in any case."""
    dust = Dust()
    dust.listed["teams-1"] = C
    dust.recent = False

    dust.ask("teams-1", TEAMS)
    dust.ask("teams-2", TEAMS)
    assert [("teams-2", None)] == dust.answers
    dust.fingerprints.drain()
    dust.answer()

    assert [["teams-1"]] == dust.groups
    assert ("teams-1", None) == dust.answers[-1]


def test_nothing_is_asked_if_unchanged_documents_are_sent_again() -> None:
    """Then no fingerprint can save an upsert."""
    dust = Dust(skip_unchanged=False)
    dust.listed["teams-1"] = C

    dust.ask("teams-1", TEAMS)
    dust.ask("users-1")

    assert [("teams-1", None), ("users-1", None)] == dust.answers
