"""Data that waits in a temporary file that no one else can open; and lines, in memory while they are few."""

from __future__ import annotations

import errno
import itertools
import os
import sqlite3
import tempfile
import threading
import weakref
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

# Up to here, memory is as good.
IN_MEMORY = 4 * 1024 * 1024
CACHE = 1_000_000
MORE_FILES = "Let the process, or its container, open more files (ulimit -n)."


class DiskFull(Exception):
    """A temporary file cannot take more. Its text says where it is, and how to make room."""


class Spool:
    """Lines by number, each taken out once, in any order. The file reuses the room of lines that were taken out."""

    def __init__(self) -> None:
        self._memory: dict[int, bytes] = {}
        self._bytes = 0
        self._file: TemporaryDatabase | None = None
        self._next = 0

    def put(self, line: bytes) -> int:
        """Keep a line. Returns its number. Raises `DiskFull`."""
        number, self._next = self._next, self._next + 1
        if self._bytes + len(line) <= IN_MEMORY:
            self._memory[number] = line
            self._bytes += len(line)
            return number
        if not self._file:
            self._file = TemporaryDatabase("The states that wait", CACHE)
            self._file.execute("CREATE TABLE lines (number INTEGER PRIMARY KEY, line BLOB)")
        self._file.execute("INSERT INTO lines VALUES (?, ?)", (number, line))
        return number

    def take(self, number: int) -> bytes:
        """Take a line out. Raises `DiskFull`."""
        line = self._memory.pop(number, None)
        if line is not None:
            self._bytes -= len(line)
            return line
        assert self._file  # a number is given out with its line
        (line,) = self._file.execute("SELECT line FROM lines WHERE number = ?", (number,)).fetchone()
        self._file.execute("DELETE FROM lines WHERE number = ?", (number,))
        return bytes(line)

    def close(self) -> None:
        """Forget all lines, and free their room on the disk."""
        self._memory.clear()
        if self._file:
            self._file.close()


class TemporaryDatabase:
    """A database in a file that has lost its name and is readable by this user only.

    The file is gone when the process is, however that ends. All threads may use it.
    """

    def __init__(self, what: str, cache: int, *, page: int = 4096) -> None:
        """`what`: the data, as the subject of a sentence, in the plural; `cache`: bytes of memory; `page`: bytes that
        are read or written at once. Raises `DiskFull`."""
        self._what = what
        self._lock = threading.Lock()
        try:
            self._connection = _connect(cache, page)
        except (sqlite3.Error, OSError) as error:
            raise _disk_full(what, error) from error
        # A sync that fails closes nothing.
        weakref.finalize(self, self._connection.close)

    def execute(self, statement: str, values: Sequence[object] = ()) -> sqlite3.Cursor:
        """Run a statement. Raises `DiskFull`."""
        try:
            with self._lock:
                return self._connection.execute(statement, values)
        except sqlite3.Error as error:
            raise _disk_full(self._what, error) from error

    def execute_each(self, statement: str, values: Sequence[Sequence[object]]) -> int:
        """Run a statement once for each of the values. Returns how many rows it has changed. Raises `DiskFull`."""
        try:
            with self._lock:
                return self._connection.executemany(statement, values).rowcount
        except sqlite3.Error as error:
            raise _disk_full(self._what, error) from error

    def read(self, statement: str, *, at_once: int = 1) -> Iterator[Any]:
        """The rows that a statement selects, whatever others do meanwhile. `at_once`: how many of them are in memory at
        once. Raises `DiskFull`."""
        cursor = self.execute(statement)
        while rows := self._fetch(cursor, at_once):
            yield from rows

    def close(self) -> None:
        """Free its room on the disk."""
        self._connection.close()

    def _fetch(self, cursor: sqlite3.Cursor, count: int) -> list[Any]:
        try:
            with self._lock:
                return cursor.fetchmany(count)
        except sqlite3.Error as error:  # what is in memory may have to be written before anything else is read
            raise _disk_full(self._what, error) from error


class SharedDatabase:
    """A temporary database for many: one for each would use up the files that a process may open."""

    def __init__(self, what: str, cache: int, *, page: int) -> None:
        """See `TemporaryDatabase`."""
        self.users = 0
        """How many use it now."""
        self._open = partial(TemporaryDatabase, what, cache, page=page)
        self._database: TemporaryDatabase | None = None
        self._numbers = itertools.count(1)

    def enter(self) -> tuple[TemporaryDatabase, int]:
        """Begin to use it. Returns it, and a number that no other user has or had. Raises `DiskFull`."""
        self._database = self._database or self._open()
        self.users += 1
        return self._database, next(self._numbers)

    def leave(self) -> bool:
        """End to use it. Returns whether others use it; after the last one, its room on the disk is free."""
        self.users -= 1
        if not self.users and self._database:
            self._database.close()
            self._database = None
        return self.users > 0


def _connect(cache: int, page: int) -> sqlite3.Connection:
    handle, path = tempfile.mkstemp(prefix="destination-dust-")
    os.close(handle)
    try:
        database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        # No one reads the file after a crash, so nothing is written for one.
        for pragma in (
            f"page_size = {page}",
            f"cache_size = -{cache // 1024}",
            "journal_mode = OFF",
            "synchronous = OFF",
        ):
            database.execute(f"PRAGMA {pragma}")
        database.execute("BEGIN")
    finally:
        Path(path).unlink()
    return database


def _disk_full(what: str, error: sqlite3.Error | OSError) -> DiskFull:
    if isinstance(error, OSError) and error.errno in (errno.EMFILE, errno.ENFILE):
        return DiskFull(f"{what} need a temporary file, but {os.strerror(error.errno).lower()}. {MORE_FILES}")
    reason = error.strerror if isinstance(error, OSError) else error
    return DiskFull(
        f"{what} do not fit on the disk ({reason}). They are kept in {_temporary_folder()}: give the connector more "
        "disk there, or point the environment variable TMPDIR to a folder that has more."
    )


def _temporary_folder() -> str:
    try:
        return tempfile.gettempdir()
    except OSError:
        return "a folder for temporary files"
