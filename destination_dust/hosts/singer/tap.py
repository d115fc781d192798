"""What a tap writes, as the input and the reader of one sync after the other.

A sync knows its streams before it begins; a tap declares them as they come, and says with the first record whether the
stream has a version. So the input is cut into *stretches*, each a sync with a catalog of its own: before a message of a
stream that the current stretch does not have in this form, and after a table that is proven to be complete. Streams
that come by turns get into one stretch, so that there are few.

**A full table.** A tap that brings a whole table gives its records a version, and sends ACTIVATE_VERSION at the end,
and most taps also at the beginning. Both look the same, and a tap of the Singer SDK sends only that at the beginning,
once for each part of a table. What tells them apart: at the end there was a record of this version since the stream's
last SCHEMA. A table whose end does not show is stored, and nothing old is deleted.

A tap may resume such a table after a failure, bring only the rest, and then activate the version: everything of the
first part would look stale. So the states that came in the middle of a table go out only if it ended. Streams whose
SCHEMA names bookmarks are incremental: their versions prove nothing, since they never bring all records again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from destination_dust import exact_json
from destination_dust.airbyte.catalog import CDC_DELETED_AT, Catalog, Mode, StreamPlan
from destination_dust.airbyte.input import Lines
from destination_dust.airbyte.messages import Message, Record, SourceError, State, StreamKey, StreamStatus
from destination_dust.airbyte.reader import UnreadableInput
from destination_dust.hosts.singer.messages import Activation, Bookmarks, NoMessage, Row, Schema, parse
from destination_dust.hosts.singer.messages import Message as SingerMessage

SDC_DELETED_AT = "_sdc_deleted_at"
# Handed to the reader behind the last line. No line contains a line end.
END = b"\n"
# Seconds; nothing but a line ends the wait between two stretches.
LONG = 3600.0


@dataclass(slots=True)
class _Table:
    """A full table that is being read."""

    stream: str
    version: object
    has_records: bool = False
    """Whether there was one since the stream's last SCHEMA."""
    is_complete: bool = False


