"""Connections to hosts with several addresses, some of which are dead."""

from __future__ import annotations

import contextlib
import errno
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from destination_dust.dust.dialing import dial
from unit_tests.dust.loopback import PATIENCE, answering, loopback

NODELAY = (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


@contextmanager
def silent() -> Iterator[int]:
    """A port that drops whoever wants to connect, as a broken network does: its queue is full. Yields the port."""
    with ExitStack() as sockets:
        listener = sockets.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(3):
            waiting = sockets.enter_context(socket.socket())
            waiting.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                waiting.connect(listener.getsockname())
        yield listener.getsockname()[1]


@contextmanager
def closed() -> Iterator[int]:
    """A port that refuses connections."""
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        yield reserved.getsockname()[1]


@pytest.fixture
def ports(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The ports of this machine that the resolver gives as the addresses of every host."""
    ports: list[int] = []

    def resolve(*_args: object, **_options: object) -> list[object]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", port)) for port in ports]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    return ports


def test_a_dead_address_does_not_use_up_the_time(ports: list[int]) -> None:
    """It has its head start, and then the next one is tried beside it."""
    times = iter(range(1000))
    with silent() as dead, loopback(answering()) as server:
        ports += [dead, server.port]

        with dial("dust.example", 1, 10, [NODELAY], now=lambda: next(times)) as connection:
            assert server.port == connection.getpeername()[1]
            assert 10 == connection.gettimeout()
            assert connection.getsockopt(*NODELAY[:2])


def test_an_address_that_refuses_is_left_at_once(ports: list[int]) -> None:
    """However many of them there are."""
    with closed() as refusing, loopback(answering()) as server:
        ports += [*[refusing] * 30, server.port]

        with dial("dust.example", 1, PATIENCE, ()) as connection:
            assert server.port == connection.getpeername()[1]


def test_families_take_turns(ports: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without IPv6 must not try ten such addresses before the first of the other kind."""
    tried: list[socket.AddressFamily] = []

    class Recorded(socket.socket):
        def __init__(self, family: socket.AddressFamily, *_args: object) -> None:
            tried.append(family)
            raise OSError(errno.EAFNOSUPPORT, "not here")

    found = [(family, 1, 0, "", ("x", 1)) for family in [socket.AF_INET6] * 3 + [socket.AF_INET] * 2]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_options: found)
    monkeypatch.setattr("destination_dust.dust.dialing.socket.socket", Recorded)

    with pytest.raises(OSError, match="not here"):
        dial("dust.example", 1, PATIENCE, ())

    six, four = socket.AF_INET6, socket.AF_INET
    assert [six, four, six, four, six] == tried
    assert [] == ports


def test_nobody_answers_in_time(ports: list[int]) -> None:
    """All addresses together have the time that is given."""
    with silent() as dead:
        ports += [dead, dead]

        with pytest.raises(TimeoutError):
            dial("dust.example", 1, 0.1, ())


def test_the_last_refusal_is_the_reason(ports: list[int]) -> None:
    """When no address takes us."""
    with closed() as refusing:
        ports += [refusing, refusing]

        with pytest.raises(ConnectionRefusedError):
            dial("dust.example", 1, PATIENCE, ())
