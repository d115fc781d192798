"""Standard input: whole lines, and a wait that a call, a signal or a deadline can end."""

from __future__ import annotations

import os
import resource
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from destination_dust.airbyte.input import CHUNK, Input
from destination_dust.airbyte.reader import UnreadableInput

PATIENCE = 10.0


class Source:
    """The writing end of an input."""

    def __init__(self) -> None:
        self._reading, self._writing = os.pipe()
        self.input = Input(self._reading)

    def write(self, content: bytes) -> None:
        """Write what fits into a pipe at once."""
        assert len(content) == os.write(self._writing, content)

    def feed(self, content: bytes) -> None:
        """Write from a thread what may not fit, and end."""

        def write() -> None:
            with os.fdopen(self._writing, "wb") as pipe:
                pipe.write(content)

        threading.Thread(target=write, daemon=True).start()

    def end(self) -> None:
        os.close(self._writing)

    def all_lines(self) -> list[bytes]:
        """Every line until the end."""
        lines: list[bytes] = []
        while not self.input.ended:
            lines += self.input.lines(PATIENCE, reading=True)
        return lines

    def close(self) -> None:
        self.input.close()
        os.close(self._reading)


@pytest.fixture
def source() -> Iterator[Source]:
    source = Source()
    yield source
    source.close()


def test_input_comes_as_lines(source: Source) -> None:
    """However the pieces are cut, also in the middle of a character."""
    for piece in (b"one\ntw", b"o\n\n", b"thr\xc3", b"\xa9e\nfour", b"\n"):
        source.write(piece)
        if piece == b"thr\xc3":
            assert [b"one", b"two", b""] == source.input.lines(PATIENCE, reading=True)
    source.end()

    assert ["thrée".encode(), b"four"] == source.all_lines()


def test_a_piece_without_a_line_end_is_not_a_line_yet(source: Source) -> None:
    """It waits for its rest."""
    source.write(b'{"type":')

    assert [] == source.input.lines(PATIENCE, reading=True)
    source.write(b'"STATE"}\n{')

    assert [b'{"type":"STATE"}'] == source.input.lines(PATIENCE, reading=True)
    source.end()


def test_the_last_line_needs_no_end(source: Source) -> None:
    """Some sources leave it out."""
    source.write(b"one\ntwo")
    source.end()

    assert [b"one", b"two"] == source.all_lines()


def test_input_that_ends_with_a_line_end_has_no_line_after_it(source: Source) -> None:
    """Nor has empty input."""
    source.write(b"one\n")
    source.end()

    assert [b"one"] == source.all_lines()


def test_only_a_line_feed_ends_a_line(source: Source) -> None:
    """Carriage returns and Unicode separators occur in values; the reader strips a CR before the line end."""
    content = "a\rb\u2028c\u0085d\x0be\r".encode()
    source.write(content + b"\n")
    source.end()

    assert [content] == source.all_lines()


