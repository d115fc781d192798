"""A record as a row of a Dust table, encoded once, as the bytes that are sent.

Only the time of loading is added later: it is that of the burst in which the row is sent.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import orjson

from destination_dust.exact_json import clean_text
from destination_dust.mapping.tables.cells import (
    LARGEST_EXACT,
    LARGEST_FLOAT,
    Cell,
    Difference,
    cell,
    datetime_cell,
    written_epoch,
)
from destination_dust.mapping.tables.column_values import NAME_OVERHEAD, Column
from destination_dust.mapping.tables.columns import MAX_COLUMNS, ColumnNames
from destination_dust.mapping.tables.csv_growth import DATETIME_CHARACTERS, RECENT, RECENT_GROWTH, SMALL, csv_growth
from destination_dust.mapping.tables.formats import Format, format_of
from destination_dust.mapping.tables.type_inference import BEGINNING, DustType, begins_only_text, inferred_type
from destination_dust.mapping.timestamps import YEAR_10000, emission_time

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


_EXTRACTED_AT_BYTES = len(EXTRACTED_AT) + NAME_OVERHEAD
# What stands before the cells of a row as `RowEncoder` writes it, and all that is neither cells nor id.
_BEFORE_CELLS = len('{"value":{')
_AROUND_CELLS_AND_ID = len('{"value":,"row_id":}')

# As numbers, they are found six times as fast as in bytes of their own.
_SEMICOLON, _BACKSLASH = b";\\"

# Members of an enumeration are slow to look up (until Python 3.12), and there is a look-up for each cell.
_DATETIME, _FLOAT = DustType.DATETIME, DustType.FLOAT


class TooManyColumns(Exception):
    """A stream has more fields than a Dust table can have columns."""


class Row(NamedTuple):
    """An encoded row, and how much of Dust's table it takes."""

    content: bytes
    """Its part of a request after the time of loading, as JSON (see `bodies.upsert_body`)."""
    csv_bytes: int
    """The most bytes that its cells, own columns and id can take in Dust's CSV, with quotes and without commas."""
    cells: int
    """Its cells that are not empty, own columns included and the id not."""
    is_undelimited: bool = False
    """Whether it is known that no semicolon or tab is in it. To look again, later, would take it from memory again."""


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
        self._own_name_bytes = sum(len(name) + NAME_OVERHEAD for name in self._own)
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

    def column_of(self, field: str) -> str:
        """The name of a field's column."""
        return (self._fields.get(field) or self._column(field)).name

    def encode(
        self, row_id: str, data: Mapping[str, Any], emitted_at: int | None, kept: Mapping[str, Cell] | None = None
    ) -> Row:
        """The row of a record. Raises `TooManyColumns`.

        `emitted_at`: when the source read the record, in milliseconds since 1970; `kept`: cells that the row had
        before, by column, which it keeps where the record has none. A record with more fields than the table can take
        raises before anything is learned from it, so that it spoils no other.
        """
        if len(self._in_table) + len(data) > MAX_COLUMNS:
            self._check_new(data)
        value: dict[str, Cell] = {}
        # What the CSV has more than the JSON: the time of loading; and less: names, quotes around them, commas.
        growth = DATETIME_CHARACTERS - self._own_name_bytes
        if (extracted_at := emission_time(emitted_at)) is not None:
            value[EXTRACTED_AT], longer = _extraction(extracted_at // 1000)
            growth += longer
        value.update(self._own)
        columns = self._fields
        for field, raw in data.items():
            if raw is None:
                continue
            column = columns.get(field) or self._column(field)
            growth -= column.name_bytes
            exact = type(raw)
            if exact is column.plain:
                # Most values are of the type of those before. This says, with less effort, what the lines below would.
                plain: Cell = None
                if exact is str:
                    if column.expected is None:
                        plain = raw if begins_only_text(raw[:BEGINNING]) else None
                    elif (epoch := written_epoch(raw)) is not None and RECENT <= epoch < YEAR_10000:
                        plain = {"type": "datetime", "epoch": epoch}
                        growth += RECENT_GROWTH
                elif exact is float:
                    plain = raw if SMALL < raw < LARGEST_FLOAT and not raw.is_integer() else None
                elif -LARGEST_EXACT <= raw <= LARGEST_EXACT:
                    plain = raw
                if plain is not None:
                    value[column.name] = plain
                    continue
            content, kind, odd = column.cells.get(exact, cell)(raw)
            if odd is not None:
                column.odd[odd] += 1
            if content is None:
                growth += column.name_bytes
                continue
            if type(content) is dict and content["epoch"] >= RECENT:
                growth += RECENT_GROWTH
            elif kind is _DATETIME or kind is _FLOAT or odd is not None:
                growth += csv_growth(content, kind)
            value[column.name] = content
            if kind not in column.noted:
                self._note(field, column, kind, exact, odd)
        if kept:
            growth += self._keep(kept, value)
        encoded = self._json(value, row_id)
        content_bytes = (b"," if value else b"") + encoded[_BEFORE_CELLS:]
        csv_bytes = len(encoded) - _AROUND_CELLS_AND_ID + growth
        return Row(content_bytes, csv_bytes, len(value) + 1, _SEMICOLON not in encoded and _BACKSLASH not in encoded)

    def _keep(self, kept: Mapping[str, Cell], value: dict[str, Cell]) -> int:
        """Add the cells that a row keeps. Returns by how many bytes they are longer in the CSV."""
        growth = 0
        for name, content in kept.items():
            if content is not None and name not in value:
                value[name] = content
                kind = inferred_type(content) if isinstance(content, str) else DustType.TEXT
                growth += csv_growth(content, kind) - len(name) - NAME_OVERHEAD
        return growth

    def _note(self, field: str, column: Column, kind: DustType, exact: type, odd: Difference | None) -> None:
        """Note that a column has a value of a type that none was noted with."""
        column.note(kind, exact, odd)
        if not column.used:
            column.used = True
            self._used.add(field)
            self._in_table.add(column.name)

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

    def _json(self, value: dict[str, Cell], row_id: str) -> bytes:
        """The cells and the id as JSON, without characters that Dust cannot store."""
        row = {"value": value, "row_id": row_id}
        try:
            encoded = orjson.dumps(row)
            # Most rows have no escape at all, which is quicker to see.
            if _BACKSLASH not in encoded or b"\\u0000" not in encoded:
                return encoded
        except TypeError:
            pass  # halves of surrogate pairs
        cleaned = 0
        for name, content in value.items():
            if isinstance(content, str):
                value[name], odd = clean_text(content)
                cleaned += odd
        self.cleaned += cleaned > 0
        return orjson.dumps(row)


@lru_cache(maxsize=100)
def _extraction(seconds: int) -> tuple[Cell, int]:
    """The cell of the time at which a record was read, and by how many bytes the CSV is longer.

    Records come by the thousand each second. Nothing may change the cell, which their rows share.
    """
    moment = datetime_cell(seconds)
    return moment, csv_growth(moment, _DATETIME) - _EXTRACTED_AT_BYTES
