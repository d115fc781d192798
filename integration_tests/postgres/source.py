"""A database of a real PostgreSQL, and the example as a process that keeps its tables in a local Dust."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg2

from integration_tests.harness.launcher import ROOT, environment

PATIENCE = 90.0
USERS = "CREATE TABLE users (id bigint PRIMARY KEY, name text, body text); CREATE PUBLICATION dust FOR TABLE users"
LARGE = "repeat('x', 5000)"
"""A value that PostgreSQL keeps apart (TOAST) if the column's storage is external."""


def wait_for(condition: Callable[[], object], what: Callable[[], str] = lambda: "") -> None:
    """Wait until something has become true."""
    until = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < until, what()
        time.sleep(0.02)


class Source:
    """A database, named after the test: slots are the server's, so that is the name of the slot, too."""

    def __init__(self, server: str, name: str, options: str = "") -> None:
        """`options`: of the new database."""
        self.name = name
        connection = psycopg2.connect(server)
        connection.autocommit = True  # else it would begin a transaction, in which no database can be made
        connection.cursor().execute(f"CREATE DATABASE {name} {options}")
        connection.close()
        self.dsn = server.replace("dbname=postgres", f"dbname={name}")
        self._connection = psycopg2.connect(self.dsn)
        self._connection.autocommit = True

    def close(self) -> None:
        self._connection.close()

    def execute(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Run statements, and commit each at once. Returns the rows of the last one."""
        with self._connection.cursor() as cursor:
            cursor.execute(query, values or None)
            return list(cursor.fetchall()) if cursor.description else []

    def confirmed(self) -> int:
        """The LSN up to which PostgreSQL may forget its log; 0 without a slot."""
        rows = self.execute(
            "SELECT confirmed_flush_lsn - '0/0'::pg_lsn FROM pg_replication_slots WHERE slot_name = %s", self.name
        )
        return int(rows[0][0]) if rows else 0

    def position(self) -> int:
        """The end of its log."""
        return int(self.execute("SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn")[0][0])


class Replicator:
    """A process of the example."""

    def __init__(self, source: Source, settings: dict[str, Any], folder: Path, *arguments: str) -> None:
        config = folder / "dust.json"
        config.write_text(json.dumps(settings))
        self._log = folder / f"log-{time.monotonic_ns()}"
        named = ["--dsn", source.dsn, "--publication", "dust", "--slot", source.name, "--config", str(config)]
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "examples.postgres_replication", *named, *arguments],
                cwd=ROOT,
                env=environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def __enter__(self) -> Replicator:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    @property
    def log(self) -> str:
        return self._log.read_text()

    def kill(self) -> None:
        """End it at once, wherever it is."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait(PATIENCE)

    def wait_for(self, condition: Callable[[], object]) -> None:
        """Wait until something has become true while it runs."""
        wait_for(lambda: condition() or self.process.poll() is not None, lambda: self.log)
        assert condition(), self.log


def caught_up(source: Source, settings: dict[str, Any], folder: Path) -> str:
    """Run it until Dust has what is committed now. Returns its log."""
    with Replicator(source, settings, folder, "--once") as replicator:
        assert replicator.process.wait(PATIENCE) == 0, replicator.log
    return replicator.log
