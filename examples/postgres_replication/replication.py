"""The copy and the stream. What PostgreSQL may forget is decided here, and nowhere else.

A slot makes PostgreSQL keep its log from a position on. Two facts prove where Dust is, and both are the database's:

- A slot with the name that the user chose exists: every table was copied. It is made of the slot for the copy, whose
  name ends in `_copying`, when the last `replace` has returned. If only that exists, the copy begins anew.
- The position that a slot has confirmed: Dust has every transaction that was committed before. It is confirmed when the
  calls with all changes of these transactions have returned.

Whenever the process ends, it begins again at one of these. What it repeats changes nothing in the end: events are
applied in their order, and a record with the same key is the same record.
"""

from __future__ import annotations

import logging
import select
import time
from collections.abc import Callable
from typing import Protocol

import psycopg2
import psycopg2.extras

from destination_dust.loading import Counts, Loader
from examples.postgres_replication.database import Database
from examples.postgres_replication.pgoutput import Commit, Decoder, Relation, Truncate
from examples.postgres_replication.tables import RowEvent, by_table, changes_of, record_of, stream_of
from examples.postgres_replication.values import SESSION

logger = logging.getLogger(__name__)

MOST_EVENTS = 5000
"""Events that are written at once."""
LONGEST = 5.0
"""Seconds that a change waits for others."""
IDLE = 0.5
"""Seconds between two looks at whether it is time for something else."""
KEEP_ALIVE = 1.0
"""Seconds after which PostgreSQL hears of us, also while Dust is slow.

It gives up a reader that was silent for `wal_sender_timeout`, which may be less than the usual minute.
"""


class MakeLoader(Protocol):
    """A `Loader` with its settings."""

    def __call__(self, *, on_progress: Callable[[Counts], None]) -> Loader:
        """The loader; see there."""


class Replication:
    """Keeps the tables of a publication in Dust."""

    def __init__(
        self,
        dsn: str,
        loader: MakeLoader,
        *,
        publication: str,
        slot: str,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """`loader`: makes one that calls back while it works."""
        self._dsn = dsn
        self._publication = publication
        self._slot = slot
        self._now = now
        self._database = Database(dsn)
        self._loader = loader(on_progress=lambda _: self._keep_alive())
        self._log: psycopg2.extras.ReplicationCursor | None = None
        self._told_at = 0.0

    def run(self, *, until: int | None = None) -> None:
        """Copy the tables if that was not done, then stream: for ever, or until an LSN has been reached."""
        tables = self._database.tables(self._publication)
        connection = psycopg2.connect(
            self._dsn, options=SESSION, connection_factory=psycopg2.extras.LogicalReplicationConnection
        )
        with self._loader:
            log = connection.cursor()
            slots = self._database.slots()
            # It is of a copy that broke off, or that was killed when it had just ended.
            if (copying := f"{self._slot}_copying") in slots:
                self._database.drop_slot(copying)
            if self._slot not in slots:
                self._copy(tables, log, copying)
            log.start_replication(
                slot_name=self._slot,
                decode=False,
                options={"proto_version": "1", "publication_names": f'"{self._publication}"'},
            )
            self._log = log
            self._stream(log, until)
        connection.close()
        self._database.close()

    def _copy(self, tables: list[Relation], log: psycopg2.extras.ReplicationCursor, copying: str) -> None:
        """Copy all tables as they are at the position where the stream will begin, which the slot `copying` keeps."""
        log.execute(f'CREATE_REPLICATION_SLOT "{copying}" LOGICAL pgoutput EXPORT_SNAPSHOT')
        snapshot = log.fetchone()[2]
        for table in tables:
            logger.info("Copying %s.", table)
            rows = (record_of(table, row) for row in self._database.rows(table, snapshot))
            counts = self._loader.replace(stream_of(table, self._database.key(table)), rows)
            logger.info("Copied %s: %s.", table, counts)
        self._database.copy_slot(copying, self._slot)
        self._database.drop_slot(copying)

    def _stream(self, log: psycopg2.extras.ReplicationCursor, until: int | None) -> None:
        """Write whole transactions, or parts of a large one. Only a transaction with all before it is confirmed.

        psycopg2 confirms by itself what a ping of the server names if the latest message has a position that was
        confirmed before. It takes that for proof that all messages are done with; but a transaction that began before
        the confirmed one, and ended after one that is not written yet, looks the same. So what is complete is written
        before more of such a transaction is read.
        """
        decoder = Decoder()
        events: list[RowEvent | Truncate] = []
        committed: int | None = None
        confirmed = 0
        since = 0.0
        while True:
            message = log.read_message()
            if message:
                event = decoder.decode(message.payload)
                if isinstance(event, Commit):
                    committed = event.end
                elif isinstance(event, Relation):
                    self._database.forget_key(event)
                elif event:
                    since = since if events else self._now()
                    events.append(event)
            is_early = message is not None and message.data_start <= confirmed
            is_due = committed is not None and (message is None or is_early or self._now() - since >= LONGEST)
            if is_due or len(events) >= MOST_EVENTS:
                self._write(events)
                events = []
                if committed is not None:
                    # Behind it psycopg2 confirms by itself, as far as PostgreSQL says that it had nothing to send.
                    log.send_feedback(flush_lsn=committed, force=True)
                    confirmed, committed = committed, None
            elif message is None:
                if until is not None and not events and log.wal_end >= until:
                    return
                select.select([log], [], [], IDLE)
            self._keep_alive()

    def _write(self, events: list[RowEvent | Truncate]) -> None:
        """Have Dust take events. It has them when this returns."""
        for changes in by_table(events):
            key = self._database.key(changes.table)
            if not key:
                logger.warning("%s was dropped. What Dust has of it stays.", changes.table)
                continue
            stream = stream_of(changes.table, key)
            if not changes.events:
                self._loader.replace(stream, [])
                continue
            counts = self._loader.apply(stream, changes_of(changes, key, self._database.look_up))
            logger.info("%s: %s.", changes.table, counts)

    def _keep_alive(self) -> None:
        """Repeat what was confirmed, so that PostgreSQL does not give us up."""
        if self._log and self._now() - self._told_at >= KEEP_ALIVE:
            self._log.send_feedback(force=True)
            self._told_at = self._now()
