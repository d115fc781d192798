"""The threads: order per key, every call ends, and stopping is prompt."""

from __future__ import annotations

import itertools
import random
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest

from destination_dust.threads import NoThread
from destination_dust.workers import Call, Lane, Outcome, Workers

PATIENCE = 10.0


class Pool:
    """Workers together with the loop's side: outcomes as they come, waited for by an event."""

    def __init__(self, limited: int = 4, free: int = 4, *, max_calls: int = 1000, max_bytes: int = 1000) -> None:
        self._ended = threading.Event()
        threads = {Lane.LIMITED: limited, Lane.FREE: free}
        self.workers = Workers(threads, max_calls=max_calls, max_bytes=max_bytes, wake=self._ended.set)

    def submit(
        self, key: Hashable, send: Callable[[], Any] = lambda: None, *, size: int = 0, lane: Lane = Lane.LIMITED
    ) -> None:
        self.workers.submit(Call(key, send, lambda _value: None, size=size, lane=lane))

    def outcomes(self, count: int) -> list[Outcome]:
        """The next `count` outcomes. Fails if they do not come."""
        outcomes: list[Outcome] = []
        while len(outcomes) < count:
            assert self._ended.wait(PATIENCE), f"only {len(outcomes)} of {count} calls ended"
            self._ended.clear()
            outcomes += self.workers.outcomes()
        assert count == len(outcomes)
        return outcomes


def _raise(error: Exception) -> None:
    raise error


def _threads(lane: Lane) -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == f"dust-{lane.value}"]


@pytest.fixture
def pool() -> Iterator[Pool]:
    pool = Pool()
    yield pool
    pool.workers.stop()


@pytest.fixture(autouse=True)
def no_threads_are_left() -> Iterator[None]:
    """A test begins without threads of another one, so that it can count its own."""
    yield
    deadline = time.monotonic() + PATIENCE
    for thread in [thread for thread in threading.enumerate() if thread.name.startswith("dust-")]:
        thread.join(deadline - time.monotonic())
        assert not thread.is_alive()


def test_calls_of_one_key_are_made_in_the_order_submitted() -> None:
    """Of a document's versions the last one wins, whatever the threads do."""
    pool, chance = Pool(limited=16, free=4, max_calls=2000), random.Random(1)
    made: dict[int, list[int]] = defaultdict(list)
    under_way: set[int] = set()
    overlaps: list[int] = []

    def send(key: int, number: int, pause: float) -> None:
        if key in under_way:
            overlaps.append(key)
        under_way.add(key)
        time.sleep(pause)  # gives other threads a chance to overtake
        made[key].append(number)
        under_way.discard(key)

    for number in range(1500):
        key, pause, lane = chance.randrange(40), chance.random() / 1000, chance.choice(list(Lane))
        pool.submit(key, partial(send, key, number, pause), lane=lane)
    pool.outcomes(1500)
    pool.workers.stop()

    assert [] == overlaps
    assert 1500 == sum(map(len, made.values()))
    assert all(numbers == sorted(numbers) for numbers in made.values())


def test_calls_of_different_keys_are_made_side_by_side(pool: Pool) -> None:
    """Four calls that only end together do end."""
    together = threading.Barrier(4, timeout=PATIENCE)

    for key in range(4):
        pool.submit(key, together.wait)

    assert [None] * 4 == [outcome.error for outcome in pool.outcomes(4)]


def test_a_call_that_waits_for_the_limit_is_passed_by_others() -> None:
    """Deletes and look-ups do not stand in line behind upserts."""
    pool, limit = Pool(limited=2), threading.Event()
    for key in range(5):
        pool.submit(key, lambda: limit.wait(PATIENCE))

    pool.submit("delete", lane=Lane.FREE)

    assert ["delete"] == [outcome.call.key for outcome in pool.outcomes(1)]
    limit.set()
    pool.outcomes(5)
    pool.workers.stop()


