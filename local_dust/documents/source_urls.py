"""Links: which ones the server accepts, and their stored form (that of WHATWG URLs)."""

from __future__ import annotations

import re
from urllib.parse import quote, unquote_to_bytes

import idna

_SPECIAL = re.compile(r"(https?):[/\\]*", re.IGNORECASE)
_FORBIDDEN_IN_HOST = re.compile(r"[\x00-\x20#%/:<>?@\[\\\]^|\x7f]")
_PORTS = {"http": "80", "https": "443"}
_PATH_KEPT = "!$%&'()*+,-./:;=@[\\]^_|~"
_QUERY_KEPT = "!$%&()*+,-./:;=?@[\\]^_`{|}~"
_FRAGMENT_KEPT = "!#$%&'()*+,-./:;=?@[\\]^_{|}~"


def normalised(url: str) -> str | None:
    """The link as the server stores it, or None if it refuses it.

    Only http and https are accepted, without `//` in the path.
    """
    text = re.sub(r"[\t\n\r]", "", url.strip("".join(map(chr, range(33)))))
    text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    start = _SPECIAL.match(text)
    if start is None:
        return None
    scheme = start[1].lower()
    rest, _, fragment = text[start.end() :].partition("#")
    rest, question, query = rest.partition("?")
    authority, path = _split(rest)
    login, at, host_and_port = authority.rpartition("@")
    site = _site(host_and_port, scheme)
    if site is None:
        return None
    path = "/" + "/".join(_resolved(quote(path, safe=_PATH_KEPT).split("/")[1:]))
    if "//" in path:
        return None
    return "".join(
        [
            f"{scheme}://",
            quote(login, safe="!$%&'()*+,-.:_~") + at if login else "",
            site,
            path,
            f"?{quote(query, safe=_QUERY_KEPT)}" if question and query else question,
            f"#{quote(fragment, safe=_FRAGMENT_KEPT)}" if fragment else "",
        ]
    )


def _split(rest: str) -> tuple[str, str]:
    rest = rest.replace("\\", "/")
    authority, slash, path = rest.partition("/")
    return authority, slash + path


def _site(host_and_port: str, scheme: str) -> str | None:
    found = re.fullmatch(r"(\[[0-9a-fA-F:.]+\]|[^:]*)(?::(\d*))?", host_and_port)
    if found is None:
        return None
    host, port = found[1], (found[2] or "").lstrip("0")
    if (found[2] or "").strip("0") == "" and found[2]:
        port = "0"
    if port and int(port) > 65535:
        return None
    if not host.startswith("["):
        host = _host(host) or ""
    if not host:
        return None
    return host.lower() + (f":{port}" if port and port != _PORTS[scheme] else "")


def _host(host: str) -> str | None:
    host = unquote_to_bytes(host).decode("utf-8", "replace")
    if not host.isascii():
        try:
            host = idna.encode(host, uts46=True, transitional=False).decode("ascii")
        except idna.IDNAError:
            return None
    host = host.lower()
    if not host or _FORBIDDEN_IN_HOST.search(host):
        return None
    if host.rstrip(".").rpartition(".")[2].isdigit():
        return host if re.fullmatch(r"(\d{1,3}\.){3}\d{1,3}", host) else None
    return host


def _resolved(segments: list[str]) -> list[str]:
    resolved: list[str] = []
    for position, segment in enumerate(segments):
        plain = re.sub(r"%2e", ".", segment, flags=re.IGNORECASE)
        last = position == len(segments) - 1
        if plain == "..":
            del resolved[-1:]
        elif plain != ".":
            resolved.append(segment)
            continue
        if last:
            resolved.append("")
    return resolved
