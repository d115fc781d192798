"""Lines on disk: they come back as they went in, nobody else can read them, and a full disk is said to be full."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from unittest import mock

import pytest

from destination_dust.spool import IN_MEMORY, DiskFull, Spool


@pytest.fixture
def spool() -> Iterator[Spool]:
    with closing(Spool()) as spool:
        yield spool


@pytest.mark.parametrize("size", [1, 100_000])
def test_lines_come_back_in_order(spool: Spool, size: int) -> None:
    """In memory or on disk, as often as one likes."""
    lines = [b"%d " % number + b"x" * size for number in range(50)]
    for line in lines:
        spool.add(line)

    assert lines == list(spool)
    assert lines == list(spool)
    assert 50 == len(spool)
    spool.add(b"more")
    assert [*lines, b"more"] == list(spool)


def test_the_file_has_no_name_and_no_other_readers(spool: Spool) -> None:
    """What is in it outlives the process under no circumstances."""
    spool.add(b"x" * IN_MEMORY * 2)
    status = os.fstat(spool._file.fileno())

    assert 0o600 == status.st_mode & 0o777
    assert 0 == status.st_nlink


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a disk that is always full")
def test_a_full_disk_has_a_name(spool: Spool) -> None:
    """And the message says where to make room."""
    with (
        Path("/dev/full").open("r+b", buffering=0) as full,
        mock.patch.object(spool, "_file", full),
        pytest.raises(DiskFull, match=os.strerror(errno.ENOSPC)),
    ):
        spool.add(b"line")
