"""What the loop needs of a writer, and what writers need of the loop."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from destination_dust.airbyte.catalog import StreamPlan
from destination_dust.airbyte.completion import Ending
from destination_dust.airbyte.ledger import Ledger, Span
from destination_dust.airbyte.reader import Record, StreamKey
from destination_dust.config import OnRecordError
from destination_dust.dust.errors import Rejected
from destination_dust.reporting.progress import Progress
from destination_dust.workers import Call

logger = logging.getLogger("airbyte")


class BadRecord(Exception):
    """A record cannot be stored, and the settings say that the sync fails then."""


class Writer(Protocol):
    """Takes records, submits calls that store them, and settles them in the ledger once they are stored.

    All methods run on the loop's thread, and so does what follows from a call. If streams are to be replaced, the
    order is: `prepare`, until idle; `has_replaced`; `add` and `tick`; `drain`, until idle; `conclude`, until idle.
    """

    @property
    def has_room(self) -> bool:
        """Whether it can take more records. The loop stops reading while it cannot."""

    @property
    def idle(self) -> bool:
        """Whether nothing is left to do once the calls in flight have ended."""

    def add(self, plan: StreamPlan, record: Record, span: Span) -> None:
        """Take a record in. It may be stored at any time from now on."""

    def tick(self) -> None:
        """Do what is due by time."""

    def drain(self) -> None:
        """The input has ended: submit all that is still kept back, but for what `conclude` decides on."""

    def prepare(self, replaced: Collection[StreamPlan]) -> None:
        """Before the first record: find out what Dust has of the streams that are to be replaced."""

    def has_replaced(self, plan: StreamPlan) -> bool:
        """Whether an earlier attempt has completed the replacement by this generation.

        Its states may have gone out, so that this attempt brings only a part: it is added, and nothing is deleted.
        """

    def conclude(self, endings: Mapping[StreamKey, Ending]) -> None:
        """Everything is stored. Of each stream to be replaced (but for those that already are), the ending decides:

        COMPLETE: what is stale goes, and the replacement is marked as done, before this becomes idle;
        UNPROVEN: all that was read is stored besides what is old, which stays, and a warning says why;
        INCOMPLETE: nothing is deleted, the sync fails after this.
        """


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What a writer works with besides Dust: where calls go, and where their outcomes are booked."""

    submit: Callable[[Call], None]
    ledger: Ledger
    progress: Progress
    on_record_error: OnRecordError

    def reject(self, stream: StreamKey, name: str, reason: str, span: Span) -> None:
        """Book a record that cannot be stored: as rejected, or as the end of the sync."""
        if self.on_record_error is OnRecordError.FAIL:
            raise BadRecord(
                f"A record of the stream {stream} cannot be stored: {reason} (record {name}). Mend it in the source, "
                "or set on_record_error to skip, which leaves such records out and counts them."
            )
        logger.warning("Stream %s: record %s was left out: %s", stream, name, reason)
        self.progress.of(stream).rejected += 1
        self.ledger.settle(span, rejected=1)

    def reject_or_raise(self, error: Exception, stream: StreamKey, name: str, span: Span) -> None:
        """Book what a call raised: a refusal concerns its record, everything else the sync."""
        if not isinstance(error, Rejected):
            raise error
        self.reject(stream, name, str(error), span)
