"""Work that is waited for no longer than its caller can wait."""

from __future__ import annotations

import threading

import pytest

from destination_dust.deadline import ends_within

PATIENCE = 10.0


def test_work_in_time_ends_and_its_error_is_raised() -> None:
    """As if it had been called."""

    def fail() -> None:
        raise OSError("no route")

    assert ends_within(PATIENCE, lambda: None)
    with pytest.raises(OSError, match="no route"):
        ends_within(PATIENCE, fail)


def test_late_work_is_left_to_itself() -> None:
    """Even where nothing can stop it, as in a look-up of a name."""
    over = threading.Event()

    assert not ends_within(0.01, lambda: [over.wait(PATIENCE)].clear())
    over.set()


def test_without_a_thread_the_work_is_done_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """A container may not give another one."""
    done: list[int] = []

    def refuse(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)

    assert ends_within(PATIENCE, lambda: done.append(1))
    assert [1] == done
