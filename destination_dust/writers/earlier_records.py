"""What records of this sync made of their documents or rows, for later records that lack some of it."""

from __future__ import annotations

from destination_dust.spool import TemporaryDatabase

# Up to here, memory is as good.
IN_MEMORY = 4 * 1024 * 1024
CACHE = 16_000_000


class EarlierRecords:
    """The latest content for each id: in memory while there is little, else in a temporary file.

    The file takes about as much disk as the documents or rows of the sync. Only the loop's thread uses it.
    """

    def __init__(self, *, in_memory: int = IN_MEMORY) -> None:
        self._in_memory = in_memory
        self._memory: dict[str, bytes] = {}
        self._bytes = 0
        self._file: TemporaryDatabase | None = None

    def put(self, record_id: str, content: bytes) -> None:
        """Keep the content in place of an earlier one. Raises `DiskFull`."""
        earlier = self._memory.pop(record_id, None)
        if earlier is not None:
            self._bytes -= len(earlier)
        if self._file is None and self._bytes + len(content) <= self._in_memory:
            self._memory[record_id] = content
            self._bytes += len(content)
            return
        if self._file is None:
            self._file = TemporaryDatabase("The rows that change data capture has brought", CACHE)
            self._file.execute("CREATE TABLE contents (record_id TEXT PRIMARY KEY, content BLOB) WITHOUT ROWID")
        self._file.execute("REPLACE INTO contents VALUES (?, ?)", (record_id, content))

    def get(self, record_id: str) -> bytes | None:
        """The latest content, None if no record of this sync had the id. Raises `DiskFull`."""
        content = self._memory.get(record_id)
        if content is not None or self._file is None:
            return content
        found = self._file.execute("SELECT content FROM contents WHERE record_id = ?", (record_id,)).fetchone()
        return found and bytes(found[0])
