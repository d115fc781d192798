"""Counts of a stream's records, by what became of them, and of states."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, fields


@dataclass(slots=True)
class Counts:
    """Records of one stream, by what became of them."""

    read: int = 0
    upserted: int = 0
    unchanged: int = 0
    """Not sent again, because Dust already has the same document."""
    superseded: int = 0
    """Replaced by a later record of the same document or row before they were sent."""
    deleted: int = 0
    stale: int = 0
    """Documents of earlier syncs that were deleted. Not a count of records."""
    rejected: int = 0
    without_key: int = 0
    cleaned: int = 0
    not_utf8: int = 0
    """Read from lines with bytes that are not UTF-8."""
    left_out: Counter[str] = field(default_factory=Counter)
    """Stored without their chosen title, link, tags or time, because the value is of no use for it; by setting."""
    lacking_text: int = 0
    """Without any of the fields chosen for the text."""
    with_surplus_tags: int = 0
    """Stored without some of their tags, because there were too many."""
    queued: int = 0
    """Accepted by Dust for a table, but not readable there yet."""

    def __add__(self, other: Counts) -> Counts:
        return Counts(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))

    def __str__(self) -> str:
        always = {
            "records read": self.read,
            "upserted": self.upserted,
            "deleted": self.deleted,
            "rejected": self.rejected,
        }
        sometimes = {
            "unchanged": self.unchanged,
            "superseded by later ones": self.superseded,
            "queued in Dust": self.queued,
            "stale documents deleted": self.stale,
        }
        shown = {**always, **{what: count for what, count in sometimes.items() if count}}
        return ", ".join(f"{count} {what}" for what, count in shown.items())

    @property
    def unsettled(self) -> int:
        """Records read but not yet settled."""
        return self.read - self.upserted - self.unchanged - self.superseded - self.deleted - self.rejected


@dataclass(slots=True)
class States:
    """States of the whole sync."""

    read: int = 0
    acknowledged: int = 0
    """Written out again, because all records before them are stored."""
