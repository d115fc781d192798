"""What can go wrong with Dust, named by what the caller can do about it.

DustError
├── Misconfigured   change the settings (key, ids, address, permission, plan)
├── Rejected        this payload will never be accepted; others may
│   ├── TooLarge    … unless it is made smaller
│   └── NameTaken   … unless it gets another name
├── Ambiguous       this payload keeps failing, because it is bad or because Dust is in trouble
├── NotFound        what was asked for does not exist
├── Unavailable     Dust kept failing until we ran out of time
│   └── AnswerTooLarge  … because its answer does not fit into memory; that to a smaller question may
└── Stopped         we stopped waiting, because the sync is stopping

An error is created once, where status and body are at hand, and never wrapped. Its text is for the
user of the connector: it never contains the API key or any part of a record.
"""

from __future__ import annotations


class DustError(Exception):
    """Any way in which a call to Dust can fail."""


class Misconfigured(DustError):
    """The settings are wrong: repeating the call cannot help."""

    def __init__(self, message: str, *, reason: str = "") -> None:
        """`reason` is Dust's own `error.type`, for callers that can give better advice than this layer."""
        super().__init__(message)
        self.reason = reason


class Rejected(DustError):
    """Dust refuses this payload, and will refuse it again."""


class TooLarge(Rejected):
    """Dust, or a proxy in front of it, refuses this payload for its size."""


class NameTaken(Rejected):
    """Dust refuses a name because another table of the data source has it."""


class Ambiguous(DustError):
    """This payload fails again and again, as happens both with bad data and in outages."""

    def __init__(self, message: str, *, cut_off: bool = False) -> None:
        """`cut_off`: whether the answers were not Dust's, as if a gateway did not let the payload pass."""
        super().__init__(message)
        self.cut_off = cut_off


class NotFound(DustError):
    """The thing that was asked for does not exist."""


class Unavailable(DustError):
    """Dust could not be reached, or failed, for the whole time that a call may take."""


class AnswerTooLarge(Unavailable):
    """The answer does not fit into memory; that to a smaller question may."""


class Stopped(DustError):
    """We ended the wait ourselves: Dust may be fine."""
