"""Rows on their way into requests: as many in one as its limits allow."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

from destination_dust.airbyte.ledger import Span
from destination_dust.mapping.tables.rows import BODY_OVERHEAD, ROW_OVERHEAD, row_head, upsert_body
from destination_dust.writers.tables.limits import RequestLimits

# How many earlier changes of a row wait behind the latest, in case Dust refuses it.
MAX_EARLIER = 4
# What a waiting row takes in memory besides its bytes: id, object and place in a dict.
ROW_MEMORY = 300


@dataclass(slots=True, eq=False)
class Change:
    """What becomes of one row: its new content (see `mapping.rows`), or None if it is deleted."""

    row_id: str
    content: bytes | None
    span: Span
    superseded: tuple[Span, ...] = ()
    """The spans of earlier records of the row that are not kept: their fate is that of this one."""
    earlier: Change | None = None
    """The change that it took the place of, which is sent if Dust refuses this one."""
    held: int = 0
    """The bytes that it counts for in the memory budget while it waits."""

    @property
    def size(self) -> int:
        """Bytes that it takes in a request."""
        return 0 if self.content is None else len(self.content) + ROW_OVERHEAD

    @property
    def memory(self) -> int:
        """Bytes that it and the earlier ones take in memory, roughly."""
        return sum(change.size + ROW_MEMORY for change in self.chain)

    def hold(self) -> int:
        """Fix the bytes that it counts for, and return them."""
        self.held = self.memory
        return self.held

    @property
    def chain(self) -> Iterator[Change]:
        """Itself and the earlier ones, the latest first."""
        change: Change | None = self
        while change:
            yield change
            change = change.earlier

    @property
    def own_spans(self) -> tuple[Span, ...]:
        """The spans of the records that are lost if it is refused, each as often as it has records."""
        return (*self.superseded, self.span)

    @property
    def spans(self) -> tuple[Span, ...]:
        """The spans of all records that are stored with it, each as often as it has records."""
        return tuple(span for change in self.chain for span in change.own_spans)

    def supersede(self, earlier: Change, *, keeps: bool) -> None:
        """Take the place of an earlier change of the same row. Unless it `keeps` that, only its records remain."""
        if not keeps:
            self.superseded += earlier.spans
            return
        *_, last = self.chain
        last.earlier = earlier
        kept = [*self.chain][: 1 + MAX_EARLIER]
        if dropped := kept[-1].earlier:
            kept[-1].superseded += dropped.spans
            kept[-1].earlier = None


@dataclass(slots=True, eq=False)
class Cut:
    """A batch that did not pass, and was halved. If both halves pass, it was too large; if one does not, it was not."""

    size: int
    parts: int = 2
    """Those that have not passed."""


@dataclass(slots=True, eq=False)
class Batch:
    """Changes for one request: upserts of distinct rows."""

    opened: float
    changes: dict[str, Change] = field(default_factory=dict)
    size: int = BODY_OVERHEAD
    proven_once: bool = False
    """Whether it is a single row that failed for minutes, after which Dust took another one."""
    cut: Cut | None = None
    """If a gateway did not let a larger batch pass that this one is a part of: what its parts are to show."""
    whole: object = None
    """The batch that this one was split from; its parts share no rows."""
    postponed: bool = False
    """Whether it was already moved behind its siblings."""
    patient: bool = False
    """Whether to treat its failures as an outage and keep retrying."""

    def __len__(self) -> int:
        return len(self.changes)

    def takes(self, change: Change, limits: RequestLimits) -> bool:
        """Whether there is room for a change, which may replace one of the same row."""
        earlier = self.changes.get(change.row_id)
        if earlier is not None:
            return self.size - earlier.size + change.size <= limits.size
        return len(self) < limits.rows and self.size + change.size <= limits.size

    def put(self, change: Change) -> None:
        """Add a change."""
        self.changes[change.row_id] = change
        self.size += change.size

    def remove(self, row_id: str) -> Change | None:
        """Take a row's change out again, if there is one."""
        change = self.changes.pop(row_id, None)
        if change is not None:
            self.size -= change.size
        return change

    def split(self, count: int, cut: Cut | None = None) -> tuple[Batch, Batch]:
        """Two batches, of the first changes and of the others."""
        whole = self.whole or self
        parts = (Batch(self.opened, cut=cut, whole=whole) for _ in range(2))
        first, rest = parts
        for position, change in enumerate(self.changes.values()):
            (first if position < count else rest).put(change)
        return first, rest

    def sample(self) -> Batch:
        """A batch of one of its changes."""
        return Batch(self.opened, dict(islice(self.changes.items(), 1)))

    def body(self, loaded_at: int, *, truncates: bool = False) -> bytes:
        """The request, see `mapping.rows`."""
        return upsert_body(self._contents(), loaded_at, truncates=truncates)

    def objects(self) -> Iterator[bytes]:
        """Its rows, each as a JSON object."""
        return (row_head(0) + content for content in self._contents())

    def _contents(self) -> Iterator[bytes]:
        return (change.content for change in self.changes.values() if change.content is not None)
