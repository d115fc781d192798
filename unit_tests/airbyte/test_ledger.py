"""The ledger: no state is given back before its records are stored, and none is forgotten."""

from __future__ import annotations

import gc
import tracemalloc
from dataclasses import dataclass, field
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from destination_dust.airbyte.ledger import Ledger, SafeState, Span, WaitingState
from destination_dust.airbyte.messages import State, StreamKey
from unit_tests.builders import ORDERS, TEAMS, USERS, state

STREAMS = (USERS, ORDERS, TEAMS)
UNKNOWN = StreamKey("other", "unknown")
ALL = (None, UNKNOWN)
"""What states are about that wait for the records of all streams."""


@dataclass
class NaiveLedger:
    """What the ledger promises, by remembering every record and looking at all of them each time."""

    history: list[tuple[str, StreamKey | None, int]] = field(default_factory=list)
    fates: dict[int, str] = field(default_factory=dict)

    def released(self) -> dict[int, tuple[int, int]]:
        """By number, the states that are safe now, each with how many records it covers, stored and rejected."""
        safe: dict[int, tuple[int, int]] = {}
        for end, (kind, stream, number) in enumerate(self.history):
            if kind == "state":
                before = [e for e in self.history[:end] if stream in ALL or e[1] in (stream, *ALL)]
                records = [n for what, _, n in before if what == "record"]
                states = [n for what, _, n in before if what == "state"]
                if all(n in self.fates for n in records) and all(n in safe for n in states):
                    fates = [self.fates[n] for n in self._covered(end, stream)]
                    safe[number] = fates.count("stored"), fates.count("rejected")
        return safe

    def _covered(self, end: int, stream: StreamKey | None) -> list[int]:
        """The records of a state's streams since the state before it in each of them."""
        covered: list[int] = []
        if stream == UNKNOWN:
            return covered
        for one in STREAMS if stream is None else (stream,):
            for kind, of, number in reversed(self.history[:end]):
                if kind == "state" and of in (one, None):
                    break
                if kind == "record" and of == one:
                    covered.append(number)
        return covered


_events = st.lists(
    st.tuples(st.just("record"), st.sampled_from(STREAMS))
    | st.tuples(st.just("state"), st.sampled_from((*STREAMS, *ALL)))
    | st.tuples(st.sampled_from(["stored", "rejected"]), st.integers(0, 50))
    | st.tuples(st.sampled_from(["hold", "let go"]), st.sampled_from(STREAMS)),
    max_size=60,
)


@given(_events)
@settings(max_examples=200)
def test_a_state_is_safe_exactly_when_all_before_it_is_settled(events: list[tuple[str, object]]) -> None:
    """The ledger, which only counts, agrees at every moment with one that remembers every record."""
    ledger, naive = Ledger(STREAMS), NaiveLedger()
    outstanding: list[tuple[int, Span]] = []
    held: dict[StreamKey, tuple[int, Span]] = {}
    given_back: list[SafeState] = []

    for number, (kind, what) in enumerate(events):
        if kind == "record":
            assert isinstance(what, StreamKey)
            outstanding.append((number, ledger.add_record(what)))
            naive.history.append(("record", what, number))
        elif kind == "state":
            assert what is None or isinstance(what, StreamKey)
            ledger.add_state(state(what, number))
            naive.history.append(("state", what, number))
        elif isinstance(what, StreamKey):
            if kind == "hold" and what not in held:
                held[what] = number, ledger.hold(what)
                naive.history.append(("record", what, number))
            elif kind == "let go" and what in held:
                began, span = held.pop(what)
                naive.fates[began] = "let go"
                ledger.let_go(span)
        elif outstanding:
            assert isinstance(what, int)
            settled, span = outstanding.pop(what % len(outstanding))
            naive.fates[settled] = kind
            ledger.settle(span, stored=int(kind == "stored"), rejected=int(kind == "rejected"))
        given_back += ledger.release()

        assert naive.released() == {_number(safe): (safe.stored, safe.rejected) for safe in given_back}

    assert ledger.waiting + len(given_back) == sum(kind == "state" for kind, _ in events)
    states = {number: what for number, (kind, what) in enumerate(events) if kind == "state"}
    for stream in STREAMS:
        in_order = [number for number in map(_number, given_back) if states[number] in (stream, *ALL)]
        assert in_order == sorted(in_order)


