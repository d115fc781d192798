"""What Dust has of streams that are being replaced, remembered in little memory."""

from __future__ import annotations

import subprocess
import sys

import pytest

from destination_dust.airbyte.messages import StreamKey
from destination_dust.writers.documents.inventory import CHUNK, Entry, Inventory
from unit_tests.builders import ORDERS, USERS

FINGERPRINT = "q83vASNFZ4k"


def user(number: int, generation: int = 0, fingerprint: str | None = FINGERPRINT) -> Entry:
    return Entry(f"users-{number:04d}", USERS, fingerprint, generation)


def inventory(*entries: Entry) -> Inventory:
    made = Inventory()
    made.add_listed(entries)
    return made


def test_what_the_sync_did_not_bring_is_stale() -> None:
    """Of this stream only; without ids, of whatever generation."""
    listed = inventory(user(1), user(2, 5), user(3, 9), Entry("orders-1", ORDERS, None, 0))

    listed.mark_seen("users-0002")
    listed.mark_seen("users-0009")

    assert ["users-0001", "users-0003"] == list(listed.stale(USERS))


def test_parts_of_a_document_are_seen_with_it() -> None:
    """And no others, however alike their ids."""
    ids = ["users-1", "users-1--part-2", "users-1--part-10", "users-1--part-99"]
    others = ["users-1--0123456789abcdef", "users-1--parts", "users-10", "users-11--part-2", "users-1-2", "users-1_2"]
    listed = inventory(*(Entry(each, USERS, FINGERPRINT, 0) for each in (*ids, *others)))

    listed.mark_seen("users-1")

    assert sorted(others) == list(listed.stale(USERS))


def test_generations_that_are_kept_are_not_stale() -> None:
    """Those below and above are; without a tag, the generation is 0."""
    listed = inventory(user(1), user(2, 4), user(3, 5), user(4, 6), user(5, 4), user(6, 7))

    listed.mark_seen("users-0005")

    assert ["users-0001", "users-0002", "users-0006"] == list(listed.stale(USERS, keeps=range(5, 7)))


def test_what_the_sync_stores_is_not_stale() -> None:
    """Whether it was there before or not."""
    listed = inventory(user(1), user(2))

    listed.add_stored(user(1, 5))
    listed.add_stored(user(3, 5))

    assert ["users-0002"] == list(listed.stale(USERS))
    assert 3 == len(listed)


def test_what_was_removed_is_forgotten() -> None:
    """A record of it, later in the sync, finds nothing that is equal."""
    listed = inventory(user(1), user(2))

    listed.remove("users-0001")

    assert listed.fingerprint("users-0001") is None
    assert ["users-0002"] == list(listed.stale(USERS))
    assert 1 == len(listed)


def test_parts_of_a_document_that_was_stored_in_one_are_stale() -> None:
    """Also if its record comes once more. Those of others are not."""
    parts = [Entry(f"users-{number}--part-2", USERS, None, 1) for number in (1, 2)]
    listed = inventory(Entry("users-1", USERS, None, 1), Entry("users-2", USERS, None, 1), *parts)
    listed.mark_seen("users-1")
    listed.mark_seen("users-2")

    listed.mark_parts_stale("users-1")
    listed.mark_seen("users-1")

    assert ["users-1--part-2"] == list(listed.stale(USERS))


def test_a_fingerprint_is_given_back() -> None:
    """None for a document without one, and for one that does not exist."""
    listed = inventory(user(1), user(2, fingerprint=None))

    assert FINGERPRINT == listed.fingerprint("users-0001")
    assert listed.fingerprint("users-0002") is None
    assert listed.fingerprint("users-0003") is None


def test_generations_beyond_all_numbers_are_held() -> None:
    """A tag can claim 19 digits, a catalog any number."""
    listed = inventory(user(1, 10**19 - 1))

    assert ["users-0001"] == list(listed.stale(USERS))
    assert ["users-0001"] == list(listed.stale(USERS, keeps=range(5, 6)))
    assert ["users-0001"] == list(listed.stale(USERS, keeps=range(10**30, 10**30 + 1)))


def test_a_page_may_hold_a_document_twice() -> None:
    """Whatever its tags are then."""
    assert 1 == len(inventory(user(1), user(1, fingerprint=None), user(1)._replace(stream=StreamKey("a", "users"))))


def test_documents_may_go_while_they_are_gone_through() -> None:
    """Each is given once, and none is left out, over more than one chunk."""
    listed = inventory(*(user(number) for number in range(2 * CHUNK + 5)))

    gone = []
    for document_id in listed.stale(USERS):
        listed.remove(document_id)
        gone.append(document_id)

    assert sorted(f"users-{number:04d}" for number in range(2 * CHUNK + 5)) == gone
    assert 0 == len(listed)


def test_a_page_may_be_noted_twice() -> None:
    """Pages of a listing overlap."""
    listed = inventory(user(1), user(2))

    listed.add_listed([user(2, 5), user(3)])

    assert 3 == len(listed)


MILLION = """
import resource
from destination_dust.airbyte.messages import StreamKey
from destination_dust.writers.documents.inventory import Entry, Inventory
users = StreamKey(None, "users")
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
before, inventory = peak(), Inventory()
for page in range(0, 1_000_000, 1000):
    ids = [f"{page + n:036d}--{page + n:016x}" for n in range(1000)]
    inventory.add_listed(Entry(document_id, users, "0123456789a", 5) for document_id in ids)
assert len(inventory) == 1_000_000
print(peak() - before)
"""


@pytest.mark.long
@pytest.mark.timeout(300)
def test_a_million_documents_take_less_than_200_mb() -> None:
    """With ids of 54 characters, as long as keys are that have to be hashed."""
    output = subprocess.run([sys.executable, "-c", MILLION], capture_output=True, text=True, check=True).stdout

    assert float(output) < 200
