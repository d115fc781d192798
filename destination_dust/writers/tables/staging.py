"""Rows that are to replace a table: too many for memory, so they are on disk; and whether the table can take them."""

from __future__ import annotations

import sqlite3
import threading
import weakref
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import orjson

from destination_dust.airbyte.ledger import Span
from destination_dust.airbyte.messages import StreamKey
from destination_dust.mapping.tables.rows import row_head
from destination_dust.spool import disk_full, temporary_database
from destination_dust.writers.tables.batch import MAX_EARLIER, Batch, Change
from destination_dust.writers.tables.client import UnusableTable
from destination_dust.writers.tables.limits import MAX_BYTES, MAX_ROWS, RequestLimits, csv_size
from destination_dust.writers.tables.sending import refuse_misleading

# After this many more changes, it is worth counting the rows again.
COUNT_EVERY = 50_000
_ROWS = "The rows that are to replace a table (none was touched)"


class Staging:
    """The file for the rows of all streams: one for each would use up the files that a process may open.

    It is an SQLite file that has lost its name and is readable by this user only: it is gone when the process is,
    however that ends.
    """

    def __init__(self, *, cache: int = 16_000_000) -> None:
        """`cache`: bytes of memory."""
        self._cache = cache
        self._database: sqlite3.Connection | None = None
        self._lock = threading.Lock()
        """Rows of several streams are validated at once, each on a thread of its own."""
        self._streams = 0
        self._in_use = 0

    def add_stream(self) -> int:
        """Make room for the rows of one more stream. Returns its number. Raises `DiskFull`."""
        if not self._database:
            try:
                self._database = temporary_database(self._cache)
            except (sqlite3.Error, OSError) as error:
                raise disk_full(_ROWS, error) from error
            # A sync that fails does not come to `remove_stream`.
            weakref.finalize(self, self._database.close)
        self._streams += 1
        self._in_use += 1
        self.execute(
            f"CREATE TABLE changes{self._streams} (row_id TEXT NOT NULL UNIQUE, content BLOB, span INTEGER NOT NULL)"
        )
        return self._streams

    def remove_stream(self, number: int) -> None:
        """Forget the rows of a stream. Other streams reuse their room on the disk; after the last one it is free."""
        self._in_use -= 1
        if self._in_use:
            self.execute(f"DELETE FROM changes{number}")
        elif self._database:
            self._database.close()
            self._database = None

    def execute(self, statement: str, values: Sequence[object] = ()) -> sqlite3.Cursor:
        """Run a statement. Raises `DiskFull`."""
        assert self._database  # every number was given out by `add_stream`
        try:
            with self._lock:
                return self._database.execute(statement, values)
        except sqlite3.Error as error:
            raise disk_full(_ROWS, error) from error

    def read(self, statement: str) -> Iterator[Any]:
        """The rows that a statement selects, one by one, whatever happens to other streams meanwhile."""
        cursor = self.execute(statement)
        while True:
            with self._lock:
                row = cursor.fetchone()
            if row is None:
                return
            yield row


