"""Rows that are to replace a table: too many for memory, so they are on disk; and whether the table can take them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence

from destination_dust.airbyte.ledger import Span
from destination_dust.mapping.tables.delimiters import (
    Delimiters,
    is_suspicious,
    misleading_columns,
    misleading_in_table,
)
from destination_dust.mapping.tables.rows import Row
from destination_dust.mapping.tables.sizes import Size
from destination_dust.spool import SharedDatabase
from destination_dust.writers.tables.changes import MAX_EARLIER, ROW_MEMORY, Change, requests
from destination_dust.writers.tables.context import RequestLimits

# Many rows fit into a page, so that it takes few of them.
PAGE = 16 * 1024
# So many changes of a stream are written at once, or fewer if those of all streams take more than so many bytes.
BLOCK = 500
BLOCKS_BYTES = 4_000_000
# After so many more changes, or bytes of them, it is worth counting the rows again.
COUNT_EVERY = 50_000
COUNT_EVERY_BYTES = 10_000_000
# The second to the fifth are those of a `Row`, null for a delete.
_COLUMNS = "row_id TEXT NOT NULL, content, csv_bytes, cells, is_undelimited, span NOT NULL"
_DELETED = (None,) * len(Row._fields)


class Staging(SharedDatabase):
    """The rows of all streams. Its file is as large as the tables, whose size is limited, and the few earlier changes
    of their rows."""

    def __init__(self, *, cache: int = 16_000_000) -> None:
        """`cache`: bytes of memory."""
        super().__init__("The rows that are to replace a table (none was touched)", cache, page=PAGE)


class StagedRows:
    """The changes of one stream, in the order in which each row was last changed. One thread at a time may use it."""

    def __init__(self, staging: Staging, *, keeps_earlier: bool = False) -> None:
        """`keeps_earlier`: keep what was replaced as well, in case Dust refuses what replaced it. Raises `DiskFull`."""
        self._staging = staging
        self._keeps_earlier = keeps_earlier
        self._database, self._number = staging.enter()
        self._database.execute(f"CREATE TABLE changes{self._number} ({_COLUMNS}, UNIQUE (row_id))")
        if keeps_earlier:
            self._database.execute(f"CREATE TABLE earlier{self._number} ({_COLUMNS})")
            self._database.execute(f"CREATE INDEX earlier_of{self._number} ON earlier{self._number} (row_id)")
        self._spans: list[Span] = []
        self._numbers: dict[Span, int] = {}
        self._records: Counter[int] = Counter()
        self._counted = Size()
        """What was counted, …"""
        self._more_rows = self._more_bytes = 0
        """… and the changes since, each as a row of its own."""
        self._suspicious = False
        self._block: dict[str, tuple[Row | None, int]] = {}
        """Changes of distinct rows that are not written yet, …"""
        self._block_bytes = 0
        """… and the bytes that they take in memory, roughly."""
        self._has_earlier = False
        self._largest = 1
        """The bytes that the largest change takes in memory, roughly."""

    @property
    def _most_bytes(self) -> int:
        """How many bytes of memory its changes may take that are not written yet."""
        return BLOCKS_BYTES // self._staging.users

    def put(self, change: Change) -> bool:
        """Keep a change in place of an earlier one of the same row. Raises `DiskFull`.

        Returns whether `exceeds` may have something else to say.
        """
        number = self._numbers.setdefault(change.span, len(self._spans))
        if number == len(self._spans):
            self._spans.append(change.span)
        is_known = change.row_id in self._block
        if is_known:
            self._write()
        self._block[change.row_id] = change.row, number
        size = change.size + ROW_MEMORY
        self._block_bytes += size
        self._largest = max(self._largest, size)
        if change.row:
            self._more_rows += 1
            self._more_bytes += change.row.csv_bytes
        is_full = len(self._block) >= BLOCK or self._block_bytes >= self._most_bytes
        if is_full:
            self._write()
        # A block may never fill: rows that come twice in a row are written one by one.
        return (is_full or is_known) and (self._more_rows >= COUNT_EVERY or self._more_bytes >= COUNT_EVERY_BYTES)

    def exceeds(self, columns: int) -> bool:
        """Whether they are too many, or too large, for a table of so many columns.

        At first each change is counted as a row of its own. If those were too many, the rows are counted, and again
        after 50,000 more changes or 10 MB of them.
        """
        at_most = self._counted + Size(self._more_rows, self._more_bytes)
        return not (at_most.fits(columns) or self.size().fits(columns))

    def size(self) -> Size:
        """That of the rows."""
        self._write()
        found = f"SELECT count(content), total(csv_bytes), total(cells) FROM changes{self._number}"
        ((rows, csv_bytes, cells),) = self._database.read(found)
        self._counted, self._more_rows, self._more_bytes = Size(rows, int(csv_bytes), int(cells)), 0, 0
        return self._counted

    def misleading(self, columns: Collection[str], limits: RequestLimits) -> list[str]:
        """The columns by which Dust would mistake the delimiter of a table of the rows, or of a request; else none."""
        if not self._suspicious:
            return []  # nor is any request, or any part of the table
        all_rows = Delimiters()
        for request in requests(self, limits):
            rows = [change.row for change in request if change.row]
            if blamed := misleading_columns(rows):
                return blamed
            all_rows.add(rows)
        return misleading_in_table([(all_rows, 1.0)], columns)

    def __iter__(self) -> Iterator[Change]:
        """All changes. Nothing may be put while they are read."""
        self._write()
        at_once = min(BLOCK, max(1, self._most_bytes // self._largest))
        found = self._database.read(f"SELECT * FROM changes{self._number} ORDER BY rowid", at_once=at_once)
        for row_id, content, csv_bytes, cells, is_undelimited, number in found:
            row = None if content is None else Row(content, csv_bytes, cells, is_undelimited)
            yield Change(row_id, row, self._spans[number])

    def with_earlier(self, change: Change, *, deletes_are_sent: bool) -> Change:
        """The change, and the last few of its row that it replaced, which `unsent` no longer counts. Call it once.

        None from before a delete: the row is gone if Dust refuses what came after it.
        """
        if self._has_earlier:
            statement = f"SELECT * FROM earlier{self._number} WHERE row_id = ? ORDER BY rowid DESC"
            for row_id, *row, number in self._database.execute(statement, (change.row_id,)).fetchall():
                earlier = Change(row_id, None if row[0] is None else Row(*row), self._spans[number])
                if earlier.row or deletes_are_sent:
                    change.supersede(earlier, keeps=True)
                    self._records[number] -= 1
                if not earlier.row:
                    break
        return change

    def unsent(self, *, deletes_are_sent: bool) -> Iterator[tuple[Span, int, int]]:
        """By span: the records that a later one of the same row came after, and the deletes that are not sent."""
        self._write()
        found = f"SELECT count(*), count(content) FROM changes{self._number}"
        ((changes, rows),) = self._database.read(found)
        if changes == self._records.total() and (deletes_are_sent or changes == rows):
            return  # as many as records, so that none came after another
        # Counted here, because the database would sort copies of all rows on the disk.
        counts, deletes = Counter[int](), Counter[int]()
        for number, is_delete in self._database.read(f"SELECT span, content IS NULL FROM changes{self._number}"):
            counts[number] += 1
            deletes[number] += is_delete
        for number, records in self._records.items():
            yield self._spans[number], records - counts[number], 0 if deletes_are_sent else deletes[number]

    def close(self) -> None:
        """Forget all of them. Other streams reuse their room on the disk."""
        if self._staging.leave():
            # To drop a table, no other may be read meanwhile.
            self._database.execute(f"DELETE FROM changes{self._number}")
            if self._keeps_earlier:
                self._database.execute(f"DELETE FROM earlier{self._number}")

    def _write(self) -> None:
        """Write the changes of the block."""
        if not self._block:
            return
        if self._keeps_earlier:
            self._keep_earlier([(row_id,) for row_id in self._block])
        # Not an update: the row takes the place of its latest change.
        self._database.execute_each(
            f"REPLACE INTO changes{self._number} VALUES (?, ?, ?, ?, ?, ?)",
            [(row_id, *(row or _DELETED), number) for row_id, (row, number) in self._block.items()],
        )
        self._records.update([number for _, number in self._block.values()])
        self._suspicious = self._suspicious or any(row and is_suspicious(row) for row, _ in self._block.values())
        self._block, self._block_bytes = {}, 0

    def _keep_earlier(self, row_ids: Sequence[tuple[str]]) -> None:
        """Move the changes of rows to the earlier ones, and keep the last few of each row."""
        earlier, replaced = f"earlier{self._number}", f"FROM changes{self._number} WHERE row_id = ?"
        if self._database.execute_each(f"INSERT INTO {earlier} SELECT * {replaced}", row_ids):
            self._has_earlier = True
            oldest = f"SELECT rowid FROM {earlier} WHERE row_id = ? ORDER BY rowid DESC LIMIT 1 OFFSET {MAX_EARLIER}"
            self._database.execute_each(f"DELETE FROM {earlier} WHERE rowid = ({oldest})", row_ids)
