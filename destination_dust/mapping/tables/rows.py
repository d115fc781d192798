"""A record as a row of a Dust table, encoded once, as the bytes that are sent.

Only the time of loading is added later: it is that of the burst in which the row is sent.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

import orjson

from destination_dust.exact_json import clean_text
from destination_dust.mapping.tables.cells import (
    TYPED_AS_SENT,
    Cell,
    Difference,
    Format,
    cell,
    datetime_cell,
    format_of,
)
from destination_dust.mapping.tables.columns import MAX_COLUMNS, ColumnNames
from destination_dust.mapping.tables.type_inference import DustType
from destination_dust.mapping.timestamps import emission_time

EXTRACTED_AT = "_airbyte_extracted_at"
LOADED_AT = "_airbyte_loaded_at"
GENERATION_ID = "_airbyte_generation_id"
OWN_COLUMNS = (EXTRACTED_AT, LOADED_AT, GENERATION_ID)

# `value_type` of a column in Dust's schemas.
VALUE_TYPES = {
    "bool": DustType.BOOL,
    "int": DustType.INT,
    "float": DustType.FLOAT,
    "text": DustType.TEXT,
    "datetime": DustType.DATETIME,
}


# How Dust's CSV writes a date-time.
_DATETIME_CHARACTERS = len("2026-01-01 00:00:00")
# Quotes and colon of a name, and a comma.
_NAME_OVERHEAD = len('"":,')


class TooManyColumns(Exception):
    """A stream has more fields than a Dust table can have columns."""


class Row(NamedTuple):
    """An encoded row, and how much of Dust's table it takes."""

    content: bytes
    """Its part of a request after the time of loading, as JSON (see `upsert_body`)."""
    csv_bytes: int
    """The most bytes that its cells, own columns and id can take in Dust's CSV, with quotes and without commas."""
    cells: int
    """Its cells that are not empty, own columns included and the id not."""


class Column:
    """One field of a stream: the name of its column, and the types and differences seen in it."""

    __slots__ = ("declared", "expected", "kinds", "latest", "name", "odd", "used")

    def __init__(self, name: str, expected: Format | None, *, declared: bool) -> None:
        self.name = name
        self.declared = declared
        self.expected = expected
        self.used = False
        self.latest: DustType | None = None
        self.kinds: set[DustType] = set()
        """The types Dust will infer, except for texts it misreads (see `odd`)."""
        self.odd: Counter[Difference] = Counter()


