"""Records of change data capture that lack a part of their row: what they lack is found before they are written.

Dust replaces whole documents and whole rows, so a value that is not sent is gone.

What proves that a value is the row's latest: the record before it in this sync had it; or no record of this sync had
the id, and Dust has it. Dust may lag behind an earlier sync, but then that sync got no acknowledgement for the change,
and the source sends it again, before this record.

Where that does not hold, the caller passes no `read`. Rows without `confirm_rows` are acknowledged before they can be
read. And a stream that is being replaced is sent anew as a whole, so what Dust has of an id that the sync has not
brought yet may be of a row that is gone, whose key another one has got.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeAlias

from destination_dust.writers.earlier_records import EarlierRecords
from destination_dust.writers.steps import Ask, Runner, Steps, Submit

# Records that wait. They are in memory, but Dust answers a hundred reads in a few seconds.
MAX_WAITING = 200

Values: TypeAlias = Mapping[str, Any]


def _raise(error: Exception) -> None:
    raise error


class Update(NamedTuple):
    """A record on its way to its writer."""

    lacks: bool
    """Whether values are to be found."""
    put: Callable[[Values | None], bytes | None]
    """Writes it, with the values of the document or row before it (None if nothing proves them).

    Returns what it makes of the document or row, empty if it is gone or unknown; None if no later record can need it.
    """
    read: Callable[[], Values] | None
    """Asks Dust for the values, empty if there are none; None if Dust's answer would prove nothing."""
    failed: Callable[[Exception], None] = _raise
    """Receives what `read` raised; what it raises itself ends the sync. The records behind it are not handed on."""


class PartialUpdates:
    """Hands records on, in order for each id: at once, or when Dust has told what they lack."""

    def __init__(self, submit: Submit, decode: Callable[[bytes], Values]) -> None:
        """`decode`: the values of what `Update.put` returned."""
        self._submit = submit
        self._decode = decode
        self._earlier = EarlierRecords()
        self._waiting: dict[str, deque[Update]] = {}
        """By the id that Dust is asked about: the records after the one that lacks values."""

    @property
    def has_room(self) -> bool:
        """Whether more records may wait."""
        return len(self._waiting) + sum(map(len, self._waiting.values())) < MAX_WAITING

    @property
    def idle(self) -> bool:
        """Whether all records were handed on."""
        return not self._waiting

    def take(self, record_id: str, update: Update) -> None:
        """Hand a record on, now or later. Raises `DiskFull`."""
        if record_id in self._waiting:
            self._waiting[record_id].append(update)
            return
        earlier = self._earlier.get(record_id) if update.lacks else None
        if not update.lacks or earlier is not None or not update.read:
            self._put(record_id, update, self._decode(earlier) if earlier else None if earlier is None else {})
            return
        self._waiting[record_id] = deque()
        Runner(("stored", record_id), self._submit, self._complete(record_id, update, update.read)).advance()

    def _complete(self, record_id: str, update: Update, read: Callable[[], Values]) -> Steps:
        try:
            values = yield Ask(read)
        except Exception as error:
            del self._waiting[record_id]
            update.failed(error)
            return
        self._put(record_id, update, values)
        for follower in self._waiting.pop(record_id):
            self.take(record_id, follower)

    def _put(self, record_id: str, update: Update, values: Values | None) -> None:
        content = update.put(values)
        if content is not None:
            self._earlier.put(record_id, content)
