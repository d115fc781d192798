"""The connector in the process of a host, which calls `write` with an iterator and goes on after it."""

from __future__ import annotations

import asyncio
import gc
import itertools
import os
import resource
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
from airbyte_cdk.models import AirbyteMessage, AirbyteMessageSerializer, ConfiguredAirbyteCatalogSerializer

from destination_dust import hosted
from destination_dust.destination import DestinationDust
from destination_dust.dust.errors import Misconfigured
from integration_tests.harness.contents import contents
from integration_tests.harness.messages import catalog, complete, record, state, stream
from local_dust import LocalDust
from local_dust.control.arrivals import Arrival

PATIENCE = 60.0
OVERWRITING = stream("users", mode="overwrite", generation=1, minimum=1, sync=1)


def messages(*contents: dict[str, Any]) -> list[AirbyteMessage]:
    return [AirbyteMessageSerializer.load(content) for content in contents]


def users(*numbers: int) -> list[AirbyteMessage]:
    return messages(*(record("users", id=number) for number in numbers))


def writing(
    dust: LocalDust, given: Iterable[AirbyteMessage], streams: dict[str, Any] | None = None, **settings: Any
) -> Any:
    """The generator that a host gets."""
    configured = ConfiguredAirbyteCatalogSerializer.load(streams or catalog("users"))
    return DestinationDust().write(dust.config(**settings), configured, given)


def stored(dust: LocalDust) -> set[int]:
    return {each["id"] for each in contents(dust.world).values()}


def wait_for(condition: Callable[[], object]) -> None:
    until = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.01)


def own_threads() -> list[str]:
    return [each.name for each in threading.enumerate() if each.name.startswith("dust-")]


def descriptors() -> set[str]:
    """The open descriptors of this process, with what is behind them, except the sockets of the local Dust's side."""
    found = set()
    for name in os.listdir("/proc/self/fd"):  # noqa: PTH208 a descriptor may be gone by the next step
        try:
            found.add(f"{name} {os.readlink(f'/proc/self/fd/{name}')}")  # noqa: PTH115 the target is no path
        except OSError:
            pass
    return found


def test_states_come_back_while_the_input_goes_on(dust: LocalDust) -> None:
    """As they do from a process."""
    go_on = threading.Event()

    def given() -> Iterator[AirbyteMessage]:
        yield from [*users(1), *messages(state("users", 1))]
        assert go_on.wait(PATIENCE)
        yield from [*users(2), *messages(state("users", 2))]

    written = writing(dust, given())
    first = next(written)
    assert {1} == stored(dust)
    go_on.set()

    assert 2 == len([first, *written])
    assert {1, 2} == stored(dust)


