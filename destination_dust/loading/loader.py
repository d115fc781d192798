"""Calls that return once Dust has their records."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from itertools import chain
from types import TracebackType
from typing import Any

from destination_dust import exact_json, failures
from destination_dust.airbyte.catalog import Catalog, StreamPlan
from destination_dust.airbyte.messages import FailureType, StreamKey
from destination_dust.check import check
from destination_dust.config import Config, InvalidConfig
from destination_dust.config.documents import DocumentOptions
from destination_dust.dust.permit import PacerStatus
from destination_dust.hosted import forget_frames, run_after_earlier
from destination_dust.loading.changes import Change, Delete, RecordData, Upsert, end_line, record_lines
from destination_dust.loading.feed import Feed
from destination_dust.loading.stream import Stream
from destination_dust.reporting.counts import Counts
from destination_dust.wiring import build_sync, client_for_check, client_for_syncs


class NotStored(Exception):
    """Something kept records from being stored. The text says what, and what to do about it."""

    def __init__(self, message: str, *, may_pass: bool = False) -> None:
        super().__init__(message)
        self.may_pass = may_pass
        """Whether the same call may go well later by itself, because Dust or the network was in trouble."""


def read_settings(settings: Mapping[str, Any]) -> Config:
    """The settings of the connector. Raises `InvalidConfig`, also for a setting that does not exist."""
    config = Config.parse(settings)
    if config.unknown:
        raise InvalidConfig(f"There is no setting {', '.join(config.unknown)}. Correct it or leave it out.")
    return config


class Loader:
    """Writes to one data source of Dust, with one pacer and one set of connections for all calls.

    See the package for how it is used.
    """

    def __init__(self, settings: Mapping[str, Any], *, on_progress: Callable[[Counts], None] | None = None) -> None:
        """`settings`: see `read_settings`.

        `on_progress` is called with a call's counts so far, up to four times a second, on the thread of that call.
        What it raises ends the call. With it, there are no log lines about progress.
        """
        self._config = read_settings(settings)
        self._client = client_for_syncs(self._config)
        self._display = _Watcher(on_progress) if on_progress else None
        self._turns: dict[StreamKey, threading.RLock] = {}
        self._writing: set[StreamKey] = set()
        """Streams of the calls that have their turn."""

    def __enter__(self) -> Loader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections to Dust. A later call opens them again."""
        self._client.close()

    def check(self) -> None:
        """Raise `NotStored` if these settings cannot write. Changes nothing in Dust."""
        client = client_for_check(self._config)
        try:
            check(self._config, client)
        except failures.EXPECTED as error:
            raise self._not_stored(error) from error
        finally:
            client.close()

    def upsert(self, stream: Stream | str, records: Iterable[RecordData | Upsert]) -> Counts:
        """Add records, or put them in the place of those with the same key. Of several with one key, the last wins."""
        return self.apply(stream, records)

    def delete(self, stream: Stream | str, records: Iterable[RecordData]) -> Counts:
        """Delete what has the keys of these records; the fields of the key suffice. It need not exist."""
        return self.apply(stream, map(Delete, records))

    def apply(self, stream: Stream | str, changes: Iterable[Change]) -> Counts:
        """Apply changes: those of one key in their order, others side by side."""
        return self._write(_as_stream(stream).plan(), changes)

    def replace(self, stream: Stream | str, records: Iterable[RecordData | Upsert]) -> Counts:
        """Put records in the place of all that Dust has of the stream. No records empty it.

        The end of `records` says that they are all: if it raises, nothing is deleted. Documents are stored first, then
        what is stale is deleted. Rows are validated before their table is touched.
        """
        return self._write(_as_stream(stream).plan(replaces=True), records)

    def _write(self, plan: StreamPlan, changes: Iterable[Change]) -> Counts:
        if isinstance(changes, (Mapping, str, bytes, bytearray)):
            # An empty one would have `replace` delete everything.
            raise TypeError("Records come in an iterable of them, such as a list, not as one record or text.")
        with self._turns.setdefault(plan.stream, threading.RLock()):
            if plan.stream in self._writing:  # by the same thread, which would wait for itself
                raise RuntimeError(f"The stream {plan.stream} cannot be written within another call about it.")
            self._writing.add(plan.stream)
            try:
                return self._sync(plan, changes)
            except failures.EXPECTED as error:
                forget_frames(error)
                raise self._not_stored(error) from error
            finally:
                self._writing.remove(plan.stream)

    def _sync(self, plan: StreamPlan, changes: Iterable[Change]) -> Counts:
        """Write changes as a sync of one stream.

        The proof that they are stored: the sync has given back the state behind the last of them, with as many records
        as were given. That the stream was replaced is proven only if its writer says so.
        """
        given = 0

        def counted() -> Iterable[bytes]:
            nonlocal given
            for line in record_lines(plan, changes):
                given += 1
                yield line

        end = end_line(plan, is_complete=plan.replaces)
        sync = build_sync(
            self._config_for(plan),
            Catalog({plan.stream: plan}),
            Feed(chain(counted(), [end])),
            display=self._display,
            client=self._client,
        )
        states = [exact_json.loads(line)["state"]["destinationStats"] for line in run_after_earlier(sync)]
        if [given] != [stats["recordCount"] + stats.get("rejectedRecordCount", 0) for stats in states]:
            raise RuntimeError("The sync ended without proof that all records are stored, which is a defect.")
        if plan.replaces and not sync.outcomes.was_replaced(plan.stream):
            raise NotStored(
                f"The stream {plan.stream} was not replaced: its records were stored, but old ones are still there, "
                f"because {sync.outcomes.reason_kept(plan.stream) or 'of a defect of the connector'}."
            )
        return replace(sync.outcomes.counts(plan.stream))

    def _config_for(self, plan: StreamPlan) -> Config:
        """The settings without overrides for other streams: a sync would warn that they have no effect."""
        return replace(self._config, documents=DocumentOptions(self._config.documents.shape_of(plan.stream)))

    def _not_stored(self, error: Exception) -> NotStored:
        may_pass = failures.failure_type(error) is FailureType.transient_error
        return NotStored(failures.explain(error, self._config.connection), may_pass=may_pass)


class _Watcher:
    """Hands the counts of a sync to a caller; see `reporting.progress.Display`."""

    def __init__(self, on_progress: Callable[[Counts], None]) -> None:
        self._on_progress = on_progress

    def live(self, done: Counts, seconds: float, status: PacerStatus, trouble: str) -> None:  # noqa: ARG002 a `Display`
        self._on_progress(done)

    def report(self, streams: Mapping[StreamKey, Counts], seconds: float) -> None: ...
    def say(self, message: str) -> None: ...


def _as_stream(stream: Stream | str) -> Stream:
    return Stream(stream) if isinstance(stream, str) else stream