@pytest.mark.parametrize("lanes", [(Lane.FREE, Lane.LIMITED), (Lane.LIMITED, Lane.FREE)])
def test_a_key_may_change_its_lane(pool: Pool, lanes: tuple[Lane, Lane]) -> None:
    """An upsert follows a delete of the same document, though no thread of its lane was started before."""
    go = threading.Event()
    pool.submit("users-1", lambda: go.wait(PATIENCE), lane=lanes[0])
    pool.submit("users-1", lane=lanes[1])

    go.set()

    assert list(lanes) == [outcome.call.lane for outcome in pool.outcomes(2)]


def test_a_call_ends_with_what_it_returned_or_raised(pool: Pool) -> None:
    """Both come back to the loop's thread."""
    error = ValueError("bad")

    pool.submit("good", lambda: "stored")
    pool.submit("bad", lambda: _raise(error))

    outcomes = {outcome.call.key: (outcome.value, outcome.error) for outcome in pool.outcomes(2)}
    assert {"good": ("stored", None), "bad": (None, error)} == outcomes


@pytest.mark.parametrize("kind", [SystemExit, KeyboardInterrupt, GeneratorExit, MemoryError, RecursionError])
def test_every_call_ends_whatever_it_raises(pool: Pool, kind: type[BaseException]) -> None:
    """A thread that died of an error would leave its record unsettled, and the sync waiting for ever."""

    def send() -> None:
        raise kind

    pool.submit("users-1", send)
    pool.submit("users-1", lambda: "still served")

    outcomes = pool.outcomes(2)
    assert isinstance(outcomes[0].error, kind)
    assert "still served" == outcomes[1].value


def test_what_follows_happens_on_the_loops_thread() -> None:
    """The ledger has no lock, so no worker may touch it."""
    pool, threads = Pool(), []
    pool.workers.submit(Call(1, lambda: None, lambda _value: threads.append(threading.current_thread())))

    (outcome,) = pool.outcomes(1)
    assert [] == threads
    outcome.deliver()
    pool.workers.stop()

    assert [threading.current_thread()] == threads


def test_an_outcome_is_followed_by_what_its_call_says() -> None:
    """A value to `done`, an error to `failed`, and what is no ordinary error straight up."""
    heard: list[Any] = []
    call = Call(1, lambda: None, heard.append, heard.append)
    error = ValueError("bad")

    Outcome(call, "stored", None).deliver()
    Outcome(call, None, error).deliver()
    with pytest.raises(SystemExit):
        Outcome(call, None, SystemExit()).deliver()

    assert ["stored", error] == heard


def test_an_error_that_a_call_does_not_handle_ends_the_sync() -> None:
    """Without `failed`, the error is raised again on the loop's thread."""
    with pytest.raises(ValueError, match="bad"):
        Outcome(Call(1, lambda: None, lambda _value: None), None, ValueError("bad")).deliver()


def test_room_is_bounded_in_calls(pool: Pool) -> None:
    """A finished call makes room once its outcome is taken: until then it is still held in memory."""
    pool = Pool(max_calls=2)
    go = threading.Event()

    pool.submit(1, lambda: go.wait(PATIENCE))
    assert pool.workers.has_room
    pool.submit(2, lambda: go.wait(PATIENCE))
    assert (False, 2) == (pool.workers.has_room, pool.workers.in_flight)
    go.set()
    pool.outcomes(2)

    assert (True, 0) == (pool.workers.has_room, pool.workers.in_flight)
    pool.workers.stop()


def test_room_is_bounded_in_bytes() -> None:
    """One large call fills it as well as many small ones, and is taken even if it is larger than all of it."""
    pool = Pool(max_bytes=10)

    pool.submit(1, size=9)
    assert pool.workers.has_room
    pool.submit(2, size=100)
    assert not pool.workers.has_room
    pool.outcomes(2)

    assert pool.workers.has_room
    pool.workers.stop()