class StagedRows:
    """The changes of one stream, in the order in which each row was last changed. One thread at a time may use it."""

    def __init__(self, staging: Staging, *, keeps_earlier: bool = False) -> None:
        """`keeps_earlier`: keep what was replaced as well, in case Dust refuses what replaced it. Raises `DiskFull`."""
        self._staging = staging
        self._keeps_earlier = keeps_earlier
        self._number = staging.add_stream()
        if keeps_earlier:
            staging.execute(
                f"CREATE TABLE earlier{self._number} (row_id TEXT NOT NULL, content BLOB, span INTEGER NOT NULL)"
            )
            staging.execute(f"CREATE INDEX earlier_of{self._number} ON earlier{self._number} (row_id)")
        self._spans: list[Span] = []
        self._numbers: dict[Span, int] = {}
        self._records: Counter[int] = Counter()
        self._at_most = 0

    def put(self, change: Change) -> None:
        """Keep a change in place of an earlier one of the same row. Raises `DiskFull`."""
        number = self._numbers.setdefault(change.span, len(self._spans))
        if number == len(self._spans):
            self._spans.append(change.span)
        if self._keeps_earlier:
            replaced = f"SELECT row_id, content, span FROM changes{self._number} WHERE row_id = ?"
            self._staging.execute(f"INSERT INTO earlier{self._number} {replaced}", (change.row_id,))
        # Not an update: the row takes the place of its latest change.
        values = (change.row_id, change.content, number)
        self._staging.execute(f"REPLACE INTO changes{self._number} VALUES (?, ?, ?)", values)
        self._records[number] += 1
        self._at_most += 1

    def exceeds(self, rows: int) -> bool:
        """Whether there are more than `rows` rows. Checked every 50,000 changes."""
        if self._at_most < rows + COUNT_EVERY:
            return False
        ((self._at_most,),) = self._staging.read(f"SELECT count(*) FROM changes{self._number}")
        return self._at_most > rows

    def __iter__(self) -> Iterator[Change]:
        """All changes. Nothing may be put while they are read."""
        for row_id, content, number in self._staging.read(f"SELECT * FROM changes{self._number} ORDER BY rowid"):
            yield Change(row_id, content, self._spans[number])

    def with_earlier(self, change: Change) -> Change:
        """The change, and the last few of its row that it replaced, which `unsent` no longer counts. Call it once."""
        if self._keeps_earlier:
            statement = f"SELECT content, span FROM earlier{self._number} WHERE row_id = ? ORDER BY rowid DESC"
            found = self._staging.execute(f"{statement} LIMIT {MAX_EARLIER}", (change.row_id,)).fetchall()
            for content, number in found:
                if content is not None:
                    change.supersede(Change(change.row_id, content, self._spans[number]), keeps=True)
                    self._records[number] -= 1
        return change

    def unsent(self, *, deletes_are_sent: bool) -> Iterator[tuple[Span, int, int]]:
        """By span: the records that a later one of the same row came after, and the deletes that are not sent."""
        # Counted here, because the database would sort copies of all rows on the disk.
        rows, deletes = Counter[int](), Counter[int]()
        for number, is_delete in self._staging.read(f"SELECT span, content IS NULL FROM changes{self._number}"):
            rows[number] += 1
            deletes[number] += is_delete
        for number, records in self._records.items():
            yield self._spans[number], records - rows[number], 0 if deletes_are_sent else deletes[number]

    def close(self) -> None:
        """Forget all of them."""
        if self._keeps_earlier:
            self._staging.execute(f"DROP TABLE earlier{self._number}")
        self._staging.remove_stream(self._number)


def validate(changes: Iterable[Change], stream: StreamKey, table_id: str, limits: RequestLimits) -> int:
    """Count the rows to send. Raises `UnusableTable` if Dust could not read a table of them."""
    count = size = 0
    columns: set[str] = set()
    batch = Batch(0.0)
    for change in changes:
        if change.content is None:
            continue
        value = orjson.loads(row_head(0) + change.content)["value"]
        columns.update(value)
        count += 1
        size += csv_size(value) - len(value)
        if not batch.takes(change, limits):
            refuse_misleading(stream, batch)
            batch = Batch(0.0)
        batch.put(change)
    refuse_misleading(stream, batch)
    size += count * len(columns)
    if count > MAX_ROWS or size > MAX_BYTES:
        raise too_large(stream, table_id, f"{count:,} rows, {size / 1e6:,.0f} MB in all")
    return count


def too_large(stream: StreamKey, table_id: str, what: str) -> UnusableTable:
    """The error for a stream too large for a table. `what`: its size, in words."""
    return UnusableTable(
        f"The stream {stream} is too large for a table: it has {what}, and Dust cannot read a table of more than "
        f"{MAX_ROWS:,} rows or {MAX_BYTES // 1_000_000} MB. The table {table_id} is as it was. Sync fewer rows or "
        "fields of the stream, or write it as documents."
    )
