"""Pages of a listing that is not stable: they always come to an end, and claim to be complete only if they are."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from destination_dust.dust.client import ListedDocument
from destination_dust.dust.errors import AnswerTooLarge
from destination_dust.writers.documents.pagination import UnorderedListing, paginate


@dataclass
class Listing:
    """Documents as Dust's server lists them: newest first, equal timestamps in any order, anew each time.

    Pages of more than `too_many` documents are too large to be read, and so is each page with one of `too_large`.
    """

    timestamps: dict[str, int]
    chance: random.Random = field(default_factory=lambda: random.Random(0))
    most: int = 1_000_000
    too_many: int = 1_000_000
    too_large: frozenset[str] = frozenset()
    ties_are_stable: bool = False

    def page(self, offset: int, limit: int) -> list[ListedDocument]:
        order = {each: 0 if self.ties_are_stable else self.chance.random() for each in self.timestamps}
        ordered = sorted(self.timestamps, key=lambda each: (-self.timestamps[each], order[each]))
        ids = ordered[offset : offset + min(limit, self.most)]
        if len(ids) > self.too_many or self.too_large & set(ids):
            raise AnswerTooLarge("too large")
        return [ListedDocument(each, self.timestamps[each], ()) for each in ids]


def listed_by(
    listing: Listing, *, page: int = 4, largest_page: int = 64, meanwhile: Callable[[], None] = lambda: None
) -> tuple[set[str], bool, int]:
    """The listed ids, whether that is all, and the number of pages; `meanwhile` happens between any two pages."""
    pages, count = paginate(page=page, largest_page=largest_page), 0
    listed: set[str] = set()
    try:
        offset, limit = next(pages)
        while True:
            count += 1
            assert count < 10_000
            try:
                documents = listing.page(offset, limit)
            except AnswerTooLarge as error:
                offset, limit = pages.throw(error)
                continue
            listed.update(each.document_id for each in documents)
            meanwhile()
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

    listed, complete, _ = listed_by(listing, page=page)

    assert complete
    assert set(listing.timestamps) == listed


@given(st.lists(st.integers(0, 70), min_size=5, max_size=30), st.integers(2, 8), st.integers(0, 999), st.floats(0, 1))
def test_a_listing_that_is_complete_has_all_that_nobody_touched(
    sizes: list[int], page: int, seed: int, activity: float
) -> None:
    """Others write and delete, and pages shift in both directions."""
    chance = random.Random(seed)
    listing = Listing(many(*sizes), chance)
    untouched = {each for each in listing.timestamps if chance.random() < 0.5}
    touched = [each for each in listing.timestamps if each not in untouched]

    def meanwhile() -> None:
        if chance.random() > activity:
            return
        for _ in range(min(chance.randrange(6), len(touched))):
            document = touched.pop()
            if chance.random() < 0.7:
                listing.timestamps.pop(document)
            else:
                listing.timestamps[document] = 1000 + len(touched)

    listed, complete, _ = listed_by(listing, page=page, meanwhile=meanwhile)

    assert not complete or untouched <= listed


@pytest.mark.parametrize(("deletes", "is_complete"), [(99, True), (200, False)])
def test_deletes_between_two_pages_do_no_harm_or_are_noticed(deletes: int, is_complete: bool) -> None:
    """Documents move up. Pages overlap by a tenth: deletes have no limit, and another connection may be at it."""
    listing = Listing({f"{number}": number for number in range(5000)}, ties_are_stable=True)
    victims = iter(range(4999, 0, -1))

    def meanwhile() -> None:
        for _ in range(deletes):
            listing.timestamps.pop(f"{next(victims)}")

    listed, complete, _ = listed_by(listing, page=1000, largest_page=16_000, meanwhile=meanwhile)

    assert is_complete is complete
    assert is_complete is (listing.timestamps.keys() <= listed)


@given(st.integers(65, 200), st.integers(0, 20), st.integers(0, 20), st.booleans(), st.integers(0, 999))
def test_a_timestamp_too_common_for_a_page_ends_the_certainty_and_not_the_walk(
    tied: int, before: int, after: int, ties_are_stable: bool, seed: int
) -> None:
    """All other documents are listed, and of these those that the server shows, all in a steady order."""
    listing = Listing(many(after, tied, before), random.Random(seed), ties_are_stable=ties_are_stable)

    listed, complete, count = listed_by(listing)

    assert not complete
    assert {each for each, moment in listing.timestamps.items() if moment != 1} <= listed
    assert not ties_are_stable or set(listing.timestamps) == listed
    assert count < 50


def test_a_walk_through_ties_ends_while_others_write() -> None:
    """As many as they may: two between any two pages."""
    listing = Listing(many(5, 500, 5))

    def meanwhile() -> None:
        for _ in range(2):
            listing.timestamps[f"new-{len(listing.timestamps)}"] = 1

    listed, complete, count = listed_by(listing, largest_page=16, meanwhile=meanwhile)

    assert not complete
    assert {f"0-{number}" for number in range(5)} <= listed
    assert count < 100


@pytest.mark.parametrize("too_many", [1, 3, 50, 999])
def test_pages_that_are_too_large_are_halved(too_many: int) -> None:
    """Documents may have thousands of tags."""
    listing = Listing(many(*[1] * 2000), too_many=too_many)

    listed, complete, _ = listed_by(listing, page=1000, largest_page=16_000)

    assert set(listing.timestamps) == listed
    assert complete is (too_many > 1), "one document at a time shows no connection to the one before it"


def test_a_document_that_is_too_large_by_itself_is_passed_over() -> None:
    """It is the only one that is missed."""
    listing = Listing(many(*[1] * 50), too_large=frozenset(["20-0"]))

    listed, complete, _ = listed_by(listing, page=1000, largest_page=16_000)

    assert not complete
    assert {"20-0"} == set(listing.timestamps) - listed


@pytest.mark.parametrize("most", [100, 101, 500, 999])
@pytest.mark.parametrize("count", [100, 1000, 2500])
def test_a_server_with_smaller_pages_is_noticed(most: int, count: int) -> None:
    """A page that is not full is only the last one if nothing comes behind it."""
    listing = Listing(many(*[1] * count), most=most)

    listed, complete, _ = listed_by(listing, page=1000, largest_page=16_000)

    assert complete
    assert set(listing.timestamps) == listed


def test_another_order_is_not_trusted() -> None:
    """All that makes a listing complete rests on falling timestamps."""
    pages = paginate()
    next(pages)

    with pytest.raises(UnorderedListing):
        pages.send([ListedDocument("a", 1, ()), ListedDocument("b", 2, ())])


def test_a_listing_costs_few_calls() -> None:
    """One for each nine hundred documents, and one to see that it is the end."""
    listing = Listing({f"{number}": number for number in range(20_000)}, ties_are_stable=True)

    _, _, pages = listed_by(listing, page=1000, largest_page=16_000)

    assert 23 == pages
    assert 2 == listed_by(Listing(many(999)), page=1000, largest_page=16_000)[2]
    assert 1 == listed_by(Listing({}), page=1000, largest_page=16_000)[2]
