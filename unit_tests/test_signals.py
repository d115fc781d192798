"""Signals in processes of their own: which of them end at once, and when one that hangs does."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PATIENCE = 60.0


def run(program: str) -> tuple[int, bytes]:
    """The exit code of a Python program, or minus the signal that killed it, and its output."""
    start = "import itertools, os, signal, sys, time; from destination_dust import signals\n"
    ended = subprocess.run(
        [sys.executable, "-c", start + program], cwd=ROOT, timeout=PATIENCE, stdout=subprocess.PIPE, check=False
    )
    return ended.returncode, ended.stdout


def exit_code(program: str) -> int:
    """The exit code alone."""
    return run(program)[0]


@pytest.mark.parametrize(("name", "code"), [("SIGTERM", 143), ("SIGINT", 130)])
def test_a_signal_ends_the_process_at_once(name: str, code: int) -> None:
    """With the code that shells use."""
    assert code == exit_code(f"signals.exit_at_once(); os.kill(os.getpid(), signal.{name}); time.sleep({PATIENCE})")


@pytest.mark.parametrize("second", ["SIGTERM", "SIGINT"])
def test_the_first_signal_interrupts_and_the_second_ends(second: str) -> None:
    """Be it the same or the other one."""
    code, output = run(
        f"""
signals.wind_down(lambda number: os.write(1, b"%d" % number), 2)
os.kill(os.getpid(), signal.SIGTERM)
os.kill(os.getpid(), signal.{second})
time.sleep({PATIENCE})
"""
    )

    assert ({"SIGTERM": 143, "SIGINT": 130}[second], b"15") == (code, output)


def test_a_process_that_hangs_is_ended() -> None:
    """Whatever it is stuck in, as long as that is no C code that never returns."""
    code = exit_code(
        f"""
signals.wind_down(lambda _: None, 2, now=itertools.count(step=signals.LONGEST).__next__)
os.kill(os.getpid(), signal.SIGTERM)
time.sleep({PATIENCE})
"""
    )

    assert 143 == code


def test_a_process_that_ends_by_itself_does_so_with_its_own_code() -> None:
    """The timer is still running when Python gives up its handlers, and would kill it."""
    code = exit_code(
        """
signals.CHECK_EVERY = 0.001
signals.wind_down(lambda _: None, 2)
os.kill(os.getpid(), signal.SIGTERM)
signals.stand_down()
signal.signal(signal.SIGALRM, signal.SIG_DFL)
time.sleep(0.1)
sys.exit(7)
"""
    )

    assert 7 == code


def test_a_command_that_was_interrupted_ends_by_itself() -> None:
    """Whatever it ends with, no timer is left behind."""
    code, output = run(
        """
from destination_dust import __main__, commands

def interrupted(_):
    signals.wind_down(lambda _: None, 2)
    os.kill(os.getpid(), signal.SIGTERM)
    return 7

commands.run = interrupted
sys.argv = ["destination-dust", "check", "--config", "dust.json"]
try:
    __main__.main()
finally:
    print(signal.getitimer(signal.ITIMER_REAL))
"""
    )

    assert (7, b"(0.0, 0.0)\n") == (code, output)


def test_nothing_is_imported_before_signals_are_heeded() -> None:
    """The connector and its libraries take long on a busy machine."""
    program = "import destination_dust.__main__; print(*(name for name in sys.modules if 'destination_dust' in name))"

    names = b"destination_dust destination_dust.signals destination_dust.__main__"
    assert (0, names) == (run(program)[0], run(program)[1].strip())
