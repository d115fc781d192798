"""Steps: calls that follow one another, with their answers and errors at the line that asked."""

from __future__ import annotations

import pytest

from destination_dust.dust.errors import NotFound
from destination_dust.writers.steps import WAIT, Ask, Runner, Steps
from unit_tests.writers.outcomes import FakeWorkers


def test_an_answer_comes_back_to_the_line_that_asked() -> None:
    """One call at a time; advancing meanwhile does nothing."""
    calls, heard = FakeWorkers(), []

    def steps() -> Steps:
        heard.append((yield Ask(lambda: 1)))
        heard.append((yield Ask(lambda: 2, key="other")))

    runner = Runner("mine", calls.submit, steps())
    runner.advance()
    runner.advance()
    assert ["mine"] == calls.keys
    assert runner.under_way
    calls.end("mine")
    assert ["other"] == calls.keys
    calls.end("other")

    assert [1, 2] == heard
    assert runner.ended
    assert not runner.under_way


def test_an_error_is_raised_at_the_line_that_asked() -> None:
    """Steps may handle it and go on; what they do not handle ends the sync."""
    calls, heard = FakeWorkers(), []

    def steps() -> Steps:
        try:
            yield Ask(lambda: None)
        except NotFound:
            heard.append("not there")
        yield Ask(lambda: None)

    runner = Runner("mine", calls.submit, steps())
    runner.advance()
    calls.end("mine", NotFound("x"))
    assert ["not there"] == heard

    with pytest.raises(NotFound):
        calls.end("mine", NotFound("y"))
    runner.advance()
    assert runner.ended


def test_steps_wait_until_they_are_advanced() -> None:
    """At the next tick."""
    calls = FakeWorkers()
    heard: list[str] = []

    def steps() -> Steps:
        while len(heard) < 2:
            heard.append("tick")
            yield WAIT

    runner = Runner("mine", calls.submit, steps())
    for _ in range(3):
        assert not runner.ended
        runner.advance()

    assert ["tick", "tick"] == heard
    assert runner.ended
    assert [] == calls.open


@pytest.mark.parametrize("under_way", [True, False])
def test_steps_can_be_failed_from_outside(under_way: bool) -> None:
    """At once where they wait; a call in flight ends before, and its answer is not heard."""
    calls, heard = FakeWorkers(), list[object]()

    def steps() -> Steps:
        try:
            heard.append((yield Ask(lambda: "answer") if under_way else WAIT))
        except NotFound as error:
            heard.append(str(error))

    runner = Runner("mine", calls.submit, steps())
    runner.advance()
    runner.fail(NotFound("gone"))
    assert under_way == (not heard)
    if under_way:
        calls.end("mine")

    assert (["gone"], True) == (heard, runner.ended)
    runner.fail(NotFound("again"))
    assert ["gone"] == heard
