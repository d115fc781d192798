"""Documents on their way: versions in order, the latest takes the place of those that wait, nothing sent twice."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from destination_dust.airbyte.catalog import Mode, StreamPlan
from destination_dust.airbyte.messages import StreamKey
from destination_dust.dust.errors import Rejected, TooLarge, Unavailable
from destination_dust.writers.documents import queue as module
from destination_dust.writers.documents.fingerprints import Answer
from destination_dust.writers.documents.queue import DocumentQueue
from destination_dust.writers.documents.version import MAX_EARLIER, DocumentVersion
from destination_dust.writers.outcomes import BadRecord
from unit_tests.builders import USERS, state
from unit_tests.writers.outcomes import FakeClient, FakeWorkers

PLAN = StreamPlan(USERS, Mode.APPEND_DEDUP, (("id",),))
UNKNOWN = object()


class QueueHarness:
    """A queue whose look-ups the test answers (`known` by themselves), and whose calls end when it likes.

    It stands in for `Fingerprints` and `Replacements`.
    """

    def __init__(
        self, *, known: Any = UNKNOWN, upserts: int = 10, skip_unchanged: bool = True, skip: bool = False
    ) -> None:
        self.calls = FakeWorkers(skip=skip)
        self.client = FakeClient()
        self.asked: list[str] = []
        self.stored: list[tuple[str, str | None]] = []
        self._known = known
        self.skip_unchanged = skip_unchanged
        client: Any = self.client
        world: Any = self
        self.queue = DocumentQueue(
            client,
            self.calls.submit,
            self.calls.outcomes,
            world,
            world,
            upserts=upserts,
        )

    def add(self, document_id: str, text: str | None) -> None:
        """The next version of a document; None deletes it."""
        payload = None if text is None else text.encode()
        records = Counter({self.calls.outcomes.read(USERS): 1})
        self.queue.add(DocumentVersion(PLAN, document_id, payload, text, records))

    @property
    def counts(self) -> str:
        return str(self.calls.progress.of(USERS))

    def find(self, _stream: StreamKey, document_id: str, answer: Answer) -> None:
        if self._known is UNKNOWN:
            self.asked.append(document_id)
        else:
            answer(document_id, self._known)

    def store(self, _plan: StreamPlan, document_id: str, fingerprint: str | None, *, with_parts: bool) -> None:
        assert not with_parts
        self.stored.append((document_id, fingerprint))


def test_what_dust_has_already_is_not_sent() -> None:
    """An equal fingerprint settles the record."""
    documents = QueueHarness()
    documents.add("users-1", "same")
    documents.calls.ledger.add_state(state(USERS))

    documents.queue.resolve("users-1", "same")

    assert [] == documents.calls.open
    assert documents.queue.idle
    assert [1] == [safe.stored for safe in documents.calls.ledger.release()]
    assert "1 records read, 0 upserted, 0 deleted, 0 rejected, 1 unchanged" == documents.counts


@pytest.mark.parametrize("fingerprint", [None, "other"])
def test_what_is_in_doubt_is_sent(fingerprint: str | None) -> None:
    """A document without a fingerprint, with another one, or none at all."""
    documents = QueueHarness()
    documents.add("users-1", "new")

    documents.queue.resolve("users-1", fingerprint)
    documents.calls.end("users-1")

    assert ["upsert users-1 new"] == documents.client.made
    assert [("users-1", "new")] == documents.stored


def test_a_newer_version_takes_the_place_of_one_that_is_looked_up() -> None:
    """The answer about the document decides on the newest."""
    documents = QueueHarness()
    documents.add("users-1", "v1")
    documents.add("users-1", "v2")
    assert ["users-1"] == documents.asked

    documents.queue.resolve("users-1", "v1")
    documents.calls.end_all()

    assert ["upsert users-1 v2"] == documents.client.made
    assert "2 records read, 1 upserted, 0 deleted, 0 rejected, 1 superseded by later ones" == documents.counts


def test_a_newer_version_takes_the_place_of_one_in_the_queue() -> None:
    """Its place, not the last one, and its acknowledgement."""
    documents = QueueHarness(known=None, upserts=1)
    documents.add("users-1", "v1")
    documents.add("users-2", "v1")
    documents.calls.ledger.add_state(state(USERS, 1))
    documents.add("users-3", "v1")
    documents.add("users-2", "v2")
    documents.add("users-2", "v3")
    documents.calls.ledger.add_state(state(USERS, 2))

    documents.calls.end("users-1")
    assert [] == list(documents.calls.ledger.release())
    documents.calls.end("users-2")

    assert ["upsert users-1 v1", "upsert users-2 v3"] == documents.client.made
    assert [2] == [safe.stored for safe in documents.calls.ledger.release()]
    documents.calls.end("users-3")
    assert [3] == [safe.stored for safe in documents.calls.ledger.release()]


def test_a_version_waits_for_the_one_in_flight() -> None:
    """Even if nothing else is to be sent; and what was sent last says best what Dust has."""
    documents = QueueHarness(known="v2")
    documents.add("users-1", "v1")
    documents.add("users-1", "v2")
    assert ["users-1"] == documents.calls.keys

    documents.calls.end("users-1")
    documents.calls.end("users-1")

    assert ["upsert users-1 v1", "upsert users-1 v2"] == documents.client.made


def test_a_version_equal_to_the_one_sent_last_is_not_sent_again() -> None:
    """The one in flight speaks for it."""
    documents = QueueHarness(known=None)
    documents.add("users-1", "v1")
    documents.add("users-1", "v2")
    documents.add("users-1", "v1")

    documents.calls.end_all()

    assert ["upsert users-1 v1"] == documents.client.made
    assert documents.queue.idle


def test_a_version_equal_to_one_that_was_refused_is_sent() -> None:
    """A refusal says nothing about what Dust has."""
    documents = QueueHarness(known=None, skip=True)
    documents.add("users-1", "v1")
    documents.add("users-1", "v1")

    documents.calls.end("users-1", Rejected("too strange"))
    documents.calls.end("users-1")

    assert ["upsert users-1 v1"] == documents.client.made


def test_everything_is_sent_if_that_is_asked_for() -> None:
    """Without skipping, equal versions repair what was changed in Dust."""
    documents = QueueHarness(known=None, skip_unchanged=False)
    documents.add("users-1", "v1")
    documents.add("users-1", "v1")

    documents.calls.end_all()

    assert ["upsert users-1 v1"] * 2 == documents.client.made


def test_a_delete_takes_the_place_of_an_upsert_that_waits() -> None:
    """It needs no place in the limit, so it goes at once; a later upsert goes after it."""
    documents = QueueHarness(known=None, upserts=1)
    documents.add("users-1", "v1")
    documents.add("users-2", "v1")
    documents.add("users-2", None)
    assert ["users-1", "users-2"] == documents.calls.keys
    documents.add("users-2", "v2")

    documents.calls.end("users-1")
    assert ["users-2"] == documents.calls.keys
    documents.calls.end_all()

    assert ["upsert users-1 v1", "delete users-2", "upsert users-2 v2"] == documents.client.made


def test_a_delete_waits_for_the_upsert_in_flight() -> None:
    """Overtaking it would bring the document back."""
    documents = QueueHarness(known=None)
    documents.add("users-1", "v1")
    documents.add("users-1", None)
    assert 1 == len(documents.calls.open)

    documents.calls.end_all()

    assert ["upsert users-1 v1", "delete users-1"] == documents.client.made


def test_no_more_upserts_are_in_flight_than_may_be() -> None:
    """The others keep a place that newer versions can take."""
    documents = QueueHarness(known=None, upserts=3)
    for number in range(10):
        documents.add(f"users-{number}", "v1")
    documents.add("users-99", None)

    assert 3 == documents.calls.upserts
    documents.calls.end("users-1")
    assert 3 == documents.calls.upserts
    documents.calls.end_all()
    assert documents.queue.idle


def test_the_earlier_version_is_stored_if_dust_refuses_the_later_one() -> None:
    """It is the newest that Dust takes; each record has its own fate, and the ledger is even."""
    documents = QueueHarness(skip=True)
    documents.add("users-1", "v1")
    documents.add("users-1", "v2")
    documents.calls.ledger.add_state(state(USERS))
    documents.queue.resolve("users-1", None)

    documents.calls.end("users-1", Rejected("too strange"))
    documents.calls.end("users-1")

    assert ["upsert users-1 v1"] == documents.client.made
    assert [(1, 1)] == [(safe.stored, safe.rejected) for safe in documents.calls.ledger.release()]
    assert "2 records read, 1 upserted, 0 deleted, 1 rejected" == documents.counts
    assert 0 == documents.queue._bytes


def test_an_earlier_delete_is_made_if_dust_refuses_the_later_version() -> None:
    """The source deleted the record once, and what it wrote then cannot be stored."""
    documents = QueueHarness(known=None, skip=True, upserts=1)
    documents.add("users-1", "v1")
    documents.add("users-1", None)
    documents.add("users-1", "v2")

    documents.calls.end("users-1")
    documents.calls.end("users-1", Rejected("too strange"))
    documents.calls.end("users-1")

    assert ["upsert users-1 v1", "delete users-1"] == documents.client.made


def test_versions_that_were_superseded_follow_a_newer_one_that_waits() -> None:
    """The newest that Dust takes is stored, whichever is refused before."""
    documents = QueueHarness(known=None, skip=True, upserts=1)
    documents.add("users-0", "v1")
    documents.add("users-1", "v1")
    documents.add("users-1", "v2")
    documents.calls.end("users-0")
    documents.add("users-1", "v3")

    documents.calls.end("users-1", Rejected("v2 is strange"))
    documents.calls.end("users-1", Rejected("v3 is strange"))
    documents.calls.end("users-1")

    assert ["upsert users-0 v1", "upsert users-1 v1"] == documents.client.made
    assert "4 records read, 2 upserted, 0 deleted, 2 rejected" == documents.counts


def test_few_earlier_versions_are_kept() -> None:
    """Those before them count as superseded by the oldest that is kept."""
    documents = QueueHarness(skip=True)
    for number in range(MAX_EARLIER + 3):
        documents.add("users-1", f"v{number}")
    documents.calls.ledger.add_state(state(USERS))
    assert (MAX_EARLIER + 1) * 2 == documents.queue._bytes
    documents.queue.resolve("users-1", None)

    while documents.calls.open:
        documents.calls.end("users-1", Rejected("too strange"))

    assert [(0, MAX_EARLIER + 3)] == [(safe.stored, safe.rejected) for safe in documents.calls.ledger.release()]
    assert 0 == documents.calls.progress.of(USERS).unsettled == documents.queue._bytes
    assert documents.queue.idle


def test_a_document_whose_upsert_did_not_succeed_is_sent_again() -> None:
    """A part of it may be stored, so that its fingerprint is no proof; one success later, it is."""
    documents = QueueHarness(known="v1", skip=True)
    documents.add("users-1", "v2")
    documents.calls.end("users-1", Rejected("strange"))

    documents.add("users-1", "v1")
    documents.calls.end("users-1")
    documents.add("users-1", "v1")

    assert ["upsert users-1 v1"] == documents.client.made
    assert [] == documents.calls.open


def test_a_record_that_ends_the_sync_does_not_hold_up_what_was_read_before() -> None:
    """Their states can then go out, so that the next sync need not repeat them."""
    documents = QueueHarness(known=None, upserts=1)
    documents.add("users-1", "v1")
    documents.add("users-2", "v1")

    documents.calls.end("users-1", Rejected("too strange"))
    documents.calls.end_all()

    assert isinstance(documents.calls.outcomes.failure, BadRecord)
    assert ["upsert users-2 v1"] == documents.client.made


def test_other_failures_end_the_sync() -> None:
    """They are not about the document."""
    documents = QueueHarness(known=None)
    documents.add("users-1", "v1")

    with pytest.raises(Unavailable):
        documents.calls.end("users-1", Unavailable("gone"))


def test_room_is_bounded_in_documents_and_in_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Versions count while they wait and while they are in flight, and no longer."""
    monkeypatch.setattr(module, "MAX_DOCUMENTS", 3)
    monkeypatch.setattr(module, "MAX_BYTES", 100)
    documents = QueueHarness(known=None, upserts=1)
    for number in range(3):
        assert documents.queue.has_room
        documents.add(f"users-{number}", "v1")
    assert not documents.queue.has_room
    documents.calls.end("users-0")
    assert documents.queue.has_room

    documents.add("users-2", "x" * 200)
    assert not documents.queue.has_room
    documents.add("users-2", "small")
    assert documents.queue.has_room
    documents.calls.end_all()
    assert 0 == documents.queue._bytes


