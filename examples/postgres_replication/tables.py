"""Tables of PostgreSQL as streams of Dust, and their events as changes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from destination_dust.loading import Change, Stream, Upsert
from destination_dust.loading import Delete as Deletion
from examples.postgres_replication.pgoutput import Absent, Delete, Insert, Relation, Row, Truncate, Update
from examples.postgres_replication.values import schema_of, value_of

RowEvent = Insert | Update | Delete

LookUp = Callable[[Relation, Mapping[str, str], Sequence[str]], "Row | None"]
"""Reads columns of a row by its key as PostgreSQL has it now; None if it has no such row."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What happened to one table, up to a TRUNCATE or the end."""

    table: Relation
    events: tuple[RowEvent, ...]
    """None of them if everything was truncated."""


def by_table(events: Iterable[RowEvent | Truncate]) -> Iterator[Changes]:
    """The events of each table in their order. Those of different tables do not depend on each other in Dust."""
    of_tables: dict[int, list[RowEvent | Relation]] = {}
    for event in events:
        if isinstance(event, Truncate):
            for table in event.tables:
                of_tables.setdefault(table.oid, []).append(table)
        else:
            of_tables.setdefault(event.table.oid, []).append(event)
    for each in of_tables.values():
        # A changed table is another one from there on, with other columns.
        for part in groupby(each, key=lambda item: (isinstance(item, Relation), _table(item))):
            (is_truncated, table), items = part
            yield Changes(table, () if is_truncated else tuple(i for i in items if not isinstance(i, Relation)))


def stream_of(table: Relation, key: Sequence[str]) -> Stream:
    """The stream of a table. Those of the schema `public` have no namespace."""
    properties = {column: schema_of(oid) for column, oid in table.columns.items()}
    namespace = None if table.schema == "public" else table.schema
    return Stream(table.name, key, namespace=namespace, json_schema={"properties": properties})


def record_of(table: Relation, row: Row) -> dict[str, Any]:
    """A row, or a part of it, as a record. It must have all of its values."""
    record = {}
    for column, value in row.items():
        if isinstance(value, Absent):
            raise ValueError(f"{table}.{column} has no value")
        record[column] = value_of(table.columns[column], value)
    return record


def changes_of(changes: Changes, key: Sequence[str], look_up: LookUp) -> Iterator[Change]:
    """Events as changes.

    PostgreSQL leaves out large values that an update did not change. Dust replaces whole records, so the value is read
    from the table, which has it as it is now. If the row is not there, something further on in the log has deleted it
    or given it another key: then its record goes now rather than being stored without the value.
    """
    table = changes.table
    for event in changes.events:
        if isinstance(event, Delete):
            yield Deletion(record_of(table, {name: event.old[name] for name in key}))
            continue
        before = None
        if isinstance(event, Update) and event.old:
            before = record_of(table, {name: event.old[name] for name in key if name in event.old})
        row: Row | None = event.row
        if missing := [name for name, value in event.row.items() if value is Absent.UNCHANGED]:
            found = look_up(table, {name: str(event.row[name]) for name in key}, missing)
            row = {**event.row, **found} if found else None
        if row is None:
            yield Deletion(before or record_of(table, {name: event.row[name] for name in key}))
        else:
            yield Upsert(record_of(table, row), before=before)


def _table(item: RowEvent | Relation) -> Relation:
    return item if isinstance(item, Relation) else item.table
