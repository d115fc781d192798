"""Which pages of a listing to ask for, so that few documents are missed, and whether any can have been.

Dust's server lists documents by falling timestamp. The order among equal timestamps differs from call to call, and
pages shift when someone writes meanwhile, so pages laid end to end can miss documents. But each page is consistent in
itself: of every timestamp between its first and its last it holds all documents. So pages overlap, and one that begins
above the last timestamp of the one before it shows that nothing lies between them. Documents that share a timestamp
make pages grow. Where they are too many for the largest page, or pages shift by more than they overlap, the walk goes
on all the same, and says that it may have missed some.

The walk only goes forward, so it ends. A missed document is merely kept until the next sync.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Sequence
from itertools import pairwise
from typing import TypeAlias, TypeVar

from destination_dust.dust.client import ListedDocument
from destination_dust.dust.errors import AnswerTooLarge

PAGE = 1000
# About 16 MB, of the 64 that an answer may have.
LARGEST_PAGE = 16_000
# No server has smaller pages, so one with fewer documents than this, and than we asked for, is the last.
SMALLEST_PAGE = 100
# The part of a page that the next one repeats: others may delete so many documents between the two.
SPARE = 0.1

Result = TypeVar("Result")
Page: TypeAlias = Sequence[ListedDocument]
Pages: TypeAlias = Generator[tuple[int, int], Page, Result]
"""Yields the offset and the limit of a page, and receives that page, or `AnswerTooLarge`."""


class UnorderedListing(Exception):
    """A page is not sorted by falling timestamp, which everything here rests on."""


def paginate(*, page: int = PAGE, largest_page: int = LARGEST_PAGE) -> Pages[bool]:
    """Go through all documents. Returns whether every document that no one changed meanwhile was certainly listed.

    Raises `UnorderedListing`.
    """
    limit, largest = page, largest_page
    offset, is_complete = 0, True
    granted = SMALLEST_PAGE  # the server has pages of this size
    may_be_over = False
    listed_above: float = math.inf  # all documents of later timestamps are listed, if the listing is complete so far
    while True:
        try:
            documents = yield from _page(offset, limit)
        except AnswerTooLarge:
            if limit == 1:
                offset, is_complete = offset + 1, False
            limit = largest = max(1, limit // 2)
            continue
        is_connected = not offset or (bool(documents) and documents[0].timestamp > listed_above)
        if not documents or len(documents) < limit <= granted:
            return is_complete and (is_connected or may_be_over)
        is_complete = is_complete and is_connected
        may_be_over = len(documents) < limit
        if may_be_over:  # or the server's pages are smaller than ours
            limit = largest = len(documents)
        granted = max(granted, len(documents))
        listed_above = documents[-1].timestamp
        # More documents of that timestamp may follow, so the next page begins above it.
        above = next((at for at in range(len(documents) - 1, 0, -1) if documents[at].timestamp > listed_above), 0)
        if not above and limit < largest:
            limit = min(limit * 4, largest)
            continue
        if not above:
            above, is_complete = len(documents) - 1, is_complete and may_be_over
        offset += max(above - int(len(documents) * SPARE), (above + 1) // 2, 1)


def _page(offset: int, limit: int) -> Pages[Page]:
    page = yield offset, limit
    if any(earlier.timestamp < later.timestamp for earlier, later in pairwise(page)):
        raise UnorderedListing
    return page
