"""What the loop needs of a writer."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Protocol

from destination_dust.airbyte.catalog import StreamPlan
from destination_dust.airbyte.completion import Ending
from destination_dust.airbyte.ledger import Span
from destination_dust.airbyte.messages import Record, StreamKey


class Writer(Protocol):
    """Takes records, submits the calls that store them, and books what became of them in `Outcomes`.

    All methods run on the loop's thread, and so does everything that follows from a call. If streams are replaced, the
    order is: `prepare`, until idle; `has_replaced`; `add` and `tick`; `drain`, until idle; `conclude`, until idle.
    """

    @property
    def failures(self) -> Mapping[StreamKey, Exception]:
        """Streams that could not be stored to the end, and why, while the others went on; the first failure first."""

    @property
    def has_room(self) -> bool:
        """Whether it can take more records. The loop stops reading while it cannot."""

    @property
    def idle(self) -> bool:
        """Whether nothing is left to do once the calls in flight have ended."""

    def add(self, plan: StreamPlan, record: Record, span: Span) -> None:
        """Take a record. It may be stored at any time from now on."""

    def tick(self) -> None:
        """Do what is due by time."""

    def drain(self) -> None:
        """The input has ended: submit everything that is held back, except what `conclude` decides on."""

    def wind_down(self, until: float, *, goes_on: bool) -> bool:
        """The sync is to stop by `until`, a moment of its clock. Returns whether calls before then make states safe.

        `goes_on`: Dust is well, and what was read is to be stored as far as there is time; else nothing new is sent.
        """

    def unfinished(self) -> list[str]:
        """What Dust lacks now because the sync did not come to its end, as sentences for the user."""

    def prepare(self, plans: Collection[StreamPlan]) -> None:
        """Before the first record: find out what Dust holds of all streams, as far as it matters."""

    def has_replaced(self, plan: StreamPlan) -> bool:
        """Whether an earlier attempt completed the replacement by this generation.

        Its states may have gone out, so this attempt may bring only a part: records are added, nothing is deleted.
        """

    def conclude(self, endings: Mapping[StreamKey, Ending]) -> None:
        """Everything is stored. For each stream still to be replaced:

        COMPLETE: delete what is stale and mark the replacement as done before becoming idle;
        INCOMPLETE: delete nothing; the sync fails after this;
        any other: store what was read beside the old data, which stays, and warn why (`Ending.doubt`).
        """

    def report(self) -> None:
        """At the end of the sync, log where Dust holds something other than the source."""
