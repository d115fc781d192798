"""Lines that wait: they come back as they went in, no one else can read them, and a full disk is said to be full."""

from __future__ import annotations

import errno
import os
import random
import tempfile
from collections.abc import Iterator
from contextlib import closing

import pytest

from destination_dust.spool import IN_MEMORY, DiskFull, Spool, TemporaryDatabase
from unit_tests.conftest import TemporaryFiles


@pytest.fixture
def spool() -> Iterator[Spool]:
    with closing(Spool()) as spool:
        yield spool


@pytest.mark.parametrize("size", [1, IN_MEMORY // 10])
def test_lines_come_back_in_any_order(spool: Spool, size: int) -> None:
    """From memory or from disk, to the byte."""
    lines = [b"%d " % number + b"x" * size for number in range(50)]
    numbers = [spool.put(line) for line in lines]
    pairs = list(zip(numbers, lines, strict=True))
    random.Random(0).shuffle(pairs)

    assert [line for _, line in pairs] == [spool.take(number) for number, _ in pairs]


def test_the_file_has_no_name_and_no_other_readers(temporary_files: TemporaryFiles) -> None:
    """The lines do not outlive the process under any circumstances."""
    with closing(Spool()) as spool:
        for _ in range(20):
            spool.put(b"x" * (IN_MEMORY // 10))

    assert [0o600] == temporary_files.modes
    assert [] == list(temporary_files.folder.iterdir())


def test_the_file_reuses_the_space_of_lines_that_were_taken(spool: Spool) -> None:
    """A slow destination may have a few megabytes of states waiting for hours, each time others."""
    line = b"x" * (IN_MEMORY // 10)
    waiting = [spool.put(line) for _ in range(20)]

    for _ in range(200):
        spool.take(waiting.pop(0))
        waiting.append(spool.put(line))

    (pages,) = spool._file.execute("PRAGMA page_count").fetchone() if spool._file else (0,)
    assert 0 < pages * 4096 < 30 * len(line)


def test_a_full_disk_has_a_name(spool: Spool) -> None:
    """And the message says where to make room."""
    for _ in range(20):
        spool.put(b"x" * (IN_MEMORY // 10))
    assert spool._file
    spool._file.execute("PRAGMA max_page_count = 20")

    with pytest.raises(DiskFull, match="TMPDIR"):
        spool.put(b"x" * IN_MEMORY)


def test_a_disk_that_fails_while_it_is_read_has_a_name_as_well(spool: Spool) -> None:
    """What is in memory may have to be written before anything else is read."""
    number = spool.put(b"x" * (IN_MEMORY + 1))
    assert spool._file
    spool._file.execute("DROP TABLE lines")

    with pytest.raises(DiskFull, match="TMPDIR"):
        spool.take(number)


def test_a_folder_that_cannot_be_written_to_is_an_error_as_well(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Such as a root file system that is read-only."""
    monkeypatch.setattr(tempfile, "tempdir", "/nonexistent")

    with pytest.raises(DiskFull, match="nonexistent"):
        spool.put(b"x" * IN_MEMORY * 2)


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENFILE])
def test_a_limit_of_open_files_is_not_taken_for_a_full_disk(
    spool: Spool, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """More disk would not help."""

    def refuse(**_options: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(tempfile, "mkstemp", refuse)

    with pytest.raises(DiskFull, match="ulimit -n") as caught:
        spool.put(b"x" * IN_MEMORY * 2)

    assert "disk" not in str(caught.value)


def test_a_disk_that_fails_between_two_rows_has_a_name_as_well() -> None:
    """Not only at the first row of a statement."""
    database = TemporaryDatabase("Rows", 1_000_000)
    database.execute("CREATE TABLE numbers (number)")
    database.execute_each("INSERT INTO numbers VALUES (?)", [(number,) for number in range(100)])
    found = database.read("SELECT number FROM numbers")
    assert (0,) == next(found)
    database._connection.set_progress_handler(lambda: 1, 1)  # it interrupts whatever runs

    with pytest.raises(DiskFull, match=r"^Rows do not fit on the disk"):
        next(found)
