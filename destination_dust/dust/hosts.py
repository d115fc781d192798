"""What can be said about a host without asking the network."""

from __future__ import annotations

import ipaddress
import re
import socket
from contextlib import suppress

# RFC 1123, and underscores, which private networks use.
_LABEL = r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_NAME = re.compile(rf"{_LABEL}(\.{_LABEL})*")
_LONGEST_NAME = 253


def address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The IP address that a host is, also in old spellings that resolvers still accept, such as 2852039166."""
    with suppress(ValueError):
        found = ipaddress.ip_address(host)
        return getattr(found, "ipv4_mapped", None) or found
    with suppress(OSError):
        # It would ignore everything behind a space.
        return None if host.split() != [host] else ipaddress.IPv4Address(socket.inet_aton(host))
    return None


def is_loopback(host: str) -> bool:
    """Whether it is certain that nothing sent to a host leaves this machine."""
    found = address(host)
    return found.is_loopback if found else host == "localhost"


def can_exist(host: str) -> bool:
    """Whether a host is an IP address, or a name that a resolver could know."""
    if address(host):
        return True
    # No top-level domain consists of digits: such a host is a mistyped address.
    return len(host) <= _LONGEST_NAME and bool(_NAME.fullmatch(host)) and not host.rpartition(".")[2].isdigit()
