"""The header in which a server says when to come back."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from time import time

MAX_RETRY_AFTER = 600.0


def retry_after(value: str | None) -> float | None:
    """Seconds of a `Retry-After` header (a number or an HTTP date), capped; None if it is not usable."""
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(value).timestamp() - time()
        except (ValueError, TypeError):
            return None
    return min(max(seconds, 0.0), MAX_RETRY_AFTER) if seconds == seconds else None