@pytest.mark.timeout(30)
def test_a_long_line_takes_linear_time(source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fifty megabytes come in thousands of pieces, and are joined once: each time would copy 320 GB."""
    monkeypatch.setattr("destination_dust.airbyte.input.CHUNK", 4096)
    line = os.urandom(4096).replace(b"\n", b" ") * (50 * 1024 * 1024 // 4096)
    source.feed(b"before\n" + line + b"\nafter\n")

    lines = source.all_lines()

    assert [6, len(line), 5] == [len(one) for one in lines]
    assert line == lines[1]


def test_after_the_end_no_more_lines_come(source: Source) -> None:
    """The wait goes on for what else may happen, and is not cut short by an input that is always ready."""
    source.end()
    assert [] == source.input.lines(PATIENCE, reading=True)
    assert source.input.ended

    begun = time.monotonic()
    assert [] == source.input.lines(0.05, reading=True)

    assert time.monotonic() - begun >= 0.05


def test_without_reading_the_input_is_left_alone(source: Source) -> None:
    """While too much is in flight, the full pipe stops the source."""
    source.write(b"one\n")

    assert [] == source.input.lines(0.0, reading=False)
    assert [b"one"] == source.input.lines(0.0, reading=True)
    source.end()


def test_an_end_is_not_seen_without_reading(source: Source) -> None:
    """Lines that were not read yet come before it."""
    source.write(b"one\n")
    source.end()

    assert [] == source.input.lines(0.0, reading=False)
    assert not source.input.ended
    assert [b"one"] == source.all_lines()


@pytest.mark.parametrize("reading", [True, False])
def test_another_thread_ends_the_wait(source: Source, reading: bool) -> None:
    """A finished call is worth a look, also when the input is silent or left alone."""
    waiting = threading.Event()

    def wake() -> None:
        waiting.wait(PATIENCE)
        source.input.wake()

    thread = threading.Thread(target=wake)
    thread.start()
    begun = time.monotonic()
    waiting.set()

    assert [] == source.input.lines(PATIENCE, reading=reading)

    thread.join()
    assert time.monotonic() - begun < PATIENCE / 2
    source.end()


def test_a_wake_up_before_the_wait_is_not_lost(source: Source) -> None:
    """And many of them are one."""
    for _ in range(100_000):
        source.input.wake()
    begun = time.monotonic()

    assert [] == source.input.lines(PATIENCE, reading=True)
    assert time.monotonic() - begun < PATIENCE / 2

    begun = time.monotonic()
    assert [] == source.input.lines(0.05, reading=True)
    assert time.monotonic() - begun >= 0.05
    source.end()


def test_a_signal_handler_ends_the_wait(source: Source) -> None:
    """Python repeats a system call that a signal interrupts: without the wake-up the wait would go on."""
    before = signal.signal(signal.SIGALRM, lambda _number, _frame: source.input.wake())
    begun = time.monotonic()
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        assert [] == source.input.lines(PATIENCE, reading=True)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)

    assert time.monotonic() - begun < PATIENCE / 2
    source.end()


def test_a_past_deadline_does_not_wait(source: Source) -> None:
    """The remaining time can be slightly negative."""
    assert [] == source.input.lines(-0.001, reading=True)
    source.end()


def test_a_file_is_input_like_a_pipe(tmp_path: Path) -> None:
    """People redirect files."""
    (tmp_path / "messages").write_bytes(b"one\ntwo")
    lines: list[bytes] = []
    with (tmp_path / "messages").open("rb") as file:
        input = Input(file.fileno())
        while not input.ended:
            lines += input.lines(PATIENCE, reading=True)
        input.close()

    assert [b"one", b"two"] == lines


def test_a_line_that_is_too_long_is_refused_by_its_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before it has used up the memory."""
    monkeypatch.setattr("destination_dust.airbyte.input.LONGEST_LINE", 2 * CHUNK)
    (tmp_path / "messages").write_bytes(b"one\ntwo\n" + b"x" * (4 * CHUNK))
    with (tmp_path / "messages").open("rb") as file, closing(Input(file.fileno())) as input:
        assert [b"one", b"two"] == input.lines(PATIENCE, reading=True)
        assert [] == input.lines(PATIENCE, reading=True)
        with pytest.raises(UnreadableInput, match=r"^Line 3 of the input is longer than"):
            input.lines(PATIENCE, reading=True)


def test_descriptors_may_have_any_number() -> None:
    """A host may have thousands of its own open, and `select` knows only the first 1,024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))
    others: list[int] = []
    try:
        while not others or others[-1] < 1100:
            others.append(os.open(os.devnull, os.O_RDONLY))
        source = Source()
        source.write(b"one\n")

        assert [b"one"] == source.input.lines(PATIENCE, reading=True)
        source.end()
        assert [] == source.all_lines()
        source.close()
    finally:
        for each in others:
            os.close(each)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_closed_descriptor_is_not_an_end() -> None:
    """Someone in this process has closed it, and what was still to come is unknown."""
    reading, writing = os.pipe()
    input = Input(reading)
    os.close(reading)

    with pytest.raises(OSError, match="the input was closed in this process"):
        input.lines(PATIENCE, reading=True)
    assert not input.ended
    input.close()
    os.close(writing)


def test_after_closing_a_wake_up_does_nothing() -> None:
    """The descriptor may be someone else's by then."""
    reading, writing = os.pipe()
    input = Input(reading)
    input.close()
    others = os.pipe()  # takes the numbers of the wake-up

    input.wake()

    os.set_blocking(others[0], False)
    with pytest.raises(BlockingIOError):
        os.read(others[0], 1)
    for each in (reading, writing, *others):
        os.close(each)
