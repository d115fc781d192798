"""Hides the secrets of this process in texts that leave it: logs, errors, and the answer to `check`."""

from __future__ import annotations

import threading

MASK = "****"

_lock = threading.Lock()
_secrets: tuple[str, ...] = ()
"""The longest first: one that contains another is hidden whole. Replaced, never changed, so any thread may read it."""


def add_secret(secret: str) -> None:
    """Hide a text from now on. An empty one is ignored."""
    global _secrets
    if secret:
        with _lock:
            _secrets = tuple(sorted({*_secrets, secret}, key=len, reverse=True))


def redact(text: str) -> str:
    """The text, with `MASK` in place of every secret."""
    for secret in _secrets:
        text = text.replace(secret, MASK)
    return text
