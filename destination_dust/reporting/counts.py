"""Records of a stream, counted by what became of them."""

from __future__ import annotations

from dataclasses import dataclass, fields


@dataclass(slots=True)
class Counts:
    """Records of one stream, by what became of them."""

    read: int = 0
    upserted: int = 0
    unchanged: int = 0
    """Those whose document Dust has already, and which were not sent again."""
    superseded: int = 0
    """Those that a later record of the same document overtook before they were sent."""
    deleted: int = 0
    stale: int = 0
    """Documents, not records: those of earlier syncs that were deleted."""
    rejected: int = 0
    without_key: int = 0
    cleaned: int = 0
    left_out: int = 0
    """Those whose chosen link or time Dust would not take, and which were stored without it."""
    lacking_text: int = 0
    """Those that have none of the fields chosen for the text."""
    queued: int = 0
    """Those that Dust has taken for a table, but that could not be read there yet."""

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
        told = {**always, **{what: count for what, count in sometimes.items() if count}}
        return ", ".join(f"{count} {what}" for what, count in told.items())

    @property
    def on_their_way(self) -> int:
        """Records read but not yet settled."""
        return self.read - self.upserted - self.unchanged - self.superseded - self.deleted - self.rejected
