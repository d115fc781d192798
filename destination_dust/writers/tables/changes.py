"""Changes of rows: what becomes of each, and the records whose fate that is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from destination_dust.airbyte.ledger import Span
from destination_dust.mapping.tables.bodies import ROW_OVERHEAD, upsert_body
from destination_dust.mapping.tables.rows import Row
from destination_dust.mapping.tables.sizes import Size

# How many earlier changes of a row wait behind the latest, in case Dust refuses it.
MAX_EARLIER = 4
# What a waiting row takes in memory besides its bytes: id, objects and place in a dict; and a counter of spans.
ROW_MEMORY = 400
SPAN_MEMORY = 100


@dataclass(slots=True, eq=False)
class Change:
    """What becomes of one row: its new content, or None if it is deleted."""

    row_id: str
    row: Row | None
    span: Span
    since: float = 0.0
    """When the first change of the row came that is not on its way yet."""
    superseded: Counter[Span] | None = None
    """The spans of earlier records of the row that are not kept: their fate is that of this one."""
    earlier: Change | None = None
    """The change that it took the place of, which is sent if Dust refuses this one."""
    size: int = field(init=False)
    """Bytes that it takes in a request."""
    held: int = 0
    """The bytes that it counts for in the memory budget, from when it waits until Dust has taken it."""

    def __post_init__(self) -> None:
        self.size = 0 if self.row is None else len(self.row.content) + ROW_OVERHEAD

    def hold(self) -> int:
        """Fix the bytes that it and the earlier ones take in memory, roughly, and return them."""
        self.held = self.size + ROW_MEMORY
        if self.superseded:
            self.held += SPAN_MEMORY * len(self.superseded)
        if self.earlier:
            self.held += self.earlier.hold()
        return self.held

    @property
    def chain(self) -> Iterator[Change]:
        """Itself and the earlier ones, the latest first."""
        change: Change | None = self
        while change:
            yield change
            change = change.earlier

    @property
    def own_records(self) -> Counter[Span]:
        """The records that are lost if it is refused, by span."""
        return Counter({self.span: 1}) + (self.superseded or Counter())

    def supersede(self, earlier: Change, *, keeps: bool) -> None:
        """Take the place of an earlier change of the same row. Unless it `keeps` that, only its records remain."""
        self.since = min(self.since, earlier.since)
        if not keeps:
            self._absorb(earlier)
            return
        *_, last = self.chain
        last.earlier = earlier
        kept = [*self.chain][: 1 + MAX_EARLIER]
        if dropped := kept[-1].earlier:
            kept[-1].earlier = None
            kept[-1]._absorb(dropped)

    def _absorb(self, earlier: Change) -> None:
        """Take the records of others over. Their counter is moved: a row may change 100,000 times while it waits."""
        for change in earlier.chain:
            records = change.superseded or Counter()
            records[change.span] += 1
            if self.superseded:
                records.update(self.superseded)
            self.superseded = records


class Batch:
    """The changes of one request: rows to upsert, or one delete.

    What is asked of all of them is found at once, when they were just taken from what waits: later they would have to
    be brought from memory again, one by one.
    """

    __slots__ = ("changes", "held", "records", "row_ids", "rows", "size", "table_size")

    def __init__(self, changes: Sequence[Change]) -> None:
        self.changes = changes
        self.row_ids = [change.row_id for change in changes]
        self.rows = [change.row for change in changes if change.row]
        self.size = sum([change.size for change in changes])
        """Bytes of their rows in the request."""
        self.held = sum([change.held for change in changes])
        """The bytes that they count for in the memory budget."""
        self.records = _records(changes)
        """The records that are stored with them, by span."""
        self.table_size = Size.of(self.rows)

    @property
    def halves(self) -> tuple[Batch, Batch]:
        """The first of them, and the others."""
        middle = len(self.changes) // 2
        return Batch(self.changes[:middle]), Batch(self.changes[middle:])

    def body(self, loaded_at: int, *, truncates: bool = False) -> bytes:
        """The request that upserts their rows; see `mapping.tables.bodies`."""
        return upsert_body([row.content for row in self.rows], loaded_at, truncates=truncates)


def _records(changes: Sequence[Change]) -> Counter[Span]:
    records = Counter([change.span for change in changes])
    for change in changes:
        if change.superseded:
            records.update(change.superseded)
        if change.earlier:
            records.update(_records([change.earlier]))
    return records
