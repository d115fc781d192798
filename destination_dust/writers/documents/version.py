"""What a record makes of its document, and what it takes the place of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from destination_dust.airbyte.catalog import StreamPlan
from destination_dust.airbyte.ledger import Span

# How many earlier versions wait behind the latest, in case Dust refuses it.
MAX_EARLIER = 4


@dataclass(slots=True, eq=False)
class DocumentVersion:
    """What a record makes of its document, and the records that count as stored once this is."""

    plan: StreamPlan
    document_id: str
    payload: bytes | None
    """The body of the upsert; None if the document is to be deleted."""
    fingerprint: str | None
    records: Counter[Span]
    """Its own record, and those of earlier versions that are not kept, by span."""
    earlier: DocumentVersion | None = None
    """The version that it superseded, which is sent if Dust refuses this one."""
    found: Callable[[str | None], None] | None = None
    """Receives the fingerprint of the document in Dust."""

    @property
    def size(self) -> int:
        """Bytes that it keeps in memory."""
        return sum(len(version.payload or b"") for version in self.chain)

    @property
    def chain(self) -> Iterator[DocumentVersion]:
        """Itself and the earlier versions, the latest first."""
        version: DocumentVersion | None = self
        while version:
            yield version
            version = version.earlier

    @property
    def all_records(self) -> Counter[Span]:
        """The records of the whole chain, which share its fate if it is stored."""
        return sum((version.records for version in self.chain), Counter())

    def supersede(self, earlier: DocumentVersion) -> None:
        """Put an earlier version, and those that it superseded, behind this one and its own earlier versions."""
        *_, last = self.chain
        last.earlier = earlier
        kept = list(self.chain)[: 1 + MAX_EARLIER]
        if dropped := kept[-1].earlier:
            kept[-1].records.update(dropped.all_records)
            kept[-1].earlier = None
