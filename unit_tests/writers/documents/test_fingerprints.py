"""Look-ups: many ids in one call, in a URL that every proxy takes, and none of them too late."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from destination_dust.dust.client import ListedDocument
from destination_dust.dust.errors import Rejected, Unavailable
from destination_dust.workers import Call
from destination_dust.writers.documents.fingerprints import MAX_AGE, MAX_QUERY, Fingerprints

STORED = {"users-1": ("a", "b"), "users-3": ("c",)}


class Dust:
    """Answers look-ups when the test says so."""

    def __init__(self) -> None:
        self.time = 0.0
        self.calls: list[Call] = []
        self.groups: list[Sequence[str]] = []
        self.answers: list[tuple[str, tuple[str, ...]]] = []
        client: Any = self
        self.lookups = Fingerprints(
            client, self.calls.append, lambda *answer: self.answers.append(answer), now=lambda: self.time
        )

    def look_up_documents(self, document_ids: Sequence[str]) -> list[ListedDocument]:
        self.groups.append(document_ids)
        return [ListedDocument(each, 1, STORED[each]) for each in document_ids if each in STORED]

    def answer(self) -> None:
        for call in self.calls:
            call.done(call.send())
        self.calls.clear()


def test_each_id_that_was_asked_for_is_answered() -> None:
    """Also if Dust does not have it."""
    dust = Dust()
    for document_id in ("users-1", "users-2", "users-3"):
        dust.lookups.ask(document_id)
    dust.lookups.close()

    dust.answer()

    assert [("users-1", ("a", "b")), ("users-2", ()), ("users-3", ("c",))] == dust.answers
    assert 1 == len(dust.groups)


@pytest.mark.parametrize("form", ["users-{}", "users-{:0194d}"])
def test_groups_fill_the_url_and_no_more(form: str) -> None:
    """Ids have up to 200 characters, none of which needs to be encoded."""
    dust = Dust()
    ids = [form.format(number) for number in range(1000)]
    for document_id in ids:
        dust.lookups.ask(document_id)
    dust.lookups.close()
    dust.answer()

    lengths = [len("&".join(f"document_ids={each}" for each in group)) for group in dust.groups]
    assert max(lengths) <= MAX_QUERY
    assert min(lengths[:-1]) >= MAX_QUERY - 220
    assert ids == [each for group in dust.groups for each in group]


def test_an_id_does_not_wait_long_for_others() -> None:
    """A slow source sends few records, and wants their state back."""
    dust = Dust()
    dust.lookups.ask("users-1")
    dust.time += MAX_AGE / 2
    dust.lookups.ask("users-2")

    dust.lookups.tick()
    assert [] == dust.calls
    dust.time += MAX_AGE / 2
    dust.lookups.tick()
    dust.answer()

    assert [["users-1", "users-2"]] == dust.groups
    dust.time += MAX_AGE
    dust.lookups.tick()
    dust.lookups.close()
    assert [] == dust.calls


def test_documents_of_a_refused_look_up_are_in_doubt() -> None:
    """Doubt means that they are sent; what is no refusal ends the sync."""
    dust = Dust()
    dust.lookups.ask("users-1")
    dust.lookups.close()
    (call,) = dust.calls

    call.failed(Rejected("too long"))

    assert [("users-1", ())] == dust.answers
    with pytest.raises(Unavailable):
        call.failed(Unavailable("gone"))
