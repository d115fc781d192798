"""What became of each record, booked once: in the ledger, in the counts and, if the settings say so, as a failure."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from destination_dust.airbyte.catalog import StreamPlan
from destination_dust.airbyte.ledger import Ledger, Span
from destination_dust.airbyte.messages import Record, StreamKey
from destination_dust.config import OnRecordError
from destination_dust.mapping.schemas import declared_field
from destination_dust.reporting.counts import Counts
from destination_dust.reporting.progress import Progress

logger = logging.getLogger("airbyte")


class BadRecord(Exception):
    """A record cannot be stored, and the settings say that the sync fails then."""


class Outcomes:
    """One method for each fate of a record. `records`: how many records of each span share it.

    Only the loop's thread books.
    """

    def __init__(self, ledger: Ledger, progress: Progress, on_record_error: OnRecordError) -> None:
        self.fails_on_rejects = on_record_error is not OnRecordError.SKIP
        self.failure: BadRecord | None = None
        """The first record that must fail the sync. The loop raises it at the end of its turn."""
        self._replaced: dict[StreamKey, str | None] = {}
        """Streams whose replacement has ended; with why something old is still there, as a clause, if it is."""
        self._ledger = ledger
        self._progress = progress

    def counts(self, stream: StreamKey) -> Counts:
        """The counts of a stream, for facts that no record's fate depends on."""
        return self._progress.of(stream)

    def note(self, plan: StreamPlan, record: Record) -> None:
        """Count how a record differs from its row before anything was made of it."""
        if record.is_utf8 and not record.changes:
            return  # as nearly all
        counts = self.counts(plan.stream)
        counts.not_utf8 += not record.is_utf8
        for change in record.changes:
            counts.source_changes[change._replace(field=declared_field(plan.properties, change.field))] += 1

    def read(self, stream: StreamKey) -> Span:
        """A record was read. Returns the span that its fate is booked in."""
        self._progress.of(stream).read += 1
        return self._ledger.add_record(stream)

    def superseded(self, stream: StreamKey, records: int = 1) -> None:
        """Later records of the same document or row came before these were sent. They share the later ones' fate."""
        self.counts(stream).superseded += records

    def queued(self, stream: StreamKey, records: int) -> None:
        """Dust has taken records for a table, where they cannot be read yet. They are not acknowledged."""
        self.counts(stream).queued += records

    def upserted(self, stream: StreamKey, records: Mapping[Span, int], stored: int = 1) -> None:
        """Documents or rows are stored, `stored` in number."""
        self.counts(stream).upserted += stored
        self._settle(records)

    def deleted(self, stream: StreamKey, records: Mapping[Span, int], removed: int = 1) -> None:
        """Documents or rows are gone, `removed` in number, as their records demand."""
        self.counts(stream).deleted += removed
        self._settle(records)

    def unchanged(self, stream: StreamKey, records: Mapping[Span, int]) -> None:
        """Dust has the document already."""
        self.counts(stream).unchanged += 1
        self._settle(records)

    def ignored(self, stream: StreamKey, records: Mapping[Span, int]) -> None:
        """Tombstones that name no document or row. They count as stored: the source has nothing better to send."""
        self.counts(stream).ignored += sum(records.values())
        self._settle(records)

    def rejected(
        self, stream: StreamKey, name: str, reason: str, records: Mapping[Span, int], *, stop: bool = True
    ) -> None:
        """A record cannot be stored, nor those that it superseded.

        If the settings say that the sync fails then, it does so at the end of the loop's turn. With `stop` false it
        goes on, because it is in the middle of a replacement; the caller then fails it in the end.
        """
        if stop and self.fails_on_rejects:
            self.failure = self.failure or BadRecord(
                f"A record of the stream {stream} cannot be stored: {reason} (record {name}). Fix it in the source, "
                "or set on_record_error to skip: such records are then skipped and counted."
            )
            return
        logger.warning("Stream %s: record %s was left out: %s", stream, name, reason)
        lost = sum(records.values())
        self.counts(stream).rejected += lost
        self.counts(stream).superseded -= lost - 1
        for span, number in records.items():
            self._ledger.settle(span, rejected=number)

    def replaced(self, stream: StreamKey) -> None:
        """Dust has no document or row of the stream that the sync did not bring, unless `kept` said otherwise."""
        self._replaced.setdefault(stream, None)

    def kept(self, stream: StreamKey, reason: str) -> None:
        """Something old of the stream is still there. `reason`: why, as a clause. The first one counts."""
        self._replaced[stream] = self._replaced.get(stream) or reason

    def was_replaced(self, stream: StreamKey) -> bool:
        """Whether `replaced` has said so, and nothing else."""
        return self._replaced.get(stream, "") is None

    def reason_kept(self, stream: StreamKey) -> str | None:
        """See `kept`."""
        return self._replaced.get(stream)

    def _settle(self, records: Mapping[Span, int]) -> None:
        for span, number in records.items():
            self._ledger.settle(span, stored=number)
