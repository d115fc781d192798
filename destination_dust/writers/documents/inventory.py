"""The documents that Dust has of the streams being replaced. A million take 50 to 130 MB."""

from __future__ import annotations

import sqlite3
import weakref
from collections.abc import Iterable, Iterator
from operator import attrgetter
from typing import NamedTuple

from destination_dust.airbyte.messages import StreamKey

CHUNK = 1000
# Tags and catalogs can claim numbers that SQLite's integers of 64 bits do not hold.
_HIGHEST_GENERATION = 2**63 - 1


class Entry(NamedTuple):
    """A document of a stream. Without a generation in its tags it is of generation 0."""

    document_id: str
    stream: StreamKey
    fingerprint: str | None
    generation: int


class Inventory:
    """A table in memory: compact, and searched without being read from one end to the other."""

    def __init__(self) -> None:
        # The loop may change threads between two steps, but is never on two at once.
        self._table = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        self._table.execute(
            "CREATE TABLE documents (id TEXT PRIMARY KEY, stream INTEGER, fingerprint TEXT, generation INTEGER, "
            "seen INTEGER) WITHOUT ROWID"
        )
        weakref.finalize(self, self._table.close)
        self._numbers: dict[StreamKey, int] = {}

    def __len__(self) -> int:
        return int(self._table.execute("SELECT count(*) FROM documents").fetchone()[0])

    def add_listed(self, entries: Iterable[Entry]) -> None:
        """Add listed documents. One may come more than once, because pages overlap."""
        # In the order of their ids they go to few places of the table.
        rows = [(*self._row(entry), 0) for entry in sorted(entries, key=attrgetter("document_id"))]
        self._table.executemany("INSERT OR REPLACE INTO documents VALUES (?, ?, ?, ?, ?)", rows)

    def add_stored(self, entry: Entry) -> None:
        """This sync has stored a document."""
        self._table.execute("INSERT OR REPLACE INTO documents VALUES (?, ?, ?, ?, 1)", self._row(entry))

    def mark_seen(self, document_id: str) -> None:
        """This sync has brought a record of a document, whatever becomes of it and of its parts."""
        query = "UPDATE documents SET seen = 1 WHERE id = ? OR (id > ? AND id < ? AND seen = 0)"
        self._table.execute(query, (document_id, *_parts(document_id)))

    def mark_parts_stale(self, document_id: str) -> None:
        """A document is stored in one, or deleted, so the other parts that it had are stale, whatever is seen later."""
        self._table.execute("UPDATE documents SET seen = -1 WHERE id > ? AND id < ?", _parts(document_id))

    def remove(self, document_id: str) -> None:
        """Dust no longer has a document."""
        self._table.execute("DELETE FROM documents WHERE id = ?", (document_id,))

    def fingerprint(self, document_id: str) -> str | None:
        """The fingerprint of a document in Dust, None if there is none."""
        row = self._table.execute("SELECT fingerprint FROM documents WHERE id = ?", (document_id,)).fetchone()
        return str(row[0]) if row and row[0] else None

    def stale(self, stream: StreamKey, *, keeps: range = range(0)) -> Iterator[str]:
        """The documents of a stream that this sync did not bring, except those of the generations in `keeps`.

        Ids in ascending order. Documents may come and go meanwhile.
        """
        query = (
            "SELECT id FROM documents WHERE stream = ? AND id > ? AND seen < 1 "
            f"AND NOT (generation >= ? AND generation < ?) ORDER BY id LIMIT {CHUNK}"
        )
        kept = [min(bound, _HIGHEST_GENERATION) for bound in (keeps.start, keeps.stop)]
        chunk = [("",)]
        while chunk:
            chunk = self._table.execute(query, (self._numbers.get(stream), chunk[-1][0], *kept)).fetchall()
            yield from (row[0] for row in chunk)

    def _row(self, entry: Entry) -> tuple[str, int, str | None, int]:
        number = self._numbers.setdefault(entry.stream, len(self._numbers))
        generation = min(entry.generation, _HIGHEST_GENERATION)
        return entry.document_id, number, entry.fingerprint, generation


def _parts(document_id: str) -> tuple[str, str]:
    """The ids between which those of its other parts lie."""
    # Of the characters that ids have, the one after "-" is a digit.
    return f"{document_id}--part-", f"{document_id}--part-:"
