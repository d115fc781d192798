"""Links to where a record comes from."""

from __future__ import annotations

import ipaddress
import re

# Dust's server reads a backslash as a slash.
_URL = re.compile(
    r"(?i:https?)://(?P<authority>[^\s/\\?#]+)(?P<path>[/\\][^?#]*)?(?P<rest>[?#].*)?", re.DOTALL | re.ASCII
)
_AUTHORITY = re.compile(r"(?:[^@\[\]]*@)?(?P<host>\[[0-9A-Fa-f:.]+\]|[^:@\[\]]+)(?::0*(?P<port>[0-9]{0,5}))?")
_DOUBLE_SLASH = re.compile(r"[/\\]{2}")
_HOST_LABEL = re.compile(r"[A-Za-z0-9_-]+")
# What DNS allows, twice over: the cost of decoding international names grows with their square.
_LONGEST_HOST = 512
_ODD = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")


def source_url(text: str) -> str | None:
    """Return the URL if Dust's server takes it, else None: the server would refuse the whole document.

    It takes http and https with a valid host and no `//` in the path. For doubtful URLs (control characters,
    an odd host) the result is None.
    """
    text = text.strip()
    url = _URL.fullmatch(text)
    if not url or _ODD.search(text) or _DOUBLE_SLASH.search(url["path"] or ""):
        return None
    authority = _AUTHORITY.fullmatch(url["authority"])
    if not authority or int(authority["port"] or 0) > 65535 or not _is_host(authority["host"]):
        return None
    return text


def _is_host(host: str) -> bool:
    if len(host) > _LONGEST_HOST:
        return False
    if host.startswith("["):
        return _is_address(ipaddress.IPv6Address, host[1:-1])
    try:
        labels = host.encode("idna").decode().removesuffix(".").split(".")
    except UnicodeError:
        return False
    if labels[-1][:1].isdigit() and (labels[-1].isdigit() or labels[-1][:2].lower() == "0x"):
        return _is_address(ipaddress.IPv4Address, ".".join(labels))
    return all(_HOST_LABEL.fullmatch(label) and _decodes(label) for label in labels)


def _is_address(kind: type[ipaddress.IPv4Address | ipaddress.IPv6Address], text: str) -> bool:
    try:
        kind(text)
    except ValueError:
        return False
    return True


def _decodes(label: str) -> bool:
    """Whether a label can be decoded, if it is one of an internationalised name."""
    if not label.lower().startswith("xn--"):
        return True
    try:
        label.encode().decode("idna")
    except UnicodeError:
        return False
    return True
