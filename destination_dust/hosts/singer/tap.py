"""What a tap writes, as the input and the reader of one sync after the other.

A sync knows its streams before it begins; a tap declares them as they come, and shows with the first record whether it
brings a full table. So the input is cut into *stretches*, each a sync with a catalog of its own: before a message of a
stream that the current stretch does not have in this form, and after a table that is complete (see `table`). Streams
that come by turns get into one stretch, so that there are few.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator

from destination_dust.airbyte.catalog import Catalog
from destination_dust.airbyte.input import Lines
from destination_dust.airbyte.messages import Message, SourceError, StreamStatus
from destination_dust.airbyte.reader import UnreadableInput
from destination_dust.hosts.singer.messages import Activation, Bookmarks, NoMessage, Row, Schema, parse, stream_key
from destination_dust.hosts.singer.messages import Message as SingerMessage
from destination_dust.hosts.singer.table import FullTable

# Handed to the reader behind the last line. No line contains a line end.
END = b"\n"
# Seconds; nothing but a line ends the wait between two stretches.
LONG = 3600.0


class Tap:
    """The lines of a tap, in both roles that a sync needs: see `airbyte.input.Lines`, `airbyte.messages.LineReader`."""

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
        self._table: FullTable | None = None
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
            return message.state()
        elif isinstance(message, Row):
            if table := self._table_of(message.stream):
                table.observe(message)
            return message.record(self._lines)
        elif isinstance(message, Activation) and (table := self._table_of(message.stream)):
            table.observe(message)
            if table.is_complete:
                self._is_cut = True
                return StreamStatus(stream_key(message.stream), "COMPLETE")
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
        if table := self._table_of(schema.stream):
            table.observe(schema)

    def _begin(self, message: Row | Activation | Bookmarks) -> None:
        """Choose the catalog of the stretch that begins with a message."""
        if not isinstance(message, Bookmarks):
            if message.stream in self._begun:
                self._by_turns.add(message.stream)
            self._begun.add(message.stream)
            if table := self._begins_table(message):
                self._table = table
                self._tables.add(table.stream)
        names = self._by_turns if isinstance(message, Bookmarks) else self._by_turns | {message.stream}
        self._stretch = {name: self._declared[name] for name in sorted(names)}
        plans = [schema.plan(replaces=self._table_of(name) is not None) for name, schema in self._stretch.items()]
        self.catalog = Catalog({plan.stream: plan for plan in plans})

    def _has(self, message: Row | Activation) -> bool:
        """Whether the stretch has the stream, in the form that it has in this message."""
        if self._stretch.get(message.stream) is not self._declared[message.stream]:
            return False
        if table := self._table_of(message.stream):
            return message.version == table.version
        return self._begins_table(message) is None

    def _begins_table(self, message: Row | Activation) -> FullTable | None:
        """The table that a message begins, unless the stream has brought one before."""
        if not self._replaces or message.stream in self._tables:
            return None
        return FullTable.begun_by(message, self._declared[message.stream])

    def _table_of(self, stream: str) -> FullTable | None:
        """The open table, if it is this stream's."""
        return self._table if self._table and self._table.stream == stream else None

    def _cut(self, tap: str) -> SourceError | None:
        """End the stretch. If a table is open, the tap has not said that it is complete."""
        self._is_cut = True
        if not self._table or self._table.is_complete:
            return None
        return SourceError(
            stream_key(self._table.stream),
            f"the tap {tap} without ACTIVATE_VERSION after the last records. States from within the table are not "
            "given back, so the next run brings it again. If the tap never sends it at the end of a table, set "
            "process_activate_version_messages to false",
        )
