"""What can go wrong with Dust, named by what the caller can do about it.

DustError
├── Misconfigured   change the settings (key, ids, address, permission, plan)
├── Rejected        this payload will never be taken; others may
│   ├── TooLarge    … unless it is made smaller
│   └── NameTaken   … unless it is called otherwise
├── Ambiguous        this payload fails, and it is not known whether it is bad or Dust in trouble
├── NotFound         what was asked for is not there
├── Unavailable     Dust kept failing until we ran out of time
└── Stopped       we stopped waiting ourselves, because the sync is stopping

An error is made once, where status and body are at hand, and then travels as it is. Its text is for
the user of the connector: it never contains the API key or anything of a record.
"""

from __future__ import annotations


class DustError(Exception):
    """Anything that a call to Dust can end with, other than its answer."""


class Misconfigured(DustError):
    """The settings are wrong: repeating the call cannot help."""

    def __init__(self, message: str, *, reason: str = "") -> None:
        """`reason` is Dust's own `error.type`, for callers that can say more than this layer knows."""
        super().__init__(message)
        self.reason = reason


class Rejected(DustError):
    """Dust refuses this payload, and will refuse it again."""


class TooLarge(Rejected):
    """Dust, or a proxy before it, refuses this payload for its size."""


class NameTaken(Rejected):
    """Dust refuses a name because another table of the data source has it."""


class Ambiguous(DustError):
    """Dust fails on this payload again and again, as it does on bad data and in trouble alike."""


class NotFound(DustError):
    """The thing that was asked for does not exist."""


class Unavailable(DustError):
    """Dust could not be reached, or did not work, for the whole time that a call may take."""


class Stopped(DustError):
    """The wait was ended from our side: nothing is known to be wrong with Dust."""
