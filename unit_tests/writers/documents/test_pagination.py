"""Pages of a listing that is not stable: documents that no one changes meanwhile are always listed."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from destination_dust.dust.client import ListedDocument
from destination_dust.writers.documents.pagination import paginate


@dataclass
class Listing:
    """Documents as Dust's server lists them: newest first, equal timestamps in any order, anew each time."""

    timestamps: dict[str, int]
    chance: random.Random = field(default_factory=lambda: random.Random(0))
    most: int = 1_000_000
    ties_are_stable: bool = False

    def page(self, offset: int, limit: int) -> list[ListedDocument]:
        order = {each: 0 if self.ties_are_stable else self.chance.random() for each in self.timestamps}
        ordered = sorted(self.timestamps, key=lambda each: (-self.timestamps[each], order[each]))
        ids = ordered[offset : offset + min(limit, self.most)]
        return [ListedDocument(each, self.timestamps[each], ()) for each in ids]


def listed_by(
    listing: Listing, *, page: int, largest_page: int, meanwhile: Callable[[], None] = lambda: None
) -> tuple[set[str], bool, int]:
    """The listed ids, whether that is all, and the number of pages; `meanwhile` happens between any two pages."""
    pages, count = paginate(page=page, largest_page=largest_page), 0
    listed: set[str] = set()
    try:
        offset, limit = next(pages)
        while True:
            documents = listing.page(offset, limit)
            listed.update(each.document_id for each in documents)
            meanwhile()
            count += 1
            assert count < 10_000
            offset, limit = pages.send(documents)
    except StopIteration as end:
        return listed, end.value, count


def many(*sizes: int) -> dict[str, int]:
    """So many documents of each of several timestamps."""
    return {f"{moment}-{number}": moment for moment, size in enumerate(sizes) for number in range(size)}


@given(st.lists(st.integers(0, 30), max_size=12), st.integers(2, 8), st.integers(0, 999))
def test_every_document_is_listed_whatever_the_order_of_ties(sizes: list[int], page: int, seed: int) -> None:
    """As long as a timestamp fits the largest page."""
    listing = Listing(many(*sizes), random.Random(seed))

    listed, complete, _ = listed_by(listing, page=page, largest_page=64)

    assert complete
    assert set(listing.timestamps) == listed


@given(st.lists(st.integers(0, 5), min_size=5, max_size=30), st.integers(2, 8), st.integers(0, 999))
def test_what_nobody_touches_is_listed_while_others_write_and_delete(sizes: list[int], page: int, seed: int) -> None:
    """Pages shift in both directions; documents that stay as they are cannot slip between them."""
    chance = random.Random(seed)
    listing = Listing(many(*sizes), chance)
    untouched = {each for each in listing.timestamps if chance.random() < 0.5}
    touched = [each for each in listing.timestamps if each not in untouched]

    def meanwhile() -> None:
        for _ in range(min(chance.randrange(6), len(touched))):
            document = touched.pop()
            if chance.random() < 0.7:
                listing.timestamps.pop(document)
            else:
                listing.timestamps[document] = 1000 + len(touched)

    listed, complete, _ = listed_by(listing, page=page, largest_page=64, meanwhile=meanwhile)

    assert complete
    assert untouched <= listed


@given(st.integers(30, 80), st.integers(0, 20), st.integers(0, 20), st.booleans(), st.integers(0, 999))
def test_a_timestamp_too_common_for_a_page_is_walked_through_until_all_are_seen(
    tied: int, before: int, after: int, ties_are_stable: bool, seed: int
) -> None:
    """As many different documents as places; if that cannot be reached, the listing says that it is not complete."""
    listing = Listing(many(after, tied, before), random.Random(seed), ties_are_stable=ties_are_stable)

    listed, complete, _ = listed_by(listing, page=4, largest_page=16)

    assert not complete or set(listing.timestamps) == listed
    assert complete or not ties_are_stable


def test_a_delete_during_a_pass_does_not_hide_a_document() -> None:
    """The count of places alone would not tell: one has gone, and one was skipped."""
    listing = Listing(many(3, 40, 3), ties_are_stable=True)
    victims = iter(["1-0"])
    pages = 0

    def meanwhile() -> None:
        nonlocal pages
        pages += 1
        if pages == 3 and (victim := next(victims, None)):
            listing.timestamps.pop(victim)

    listed, complete, _ = listed_by(listing, page=4, largest_page=16, meanwhile=meanwhile)

    assert complete
    assert set(listing.timestamps) <= listed


@pytest.mark.parametrize("most", [3, 7, 10])
def test_a_server_with_smaller_pages_is_noticed(most: int) -> None:
    """A page that is not full is only the last one if nothing comes behind it."""
    listing = Listing(many(*[1] * 25), most=most)

    listed, complete, _ = listed_by(listing, page=20, largest_page=100)

    assert complete
    assert set(listing.timestamps) == listed


def test_another_order_is_not_trusted() -> None:
    """All that makes a listing complete rests on falling timestamps."""
    pages = paginate()
    next(pages)

    with pytest.raises(StopIteration) as end:
        pages.send([ListedDocument("a", 1, ()), ListedDocument("b", 2, ())])

    assert end.value.value is False


def test_a_listing_costs_few_calls() -> None:
    """One for each thousand documents, and one to see that it is the end."""
    listing = Listing({f"{number}": number for number in range(20_000)}, ties_are_stable=True)

    _, _, pages = listed_by(listing, page=1000, largest_page=16_000)

    assert 22 == pages
    assert 2 == listed_by(Listing(many(999)), page=1000, largest_page=16_000)[2]
    assert 2 == listed_by(Listing({}), page=1000, largest_page=16_000)[2]
