"""Connections that are given up before Dust gives them up.

Dust closes a connection after 5 idle seconds. A write that is sent on it at that moment breaks off, which looks like a
write that broke off half-way, after which its document must be left alone for a minute. Nothing in the exchange tells
the two apart; but on a connection that was used less than 5 seconds ago, the first cannot happen.
"""

from __future__ import annotations

import time
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

# The rest of the 5 seconds is room for the way to Dust and for its clock.
LONGEST_IDLE = 3.5


class _Expiring(HTTPConnection):
    """A connection that counts as dropped once it was idle for too long: its pool then connects anew."""

    _used_at = 0.0

    @property
    def is_connected(self) -> bool:
        return time.monotonic() - self._used_at < LONGEST_IDLE and super().is_connected

    def getresponse(self) -> Any:
        """Note when the connection was used last."""
        response = super().getresponse()
        self._used_at = time.monotonic()
        return response


class _ExpiringEncrypted(_Expiring, HTTPSConnection):
    """The same, encrypted."""


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Expiring


class _EncryptedPool(HTTPSConnectionPool):
    ConnectionCls = _ExpiringEncrypted


_POOLS = {"http": _Pool, "https": _EncryptedPool}


class ExpiringAdapter(HTTPAdapter):
    """Uses such connections, directly or through a proxy."""

    def __init__(self, *, connections: int) -> None:
        """Pools smaller than the number of threads would throw connections away and open new ones for each call."""
        super().__init__(pool_connections=1, pool_maxsize=connections, max_retries=0)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        """The pools behind a proxy."""
        manager = super().proxy_manager_for(proxy, **options)
        manager.pool_classes_by_scheme = _POOLS
        return manager