versions = st.lists(st.tuples(st.integers(0, 3), st.sampled_from(["a", "b", None])), max_size=40)


@given(versions, st.integers(1, 4), st.booleans(), st.integers(0, 999))
def test_dust_ends_with_the_last_version_of_each_document(
    changes: list[tuple[int, str | None]], upserts: int, skip_unchanged: bool, seed: int
) -> None:
    """Whatever is skipped or superseded, in whatever order look-ups and calls end; and all records are settled."""
    chance = random.Random(seed)
    documents = QueueHarness(upserts=upserts, skip_unchanged=skip_unchanged)
    dust: dict[str, str | None] = {"users-0": "a", "users-1": "b"}

    def something_ends() -> None:
        waiting = [(documents.asked, each) for each in documents.asked] + [(None, key) for key in documents.calls.keys]
        if waiting:
            asked, document_id = chance.choice(waiting)
            if asked is not None:
                asked.remove(document_id)
                documents.queue.resolve(document_id, dust.get(document_id))
            else:
                documents.calls.end(document_id)
                kind, _, text = documents.client.made[-1].partition(f" {document_id}")
                dust[document_id] = text.strip() if kind == "upsert" else None

    for number, text in changes:
        documents.add(f"users-{number}", text)
        while chance.random() < 0.4:
            something_ends()
    documents.calls.ledger.add_state(state(USERS))
    while documents.asked or documents.calls.open:
        something_ends()

    for document_id, text in {f"users-{number}": text for number, text in changes}.items():
        assert text == dust.get(document_id)
    assert documents.queue.idle
    assert [len(changes)] == [safe.stored for safe in documents.calls.ledger.release()]
    assert 0 == documents.calls.progress.of(USERS).unsettled


