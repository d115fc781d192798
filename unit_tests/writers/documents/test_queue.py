"""Documents on their way: versions in order, the latest takes the place of those that wait, nothing sent twice."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from destination_dust.airbyte.catalog import Mode, StreamPlan
from destination_dust.dust.errors import Rejected, Unavailable
from destination_dust.writers.documents import queue as module
from destination_dust.writers.documents.queue import DocumentQueue, DocumentVersion
from destination_dust.writers.writer import BadRecord
from unit_tests.builders import USERS, state
from unit_tests.writers.outcomes import Calls, FakeClient

PLAN = StreamPlan(USERS, Mode.APPEND_DEDUP, (("id",),))
UNKNOWN = object()


class Sending:
    """An outbox whose look-ups are answered by the test (`known` by itself), and whose calls end when it likes."""

    def __init__(
        self, *, known: Any = UNKNOWN, upserts: int = 10, skip_unchanged: bool = True, skip: bool = False
    ) -> None:
        self.calls = Calls(skip=skip)
        self.client = FakeClient()
        self.asked: list[str] = []
        self.stored: list[DocumentVersion] = []
        self._known = known
        client: Any = self.client
        self.outbox = DocumentQueue(
            client,
            self.calls.outcomes,
            look_up=self._look_up,
            stored=self.stored.append,
            upserts=upserts,
            skip_unchanged=skip_unchanged,
        )

    def add(self, document_id: str, text: str | None) -> None:
        """The next version of a document; None deletes it."""
        self.calls.progress.of(USERS).read += 1
        payload = None if text is None else text.encode()
        self.outbox.add(DocumentVersion(PLAN, document_id, payload, text, self.calls.ledger.add_record(USERS)))

    @property
    def counts(self) -> str:
        return str(self.calls.progress.of(USERS))

    def _look_up(self, version: DocumentVersion) -> None:
        if version.payload is None:
            self.outbox.resolve(version.document_id, None)
        elif self._known is UNKNOWN:
            self.asked.append(version.document_id)
        else:
            self.outbox.resolve(version.document_id, self._known)


def test_what_dust_has_already_is_not_sent() -> None:
    """An equal fingerprint settles the record."""
    sending = Sending()
    sending.add("users-1", "same")
    sending.calls.ledger.add_state(state(USERS))

    sending.outbox.resolve("users-1", "same")

    assert [] == sending.calls.open
    assert sending.outbox.idle
    assert [1] == [safe.stored for safe in sending.calls.ledger.release()]
    assert "1 records read, 0 upserted, 0 deleted, 0 rejected, 1 unchanged" == sending.counts


@pytest.mark.parametrize("fingerprint", [None, "other"])
def test_what_is_in_doubt_is_sent(fingerprint: str | None) -> None:
    """A document without a fingerprint, with another one, or none at all."""
    sending = Sending()
    sending.add("users-1", "new")

    sending.outbox.resolve("users-1", fingerprint)
    sending.calls.end("users-1")

    assert ["upsert users-1 new"] == sending.client.made
    assert ["new"] == [version.fingerprint for version in sending.stored]


def test_a_newer_version_takes_the_place_of_one_that_is_looked_up() -> None:
    """The answer about the document decides on the newest."""
    sending = Sending()
    sending.add("users-1", "v1")
    sending.add("users-1", "v2")
    assert ["users-1"] == sending.asked

    sending.outbox.resolve("users-1", "v1")
    sending.calls.end_all()

    assert ["upsert users-1 v2"] == sending.client.made
    assert "2 records read, 1 upserted, 0 deleted, 0 rejected, 1 superseded by later ones" == sending.counts


def test_a_newer_version_takes_the_place_of_one_in_the_queue() -> None:
    """Its place, not the last one, and its acknowledgement."""
    sending = Sending(known=None, upserts=1)
    sending.add("users-1", "v1")
    sending.add("users-2", "v1")
    sending.calls.ledger.add_state(state(USERS, 1))
    sending.add("users-3", "v1")
    sending.add("users-2", "v2")
    sending.add("users-2", "v3")
    sending.calls.ledger.add_state(state(USERS, 2))

    sending.calls.end("users-1")
    assert [] == list(sending.calls.ledger.release())
    sending.calls.end("users-2")

    assert ["upsert users-1 v1", "upsert users-2 v3"] == sending.client.made
    assert [2] == [safe.stored for safe in sending.calls.ledger.release()]
    sending.calls.end("users-3")
    assert [3] == [safe.stored for safe in sending.calls.ledger.release()]


def test_a_version_waits_for_the_one_in_flight() -> None:
    """Even if nothing else is to be sent; and what was sent last says best what Dust has."""
    sending = Sending(known="v2")
    sending.add("users-1", "v1")
    sending.add("users-1", "v2")
    assert ["users-1"] == sending.calls.keys

    sending.calls.end("users-1")
    sending.calls.end("users-1")

    assert ["upsert users-1 v1", "upsert users-1 v2"] == sending.client.made


def test_a_version_equal_to_the_one_sent_last_is_not_sent_again() -> None:
    """The one in flight speaks for it."""
    sending = Sending(known=None)
    sending.add("users-1", "v1")
    sending.add("users-1", "v2")
    sending.add("users-1", "v1")

    sending.calls.end_all()

    assert ["upsert users-1 v1"] == sending.client.made
    assert sending.outbox.idle


def test_a_version_equal_to_one_that_was_refused_is_sent() -> None:
    """A refusal says nothing about what Dust has."""
    sending = Sending(known=None, skip=True)
    sending.add("users-1", "v1")
    sending.add("users-1", "v1")

    sending.calls.end("users-1", Rejected("too strange"))
    sending.calls.end("users-1")

    assert ["upsert users-1 v1"] == sending.client.made


def test_everything_is_sent_if_that_is_asked_for() -> None:
    """Without skipping, equal versions repair what was changed in Dust."""
    sending = Sending(known=None, skip_unchanged=False)
    sending.add("users-1", "v1")
    sending.add("users-1", "v1")

    sending.calls.end_all()

    assert ["upsert users-1 v1"] * 2 == sending.client.made


def test_a_delete_takes_the_place_of_an_upsert_that_waits() -> None:
    """It needs no place in the limit, so it goes at once; a later upsert goes after it."""
    sending = Sending(known=None, upserts=1)
    sending.add("users-1", "v1")
    sending.add("users-2", "v1")
    sending.add("users-2", None)
    assert ["users-1", "users-2"] == sending.calls.keys
    sending.add("users-2", "v2")

    sending.calls.end("users-1")
    assert ["users-2"] == sending.calls.keys
    sending.calls.end_all()

    assert ["upsert users-1 v1", "delete users-2", "upsert users-2 v2"] == sending.client.made


def test_a_delete_waits_for_the_upsert_in_flight() -> None:
    """Overtaking it would bring the document back."""
    sending = Sending(known=None)
    sending.add("users-1", "v1")
    sending.add("users-1", None)
    assert 1 == len(sending.calls.open)

    sending.calls.end_all()

    assert ["upsert users-1 v1", "delete users-1"] == sending.client.made


def test_no_more_upserts_are_in_flight_than_may_be() -> None:
    """The others keep a place that newer versions can take."""
    sending = Sending(known=None, upserts=3)
    for number in range(10):
        sending.add(f"users-{number}", "v1")
    sending.add("users-99", None)

    assert 3 == sending.calls.upserts
    sending.calls.end("users-1")
    assert 3 == sending.calls.upserts
    sending.calls.end_all()
    assert sending.outbox.idle


def test_a_refused_version_takes_those_that_it_superseded_with_it() -> None:
    """Each record is counted once, and the ledger is even."""
    sending = Sending(skip=True)
    sending.add("users-1", "v1")
    sending.add("users-1", "v2")
    sending.calls.ledger.add_state(state(USERS))
    sending.outbox.resolve("users-1", None)

    sending.calls.end("users-1", Rejected("too strange"))

    assert [(0, 2)] == [(safe.stored, safe.rejected) for safe in sending.calls.ledger.release()]
    assert "2 records read, 0 upserted, 0 deleted, 2 rejected" == sending.counts


def test_a_record_that_ends_the_sync_does_not_hold_up_what_was_read_before() -> None:
    """Their states can then go out, so that the next sync need not repeat them."""
    sending = Sending(known=None, upserts=1)
    sending.add("users-1", "v1")
    sending.add("users-2", "v1")

    with pytest.raises(BadRecord):
        sending.calls.end("users-1", Rejected("too strange"))
    sending.calls.end_all()

    assert ["upsert users-2 v1"] == sending.client.made


def test_other_failures_end_the_sync() -> None:
    """They are not about the document."""
    sending = Sending(known=None)
    sending.add("users-1", "v1")

    with pytest.raises(Unavailable):
        sending.calls.end("users-1", Unavailable("gone"))


def test_room_is_bounded_in_documents_and_in_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Versions count while they wait and while they are in flight, and no longer."""
    monkeypatch.setattr(module, "MAX_DOCUMENTS", 3)
    monkeypatch.setattr(module, "MAX_BYTES", 100)
    sending = Sending(known=None, upserts=1)
    for number in range(3):
        assert sending.outbox.has_room
        sending.add(f"users-{number}", "v1")
    assert not sending.outbox.has_room
    sending.calls.end("users-0")
    assert sending.outbox.has_room

    sending.add("users-2", "x" * 200)
    assert not sending.outbox.has_room
    sending.add("users-2", "small")
    assert sending.outbox.has_room
    sending.calls.end_all()
    assert 0 == sending.outbox._bytes


