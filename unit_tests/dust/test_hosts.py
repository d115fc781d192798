"""Hosts, judged without asking the network."""

from __future__ import annotations

import pytest

from destination_dust.dust.hosts import can_exist, is_loopback


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.8.9.1", "127.1", "2130706433", "localhost", "::1", "::ffff:127.0.0.1"]
)
def test_loopback_hosts_are_on_this_machine(host: str) -> None:
    """In every spelling that resolvers take."""
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host", ["dust.tt", "localhost.example.com", "10.0.0.5", "0.0.0.0", "127.0.0.1.nip.io", "", "x"]
)
def test_other_hosts_may_be_elsewhere(host: str) -> None:
    """A name under `localhost` depends on the resolver."""
    assert not is_loopback(host)


@pytest.mark.parametrize(
    "host", ["dust.tt", "proxy", "my_proxy", "xn--dst-hoa.tt", "10.0.0.5", "::1", "a" * 63 + ".tt", "3com.tt"]
)
def test_a_possible_host_is_an_address_or_a_name(host: str) -> None:
    """Private networks have names with underscores and without dots."""
    assert can_exist(host)


@pytest.mark.parametrize(
    "host",
    [
        *(
            "",
            "dust..tt",
            ".dust.tt",
            "-dust.tt",
            "dust-.tt",
            "dust tt",
            "dust.tt/",
            "1.2.3.256",
            "1.2.3.4.5",
            "127.0.0.1 x",
        ),
        *("a" * 64 + ".tt", ".".join(["a" * 60] * 5), "düst.tt", "[::1]", ":::1"),
    ],
)
def test_other_hosts_cannot_exist(host: str) -> None:
    """A resolver could only answer that there is none, again and again."""
    assert not can_exist(host)