def _number(safe: SafeState) -> int:
    content = orjson.loads(safe.line)["state"]
    if content["type"] == "GLOBAL":
        return int(content["global"]["shared_state"])
    return int(content["stream"]["stream_state"]["at"])


def _released(ledger: Ledger) -> list[int]:
    return [_number(safe) for safe in ledger.release()]


def test_a_state_without_records_is_safe_at_once() -> None:
    """One out for each in, however little happened in between."""
    ledger = Ledger(STREAMS)

    ledger.add_state(state(USERS, 1))
    ledger.add_state(state(None, 2))

    assert [1, 2] == _released(ledger)
    assert [] == _released(ledger)


def test_a_state_waits_for_its_own_stream_only() -> None:
    """A slow stream does not hold back the others."""
    ledger = Ledger(STREAMS)
    ledger.add_record(ORDERS)

    ledger.add_state(state(USERS, 1))

    assert [1] == _released(ledger)


def test_a_global_state_waits_for_all_streams_and_holds_back_what_follows() -> None:
    """Its records may be of any stream; a later state of one of them must not go out before it."""
    ledger = Ledger(STREAMS)
    span = ledger.add_record(ORDERS)

    ledger.add_state(state(None, 1))
    ledger.add_state(state(USERS, 2))
    assert [] == _released(ledger)
    ledger.settle(span, stored=1)

    assert [1, 2] == _released(ledger)


def test_a_state_counts_the_records_since_the_one_before() -> None:
    """The platform compares them with what the source says: stored and rejected add up to what was read."""
    ledger = Ledger(STREAMS)
    spans = [ledger.add_record(USERS) for _ in range(5)]
    ledger.add_state(state(USERS, 1))
    later = [ledger.add_record(USERS), ledger.add_record(ORDERS)]
    ledger.add_state(state(None, 2))
    ledger.add_record(USERS)

    ledger.settle(spans[0], stored=3, rejected=2)
    for span in later:
        ledger.settle(span, stored=1)

    assert [(3, 2), (2, 0)] == [(safe.stored, safe.rejected) for safe in ledger.release()]


def test_a_state_of_an_unknown_stream_waits_for_the_records_of_all() -> None:
    """They may be what it is about, under another name."""
    ledger = Ledger(STREAMS)
    first, second = ledger.add_record(USERS), ledger.add_record(ORDERS)
    ledger.add_state(state(UNKNOWN, 1))
    ledger.add_record(USERS)

    ledger.settle(first, stored=1)
    assert [] == _released(ledger)
    ledger.settle(second, stored=1)

    assert [1] == _released(ledger)


def test_the_records_before_a_state_of_an_unknown_stream_count_for_the_next_one() -> None:
    """The platform compares the counts of each stream with what the source says of it."""
    ledger = Ledger([USERS])
    spans = [ledger.add_record(USERS)]
    ledger.add_state(state(UNKNOWN, 1))
    spans.append(ledger.add_record(USERS))
    ledger.add_state(state(USERS, 2))
    for span in spans:
        ledger.settle(span, stored=1)

    assert [(1, 0), (2, 2)] == [(_number(safe), safe.stored) for safe in ledger.release()]


def test_streams_of_one_name_in_two_namespaces_are_two() -> None:
    """A state of the one says nothing about the other."""
    ledger = Ledger([USERS, StreamKey("other", "users")])
    ledger.add_record(StreamKey("other", "users"))

    ledger.add_state(state(USERS, 1))
    ledger.add_state(state(StreamKey("other", "users"), 2))

    assert [1] == _released(ledger)


def test_states_without_records_take_no_memory() -> None:
    """A source may write a state for each of a hundred thousand empty slices."""
    ledger = Ledger(STREAMS)
    states = [state(stream) for stream in (*STREAMS, None)] * 25_000
    gc.collect()
    before = {id(kept) for kept in gc.get_objects()}  # other tests may have left some

    for one in states:
        ledger.add_state(one)
        assert 1 == len(list(ledger.release()))

    gc.collect()
    kinds = (WaitingState, Span, SafeState)
    assert [] == [kept for kept in gc.get_objects() if isinstance(kept, kinds) and id(kept) not in before]


