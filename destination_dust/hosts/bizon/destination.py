"""Writes the records of a bizon pipeline to Dust.

bizon counts as written what `write_records` has returned for, and goes on from there after a crash. So it returns once
Dust has everything. A full refresh (and a reset, which bizon shows as one) is different: its records wait in a
temporary file, and take the place of what Dust has once `Reading` proves that they are all.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator
from datetime import datetime
from typing import IO, Any

import polars as pl
from bizon.destination.destination import AbstractDestination, DestinationIteration
from bizon.engine.backend.models import JobStatus
from bizon.source.config import SourceSyncModes
from loguru import logger

from destination_dust import exact_json
from destination_dust.hosts.bizon.reading import Reading
from destination_dust.hosts.bizon.settings import DustSettings
from destination_dust.loading import Loader, NotStored, Stream, Upsert

KEY = "_source_record_id"
"""bizon's own name, in BigQuery, for the source's id of a record."""


class DustDestination(AbstractDestination):  # type: ignore[misc] # bizon has no types here
    """See bizon's `AbstractDestination`. bizon uses it on one thread."""

    def __init__(self, sync_metadata: Any, config: DustSettings, **parts: Any) -> None:
        """Raises what a user can fix: bizon itself never calls `check_connection`."""
        super().__init__(sync_metadata, config, **parts)
        _log_through_loguru()
        self._loader = Loader(config.connector)
        self._reading = Reading()
        self._staged = _Staged() if sync_metadata.sync_mode == SourceSyncModes.FULL_REFRESH else None
        self._is_endless = sync_metadata.sync_mode == SourceSyncModes.STREAM
        self._held: list[DestinationIteration] = []
        self.check_connection()

    @property
    def stream(self) -> Stream:
        """The records' stream in Dust. Where bizon routes records, it sets `destination_id` before each batch."""
        name = self.destination_id or f"{self.sync_metadata.source_name}_{self.sync_metadata.stream_name}"
        return Stream(name, KEY)

    def check_connection(self) -> bool:
        """Whether these settings can write. Raises `NotStored` if not."""
        self._loader.check()
        return True

    def write_records(self, df_destination_records: pl.DataFrame) -> tuple[bool, str | None]:
        """Store records in Dust, or stage them until all are there; False, and why, if Dust does not have them."""
        if self._staged:
            self._staged.add(df_destination_records)
            return True, None
        try:
            records = _records(df_destination_records)
            self._loader.upsert(self.stream, (Upsert(record, emitted_at=at) for record, at in records))
        except NotStored as error:
            return False, str(error)
        return True, None

    def finalize(self) -> bool:
        """Replace what Dust has of the stream by what is staged. Raises `NotStored`; nothing is staged otherwise."""
        if self._staged:
            self._loader.replace(self.stream, self._staged.upserts())
            self._staged.close()
        return True

    def create_cursors(self, destination_iteration: DestinationIteration) -> None:
        """Note that iterations are written, or hold the note back until the job has succeeded.

        Those that are staged are not written yet. And with the cursor of its last iteration, which leads nowhere, a job
        cannot be resumed: a process that died before the job's end would have to begin anew by hand.
        """
        is_last = destination_iteration.success and not destination_iteration.pagination and not self._is_endless
        if self._staged or is_last:
            self._held.append(destination_iteration)
        else:
            super().create_cursors(destination_iteration)

    def write_records_and_update_cursor(
        self,
        df_source_records: pl.DataFrame,
        extracted_at: Any,
        iteration: int,
        last_iteration: bool = False,
        pagination: dict[str, Any] | None = None,
        publish: bool = True,
    ) -> bool:
        """Take an iteration, or (with `last_iteration`) the end, which without `publish` is that of a failed source."""
        if last_iteration and publish:
            self._end(iteration)
            return True
        if not last_iteration:
            self._reading.take(iteration, pagination)
        written: bool = super().write_records_and_update_cursor(
            df_source_records, extracted_at, iteration, last_iteration, pagination, publish
        )
        return written

    def _end(self, iteration: int) -> None:
        """End a run that went well, in another order than bizon does.

        bizon marks the job as succeeded, also where `max_iterations` left a rest, and then calls `finalize`: a reset
        that was interrupted in between would count as done, and the next run would go on behind records that Dust never
        had. With an empty buffer it does neither. Here Dust has everything first, and the job succeeds if nothing is
        left.
        """
        if self._staged:
            self._reading.prove_all(iteration)
        if not self.buffer.is_empty:
            self.buffer_flush_handler()
            self.buffer.flush()
        self.finalize()
        if self._reading.is_exhausted:
            self.backend.update_stream_job_status(self.sync_metadata.job_id, JobStatus.SUCCEEDED)
        for each in self._held:
            super().create_cursors(each)


class _Staged:
    """Records that wait in a temporary file, which has no name and is gone with the process."""

    def __init__(self) -> None:
        self._file: IO[bytes] = tempfile.TemporaryFile(prefix="destination-dust-")  # noqa: SIM115 see `close`

    def add(self, frame: pl.DataFrame) -> None:
        """Keep the records of a frame."""
        for record, at in _records(frame):
            self._file.write(b"%b %b\n" % (at.isoformat().encode(), record))

    def upserts(self) -> Iterator[Upsert]:
        """All records, in their order."""
        self._file.seek(0)
        for line in self._file:
            at, _, record = line.partition(b" ")
            yield Upsert(record, emitted_at=datetime.fromisoformat(at.decode()))

    def close(self) -> None:
        """Forget the records."""
        self._file.close()


def _records(frame: pl.DataFrame) -> Iterator[tuple[bytes, datetime]]:
    """Each record, as a line of JSON, and when it was read."""
    for row in frame.iter_rows(named=True):
        record = {**exact_json.loads(row["source_data"].encode()), KEY: row["source_record_id"]}
        yield exact_json.dumps(record), row["source_timestamp"] or row["bizon_extracted_at"]


class _Loguru(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        # As text: loguru itself would add the values of variables to a traceback.
        logger.log(record.levelname, "{}", self.format(record))


def _log_through_loguru() -> None:
    """Show what the loader says where bizon shows what it says."""
    ours = logging.getLogger("airbyte")
    if not any(isinstance(handler, _Loguru) for handler in ours.handlers):
        ours.addHandler(_Loguru())
        ours.setLevel(logging.INFO)
