"""What must hold, whatever goes wrong: when a state goes out, after each sync, and in the end."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from destination_dust.mapping.ids import identifier, record_identifier
from integration_tests.harness.source import DELETED_AT, Change, Sent, Stream

_REFUSED = re.compile(r"\brecord (\S+?)(?:\)| was left out)")


RowsOf = Callable[[Stream, bool], Iterable[dict[str, Any]]]
"""The fields of each row or document of a stream: those that are promised or, with True, those that can be read."""


class Oracle:
    """Judges what Dust has by what its source has.

    A record is *held* if its row is as this record left it, or as a later one of its stream did. Where a record is to
    be left out, so is the last good one before it of the same row. With `confirm_rows`, the row can be read so: it is
    in the table. Without, it is in the table or in a request that Dust has queued for it, behind which nothing undoes
    it; the next change to the table brings it in at the latest. A record that deletes is held if there is no such row.
    """

    def __init__(self, rows_of: RowsOf, *, fails: bool, hard: bool) -> None:
        """`fails`: bad records fail the sync; `hard`: deletes remove rows."""
        self._rows_of = rows_of
        self._fails = fails
        self._hard = hard

    def holds(self, stream: Stream, count: int) -> None:
        """Whether the first changes of a stream, so many, are held."""
        rows = {at: row["v"] for at, row in self.rows(stream).items()}
        for at, changes in self._by_row(stream, stream.changes[:count]).items():
            later = [each for each in stream.changes[count:] if self._place(stream, each) == at]
            good = [each for each in changes if each.is_good]
            if self._fails and not changes[-1].is_good and not any(each.is_good for each in later):
                raise AssertionError(f"{stream.name}: the bad record {changes[-1]} was acknowledged")
            if not good:
                continue
            allowed = [None if self._removes(each) else each.number for each in (good[-1], *later) if each.is_good]
            assert rows.get(at) in allowed, f"{stream.name}: {good[-1]} is not held: {rows.get(at)} not in {allowed}"

    def is_exact(self, stream: Stream, *, readable: bool) -> None:
        """Whether the table has what the source has, and nothing else. `readable`: also without `confirm_rows`."""
        last = {at: [c for c in all if c.is_good] for at, all in self._by_row(stream, stream.changes).items()}
        wanted = {at: good[-1] for at, good in last.items() if good and not self._removes(good[-1])}
        rows = self.rows(stream, readable=readable)
        lost, more = wanted.keys() - rows.keys(), rows.keys() - wanted.keys()
        assert not lost | more, f"{stream.name}: lost {sorted(lost)}, has too many {sorted(more)}"
        for at, change in wanted.items():
            fields = change.data(keyed=stream.keyed)
            fields.pop(DELETED_AT, None)
            found = {name: rows[at].get(name) for name in fields}
            assert _texts(fields) == _texts(found), f"{stream.name}: {fields} became {found}"

    def rows(self, stream: Stream, *, readable: bool = False) -> dict[int, dict[str, Any]]:
        """The rows of a stream, by key, or by number if they have none."""
        rows = [*self._rows_of(stream, readable)]
        found = {int(row["id" if stream.keyed else "v"]): row for row in rows}
        assert len(found) == len(rows), f"{stream.name}: a row is there twice"
        return found

    def rejects(self, streams: list[Stream], sent: Sent, words: Iterable[str]) -> None:
        """Whether only bad records were refused, by the words of logs and errors."""
        names = {each.name: each for each in streams}
        bad = set()
        for _, message in sent.messages:
            if message["type"] == "RECORD" and "poison" in (data := message["record"]["data"]):
                name = message["record"]["stream"]
                keyed = names[name].keyed
                bad.add(identifier(None, name, (data["id"],)) if keyed else record_identifier(None, name, data))
        refused = {match[1] for line in words for match in _REFUSED.finditer(line)}
        assert refused <= bad, f"good records were refused: {sorted(refused - bad)}"

    def _removes(self, change: Change) -> bool:
        return change.deletes and self._hard

    def _by_row(self, stream: Stream, changes: list[Change]) -> dict[int, list[Change]]:
        found: dict[int, list[Change]] = {}
        for each in changes:
            found.setdefault(self._place(stream, each), []).append(each)
        return found

    def _place(self, stream: Stream, change: Change) -> int:
        return change.key if stream.keyed else change.number


def _texts(fields: dict[str, Any]) -> dict[str, str]:
    """A column of texts and numbers has texts; one of floats has no integers."""
    return {name: str(value).removesuffix(".0") for name, value in fields.items()}
