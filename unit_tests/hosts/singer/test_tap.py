"""A tap's messages, cut into stretches that are a sync each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import orjson
import pytest

from destination_dust.airbyte.catalog import Mode
from destination_dust.airbyte.messages import Record, SourceError, State, StreamKey, StreamStatus
from destination_dust.airbyte.reader import UnreadableInput
from destination_dust.hosts.singer.tap import Tap
from unit_tests.hosts.singer.lines import activation, bookmarks, row, schema


class Chunks:
    """Lines that come in chunks; see `Lines`."""

    def __init__(self, *chunks: Iterable[bytes]) -> None:
        self._chunks = [[*chunk] for chunk in chunks]
        self.ended = False

    def wake(self) -> None: ...

    def lines(self, timeout: float, *, reading: bool) -> list[bytes]:  # noqa: ARG002 see `Lines`
        if not reading:
            return []
        if not self._chunks:
            self.ended = True
            return []
        return self._chunks.pop(0)


@dataclass
class Stretch:
    """What a sync saw of a stretch. Records are their ids, states their bookmarks."""

    modes: dict[str, str]
    seen: list[Any] = field(default_factory=list)
    withheld: bool = False


def stretches(*lines: bytes, replaces: bool = True, whole: bool = True) -> list[Stretch]:
    """What the syncs of these lines see, whether they come at once or one by one."""
    tap = Tap(Chunks(lines) if whole else Chunks(*([line] for line in lines)), replaces=replaces)
    found = []
    while tap.begin():
        stretch = Stretch({plan.stream.name: plan.mode.value for plan in tap.catalog})
        while not tap.ended:
            for line in tap.lines(0, reading=True):
                if message := tap.read(line):
                    stretch.seen.append(_shown(message))
        stretch.withheld = tap.withholds
        found.append(stretch)
    return found


def _shown(message: Any) -> Any:
    match message:
        case Record(data=data):
            return data["id"]
        case State(line=line):
            return {"state": orjson.loads(line)["state"]["data"]["bookmarks"]["users"]["id"]}
        case StreamStatus(stream=stream, status=status):
            return f"{stream} {status}"
        case SourceError(stream=stream):
            return f"{stream} failed"


UPSERTED = {"users": Mode.APPEND_DEDUP.value}
REPLACED = {"users": Mode.OVERWRITE_DEDUP.value}


@pytest.mark.parametrize("whole", [True, False], ids=["at once", "one by one"])
def test_one_stream_is_one_stretch(whole: bool) -> None:
    """However its lines come."""
    found = stretches(schema(), row(1), bookmarks(1), b"", schema(), row(2), bookmarks(2), whole=whole)

    assert [Stretch(UPSERTED, [1, {"state": 1}, 2, {"state": 2}])] == found


def test_streams_are_a_stretch_each_as_they_come() -> None:
    """A sync must know its streams, and a tap declares them one after the other."""
    found = stretches(schema("a"), row(1, "a"), schema("b"), row(2, "b"), bookmarks(2))

    assert [{"a": "append_dedup"}, {"b": "append_dedup"}] == [each.modes for each in found]
    assert [[1], [2, {"state": 2}]] == [each.seen for each in found]


def test_streams_that_come_by_turns_get_into_one_stretch() -> None:
    """As parents and children do: else each record would be a sync of its own."""
    turns = [line for number in range(20) for line in (row(number, "a"), row(number, "b"))]

    found = stretches(schema("a"), schema("b"), *turns)

    assert 4 == len(found)
    assert {"a", "b"} == found[-1].modes.keys()
    assert [number for number in range(20) for _ in "ab"] == [number for each in found for number in each.seen]


def test_a_state_without_records_is_a_stretch_without_streams() -> None:
    """A tap that has nothing new says so."""
    assert [Stretch({}, [{"state": 1}])] == stretches(bookmarks(1))
    assert [Stretch({}, [{"state": 1}])] == stretches(schema(), bookmarks(1))


def test_an_input_without_a_message_has_no_stretch() -> None:
    """Nor has one with declarations only."""
    assert [] == stretches()
    assert [] == stretches(schema(), b"")


@pytest.mark.parametrize("first", [[activation(1)], []], ids=["at both ends", "at the end"])
def test_a_full_table_ends_with_the_activation_after_its_records(first: list[bytes]) -> None:
    """Then, and only then, the stream counts as complete; what comes later is added."""
    table = [schema(), *first, row(1, version=1), bookmarks(1), row(2, version=1), activation(1)]

    found = stretches(*table, bookmarks(2), row(3, version=1))

    assert Stretch(REPLACED, [1, {"state": 1}, 2, "users COMPLETE"]) == found[0]
    assert Stretch({}, [{"state": 2}]) == found[1]
    assert Stretch(UPSERTED, [3]) == found[2]


@pytest.mark.parametrize(
    "end",
    [
        [],
        [activation(2)],
        [schema(), activation(1)],
        [row(3, version=2), activation(2)],
        [row(3), activation(1)],
        [schema(key=["id", "name"]), row(3, version=1), activation(1)],
        [schema("teams"), row(3, "teams"), activation(1)],
    ],
    ids=["end of input", "another version", "next part", "version changes", "no version", "key changes", "stream"],
)
def test_a_table_whose_end_does_not_show_is_not_complete(end: list[bytes]) -> None:
    """Its states stay back: with them, the tap could bring only the rest, and activate the version."""
    found = stretches(schema(), activation(1), row(1, version=1), bookmarks(1), *end)

    assert Stretch(REPLACED, [1, {"state": 1}, "users failed"], withheld=True) == found[0]
    assert [False] * len(found[1:]) == [each.withheld for each in found[1:]]
    assert not any("users COMPLETE" in each.seen for each in found)


def test_parts_of_a_table_that_begin_with_an_activation_each_are_not_its_end() -> None:
    """Taps of the Singer SDK send one before each part, and none behind the last."""
    parts = [line for number in range(3) for line in (schema(), activation(1), row(number, version=1))]

    (found,) = stretches(*parts)

    assert Stretch(REPLACED, [0, 1, 2, "users failed"], withheld=True) == found


def test_an_activation_without_records_does_not_empty_a_table() -> None:
    """It looks the same as that at the beginning."""
    (found,) = stretches(schema(), activation(1), activation(1))

    assert ["users failed"] == found.seen


def test_an_incremental_stream_is_never_replaced() -> None:
    """It has a version, too, but a run brings only what is new."""
    incremental = schema(bookmark_properties=["id"])

    (found,) = stretches(incremental, activation(1), row(1, version=1), bookmarks(1), activation(1), bookmarks(2))

    assert Stretch(UPSERTED, [1, {"state": 1}, {"state": 2}]) == found


def test_versions_can_be_left_alone() -> None:
    """For taps that never activate one at the end."""
    (found,) = stretches(schema(), activation(1), row(1, version=1), activation(1), bookmarks(1), replaces=False)

    assert Stretch(UPSERTED, [1, {"state": 1}]) == found


def test_a_stream_without_a_key_is_appended_or_overwritten() -> None:
    """Its records are told apart by their content."""
    assert {"users": "append"} == stretches(schema(key=[]), row(1))[0].modes
    assert {"users": "overwrite"} == stretches(schema(key=[]), row(1, version=1))[0].modes


def test_a_stream_that_is_declared_anew_is_another_stretch() -> None:
    """Its key may be another, and its columns."""
    changed = schema(schema={"properties": {"id": {"type": "integer"}, "at": {"format": "date"}}})

    found = stretches(schema(), row(1), changed, row(2, at="2026-01-01"))

    assert [[1], [2]] == [each.seen for each in found]


def test_a_deleted_record_is_a_tombstone() -> None:
    """Singer and Airbyte have different names for the same field."""
    tap = Tap(Chunks([schema(), row(1, _sdc_deleted_at="2026-01-01"), row(2, _sdc_deleted_at=None)]))
    tap.begin()
    (plan,) = tap.catalog

    records = [message for line in tap.lines(0, reading=True) if (message := tap.read(line))]

    assert [True, False] == [plan.deletes(each.data) for each in records if isinstance(each, Record)]
    assert [2, 3] == [each.line for each in records if isinstance(each, Record)]


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ([row(1)], "Line 1 of the input is about the stream users, which no SCHEMA has declared"),
        ([schema(), b"", activation(1, "teams")], "Line 3 of the input is about the stream teams"),
        ([schema(), row(1), b"{"], "Line 3 of the input is not valid JSON"),
    ],
)
def test_what_cannot_be_understood_is_named_by_its_line(lines: list[bytes], problem: str) -> None:
    """The target stops there rather than lose a record."""
    with pytest.raises(UnreadableInput, match=problem):
        stretches(*lines)


def test_nothing_is_read_while_the_sync_has_no_room() -> None:
    """Else everything would wait in memory."""
    chunks = Chunks([schema(), row(1)], [row(2)])
    tap = Tap(chunks)
    tap.begin()

    assert [] == [*tap.lines(0, reading=False)]
    assert [row(1)] == [*tap.lines(0, reading=True)]
    assert {StreamKey(None, "users")} == {plan.stream for plan in tap.catalog}
    assert not chunks.ended
