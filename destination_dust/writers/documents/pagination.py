"""Which pages of a listing to ask for, so that no document is missed.

Dust's server lists documents by falling timestamp. The order among equal timestamps differs from call to
call, and pages shift when somebody writes meanwhile, so pages laid end to end can miss documents. But each
page is consistent in itself: of every timestamp between its first and its last it holds all documents.
So pages overlap until every timestamp lies within one of them. What nobody has changed meanwhile is then
listed for certain, whatever the order and however pages have shifted.

Many documents can share a timestamp (some sources stamp all records of a sync alike). Pages grow until
they hold all of these; where that would be too much, they are walked through as often as it takes to see
as many different documents as they have places, and then once more without finding a new one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from destination_dust.dust.client import ListedDocument

PAGE = 1000
# About 16 MB, of the 64 that an answer may have.
LARGEST_PAGE = 16_000
MAX_PASSES = 20


class Pagination:
    """A pagination through all documents: ask for `limit` of them at `offset`, and `take` what comes."""

    def __init__(self, *, page: int = PAGE, largest_page: int = LARGEST_PAGE) -> None:
        self.offset = 0
        self.limit = page
        self.ended = False
        self.complete = True
        """Whether all documents are listed that nobody has changed meanwhile. False only at the end."""
        self._largest = largest_page
        self._listed_above: float = math.inf
        """All documents of later timestamps are listed."""
        self._step_back = 1
        self._short_page: int | None = None
        """How many documents the last page held that was not full."""
        self._probing = False
        self._tied: _SharedTimestamp | None = None

    def take(self, page: Sequence[ListedDocument]) -> None:
        """Go on from the page that was asked for."""
        if any(earlier.timestamp < later.timestamp for earlier, later in pairwise(page)):
            self._give_up()  # this is not the order that all of the above rests on
        elif self._probing:
            self._probe(page)
        elif self._tied:
            self._pass_through(self._tied, page)
        elif self._begins_too_late(page, self._listed_above):
            self._go_back()
        elif len(page) < self.limit:
            self._end_or_shrink(page)
        else:
            self._advance(page)

    def _begins_too_late(self, page: Sequence[ListedDocument], wanted_above: float) -> bool:
        """Whether documents before the page may be missing, because others before them were deleted."""
        return self.offset > 0 and (not page or page[0].timestamp <= wanted_above)

    def _go_back(self) -> None:
        self.offset = max(0, self.offset - self._step_back)
        self._step_back *= 10

    def _end_or_shrink(self, page: Sequence[ListedDocument]) -> None:
        """A page that is not full is the last, unless the server has a smaller idea of a full one."""
        if page and len(page) == self._short_page:
            self.limit = self._largest = len(page)
            self._advance(page)
        else:
            self._short_page = len(page)
            self._probing = True
            self.offset += len(page)

    def _probe(self, page: Sequence[ListedDocument]) -> None:
        """See whether there is anything behind a page that was not full; if so, ask for that page again."""
        self._probing = False
        self.ended = not page
        self.offset -= self._short_page or 0

    def _advance(self, page: Sequence[ListedDocument]) -> None:
        """Let the next page begin before the last timestamp of this one, of which more may follow."""
        self._step_back = 1
        last = page[-1].timestamp
        overlap = next((at for at in range(len(page) - 1, -1, -1) if page[at].timestamp > last), 0)
        if overlap:
            self._listed_above = last
            self.offset += overlap
        elif self.limit < self._largest:
            self.limit = min(self.limit * 4, self._largest)
        else:
            self._tied = _SharedTimestamp(last)
            self._pass_through(self._tied, page)

    def _pass_through(self, tied: _SharedTimestamp, page: Sequence[ListedDocument]) -> None:
        """Pagination, page by page, through a timestamp that is too common for one page."""
        if not tied.places:
            if self._begins_too_late(page, tied.timestamp):
                self._go_back()
                return
            tied.start = self.offset
        tied.take(page, self.offset)
        if page and page[-1].timestamp >= tied.timestamp:
            self.offset += len(page)
        elif tied.is_complete:
            self._tied = None
            self._listed_above = tied.timestamp - 1
            self.offset = tied.last
        elif tied.passes < MAX_PASSES:
            tied.begin_again()
            self.offset = tied.start
        else:
            self._give_up()

    def _give_up(self) -> None:
        self.complete = False
        self.ended = True


class _SharedTimestamp:
    """The documents of one timestamp, and the places at which a pass finds them."""

    def __init__(self, timestamp: int) -> None:
        self.timestamp = timestamp
        self.passes = 1
        self.start = 0
        self.last = 0
        self.places = 0
        self._new = 0
        # An id takes many times the memory of its hash. Should two share one, the pagination is not complete.
        self._seen: set[int] = set()

    @property
    def is_complete(self) -> bool:
        return not self._new and len(self._seen) >= self.places

    def begin_again(self) -> None:
        self.passes += 1
        self.places = 0
        self._new = 0

    def take(self, page: Sequence[ListedDocument], offset: int) -> None:
        tied = [document for document in page if document.timestamp == self.timestamp]
        known = len(self._seen)
        self._seen.update(hash(document.document_id) for document in tied)
        self._new += len(self._seen) - known
        self.places += len(tied)
        if tied:
            self.last = offset + page.index(tied[-1])
