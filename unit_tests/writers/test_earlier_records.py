"""What records made of their rows: the latest for each id, in memory or on disk."""

from __future__ import annotations

import random

import pytest

from destination_dust.spool import DiskFull
from destination_dust.writers.earlier_records import EarlierRecords
from unit_tests.conftest import TemporaryFiles


@pytest.mark.parametrize("in_memory", [0, 60, 10_000])
def test_the_latest_content_of_an_id_comes_back(in_memory: int) -> None:
    """Wherever the earlier one was; an empty one is one, too."""
    chance, expected, records = random.Random(0), dict[str, bytes](), EarlierRecords(in_memory=in_memory)
    for _ in range(500):
        record_id, content = f"users-{chance.randint(0, 20)}", chance.randbytes(chance.randint(0, 30))
        records.put(record_id, content)
        expected[record_id] = content
        assert expected == {each: records.get(each) for each in expected}

    assert records.get("users-99") is None


def test_little_needs_no_file(temporary_files: TemporaryFiles) -> None:
    """A sync of some hundred changes runs where there is no disk; a larger one has a file without a name."""
    records = EarlierRecords(in_memory=100)
    for number in range(1000):
        records.put("a", b"%d" % number)
    assert [] == temporary_files.modes

    records.put("b", b"x" * 100)

    assert [0o600] == temporary_files.modes
    assert [] == list(temporary_files.folder.iterdir())


def test_a_full_disk_has_a_name() -> None:
    """And the message says where to make room."""
    records = EarlierRecords(in_memory=0)
    records.put("a", b"x")
    assert records._file
    (pages,) = records._file.execute("PRAGMA page_count").fetchone()
    records._file.execute(f"PRAGMA max_page_count = {pages}")

    with pytest.raises(DiskFull, match=r"^The rows that change data capture has brought do not fit on the disk"):
        records.put("b", b"x" * 1_000_000)


def test_a_disk_that_fails_while_it_is_read_has_a_name_as_well() -> None:
    """What is in memory may have to be written before anything else is read."""
    records = EarlierRecords(in_memory=0)
    records.put("a", b"x")
    assert records._file
    records._file.execute("DROP TABLE contents")

    with pytest.raises(DiskFull, match=r"^The rows that change data capture has brought do not fit on the disk"):
        records.get("a")