def test_threads_are_started_only_as_they_are_needed(pool: Pool) -> None:
    """Calls one after another need one thread, and equal keys never more than one at a time."""
    for number in range(20):
        pool.submit(number)
        pool.outcomes(1)
    go = threading.Event()
    pool.submit("same", lambda: go.wait(PATIENCE))
    for _ in range(20):
        pool.submit("same")
    go.set()
    pool.outcomes(21)

    assert [1, 1] == [len(_threads(lane)) for lane in Lane]


def test_threads_are_never_more_than_allowed(pool: Pool) -> None:
    """However much is submitted."""
    go = threading.Event()
    for key in range(50):
        pool.submit(key, lambda: go.wait(PATIENCE))

    assert 4 == len(_threads(Lane.LIMITED))
    go.set()
    pool.outcomes(50)


def test_stopping_starts_nothing_more_and_lets_calls_under_way_end() -> None:
    """What Dust may already have carried out is worth waiting for; the rest is not."""
    pool, begun, go = Pool(limited=1), threading.Event(), threading.Event()
    made: list[str] = []

    def send() -> str:
        begun.set()
        go.wait(PATIENCE)
        return "stored"

    pool.submit("a", send)
    for key in ("a", "b", "c"):
        pool.submit(key, partial(made.append, key))
    assert begun.wait(PATIENCE)

    pool.workers.stop()
    assert pool.workers.busy
    go.set()

    assert ["stored"] == [outcome.value for outcome in pool.outcomes(1)]
    assert not pool.workers.busy
    assert [] == made


def test_what_is_submitted_after_stopping_is_not_made() -> None:
    """What follows from a last outcome may want to go on, and must not keep the process from ending."""
    pool, made = Pool(), []
    pool.workers.stop()

    pool.submit("late", lambda: made.append("late"))

    assert not pool.workers.busy
    assert [] == _threads(Lane.LIMITED)
    assert [] == made


def test_stopping_ends_waits_at_once() -> None:
    """A call that waits for Dust's limit, or for a repeat, watches the event and is let go."""
    pool, begun = Pool(), threading.Event()

    def send() -> bool:
        begun.set()
        return pool.workers.stopping.wait(PATIENCE * 10)

    pool.submit("waiting", send)
    assert begun.wait(PATIENCE)
    pool.workers.stop()

    assert [True] == [outcome.value for outcome in pool.outcomes(1)]


def test_stopping_twice_is_stopping_once(pool: Pool) -> None:
    """The loop stops when it fails, and again when it ends."""
    pool.submit(1)
    pool.outcomes(1)

    pool.workers.stop()
    pool.workers.stop()

    assert not pool.workers.busy


@contextmanager
def at_most(threads: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As in a container whose number of processes is limited."""
    start = threading.Thread.start
    left = itertools.count(threads, -1)

    def limited(thread: threading.Thread) -> None:
        if next(left) <= 0:
            raise RuntimeError("can't start new thread")
        start(thread)

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", limited)
        yield


@pytest.mark.parametrize("threads", [2, 3, 6])
def test_with_fewer_threads_than_wished_all_calls_are_made(
    pool: Pool, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, threads: int
) -> None:
    """Of both kinds, and however many there are; one warning of each kind says so."""
    go = threading.Event()
    with at_most(threads, monkeypatch):
        for key in range(40):
            pool.submit(key, lambda: go.wait(PATIENCE) and None, lane=list(Lane)[key % 2])
    go.set()

    assert [None] * 40 == [outcome.error for outcome in pool.outcomes(40)]
    assert threads == sum(len(_threads(lane)) for lane in Lane)
    assert 1 <= sum("no more threads" in record.message for record in caplog.records) <= 2


@pytest.mark.parametrize("threads", [0, 1])
def test_without_a_thread_for_each_kind_of_call_the_limit_is_named(
    pool: Pool, monkeypatch: pytest.MonkeyPatch, threads: int
) -> None:
    """It is named before a call waits for ever."""
    with at_most(threads, monkeypatch), pytest.raises(NoThread, match="ulimit -u"):
        pool.submit(1)
