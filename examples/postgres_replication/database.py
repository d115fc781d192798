"""PostgreSQL besides its log: the tables of a publication, their keys, their rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import psycopg2
import psycopg2.extensions
from psycopg2 import sql

from examples.postgres_replication.pgoutput import Relation, Row
from examples.postgres_replication.values import SESSION

ROWS = 2000
"""Rows that are read at once."""

_TABLES = """
    SELECT c.oid, n.nspname, c.relname, c.relreplident,
        (SELECT array_agg(a.attname::text ORDER BY a.attnum) FROM pg_attribute a, pg_index i
         WHERE a.attrelid = c.oid AND i.indrelid = c.oid AND i.indisprimary AND a.attnum = ANY (i.indkey)),
        (SELECT array_agg(ARRAY[a.attname::text, a.atttypid::text] ORDER BY a.attnum) FROM pg_attribute a
         WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '')
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
"""
_PUBLISHED = (
    _TABLES + "JOIN pg_publication_tables p ON p.schemaname = n.nspname AND p.tablename = c.relname "
    "WHERE p.pubname = %s ORDER BY 2, 3"
)


class Unusable(Exception):
    """The database cannot be replicated as it is. The text says what to change."""


class Database:
    """A connection for queries; not the one that the log comes over."""

    def __init__(self, dsn: str) -> None:
        self._connection = psycopg2.connect(dsn, options=SESSION)
        self._connection.autocommit = True
        self._keys: dict[int, tuple[str, ...]] = {}

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def tables(self, publication: str) -> list[Relation]:
        """The tables of a publication. Raises `Unusable`."""
        tables = []
        for oid, schema, name, identity, key, columns in self._query(_PUBLISHED, [publication]):
            table = Relation(oid, schema, name, {column: int(kind) for column, kind in columns})
            self._keep_key(table, identity, key)
            tables.append(table)
        if not tables:
            raise Unusable(f"There is no publication {publication} with tables: CREATE PUBLICATION {publication} FOR …")
        return tables

    def key(self, table: Relation) -> tuple[str, ...]:
        """The columns of a table's primary key; none if the table was dropped. Raises `Unusable`.

        It is the key as it is now. The log may have changes from before it was another one.
        """
        if table.oid not in self._keys:
            rows = self._query(_TABLES + "WHERE c.oid = %s", [table.oid])
            if not rows:
                return ()
            self._keep_key(table, rows[0][3], rows[0][4])
        key = self._keys[table.oid]
        if not table.columns.keys() >= set(key):
            raise Unusable(
                f"The key of {table} was changed before Dust had its earlier changes, which lack {', '.join(key)}. "
                "Name its columns as they were, or drop the slot to have everything copied again."
            )
        return key

    def forget_key(self, table: Relation) -> None:
        """A table was altered."""
        self._keys.pop(table.oid, None)

    def look_up(self, table: Relation, key: Mapping[str, str], columns: Sequence[str]) -> Row | None:
        """See `tables.LookUp`."""
        conditions = [sql.SQL("{} = %s").format(sql.Identifier(column)) for column in key]
        query = sql.SQL("{} WHERE {}").format(_select(table, columns), sql.SQL(" AND ").join(conditions))
        with self._connection.cursor() as cursor:
            _read_texts(cursor, table)
            cursor.execute(query, [*key.values()])
            row = cursor.fetchone()
        return dict(zip(columns, row, strict=True)) if row else None

    def rows(self, table: Relation, snapshot: str) -> Iterator[Row]:
        """All rows of a table as of an exported snapshot."""
        connection = self._connection
        connection.autocommit = False
        try:
            connection.set_session(isolation_level="REPEATABLE READ", readonly=True)
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION SNAPSHOT %s", [snapshot])
            with connection.cursor("copy") as cursor:
                _read_texts(cursor, table)
                cursor.itersize = ROWS
                cursor.execute(_select(table, [*table.columns]))
                for row in cursor:
                    yield dict(zip(table.columns, row, strict=True))
        finally:
            connection.rollback()
            connection.set_session(isolation_level="DEFAULT", readonly=False)
            connection.autocommit = True

    def position(self) -> int:
        """The end of the log, as an LSN."""
        return int(self._query("SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn", [])[0][0])

    def slots(self) -> set[str]:
        """The names of the replication slots."""
        return {name for (name,) in self._query("SELECT slot_name FROM pg_replication_slots", [])}

    def copy_slot(self, old: str, new: str) -> None:
        """Make a slot at the same position."""
        self._query("SELECT pg_copy_logical_replication_slot(%s, %s)", [old, new])

    def drop_slot(self, name: str) -> None:
        """Give up a slot, and with it the log that PostgreSQL keeps for it."""
        self._query("SELECT pg_drop_replication_slot(%s)", [name])

    def _keep_key(self, table: Relation, identity: str, key: Sequence[str] | None) -> None:
        """Changes name rows by the key (identity `d`) or have all old values (`f`). Others cannot be told apart."""
        if not key:
            raise Unusable(f"{table} has no primary key, by which Dust tells rows apart. Add one.")
        if identity not in ("d", "f"):
            raise Unusable(f"ALTER TABLE {table} REPLICA IDENTITY DEFAULT (or FULL) first.")
        self._keys[table.oid] = tuple(key)

    def _query(self, query: str, values: Sequence[object]) -> list[tuple]:  # type: ignore[type-arg] # of any columns
        with self._connection.cursor() as cursor:
            cursor.execute(query, values)
            return list(cursor.fetchall())


def _select(table: Relation, columns: Sequence[str]) -> sql.Composed:
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    return sql.SQL("SELECT {} FROM {}").format(names, sql.Identifier(table.schema, table.name))


def _read_texts(cursor: psycopg2.extensions.cursor, table: Relation) -> None:
    """Read values as the texts that the log has, too."""
    oids = tuple(set(table.columns.values()))
    kind = psycopg2.extensions.new_type(oids, "TEXTS", lambda text, _: text)
    psycopg2.extensions.register_type(kind, cursor)
