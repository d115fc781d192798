"""Lines that are too many for memory, in a temporary file that nobody else can open."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator

# Up to here, memory is as good.
IN_MEMORY = 1024 * 1024


class DiskFull(Exception):
    """The temporary file cannot take more."""


class Spool:
    """Lines, to be read in the order in which they were added.

    On POSIX the file has no name and is readable by this user only: it is gone when the process is,
    however that ends.
    """

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115  # closed by `close`
        self._lines = 0

    def __len__(self) -> int:
        return self._lines

    def add(self, line: bytes) -> None:
        """Add a line, which has no line end in it. Raises `DiskFull`."""
        try:
            self._file.write(line + b"\n")
        except OSError as error:
            raise _full(error) from error
        self._lines += 1

    def __iter__(self) -> Iterator[bytes]:
        """All lines, from the first. Nothing may be added while they are read. Raises `DiskFull`."""
        try:
            self._file.flush()
        except OSError as error:
            raise _full(error) from error
        self._file.seek(0)
        for line in self._file:
            yield line[:-1]
        self._file.seek(0, 2)

    def close(self) -> None:
        """Forget all lines, and free their room on the disk."""
        self._file.close()


def _full(error: OSError) -> DiskFull:
    return DiskFull(
        f"The temporary files of the sync cannot grow ({error.strerror}). They are in {temporary_folder()}: give the "
        "connector more disk there, or point the environment variable TMPDIR to a folder that has more."
    )


def temporary_folder() -> str:
    """Where temporary files are, in words if no folder can take any."""
    try:
        return tempfile.gettempdir()
    except OSError:
        return "a folder for temporary files, of which none can be written to"
