"""Rows that are to replace a table: too many for memory, so they are on disk; and whether the table can take them."""

from __future__ import annotations

import sqlite3
import weakref
from collections import Counter
from collections.abc import Iterable, Iterator

import orjson

from destination_dust.airbyte.ledger import Span
from destination_dust.airbyte.messages import StreamKey
from destination_dust.mapping.tables.rows import row_head
from destination_dust.spool import disk_full, temporary_database
from destination_dust.writers.tables.batch import Batch, Change
from destination_dust.writers.tables.client import UnusableTable
from destination_dust.writers.tables.limits import MAX_BYTES, MAX_ROWS, RequestLimits, csv_size
from destination_dust.writers.tables.sending import refuse_misleading

# After this many more changes, it is worth counting the rows again.
COUNT_EVERY = 50_000
_ROWS = "The rows that are to replace a table (none was touched)"


class StagedRows:
    """The changes of one stream, in the order in which each row was last changed.

    They are in an SQLite file that has lost its name and is readable by this user only: it is gone when the process
    is, however that ends. One thread at a time may use it.
    """

    def __init__(self, *, cache: int) -> None:
        """`cache`: bytes of memory. Raises `DiskFull`."""
        try:
            self._db = temporary_database(cache)
            self._db.execute("CREATE TABLE changes (row_id TEXT NOT NULL UNIQUE, content BLOB, span INTEGER NOT NULL)")
        except (sqlite3.Error, OSError) as error:
            raise disk_full(_ROWS, error) from error
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
            raise disk_full(_ROWS, error) from error
        self._records[number] += 1
        self._at_most += 1

    def exceeds(self, rows: int) -> bool:
        """Whether there are more than `rows` rows. Checked every 50,000 changes."""
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
