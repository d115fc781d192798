"""The connections of a transport: none outlives its deadline, and a failure before the request is a `NotSent`.

`requests` has a timeout for each read, so headers that trickle in could go on for ever, takes any status of 100 to 199
but 100 for the answer, and tries the addresses of a host one after the other.

Dust closes a connection after 5 idle seconds. A write that is sent on it at that moment breaks off, which looks like a
write that broke off half-way, after which its document must be left alone for a minute. Nothing in the exchange tells
the two apart; but on a connection that was used less than 5 seconds ago, the first cannot happen.
"""

from __future__ import annotations

import http.client
import io
import math
import re
import socket
import ssl
import time
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

from destination_dust.dust.connection_errors import ProxyAnswered, not_connected
from destination_dust.dust.dialing import dial

# The rest of the 5 seconds is room for the way to Dust and for its clock.
LONGEST_IDLE = 3.5
# Bytes of a body that are sent at once, and have to go within the timeout.
PIECE = 64 * 1024
# 102 and 103 announce an answer, or that it takes time. A server that does nothing else has to end somewhere.
MAX_ANNOUNCEMENTS = 100

LEFT: ContextVar[Callable[[], float]] = ContextVar("LEFT", default=lambda: math.inf)
"""How many seconds the exchange of this thread has left."""


class Adapter(HTTPAdapter):
    """One pool with a connection for each thread. It trusts only `trust`, and does not retry."""

    def __init__(self, trust: ssl.SSLContext | None, *, connections: int) -> None:
        """`trust`: None if nothing is encrypted. With less room than threads, connections would be thrown away."""
        self._trust = trust
        super().__init__(pool_connections=1, pool_maxsize=connections, max_retries=0)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def init_poolmanager(self, *sizes: Any, **options: Any) -> None:
        """Make the pool."""
        super().init_poolmanager(*sizes, blocksize=PIECE, **options)

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        """The pool behind a proxy, whose certificate is checked like Dust's."""
        manager = super().proxy_manager_for(proxy, proxy_ssl_context=self._trust, blocksize=PIECE, **options)
        manager.pool_classes_by_scheme = _POOLS
        return manager

    def build_connection_pool_key_attributes(
        self, request: requests.PreparedRequest, verify: Any, cert: Any = None
    ) -> Any:
        """Let every connection use our trust, and nothing else."""
        host, _ = super().build_connection_pool_key_attributes(request, verify, cert)
        return host, {"ssl_context": self._trust} if self._trust else {}

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """Add no certificates to our trust."""


class _Incoming(io.RawIOBase):
    """The bytes of an answer. Each must come before the deadline."""

    def __init__(self, raw: io.RawIOBase, connection: socket.socket) -> None:
        super().__init__()
        self._raw = raw
        self._connection = connection
        self._timeout = connection.gettimeout() or math.inf
        self._left = LEFT.get()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        wait = min(self._timeout, self._left())
        if wait <= 0:
            raise TimeoutError("timed out")
        self._connection.settimeout(None if wait == math.inf else wait)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Answer(http.client.HTTPResponse):
    """An answer, without the announcements that come before it."""

    def __init__(self, sock: socket.socket, *args: Any, **options: Any) -> None:
        super().__init__(sock, *args, **options)
        self.fp = io.BufferedReader(_Incoming(self.fp.detach(), sock))

    def _read_status(self) -> tuple[str, int, str]:
        for _ in range(MAX_ANNOUNCEMENTS):
            version, status, reason = super()._read_status()  # type: ignore[misc] # not in typeshed
            if not 100 <= status < 200:
                return version, status, reason
            http.client.parse_headers(self.fp)
        raise http.client.HTTPException("too many announcements")


class _Connection(HTTPConnection):
    """A connection that `dial` makes. Idle for too long, it counts as dropped: its pool connects anew."""

    response_class = _Answer
    _at_proxy = False
    """Whether it leads, so far, to a proxy."""
    _used_at = 0.0

    @property
    def is_connected(self) -> bool:
        return time.monotonic() - self._used_at < LONGEST_IDLE and super().is_connected

    def getresponse(self) -> Any:
        """Note when the connection was used last."""
        response = super().getresponse()
        self._used_at = time.monotonic()
        return response

    def connect(self) -> None:
        """Connect, through a tunnel and encrypted where that is wanted. Raises `NotSent` and `ProxyAnswered`."""
        self._at_proxy = bool(self.proxy)
        try:
            super().connect()
        except ProxyAnswered:
            self.close()
            raise
        except (OSError, http.client.HTTPException, HTTPError) as error:
            host = self._tunnel_host or self.host
            self.close()
            raise not_connected(error, host=host, at_proxy=self._at_proxy) from error

    def _new_conn(self) -> socket.socket:
        assert isinstance(self.timeout, (int, float))  # the transport sets it for each request
        return dial(self.host, self.port, min(self.timeout, LEFT.get()()), self.socket_options or ())

    def _tunnel(self) -> None:
        try:
            super()._tunnel()
        except OSError as error:
            # The standard library has no other sign of the status.
            if status := re.match(r"Tunnel connection failed: (\d{3})", str(error)):
                raise ProxyAnswered(int(status[1])) from None
            raise
        self._at_proxy = False


class _EncryptedConnection(_Connection, HTTPSConnection):
    """The same, encrypted."""


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _EncryptedPool(HTTPSConnectionPool):
    ConnectionCls = _EncryptedConnection


_POOLS = {"http": _Pool, "https": _EncryptedPool}
