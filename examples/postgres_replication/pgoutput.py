"""Messages of PostgreSQL's logical replication (plug-in pgoutput, protocol version 1) as events.

https://www.postgresql.org/docs/current/protocol-logicalrep-message-formats.html
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum


class Absent(Enum):
    """In the place of a value that PostgreSQL did not send."""

    UNCHANGED = "a large value (TOAST) that an update did not change"


Row = Mapping[str, "str | Absent | None"]
"""Texts of the values by column."""


@dataclass(frozen=True, slots=True)
class Relation:
    """A table as it was when the next events about it happened: sent before them, and again after it was altered."""

    oid: int
    schema: str
    name: str
    columns: Mapping[str, int]
    """The type's OID of each column, in their order."""

    def __str__(self) -> str:
        return f"{self.schema}.{self.name}"


@dataclass(frozen=True, slots=True)
class Insert:
    """A new row."""

    table: Relation
    row: Row


@dataclass(frozen=True, slots=True)
class Update:
    """A row as it is now, and `old` as it was: whole, its former key only, or None if the key is the same."""

    table: Relation
    row: Row
    old: Row | None


@dataclass(frozen=True, slots=True)
class Delete:
    """A row that is gone: whole, or its key only."""

    table: Relation
    old: Row


@dataclass(frozen=True, slots=True)
class Truncate:
    """All rows of these tables are gone."""

    tables: tuple[Relation, ...]


@dataclass(frozen=True, slots=True)
class Commit:
    """The end of a transaction. Once everything up to `end` (an LSN) is stored, it may be confirmed."""

    end: int


Event = Relation | Insert | Update | Delete | Truncate | Commit


class Decoder:
    """Remembers the tables that were described, to which later messages refer by number."""

    def __init__(self) -> None:
        self._tables: dict[int, Relation] = {}

    def decode(self, message: bytes) -> Event | None:
        """The event of a message, None if it changes nothing."""
        data = _Bytes(message)
        match data.letter():
            case "R":
                return self._relation(data)
            case "I":
                table = self._table(data)
                data.letter()
                return Insert(table, data.row([*table.columns]))
            case "U":
                return self._update(data)
            case "D":
                table = self._table(data)
                return Delete(table, self._old(data, table, data.letter()))
            case "T":
                count = data.number("I")
                data.number("B")
                return Truncate(tuple(self._table(data) for _ in range(count)))
            case "C":
                data.number("B")
                data.number("Q")
                return Commit(data.number("Q"))
        return None  # a transaction begins, or a type is described

    def _relation(self, data: _Bytes) -> Relation:
        oid, schema, name = data.number("I"), data.text(), data.text()
        data.number("B")
        columns = {}
        for _ in range(data.number("H")):
            data.number("B")
            column, columns[column] = data.text(), data.number("I")
            data.number("I")
        table = self._tables[oid] = Relation(oid, schema or "pg_catalog", name, columns)
        return table

    def _update(self, data: _Bytes) -> Update:
        table, old = self._table(data), None
        if (kind := data.letter()) != "N":
            old = self._old(data, table, kind)
            data.letter()
        row = data.row([*table.columns])
        if old:  # whole rows (REPLICA IDENTITY FULL) have what the new one leaves out
            row = {name: old.get(name, value) if value is Absent.UNCHANGED else value for name, value in row.items()}
        return Update(table, row, old)

    def _old(self, data: _Bytes, table: Relation, kind: str) -> Row:
        row = data.row([*table.columns])
        # In a mere key, PostgreSQL writes null for the other columns.
        return {name: value for name, value in row.items() if kind == "O" or value is not None}

    def _table(self, data: _Bytes) -> Relation:
        return self._tables[data.number("I")]


class _Bytes:
    """A message, read from its beginning on."""

    def __init__(self, message: bytes) -> None:
        self._message = message
        self._at = 0

    def number(self, kind: str) -> int:
        """An unsigned integer; `kind` as in `struct`."""
        (number,) = struct.unpack_from(f">{kind}", self._message, self._at)
        self._at += struct.calcsize(f">{kind}")
        return int(number)

    def letter(self) -> str:
        return chr(self.number("B"))

    def text(self) -> str:
        end = self._message.index(b"\0", self._at)
        text = self._message[self._at : end].decode()
        self._at = end + 1
        return text

    def row(self, columns: list[str]) -> dict[str, str | Absent | None]:
        self.number("H")
        return {column: self._value() for column in columns}

    def _value(self) -> str | Absent | None:
        match self.letter():
            case "n":
                return None
            case "u":
                return Absent.UNCHANGED
        size = self.number("I")
        self._at += size
        return self._message[self._at - size : self._at].decode()
