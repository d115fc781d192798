"""Which pages of a listing to ask for, so that no document is missed.

Dust's server lists documents by falling timestamp. The order among equal timestamps differs from call to
call, and pages shift when someone writes meanwhile, so pages laid end to end can miss documents. But each
page is consistent in itself: of every timestamp between its first and its last it holds all documents.
So pages overlap until every timestamp lies within one of them. Every document that no one changes meanwhile
is then listed, whatever the order and however pages have shifted.

Many documents can share a timestamp (some sources stamp all records of a sync alike). Pages grow until
they hold all of these; where that would be too much, they are listed as often as it takes to see as many
different documents as there are places, and then once more without finding a new one.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Sequence
from itertools import pairwise
from typing import TypeAlias, TypeVar

from destination_dust.dust.client import ListedDocument

PAGE = 1000
# About 16 MB, of the 64 that an answer may have.
LARGEST_PAGE = 16_000
MAX_PASSES = 20

Result = TypeVar("Result")
Page: TypeAlias = Sequence[ListedDocument]
Pages: TypeAlias = Generator[tuple[int, int], Page, Result]
"""Yields the offset and the limit of a page, and receives that page."""


class _Unordered(Exception):
    """A page is not sorted by falling timestamp, which everything here rests on."""


def paginate(*, page: int = PAGE, largest_page: int = LARGEST_PAGE) -> Pages[bool]:
    """Go through all documents. Returns whether every document that no one changed meanwhile was listed."""
    try:
        return (yield from _paginate(page, largest_page))
    except _Unordered:
        return False


def _paginate(limit: int, largest: int) -> Pages[bool]:
    offset, step_back = 0, 1
    listed_above: float = math.inf  # all documents of later timestamps are listed
    short_page: int | None = None
    while True:
        page = yield from _page(offset, limit)
        if _begins_too_late(page, offset, listed_above):
            offset, step_back = max(0, offset - step_back), step_back * 10
            continue
        if len(page) < limit:
            # It is the last page, unless something comes behind it: then the server's pages are smaller than ours.
            if not page or len(page) != short_page:
                short_page = len(page)
                if not (yield from _page(offset + len(page), limit)):
                    return True
                continue
            limit = largest = len(page)
        step_back = 1
        last = page[-1].timestamp
        # The next page begins before the last timestamp of this one, because more documents of it may follow.
        overlap = next((at for at in range(len(page) - 1, -1, -1) if page[at].timestamp > last), 0)
        if overlap:
            offset, listed_above = offset + overlap, last
        elif limit < largest:
            limit = min(limit * 4, largest)
        else:
            end = yield from _list_shared_timestamp(last, page, offset, limit)
            if end is None:
                return False
            offset, listed_above = end, last - 1


def _list_shared_timestamp(timestamp: int, page: Page, offset: int, limit: int) -> Pages[int | None]:
    """List a timestamp that is too common for one page. Returns the offset of its last document, None in vain."""
    # An id takes many times the memory of its hash. If two ids share a hash, the listing counts as incomplete.
    seen: set[int] = set()
    last = offset
    for attempt in range(MAX_PASSES):
        if attempt:
            page = yield from _page(offset, limit)
        step_back = 1
        while _begins_too_late(page, offset, timestamp):
            offset, step_back = max(0, offset - step_back), step_back * 10
            page = yield from _page(offset, limit)
        start, known, places = offset, len(seen), 0
        while True:
            shared = [document for document in page if document.timestamp == timestamp]
            seen.update(hash(document.document_id) for document in shared)
            places += len(shared)
            if shared:
                last = offset + page.index(shared[-1])
            if not page or page[-1].timestamp < timestamp:
                break
            offset += len(page)
            page = yield from _page(offset, limit)
        if len(seen) == known and known >= places:
            return last
        offset = start
    return None


def _page(offset: int, limit: int) -> Pages[Page]:
    page = yield offset, limit
    if any(earlier.timestamp < later.timestamp for earlier, later in pairwise(page)):
        raise _Unordered
    return page


def _begins_too_late(page: Page, offset: int, wanted_above: float) -> bool:
    """Whether documents before the page may be missing, because others before them were deleted."""
    return offset > 0 and (not page or page[0].timestamp <= wanted_above)
