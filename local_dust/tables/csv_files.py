"""The round trip of rows through a CSV file: Dust stores tables and queued requests as such files."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from local_dust.limits import Limits
from local_dust.tables.cells import (
    LARGEST_INTEGER,
    Cell,
    Moment,
    csv_text,
    guessed,
    is_settled,
    reread,
    trimmed,
)
from local_dust.tables.column_names import ROW_ID, UnreadableCsv, sanitised

HEAD = 16 * 1024
DELIMITERS = ",;\t"
_UNCHANGED = {type(None), bool}
_INTEGERS = {type(None), bool, int}
_TEXTS = {type(None), str}
_UNSETTLED = {float, Moment}

csv.field_size_limit(sys.maxsize)


class LostForGood(UnreadableCsv):
    """A file that the core gives up on at once."""

    permanent = True


@dataclass(frozen=True)
class Rows:
    """Rows in memory: `values` are parallel to `ids`, each as long as `names`.

    `bytes_at_most`: an upper bound of their size as CSV. `read`: they were read from a file, so another round trip
    changes no text. `settled`: it changes no value at all.
    """

    names: tuple[str, ...] = ()
    ids: Sequence[str] = ()
    values: Sequence[tuple[Cell, ...]] = ()
    bytes_at_most: int = 0
    read: bool = False
    settled: bool = False

    def columns(self) -> list[Sequence[Cell]]:
        return list(zip(*self.values, strict=True)) if self.values else [() for _ in self.names]

    def aligned(self, names: tuple[str, ...]) -> Rows:
        """The same rows with these columns: others are dropped, missing ones are null."""
        if names == self.names:
            return self
        columns = dict(zip(self.names, self.columns(), strict=True))
        empty = (None,) * len(self.ids)
        values = list(zip(*(columns.get(name, empty) for name in names), strict=True))
        return replace(self, names=names, values=values or [()] * len(self.ids))


def passed(rows: Rows, limits: Limits, today: date) -> Rows:
    """The rows, written to a file and read from it again.

    Raises:
        UnreadableCsv: The file can be written but not read.
        UnwritableCell: A value cannot be written.
    """
    if len(rows.names) + 1 > limits.columns:
        raise LostForGood("Too many columns in CSV file")
    # A row has a comma for each column, also for those that it lacks, so it can be larger than it was as JSON.
    at_most = rows.bytes_at_most + len(rows.ids) * (len(rows.names) + 1)
    if at_most > limits.table_bytes and _size(rows) > limits.table_bytes:
        raise LostForGood("CSV file is too large")
    delimiter = guessed_delimiter(_head(rows))
    if delimiter != "," or ROW_ID in rows.names:
        return _read(_text(rows), delimiter, rows.bytes_at_most, limits, today)
    names = tuple(sanitised([*rows.names, ROW_ID])[:-1])
    if len(rows.ids) > limits.table_rows:
        raise UnreadableCsv("Too many rows in CSV file")
    if rows.settled:
        return replace(rows, names=names)
    return reread_cells(replace(rows, names=names), today)


def reread_cells(rows: Rows, today: date) -> Rows:
    """The effect of the round trip on ids and values, if the columns are split correctly."""
    columns = [_passed_column(column, today, read=rows.read) for column in rows.columns()]
    values = list(zip(*columns, strict=True)) or [()] * len(rows.ids)
    ids = rows.ids if rows.read else [trimmed(row_id) for row_id in rows.ids]
    return replace(rows, ids=ids, values=values, read=True, settled=_all_settled(columns))


def guessed_delimiter(head: bytes) -> str:
    """The delimiter that occurs most often outside quotes in the first 16 KB; the comma wins a tie, then `;`."""
    outside = b"".join(head[:HEAD].split(b'"')[::2])
    return max(DELIMITERS, key=lambda d: (outside.count(d.encode()), -DELIMITERS.index(d)))


def _passed_column(column: Sequence[Cell], today: date, *, read: bool) -> Sequence[Cell]:
    kinds = set(map(type, column))
    if kinds <= _UNCHANGED or (kinds <= _INTEGERS and max(filter(None, column), default=0) <= LARGEST_INTEGER):
        return column
    if kinds <= _TEXTS:
        return column if read else [None if cell is None else guessed(cell, today) for cell in column]
    if Moment not in kinds:
        return [reread(cell, today) for cell in column]
    moments = {cell: reread(cell, today) for cell in set(column) if type(cell) is Moment}
    return [moments[cell] if type(cell) is Moment else reread(cell, today) for cell in column]


def _all_settled(columns: Iterable[Sequence[Cell]]) -> bool:
    return all(all(map(is_settled, {c for c in column if type(c) in _UNSETTLED})) for column in columns)


def _head(rows: Rows) -> bytes:
    text = io.StringIO()
    _write(rows, text, enough=lambda: text.tell() > HEAD)
    return text.getvalue().encode("utf-8", "replace")[:HEAD]


def _text(rows: Rows) -> str:
    text = io.StringIO()
    _write(rows, text)
    return text.getvalue()


def _size(rows: Rows) -> int:
    # The writer ends lines with two characters where Dust's ends them with one.
    return len(_text(rows).encode("utf-8", "replace")) - len(rows.ids) - 1


def _write(rows: Rows, file: io.StringIO, enough: Callable[[], bool] = lambda: False) -> None:
    writer = csv.writer(file)
    writer.writerow([*rows.names, ROW_ID])
    for row_id, values in zip(rows.ids, rows.values, strict=True):
        if enough():
            return
        writer.writerow([*map(csv_text, values), row_id])


def _read(text: str, delimiter: str, bytes_at_most: int, limits: Limits, today: date) -> Rows:
    lines = (line for line in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if line)
    try:
        header, *records = lines
    except csv.Error as error:
        raise UnreadableCsv(str(error)) from None
    names = sanitised(header)
    position = names.index(ROW_ID) if ROW_ID in names else None
    if len(records) > limits.table_rows:
        raise UnreadableCsv("Too many rows in CSV file")
    if position is not None:
        del names[position]
    ids, values = [], []
    for number, record in enumerate(records):
        if position is not None and position >= len(record):
            raise UnreadableCsv("A record without a row id")
        ids.append(str(number) if position is None else trimmed(record.pop(position)))
        cells = [guessed(field, today) for field in record[: len(names)]]
        values.append((*cells, *[None] * (len(names) - len(cells))))
    return Rows(tuple(names), ids, values, bytes_at_most, read=True)
