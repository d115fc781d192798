"""Rows that are too many for memory, on disk: of each, the last change."""

from __future__ import annotations

import os
import sqlite3
import tempfile
import weakref
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from destination_dust.airbyte.ledger import Span
from destination_dust.spool import DiskFull, temporary_folder
from destination_dust.writers.tables.batch import Change

# How many changes more make it worth to count the rows again.
COUNT_EVERY = 50_000


class StagedRows:
    """The changes of one stream, in the order in which each row was last changed.

    They are in an SQLite file that has lost its name and is readable by this user only: it is gone when the process
    is, however that ends. One thread at a time may use it.
    """

    def __init__(self, *, cache: int) -> None:
        """`cache`: bytes of memory. Raises `DiskFull`."""
        try:
            handle, path = tempfile.mkstemp(prefix="destination-dust-")
            os.close(handle)
        except OSError as error:
            raise _full(error.strerror) from error
        try:
            self._db = _open(path, cache)
        except sqlite3.Error as error:
            raise _full(str(error)) from error
        finally:
            Path(path).unlink()
        # A sync that fails does not come to `close`.
        weakref.finalize(self, self._db.close)
        self._spans: list[Span] = []
        self._numbers: dict[Span, int] = {}
        self._records: Counter[int] = Counter()
        self._at_most = 0

    def put(self, change: Change) -> None:
        """Keep a change in place of an earlier one of the same row. Raises `DiskFull`."""
        number = self._numbers.setdefault(change.span, len(self._spans))
        if number == len(self._spans):
            self._spans.append(change.span)
        try:
            # Not an update: the row takes the place of its latest change.
            self._db.execute("REPLACE INTO changes VALUES (?, ?, ?)", (change.row_id, change.content, number))
        except sqlite3.Error as error:
            raise _full(str(error)) from error
        self._records[number] += 1
        self._at_most += 1

    def exceeds(self, rows: int) -> bool:
        """Whether there are more rows than that, told a little late."""
        if self._at_most < rows + COUNT_EVERY:
            return False
        (self._at_most,) = self._db.execute("SELECT count(*) FROM changes").fetchone()
        return self._at_most > rows

    def __iter__(self) -> Iterator[Change]:
        """All changes. Nothing may be put while they are read."""
        for row_id, content, number in self._db.execute("SELECT * FROM changes ORDER BY rowid"):
            yield Change(row_id, content, self._spans[number])

    def unsent(self, *, deletes_are_sent: bool) -> Iterator[tuple[Span, int, int]]:
        """By span: the records that a later one of the same row came after, and the deletes that are not sent."""
        # Counted here, because the database would sort copies of all rows on the disk.
        rows, deletes = Counter[int](), Counter[int]()
        for number, is_delete in self._db.execute("SELECT span, content IS NULL FROM changes"):
            rows[number] += 1
            deletes[number] += is_delete
        for number, records in self._records.items():
            yield self._spans[number], records - rows[number], 0 if deletes_are_sent else deletes[number]

    def close(self) -> None:
        """Forget all of them, and free their room on the disk."""
        self._db.close()


def _open(path: str, cache: int) -> sqlite3.Connection:
    database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    # Nobody reads the file after a crash, so nothing need be ready for one.
    for pragma in (f"cache_size = -{cache // 1024}", "journal_mode = OFF", "synchronous = OFF"):
        database.execute(f"PRAGMA {pragma}")
    database.execute("CREATE TABLE changes (row_id TEXT NOT NULL UNIQUE, content BLOB, span INTEGER NOT NULL)")
    database.execute("BEGIN")
    return database


def _full(reason: str | None) -> DiskFull:
    return DiskFull(
        f"The rows that are to replace a table do not fit on the disk ({reason}). They wait in {temporary_folder()}, "
        "and the table is as it was: give the connector more disk there, or point the environment variable TMPDIR to "
        "a folder that has more."
    )