@pytest.mark.parametrize(
    "error",
    [
        BrokenPipeError("of the host"),
        SystemExit(3),
        KeyboardInterrupt(),
        asyncio.CancelledError(),
        ValueError("of the host"),
        GeneratorExit(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_the_input_raises_is_raised_and_is_no_end(dust: LocalDust, error: BaseException) -> None:
    """Else the records that were still to come would count as gone from the source."""
    streams = catalog(OVERWRITING)
    list(writing(dust, [*users(*range(40)), *messages(complete("users"))], streams))

    def given() -> Iterator[AirbyteMessage]:
        yield from users(1, 2, 3)
        raise error

    with pytest.raises(type(error)) as caught:
        list(writing(dust, given(), streams, end_of_input_is_complete=True))

    assert error is caught.value
    assert 40 == len(stored(dust))
    assert [] == own_threads()


@pytest.mark.timeout(60)
def test_an_error_may_be_its_own_cause(dust: LocalDust) -> None:
    """Some libraries write `raise error from error`."""

    def given() -> Iterator[AirbyteMessage]:
        yield from users(1)
        error = ConnectionResetError("the source is gone")
        raise error from error

    with pytest.raises(ConnectionResetError, match="the source is gone"):
        [*writing(dust, given())]


def test_what_was_safe_before_the_input_raised_is_given_back(dust: LocalDust) -> None:
    """The next sync need not bring it again."""

    def given() -> Iterator[AirbyteMessage]:
        yield from [*users(1), *messages(state("users", 1))]
        raise ValueError("of the host")

    written = writing(dust, given())

    assert next(written).state is not None
    with pytest.raises(ValueError, match="of the host"):
        next(written)


@pytest.mark.parametrize("settings", [{}, {"data_format": "tables"}], ids=["documents", "tables"])
@pytest.mark.parametrize("how", ["ended", "failed", "closed", "raised"])
def test_threads_and_descriptors_are_given_back(dust: LocalDust, settings: dict[str, Any], how: str) -> None:
    """However the sync ends, and while the host still keeps its error."""
    errors: list[BaseException] = []

    def given() -> Iterator[AirbyteMessage]:
        yield from [*users(1), *messages(state("users", 1))]
        if how == "raised":
            raise ValueError("of the host")
        if how == "closed":
            yield from itertools.cycle(users(2))

    def write_once() -> None:
        timing = {"confirmation_delay": 0.5, "batch_age": 0.1} if settings else {}
        written = writing(
            dust, given(), catalog(OVERWRITING if how != "closed" else "users"), **settings, timing=timing
        )
        try:
            if how == "closed":
                next(written)
                written.close()
            else:
                list(written)
        except (ValueError, Misconfigured) as error:
            errors.append(error)

    dust.world.limits.quiet_seconds = 0.1
    write_once()  # imports, and what the local Dust keeps
    errors.clear()
    if how == "failed":
        dust.faults.add("status", status=401, type="invalid_api_key_error")
    gc.disable()
    try:
        before = descriptors()
        write_once()
        wait_for(lambda: not {each for each in descriptors() - before if "socket" in each})
        left = descriptors() - before
    finally:
        gc.enable()

    assert (how in ("failed", "raised")) == bool(errors)
    assert set() == left
    assert [] == own_threads()


def upsert_of(number: int) -> Callable[[Arrival], bool]:
    return lambda arrival: arrival.is_upsert and arrival.document_id == f"users-{number}"


def test_closing_waits_for_calls_under_way(dust: LocalDust) -> None:
    """A call that came after the next `write` had begun could put an old version over a new one."""
    hold = dust.hold(upsert_of(2))
    written = writing(dust, itertools.chain(users(1), messages(state("users", 1)), users(2), itertools.cycle(users(1))))
    next(written)
    hold.wait_for(1)
    closing = threading.Thread(target=written.close)
    closing.start()
    wait_for(lambda: len(own_threads()) <= 2)
    assert closing.is_alive()

    hold.let_go()
    closing.join(PATIENCE)

    assert not closing.is_alive()
    assert [] == own_threads()
    arrived = len(dust.world.arrivals)
    list(writing(dust, []))
    assert arrived == len(dust.world.arrivals)


def test_the_next_write_waits_for_calls_that_closing_left_behind(
    dust: LocalDust, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After some seconds a host gets its process back, but no call may overtake a later one."""
    monkeypatch.setattr(hosted, "GRACE", 0.1)
    hold = dust.hold(upsert_of(2))
    written = writing(dust, [*users(1), *messages(state("users", 1)), *users(2)])
    next(written)
    hold.wait_for(1)
    written.close()

    later = threading.Thread(target=lambda: list(writing(dust, users(3))), daemon=True)
    later.start()
    later.join(0.5)
    assert later.is_alive()
    assert 3 not in stored(dust)
    hold.let_go()
    later.join(PATIENCE)

    assert {1, 2, 3} == stored(dust)


def test_a_host_may_have_very_many_descriptors(dust: LocalDust) -> None:
    """More than the 1,024 that `select` takes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))
    others: list[int] = []
    try:
        while not others or others[-1] < 1100:
            others.append(os.open(os.devnull, os.O_RDONLY))

        assert 1 == len(list(writing(dust, [*users(1), *messages(state("users", 1))])))
    finally:
        for each in others:
            os.close(each)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
