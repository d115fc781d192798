"""A call to Dust, as far as the wire and the retries need to know it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import quote, unquote

from destination_dust.dust.errors import Rejected


@dataclass(frozen=True, slots=True)
class Request:
    """What to send. `path` is percent-encoded, relative to the workspace's API root."""

    method: str
    path: str
    query: Sequence[tuple[str, str | int]] = ()
    body: bytes | None = field(default=None, repr=False)
    read_timeout: float = 120.0
    target: str = ""
    """For writes, what is written to: calls with the same method and target are alike (see `evidence.py`)."""
    key: str = ""
    """For writes, what is written: those of one key must land in the order of their calls."""
    subject: str = ""
    """What is written, in words for users."""
    ambiguous_after: int | None = None
    """Suspicious failures (bad data or an outage) after which `Ambiguous` is raised; None: never."""
    lasting: bool = False
    """Whether these failures must also have gone on for minutes."""

    divisible: bool = False
    """Whether a smaller question can be asked: an answer that is too large then raises `AnswerTooLarge`."""

    @property
    def writes(self) -> bool:
        """Whether it changes anything."""
        return self.method != "GET"

    @property
    def kind(self) -> tuple[str, str]:
        """Calls of one kind are alike."""
        return self.method, self.target


def segment(name: str) -> str:
    """An id as one segment of a path. Raises `Rejected` for one that would make another path of it.

    `requests` and proxies fold URLs on the way, and some proxies decode them first: `documents/..` would be
    the data source itself.
    """
    decoded = name
    while (again := unquote(decoded)) != decoded:
        decoded = again
    if not name or {".", ".."} & set(re.split(r"[/\\]", decoded)):
        raise Rejected("its ID is empty, or contains a . or .. that would change the address of the call")
    return quote(name, safe="")