versions = st.lists(st.tuples(st.integers(0, 3), st.sampled_from(["a", "b", None])), max_size=40)


@given(versions, st.integers(1, 4), st.booleans(), st.integers(0, 999))
def test_dust_ends_with_the_last_version_of_each_document(
    changes: list[tuple[int, str | None]], upserts: int, skip_unchanged: bool, seed: int
) -> None:
    """Whatever is skipped or superseded, in whatever order look-ups and calls end; and all records are settled."""
    chance = random.Random(seed)
    sending = Sending(upserts=upserts, skip_unchanged=skip_unchanged)
    dust: dict[str, str | None] = {"users-0": "a", "users-1": "b"}

    def something_ends() -> None:
        waiting = [(sending.asked, each) for each in sending.asked] + [(None, key) for key in sending.calls.keys]
        if waiting:
            asked, document_id = chance.choice(waiting)
            if asked is not None:
                asked.remove(document_id)
                sending.outbox.resolve(document_id, dust.get(document_id))
            else:
                sending.calls.end(document_id)
                kind, _, text = sending.client.made[-1].partition(f" {document_id}")
                dust[document_id] = text.strip() if kind == "upsert" else None

    for number, text in changes:
        sending.add(f"users-{number}", text)
        while chance.random() < 0.4:
            something_ends()
    sending.calls.ledger.add_state(state(USERS))
    while sending.asked or sending.calls.open:
        something_ends()

    for document_id, text in {f"users-{number}": text for number, text in changes}.items():
        assert text == dust.get(document_id)
    assert sending.outbox.idle
    assert [len(changes)] == [safe.stored for safe in sending.calls.ledger.release()]
    assert 0 == sending.calls.progress.of(USERS).on_their_way
