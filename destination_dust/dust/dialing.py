"""A connection to whichever address of a host answers first: a broken IPv6 costs a moment and not the timeout."""

from __future__ import annotations

import os
import selectors
import socket
import time
from collections.abc import Callable, Iterable, Sequence
from itertools import zip_longest
from typing import Any, TypeAlias

# How long an address has before the next one is tried as well (RFC 8305, section 5).
HEAD_START = 0.25

Option: TypeAlias = tuple[int, int, int | bytes]
_Address: TypeAlias = tuple[int, int, int, str, Any]


def dial(
    host: str, port: int, timeout: float, options: Iterable[Option], *, now: Callable[[], float] = time.monotonic
) -> socket.socket:
    """Connect within `timeout` seconds, which do not include the look-up of the name but become the socket's timeout.

    Raises `OSError`: that of the last address that refused, `TimeoutError`, or `socket.gaierror`.
    """
    addresses = _alternating(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
    until, options = now() + timeout, tuple(options)
    failure = OSError("the host has no address")
    with selectors.DefaultSelector() as attempts:
        try:
            while addresses or attempts.get_map():
                if addresses:
                    try:
                        attempts.register(_begin(addresses.pop(0), options), selectors.EVENT_WRITE)
                    except OSError as error:
                        failure = error
                        continue
                left = until - now()
                if left <= 0:
                    raise TimeoutError("timed out")
                for key, _ in attempts.select(min(HEAD_START, left) if addresses else left):
                    attempt = attempts.unregister(key.fileobj).fileobj
                    assert isinstance(attempt, socket.socket)
                    code = attempt.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                    if code == 0:
                        attempt.settimeout(timeout)
                        return attempt
                    attempt.close()
                    failure = OSError(code, os.strerror(code))
            raise failure
        finally:
            for key in list(attempts.get_map().values()):
                assert isinstance(key.fileobj, socket.socket)
                key.fileobj.close()


def _begin(address: _Address, options: Iterable[Option]) -> socket.socket:
    family, kind, protocol, _, place = address
    attempt = socket.socket(family, kind, protocol)
    try:
        for option in options:
            attempt.setsockopt(*option)
        attempt.setblocking(False)
        try:
            attempt.connect(place)
        except BlockingIOError:
            pass  # it is under way
    except OSError:
        attempt.close()
        raise
    return attempt


def _alternating(found: Sequence[_Address]) -> list[_Address]:
    """IPv6 and IPv4 addresses in turn, beginning with the one that the system prefers."""
    preferred = [each for each in found if each[0] == found[0][0]]
    others = [each for each in found if each[0] != found[0][0]]
    return [each for pair in zip_longest(preferred, others) for each in pair if each]