@pytest.mark.timeout(60)
@pytest.mark.parametrize(("stream", "count"), [(USERS, 100_000), (None, 30_000)])
def test_a_hundred_thousand_states_may_become_safe_at_once(stream: StreamKey | None, count: int) -> None:
    """They all waited for one record; neither the stack nor the time grows out of hand."""
    ledger = Ledger(STREAMS)
    span = ledger.add_record(USERS)
    states = [State(b"%d" % number, stream) for number in range(count)]
    for one in states:
        ledger.add_state(one)
    assert count == ledger.waiting

    ledger.settle(span, stored=1)

    assert [state.line for state in states] == [safe.line for safe in ledger.release()]
    assert 0 == ledger.waiting


class Counting(dict[StreamKey, Any]):
    """A dictionary that knows how often something was looked up in it."""

    lookups = 0

    def __getitem__(self, key: StreamKey) -> Any:
        self.lookups += 1
        return super().__getitem__(key)


def test_global_states_of_many_streams_become_safe_in_linear_time() -> None:
    """A state at the head of two hundred queues is looked at once, not two hundred times."""
    streams = [StreamKey(None, f"stream {number}") for number in range(200)]
    ledger = Ledger(streams)
    span = ledger.add_record(streams[0])
    for number in range(60):
        ledger.add_state(state(None, number))
    ledger._queues = queues = Counting(ledger._queues)

    ledger.settle(span, stored=1)

    assert list(range(60)) == _released(ledger)
    assert queues.lookups <= 2 * 60 * 200


def test_states_are_given_back_as_they_came() -> None:
    """To the byte: the counts that the protocol asks for are added later."""
    ledger = Ledger(STREAMS)
    waiting = state(USERS)

    ledger.add_state(waiting)

    assert [SafeState(waiting.line, 0, 0)] == list(ledger.release())


def test_the_states_of_a_stream_that_is_held_wait_and_others_do_not() -> None:
    """A slow replacement holds back its own stream, and states about all streams."""
    ledger = Ledger(STREAMS)
    held = ledger.hold(USERS)
    ledger.settle(ledger.add_record(USERS), stored=1)

    for number, stream in enumerate([USERS, ORDERS, USERS, None, ORDERS]):
        ledger.add_state(state(stream, number))
    assert [1] == _released(ledger)
    ledger.let_go(held)

    safe = list(ledger.release())
    assert [0, 2, 3, 4] == [_number(each) for each in safe]
    assert [1, 0, 0, 0] == [each.stored for each in safe]


def test_a_global_state_waits_for_each_stream_that_is_held() -> None:
    """A stream whose replacement fails keeps its own states and those about all; another one gives its own back."""
    ledger = Ledger(STREAMS)
    users, _teams = ledger.hold(USERS), ledger.hold(TEAMS)
    for number, stream in enumerate([USERS, TEAMS, USERS, None, USERS]):
        ledger.add_state(state(stream, number))

    ledger.let_go(users)

    assert [0, 2] == _released(ledger)
    assert 3 == ledger.waiting


@pytest.mark.parametrize(("stream", "count", "size"), [(USERS, 300_000, 50), (None, 1_000, 85_000)])
def test_waiting_states_take_little_memory(stream: StreamKey | None, count: int, size: int) -> None:
    """However many wait behind one record, and however large they are: the rest is on disk."""
    ledger = Ledger(STREAMS)
    ledger.add_record(USERS)
    tracemalloc.start()
    for number in range(count):
        ledger.add_state(State(b"%d" % number + b" " * size, stream))
    kept, _peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    ledger.close()

    assert kept < 70_000_000


def test_booking_no_records_settles_no_span_twice() -> None:
    """Else a state of two streams would go out before the other one is stored, or one of a single stream never."""
    ledger = Ledger([USERS, ORDERS])
    users, orders = ledger.add_record(USERS), ledger.add_record(ORDERS)
    ledger.add_state(state(None))

    ledger.settle(users, stored=1)
    ledger.settle(users, stored=0)
    assert [] == [*ledger.release()]

    ledger.settle(orders, stored=1)
    ledger.settle(orders, rejected=0)
    assert [2] == [each.stored for each in ledger.release()]
