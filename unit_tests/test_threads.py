"""Threads, also where the system gives none, and work that is waited for no longer than its caller can wait."""

from __future__ import annotations

import threading

import pytest

from destination_dust.threads import NoThread, ends_within, start_thread

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


def test_a_thread_that_is_refused_names_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python only says that it cannot start one."""

    def refuse(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)

    with pytest.raises(NoThread, match="ulimit -u"):
        start_thread(lambda: None, name="dust-test")


def test_a_thread_does_not_keep_the_process_from_ending() -> None:
    """Whatever it waits for."""
    over = threading.Event()
    thread = start_thread(lambda: [over.wait(PATIENCE)].clear(), name="dust-test")

    assert (True, "dust-test") == (thread.daemon, thread.name)
    over.set()
    thread.join(PATIENCE)
