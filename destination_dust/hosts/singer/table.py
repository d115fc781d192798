"""A full table of a tap, and what proves that the tap has sent all of it.

A tap that brings a whole table gives its records a version, and sends ACTIVATE_VERSION at the end, and most taps also
at the beginning. Both look the same, and a tap of the Singer SDK sends only that at the beginning, once for each part
of a table. What tells them apart: at the end, a record of this version came since the stream's last SCHEMA. A table
whose end does not show is stored, and nothing old is deleted.

A tap may resume such a table after a failure, bring only the rest, and then activate the version: everything of the
first part would look stale. So the states that came in the middle of a table go out only if it ended. Streams whose
SCHEMA names bookmarks, or fields of a log of changes, are incremental: their versions prove nothing, since a run need
not bring all of their records. Some taps activate a version behind the changes, too.
"""

from __future__ import annotations

from dataclasses import dataclass

from destination_dust.hosts.singer.messages import Activation, Row, Schema


@dataclass(slots=True)
class FullTable:
    """One that is being read."""

    stream: str
    version: object
    is_complete: bool = False
    _has_records: bool = False
    """Whether there was one since the stream's last SCHEMA."""

    @classmethod
    def begun_by(cls, message: Row | Activation, schema: Schema) -> FullTable | None:
        """The table that a message begins, None if its stream brings none."""
        if schema.is_incremental or message.version is None:
            return None
        return cls(message.stream, message.version)

    def observe(self, message: Row | Activation | Schema) -> None:
        """Take a message about the stream, of this version."""
        if isinstance(message, Activation):
            self.is_complete = self._has_records
        else:
            self._has_records = isinstance(message, Row)
