"""An iterator as an input of the loop."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from destination_dust.loading.feed import CHUNK, SLICE, Feed


class Watch:
    """A clock that stands still unless it is moved."""

    def __init__(self) -> None:
        self.time = 0.0

    def __call__(self) -> float:
        return self.time


def test_lines_come_in_their_order_up_to_the_end() -> None:
    """Which is known once the iterator has said so."""
    feed = Feed(iter([b"one", b"two"]), now=Watch())

    assert [b"one", b"two"] == feed.lines(0, reading=True)
    assert feed.ended
    assert [] == feed.lines(0, reading=True)


def test_what_the_iterator_raises_is_no_end() -> None:
    """Or the records that were still to come would count as gone from the source."""

    def failing() -> Iterator[bytes]:
        yield b"one"
        raise KeyError("of the source")

    feed = Feed(failing(), now=Watch())

    with pytest.raises(KeyError):
        feed.lines(0, reading=True)
    assert not feed.ended


def test_without_reading_the_iterator_is_left_alone() -> None:
    """The loop does not read on while too much is in flight."""
    feed = Feed(iter([b"one"]), now=Watch())

    assert [] == feed.lines(0, reading=False)
    assert [b"one"] == feed.lines(0, reading=True)


def test_the_loop_gets_its_turn_however_fast_lines_come() -> None:
    """Those that wait take little memory."""
    line = b"x" * 1000
    feed = Feed(iter([line] * 1000), now=Watch())

    assert CHUNK <= len(b"".join(feed.lines(0, reading=True))) < CHUNK + len(line)


def test_the_loop_gets_its_turn_however_slowly_lines_come() -> None:
    """What is in hand is stored meanwhile."""
    watch = Watch()

    def slow() -> Iterator[bytes]:
        while True:
            watch.time += SLICE * 0.6
            yield b"x"

    assert 2 == len(Feed(slow(), now=watch).lines(0, reading=True))


@pytest.mark.parametrize("when", ["before", "during"])
def test_a_wake_up_ends_a_wait(when: str) -> None:
    """Also if it came before the wait began."""
    feed = Feed(iter([]))
    waiting = threading.Thread(target=lambda: feed.lines(60, reading=False), daemon=True)

    if when == "before":
        feed.wake()
    waiting.start()
    feed.wake()
    waiting.join(10)

    assert not waiting.is_alive()


def test_a_wake_up_ends_one_wait_only() -> None:
    """Or the loop would not rest again."""
    feed = Feed(iter([]))
    feed.wake()
    feed.lines(60, reading=False)
    waiting = threading.Thread(target=lambda: feed.lines(60, reading=False), daemon=True)
    waiting.start()
    waiting.join(0.05)

    assert waiting.is_alive()
    feed.wake()
    waiting.join(10)
