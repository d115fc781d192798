"""What a pacer answers: a permit to go now, or a wait."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


@dataclass(eq=False, slots=True)
class Permit:
    """A call that may go now. Its slot is taken until it is accounted for, or for a window."""

    sent_at: float = 0.0
    arrived_by: float = 0.0


class Reason(str, Enum):
    """Why a call has to wait."""

    LIMIT = "the limit of upserts per minute is used up"
    SHARED = "others use the workspace's limit of upserts per minute as well"
    SERVER = "Dust asked to wait"
    SPACING = "the calls of a burst leave one by one"


@dataclass(frozen=True, slots=True)
class Wait:
    """Ask again after that many seconds at most."""

    seconds: float
    reason: Reason = Reason.LIMIT


@dataclass(frozen=True, slots=True)
class PacerStatus:
    """Snapshot: our calls in the window, our share, and the current wait."""

    calls: int
    share: int
    limit: int
    others_seen: bool
    wait: Wait | None


class NoPacing:
    """Lets every call go."""

    def try_acquire(self) -> Permit | Wait:
        return Permit()

    def counted(self, permit: Permit) -> None: ...
    def refused(self, permit: Permit, retry_after: float | None) -> None: ...
    def returned(self, permit: Permit) -> None: ...