class RowEncoder:
    """Encodes the records of one stream as rows. Learns the fields that the catalog does not declare."""

    def __init__(
        self,
        properties: Mapping[str, Any],
        *,
        generation_id: int | None = None,
        remembered: Mapping[str, str] | None = None,
        existing: Collection[str] = (),
    ) -> None:
        """`properties`: the declared fields, as JSON schemas; `remembered` and `existing`: see `ColumnNames`."""
        self._properties = properties
        self._names = ColumnNames(properties, reserved=OWN_COLUMNS, remembered=remembered, existing=existing)
        self._moved_from = existing if remembered is None else ()
        self._own: dict[str, Cell] = {} if generation_id is None else {GENERATION_ID: generation_id}
        self._fields: dict[str, Column] = {}
        self._used: set[str] = set()
        self._in_table = set(OWN_COLUMNS)
        self.existing: dict[str, DustType] = {}
        """The types of columns that the table already had."""
        self.cleaned = 0
        """Rows in which characters had to be removed or replaced."""
        for field in properties:
            self._column(field)

    @property
    def columns(self) -> Mapping[str, Column]:
        """The columns of the fields seen or declared so far, by field."""
        return self._fields

    @property
    def changed_names(self) -> Mapping[str, str]:
        """The columns, by field, that later syncs must know: those whose name differs from the field's."""
        return self._names.changed

    def moved(self) -> Iterator[tuple[str, str, str]]:
        """Fields that may have moved to another column, because nothing tells which one they had; see `ColumnNames`."""
        return self._names.moved(self._moved_from)

    @property
    def in_table(self) -> Collection[str]:
        """The columns that the table has, as far as is known, or will have once the encoded rows are in it."""
        return self._in_table

    def note_existing(self, columns: Iterable[str], kinds: Mapping[str, DustType] | None = None) -> None:
        """Remember columns that the table already has. Raises `TooManyColumns`."""
        self.existing.update(kinds or {})
        self._in_table.update(columns)
        self._check_width()

    def encode(self, row_id: str, data: Mapping[str, Any], emitted_at: int | None) -> Row:
        """The row of a record. Raises `TooManyColumns`.

        `emitted_at`: when the source read the record, in milliseconds since 1970. A record with more fields than the
        table can take raises before anything is learned from it, so that it spoils no other.
        """
        self._check_new(data)
        extracted_at = emission_time(emitted_at)
        value: dict[str, Cell] = {} if extracted_at is None else {EXTRACTED_AT: datetime_cell(extracted_at // 1000)}
        value.update(self._own)
        for field, raw in data.items():
            if raw is None:
                continue
            column = self._fields.get(field) or self._column(field)
            content, kind, odd = cell(raw, column.expected)
            if odd is not None:
                column.odd[odd] += 1
            if content is not None:
                value[column.name] = content
                if kind is not column.latest and odd in TYPED_AS_SENT:
                    column.latest = kind
                    column.kinds.add(kind)
                if not column.used:
                    column.used = True
                    self._used.add(field)
                    self._in_table.add(column.name)
        cells = self._json(value)
        encoded_id = orjson.dumps(row_id)
        encoded = b'%b%b,"row_id":%b}' % (b"," if value else b"", cells[1:], encoded_id)
        return Row(encoded, _csv_bytes(value, cells, encoded_id), len(value) + 1)

    def _column(self, field: str) -> Column:
        name, declared = self._names.name_of(field), field in self._properties
        column = self._fields[field] = Column(name, self._format_of(field), declared=declared)
        return column

    def _format_of(self, field: str) -> Format | None:
        return format_of(self._properties.get(field))

    def _check_new(self, data: Mapping[str, Any]) -> None:
        """Raise `TooManyColumns` if the record has values for more columns than there is room for."""
        new = [field for field in data.keys() - self._used if data[field] is not None]
        if len(self._in_table) + len(new) > MAX_COLUMNS:
            filled = [field for field in new if cell(data[field], self._format_of(field))[0] is not None]
            self._check_width(map(self._names.name_of, filled))

    def _check_width(self, more: Iterable[str] = ()) -> None:
        width = len(self._in_table.union(more))
        if width > MAX_COLUMNS:
            raise TooManyColumns(
                f"a Dust table has at most {MAX_COLUMNS} columns, and this one would have {width} "
                f"({len(OWN_COLUMNS)} of them the connector's own)"
            )

    def _json(self, value: dict[str, Cell]) -> bytes:
        """The cells as JSON, without characters that Dust cannot store."""
        try:
            cells = orjson.dumps(value)
            if b"\\u0000" not in cells:
                return cells
        except TypeError:
            pass  # halves of surrogate pairs
        cleaned = 0
        for name, content in value.items():
            if isinstance(content, str):
                value[name], odd = clean_text(content)
                cleaned += odd
        self.cleaned += cleaned > 0
        return orjson.dumps(value)


def _csv_bytes(value: Mapping[str, Cell], cells: bytes, row_id: bytes) -> int:
    """See `Row`. JSON is never shorter than CSV: it quotes each text, and escapes more; only numbers need care."""
    names = sum(len(name) + _NAME_OVERHEAD for name in value)
    shorter = sum(map(_shorter_than_csv, value.values()))
    # The last value has no comma.
    return len(cells) - len(b"{}") + bool(value) - names + shorter + len(row_id) + _DATETIME_CHARACTERS


def _shorter_than_csv(content: Cell) -> int:
    """The bytes by which JSON is shorter than CSV, negative if it is longer."""
    if isinstance(content, dict):
        return _DATETIME_CHARACTERS - len(orjson.dumps(content))
    # Dust's server writes numbers without exponents.
    return len(format(Decimal(repr(content)), "f")) if isinstance(content, float) and "e" in repr(content) else 0


def upsert_body(rows: Iterable[bytes], loaded_at: int, *, truncates: bool = False) -> bytes:
    """The request that upserts encoded rows, or with `truncates` replaces all. `loaded_at`: seconds since 1970."""
    head = row_head(loaded_at)
    return b'{"rows":[' + head + (b"," + head).join(rows) + b"]" + (_TRUNCATE if truncates else b"}")


def row_head(loaded_at: int) -> bytes:
    """How each row of a request begins."""
    return b'{"value":{"%b":%b' % (LOADED_AT.encode(), orjson.dumps(datetime_cell(loaded_at)))


_TRUNCATE = b',"truncate":true}'
EMPTYING_BODY = b'{"rows":[]' + _TRUNCATE

# The bytes of a row in a request besides its own: its head and a comma.
ROW_OVERHEAD = len(row_head(10**9)) + 1
BODY_OVERHEAD = len(EMPTYING_BODY)