refusals = st.sets(st.integers(0, 39))


@given(versions, refusals, st.integers(1, 3), st.integers(0, 999))
def test_dust_ends_with_the_last_version_that_it_takes(
    changes: list[tuple[int, str | None]], refused: set[int], upserts: int, seed: int
) -> None:
    """Of the last few that waited: none that it takes is lost to a later one that it refuses."""
    chance = random.Random(seed)
    documents = QueueHarness(known=None, upserts=upserts, skip=True)
    dust: dict[str, str | None] = {}

    def a_call_ends() -> None:
        if not documents.calls.open:
            return
        key = chance.choice(documents.calls.keys)
        call = next(call for call in documents.calls.open if call.key == key)
        call.send()
        kind, _, text = documents.client.made[-1].partition(f" {key}")
        number = int(text.split("#")[1]) if kind == "upsert" else -1
        if number in refused:
            documents.calls.end(key, Rejected("too strange"))
        else:
            documents.calls.end(key)
            dust[key] = text.strip() if kind == "upsert" else None

    for number, (each, text) in enumerate(changes):
        waiting = [version for version in documents.queue._waiting.values() if version.document_id == f"users-{each}"]
        if waiting and len(list(waiting[0].chain)) > MAX_EARLIER:
            break  # what is dropped then is another test's
        documents.add(f"users-{each}", None if text is None else f"#{number}")
        while chance.random() < 0.4:
            a_call_ends()
    while documents.calls.open:
        a_call_ends()

    taken = {
        f"users-{each}": text and f"#{n}" for n, (each, text) in enumerate(changes) if n not in refused or not text
    }
    if documents.calls.progress.of(USERS).read == len(changes):
        assert {key: text for key, text in taken.items() if text} == {key: text for key, text in dust.items() if text}
    assert 0 == documents.calls.progress.of(USERS).unsettled == documents.queue._bytes
    assert documents.queue.idle


def test_a_refusal_for_its_size_says_how_to_store_the_document() -> None:
    """The setting is easily missed."""
    harness = QueueHarness(known=None)
    harness.add("a", "x")

    harness.calls.end("a", TooLarge("Too large."))

    assert "Too large. With on_record_error set to split, it is stored in parts." in str(harness.calls.outcomes.failure)
