"""Counts of a stream's records, by what became of them, and of states."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, fields

from destination_dust.airbyte.messages import SourceChange


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
    split: int = 0
    """Stored in several documents, because one would be too large."""
    ignored: int = 0
    """Tombstones of a stream without a primary key: nothing tells which document or row they delete."""
    source_changes: Counter[SourceChange] = field(default_factory=Counter)
    """Values that the source nulled or truncated; fields as the schema declares them."""
    kept_values: Counter[str] = field(default_factory=Counter)
    """Values that a change left as they were, kept as Dust or an earlier record had them; by declared field …"""
    lost_values: Counter[str] = field(default_factory=Counter)
    """… and those that could not be kept. The field of the document or row is empty now."""
    emptied: int = 0
    """Rows marked as deleted whose other columns could not be kept."""
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
            "stored in parts": self.split,
            "deletions ignored": self.ignored,
        }
        shown = {**always, **{what: count for what, count in sometimes.items() if count}}
        return ", ".join(f"{count} {what}" for what, count in shown.items())

    @property
    def unsettled(self) -> int:
        """Records read but not yet settled."""
        settled = self.upserted + self.unchanged + self.superseded + self.deleted + self.rejected + self.ignored
        return self.read - settled


@dataclass(slots=True)
class States:
    """States of the whole sync."""

    read: int = 0
    acknowledged: int = 0
    """Written out again, because all records before them are stored."""
