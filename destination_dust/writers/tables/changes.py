"""Changes of rows: what becomes of each, and the records whose fate that is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from destination_dust.airbyte.ledger import Span
from destination_dust.mapping.tables.bodies import ROW_OVERHEAD, upsert_body
from destination_dust.mapping.tables.rows import Row

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


def count_records(changes: Sequence[Change], records: Counter[Span]) -> int:
    """Add the records that are stored with changes, by span. Returns their number."""
    records.update([change.span for change in changes])
    number = len(changes)
    for change in changes:
        if change.superseded:
            records.update(change.superseded)
            number += change.superseded.total()
        if change.earlier:
            number += count_records([change.earlier], records)
    return number


def body(changes: Sequence[Change], loaded_at: int, *, truncates: bool = False) -> bytes:
    """The request that upserts the rows of changes; see `mapping.tables.bodies`."""
    return upsert_body([each.row.content for each in changes if each.row], loaded_at, truncates=truncates)
