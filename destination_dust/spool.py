"""Lines that wait: in memory while they are few, else in a temporary file that no one else can open."""

from __future__ import annotations

import errno
import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# Up to here, memory is as good.
IN_MEMORY = 4 * 1024 * 1024
CACHE = 1_000_000
_STATES = "The states that wait"
MORE_FILES = "Let the process, or its container, open more files (ulimit -n)."


class DiskFull(Exception):
    """A temporary file cannot take more. Its text says where it is, and how to make room."""


class Spool:
    """Lines by number, each taken out once, in any order. The file reuses the room of lines that were taken out."""

    def __init__(self) -> None:
        self._memory: dict[int, bytes] = {}
        self._bytes = 0
        self._file: sqlite3.Connection | None = None
        self._next = 0

    def put(self, line: bytes) -> int:
        """Keep a line. Returns its number. Raises `DiskFull`."""
        number, self._next = self._next, self._next + 1
        if self._bytes + len(line) <= IN_MEMORY:
            self._memory[number] = line
            self._bytes += len(line)
            return number
        with on_disk(_STATES):
            if not self._file:
                self._file = temporary_database(CACHE)
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
        with on_disk(_STATES):
            (line,) = self._file.execute("SELECT line FROM lines WHERE number = ?", (number,)).fetchone()
            self._file.execute("DELETE FROM lines WHERE number = ?", (number,))
        return bytes(line)

    def close(self) -> None:
        """Forget all lines, and free their room on the disk."""
        self._memory.clear()
        if self._file:
            self._file.close()


def temporary_database(cache: int, *, page: int = 4096) -> sqlite3.Connection:
    """An empty database in a file that has lost its name and is readable by this user only.

    The file is gone when the process is, however that ends. `cache`: bytes of memory; `page`: bytes that are read or
    written at once. Raises `OSError` and `sqlite3.Error`. One thread at a time may use it.
    """
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


@contextmanager
def on_disk(what: str) -> Iterator[None]:
    """Work with temporary data. Raises `DiskFull` for whatever goes wrong: reading writes, too, if memory is short.

    `what`: see `disk_full`.
    """
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise disk_full(what, error) from error


def disk_full(what: str, error: sqlite3.Error | OSError) -> DiskFull:
    """The error for temporary data that has no room. `what`: the data, as the subject of a sentence, in the plural."""
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