class Tap:
    """The lines of a tap; see `airbyte.input.Lines` and `airbyte.reader.LineReader` for the roles it has in a sync."""

    def __init__(self, input: Lines, *, replaces: bool = True) -> None:
        """`replaces`: whether a full table takes the place of what Dust has of it."""
        self.catalog = Catalog({})
        """The streams of the current stretch."""
        self._input = input
        self._replaces = replaces
        self._waiting: deque[bytes] = deque()
        self._lines = 0
        """The lines that are done with."""
        self._declared: dict[str, Schema] = {}
        self._stretch: dict[str, Schema] = {}
        """The streams of the current stretch, as they were declared when it began."""
        self._is_cut = False
        self._begun: set[str] = set()
        """Streams with which a stretch began."""
        self._by_turns: set[str] = set()
        """Those with which one began more than once."""
        self._table: _Table | None = None
        self._tables: set[str] = set()
        """Streams whose table was read, to its end or not. What they bring now is only added."""

    def begin(self) -> bool:
        """Read on to the first record or state of the next stretch. False: the input has ended instead."""
        self._is_cut, self._table = False, None
        while True:
            while self._waiting:
                message = self._parse(self._waiting[0])
                if message and not isinstance(message, Schema):
                    self._begin(message)
                    return True
                if message:
                    self._declare(message)
                self._waiting.popleft()
                self._lines += 1
            if self._input.ended:
                return False
            self._waiting.extend(self._input.lines(LONG, reading=True))

    @property
    def withholds(self) -> bool:
        """Whether the states of this stretch must not go out: they came in the middle of a table that did not end."""
        return self._table is not None and not self._table.is_complete

    @property
    def ended(self) -> bool:
        """Whether the stretch has come to its end."""
        return self._is_cut

    def wake(self) -> None:
        """See `Lines`."""
        self._input.wake()

    def lines(self, timeout: float, *, reading: bool) -> Iterable[bytes]:
        """See `Lines`. They go to `read` one by one: one of them may end the stretch, and comes again in the next."""
        if not (reading and (self._waiting or self._input.ended)):
            self._waiting.extend(self._input.lines(timeout, reading=reading))
        return self._up_to_the_cut() if reading else ()

    def read(self, line: bytes) -> Message | None:
        """What a line means to a sync. Raises `UnreadableInput`, with the line's number."""
        if line is END:
            return self._cut("ended")
        message = self._parse(line)
        if isinstance(message, (Row, Activation)) and not self._has(message):
            self._waiting.appendleft(line)
            return self._cut("went on to something else")
        self._lines += 1
        if isinstance(message, Schema):
            self._declare(message)
        elif isinstance(message, Bookmarks):
            return State(exact_json.dumps({"type": "STATE", "state": {"type": "LEGACY", "data": message.value}}), None)
        elif isinstance(message, Row):
            return self._record(message)
        elif isinstance(message, Activation):
            return self._activate(message)
        return None

    def end(self) -> None:
        """See `LineReader`."""

    def report(self) -> None:
        """See `LineReader`. No line is ignored, so there is nothing to say."""

    def _up_to_the_cut(self) -> Iterator[bytes]:
        while self._waiting and not self._is_cut:
            yield self._waiting.popleft()
        if self._input.ended and not self._is_cut:
            yield END

    def _parse(self, line: bytes) -> SingerMessage | None:
        """The message of the next line. Its stream was declared, unless it declares it."""
        try:
            message = parse(line)
            if isinstance(message, (Row, Activation)) and message.stream not in self._declared:
                raise NoMessage(f"is about the stream {message.stream}, which no SCHEMA has declared before it")
        except NoMessage as problem:
            raise UnreadableInput(
                f"Line {self._lines + 1} of the input {problem}. The target stops here rather than lose a record. "
                "Everything before the last state that it gave back is in Dust."
            ) from problem
        return message

    def _declare(self, schema: Schema) -> None:
        if self._declared.get(schema.stream) != schema:
            self._declared[schema.stream] = schema
        if self._table and self._table.stream == schema.stream:
            self._table.has_records = False

    def _begin(self, message: Row | Activation | Bookmarks) -> None:
        """Choose the catalog of the stretch that begins with a message."""
        names = set(self._by_turns)
        if not isinstance(message, Bookmarks):
            if message.stream in self._begun:
                self._by_turns.add(message.stream)
            self._begun.add(message.stream)
            names.add(message.stream)
            if self._is_of_table(message):
                self._table = _Table(message.stream, message.version)
                self._tables.add(message.stream)
        self._stretch = {name: self._declared[name] for name in sorted(names)}
        plans = (_plan(schema, replaces=self._is_open(name)) for name, schema in self._stretch.items())
        self.catalog = Catalog({plan.stream: plan for plan in plans})

    def _has(self, message: Row | Activation) -> bool:
        """Whether the stretch has the stream, in the form that it has in this message."""
        if self._stretch.get(message.stream) is not self._declared[message.stream]:
            return False
        if self._table and self._is_open(message.stream):
            return message.version == self._table.version
        return not self._is_of_table(message)

    def _is_of_table(self, message: Row | Activation) -> bool:
        """Whether a message begins a table."""
        is_full = not self._declared[message.stream].is_incremental and message.version is not None
        return self._replaces and is_full and message.stream not in self._tables

    def _is_open(self, stream: str) -> bool:
        return self._table is not None and self._table.stream == stream

    def _cut(self, tap: str) -> SourceError | None:
        """End the stretch. If a table is open, the tap has not said that it is complete."""
        self._is_cut = True
        if not self._table or not self.withholds:
            return None
        return SourceError(
            _key(self._table.stream),
            f"the tap {tap} without ACTIVATE_VERSION after the last records. States from within the table are not "
            "given back, so the next run brings it again. If the tap never sends it at the end of a table, set "
            "process_activate_version_messages to false",
        )

    def _record(self, row: Row) -> Record:
        if self._table and self._is_open(row.stream):
            self._table.has_records = True
        if SDC_DELETED_AT in row.data:
            row.data[CDC_DELETED_AT] = row.data.pop(SDC_DELETED_AT)
        return Record(_key(row.stream), row.data, row.emitted_at, self._lines, row.is_utf8)

    def _activate(self, message: Activation) -> StreamStatus | None:
        """What proves that a table is complete: see the top of this file. Later messages are another stretch's."""
        if not self._table or not self._is_open(message.stream) or not self._table.has_records:
            return None
        self._table.is_complete = self._is_cut = True
        return StreamStatus(_key(message.stream), "COMPLETE")


def _key(stream: str) -> StreamKey:
    return StreamKey(None, stream)


def _plan(schema: Schema, *, replaces: bool) -> StreamPlan:
    """Generations are left out: no state goes out in the middle of a table, so each run brings all of it."""
    if replaces:
        mode = Mode.OVERWRITE_DEDUP if schema.key else Mode.OVERWRITE
    else:
        mode = Mode.APPEND_DEDUP if schema.key else Mode.APPEND
    return StreamPlan(_key(schema.stream), mode, tuple((name,) for name in schema.key), properties=schema.properties)
