"""Connections are used again only while Dust certainly keeps them open."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from destination_dust.dust import pool
from destination_dust.dust.pool import LONGEST_IDLE
from destination_dust.dust.request import Request
from destination_dust.dust.transport import Transport
from unit_tests.dust.loopback import answering, loopback


@pytest.mark.parametrize(("idle", "connections"), [(LONGEST_IDLE - 0.1, 1), (LONGEST_IDLE, 2), (60.0, 2)])
def test_an_idle_connection_is_not_used_again(monkeypatch: pytest.MonkeyPatch, idle: float, connections: int) -> None:
    """Though the server has not closed it yet, it may be about to: a write would break off without a reason to see."""
    time = [1000.0]
    monkeypatch.setattr(pool, "time", SimpleNamespace(monotonic=lambda: time[0]))
    with loopback(answering()) as server:
        transport = Transport(f"http://127.0.0.1:{server.port}", "sk-0", user_agent="test", connections=1)
        transport.send(Request("GET", "/a"))
        time[0] += idle
        transport.send(Request("GET", "/b"))

    assert connections == server.connections


def test_dust_keeps_a_connection_for_longer() -> None:
    """For 5 seconds; the local Dust does, too."""
    assert LONGEST_IDLE < 5.0
