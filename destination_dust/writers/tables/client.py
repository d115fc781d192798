"""The calls for one table, made on worker threads, with errors about the table."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from destination_dust.airbyte.messages import StreamKey
from destination_dust.dust.client import DustClient
from destination_dust.dust.errors import Ambiguous, NotFound
from destination_dust.mapping.tables.bodies import EMPTYING_BODY
from destination_dust.mapping.tables.rows import GENERATION_ID
from destination_dust.mapping.tables.sizes import MAX_BYTES, MAX_ROWS, Size
from destination_dust.writers.tables.context import SAMPLE_ROWS

# No record has this id: those of records contain a hyphen (`mapping.ids`).
NO_ROW = "airbyte_nudge"
# Tries after which the rows of a failing request are tried in halves; waits of up to 1, 2 and 4 s lie between them.
TRIES = 4


class UnusableTable(Exception):
    """A table cannot take what it should. Its text says why, and what to do."""


def refuse_misleading(stream: StreamKey, columns: Sequence[str]) -> None:
    """Raise `UnusableTable` if there are columns by which Dust would mistake the delimiter."""
    if columns:
        raise UnusableTable(
            f"Rows of the stream {stream} cannot be stored: Dust keeps tables as CSV and guesses the delimiter, and in "
            "these rows semicolons or tabs outnumber the commas. Leave these columns out in the connection, or change "
            f"them in the source: {', '.join(columns)}."
        )


def too_large(stream: StreamKey, size: Size, table_id: str, columns: Collection[str]) -> UnusableTable:
    """The error for a stream that is more than a table can be."""
    megabytes = size.file_bytes(len(columns)) / 1e6
    return UnusableTable(
        f"The stream {stream} is too large for a table: it has {size.rows:,} rows, {megabytes:,.0f} MB in all, and "
        f"Dust cannot read a table of more than {MAX_ROWS:,} rows or {MAX_BYTES // 1_000_000} MB. The table {table_id} "
        "is as it was. Sync fewer rows or fields of the stream, or write it as documents."
    )


@dataclass(frozen=True, slots=True)
class ExistingTable:
    """A table as it was before the sync."""

    exists: bool = False
    tags: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    """Those that Dust knew."""
    rows: int | None = 0
    """How many rows it had, None if Dust could not read them."""
    generation: int = 0
    """The lowest in which some of its rows were written, 0 if one of them does not say."""


class TableClient:
    """The calls to Dust for one table."""

    def __init__(self, client: DustClient, table_id: str) -> None:
        self._client = client
        self.table_id = table_id

    def existing(self, *, with_rows: bool) -> ExistingTable:
        """The table as it is now; `with_rows`: read the number and the generation of its rows as well."""
        try:
            described = self._client.table(self.table_id)
        except NotFound:
            return ExistingTable()
        tags = tuple(map(str, described.get("tags") or ()))
        columns = tuple(str(column.get("name")) for column in described.get("schema") or ())
        if not with_rows:
            return ExistingTable(True, tags, columns)
        try:
            rows, total = self._client.rows(self.table_id, limit=SAMPLE_ROWS)
        except Ambiguous:
            return ExistingTable(True, tags, columns, None)  # replacing its rows fixes that
        generations = [(row.get("value") or {}).get(GENERATION_ID) for row in rows]
        lowest = min((each if isinstance(each, int) else 0 for each in generations), default=0)
        return ExistingTable(True, tags, columns, total, lowest)

    def create(self, title: str, description: str, tags: Sequence[str]) -> Mapping[str, Any]:
        """Create the table unless it exists, and describe it. Returns it as Dust describes it."""
        return self._client.upsert_table(
            self.table_id, name=self.table_id, title=title, description=description, tags=tags
        )

    def measure(self, *, has_schema: bool) -> tuple[list[Mapping[str, Any]], int] | None:
        """Some rows (`row_id`, and `value`: its cells by column), and the number of all. Raises `UnusableTable`.

        None if they cannot be read, and Dust knows of no column (not `has_schema`): nothing was merged yet. Proof that
        the table is to blame: for minutes its rows could not be read, twice, and in between and after that the table
        answered. Once could be an outage that ended in between.
        """
        trouble: Ambiguous | None = None
        for _ in range(2 if has_schema else 1):
            try:
                rows, total = self._client.rows(self.table_id, limit=SAMPLE_ROWS, lasting=has_schema)
            except Ambiguous as error:
                self._must_exist()
                trouble = error
            else:
                return [row for row in rows if isinstance(row.get("value"), dict)], total
        if not has_schema:
            return None
        raise UnusableTable(
            f"Dust cannot read the table {self.table_id} ({trouble}). That is so for a table that has grown past "
            "500,000 rows, 100 MB or 511 columns, until its rows are replaced. Select less for it in the "
            "connection, then refresh the stream and remove its records, or sync it once in a mode that overwrites."
        )

    def clear(self) -> None:
        """Delete all rows, at once."""
        self._client.upsert_rows(self.table_id, EMPTYING_BODY)

    def upsert(self, body: bytes, *, patiently: bool = False, lasting: bool = False) -> None:
        """Have rows queued, or all replaced at once.

        Raises `Ambiguous` where the rows may be to blame: after some tries; `lasting`: only after minutes; `patiently`:
        never.
        """
        try:
            self._client.upsert_rows(self.table_id, body, ambiguous_after=None if patiently else TRIES, lasting=lasting)
        except Ambiguous:
            self._must_exist()
            raise

    def repeat(self, body: bytes) -> bool:
        """Have rows queued once more that Dust took before. Returns whether it takes them, with little patience."""
        try:
            self._client.upsert_rows(self.table_id, body, ambiguous_after=1)
        except Ambiguous:
            return False
        return True

    def delete(self, row_id: str) -> None:
        """Have the removal of a row queued. Raises `UnusableTable`."""
        try:
            self._client.delete_row(self.table_id, row_id)
        except NotFound:
            raise self._gone() from None

    def read(self, row_id: str) -> Mapping[str, Any] | None:
        """The cells of a row, by column; None if it is not there, or not readable now. Raises `UnusableTable`."""
        row = self._client.row(self.table_id, row_id)
        if row is None:
            # Dust answers the same if the table is gone, and then no row will ever come.
            self._must_exist()
        return row

    def rows_without(self, row_id: str) -> int | None:
        """How many rows the table has while a row is not among them; None if it may be there. Raises `UnusableTable`.

        That the row cannot be read proves nothing: Dust answers 500 in trouble, too. Proof: it cannot be read before
        and after a read of its table that succeeds. In partial trouble that may be chance: see that the number fits.
        """
        if self.read(row_id) is not None:
            return None
        count = self.count()
        return None if self._client.row(self.table_id, row_id) else count

    def count(self) -> int | None:
        """How many rows the table has, None if it cannot be read now. Raises `UnusableTable`."""
        try:
            return self._client.rows(self.table_id, limit=1)[1]
        except Ambiguous:
            self._must_exist()
            return None

    def nudge(self) -> None:
        """Have Dust merge what it left lying, by a harmless change: the delete of a row that cannot exist.

        A request that arrives during a merge is queued, but Dust forgets to merge it until the table changes again.
        """
        self.delete(NO_ROW)

    def _must_exist(self) -> None:
        try:
            self._client.table(self.table_id)
        except NotFound:
            raise self._gone() from None

    def _gone(self) -> UnusableTable:
        return UnusableTable(
            f"The table {self.table_id} was deleted in Dust during the sync. Run the sync again; if rows are missing "
            "then, refresh the stream."
        )
