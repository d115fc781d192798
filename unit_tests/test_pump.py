"""The input of a host in the same process: its end is one only if the host's messages ended so."""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
import threading
from collections.abc import Iterator

import pytest

from destination_dust.airbyte.reader import Reader
from destination_dust.pump import pump

PATIENCE = 10.0


def test_lines_can_be_read_from_a_descriptor() -> None:
    """A host in the same process has messages, no standard input."""
    with pump([b"one", b"two"]) as descriptor:
        read = b"".join(iter(lambda: os.read(descriptor, 1000), b""))

    assert b"one\ntwo\n" == read


def test_a_reader_that_stops_early_ends_the_feeding() -> None:
    """The thread that feeds does not stay behind a full pipe, and its descriptor is given back."""
    with pump(itertools.repeat(b"x" * 1000)) as descriptor:
        (feeder,) = [thread for thread in threading.enumerate() if thread.name == "dust-pump"]

    assert not feeder.is_alive()
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)


def test_lines_that_wait_for_ever_are_left_behind() -> None:
    """Nothing can end them; once they go on, their thread ends, without a signal for a broken pipe."""
    go_on = threading.Event()

    def lines() -> Iterator[bytes]:
        go_on.wait(PATIENCE)
        yield b"late"

    broken: list[object] = []
    before = signal.signal(signal.SIGPIPE, lambda *_: broken.append(1))
    try:
        with pump(lines(), grace=0.05):
            (feeder,) = [thread for thread in threading.enumerate() if thread.name == "dust-pump"]
        assert feeder.is_alive()
        go_on.set()
        feeder.join(PATIENCE)
    finally:
        signal.signal(signal.SIGPIPE, before)

    assert not feeder.is_alive()
    assert [] == broken


@pytest.mark.parametrize(
    "error",
    [
        OSError("source broke off"),
        BrokenPipeError("of the source"),
        SystemExit(3),
        KeyboardInterrupt(),
        asyncio.CancelledError(),
        GeneratorExit(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_lines_that_fail_are_no_end_of_input(error: BaseException) -> None:
    """Where an end allows to delete what is old, a source that broke off must not look like one that is done."""

    def lines() -> Iterator[bytes]:
        yield b"one"
        raise error

    def read() -> None:
        with pump(lines()) as descriptor:
            content = b"".join(iter(lambda: os.read(descriptor, 1000), b""))
            for line in content.splitlines():
                if line != b"one":
                    Reader().read(line)
            pytest.fail("the reader takes it for an end")

    with pytest.raises(type(error)) as caught:
        read()
    assert error is caught.value


def test_a_failure_after_the_reader_has_stopped_is_no_one_s_business() -> None:
    """The reader's own error, if any, is the one to see."""
    stopped = threading.Event()

    def lines() -> Iterator[bytes]:
        yield b"one"
        stopped.wait(PATIENCE)
        raise OSError("source broke off")

    def stop() -> None:
        with pump(lines(), grace=0.05):
            raise ValueError("reader")

    with pytest.raises(ValueError, match="reader"):
        stop()
    stopped.set()
