"""What the environment says about the way to Dust: a proxy, and the authorities whose certificates are trusted.

It is read once, by the rules of other Python programs: proxies as `requests` finds them, certificates from
REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE, else from SSL_CERT_FILE and SSL_CERT_DIR as Python's `ssl` reads them, else those
that `requests` brings. What cannot work raises `Misconfigured`, which names the variable and never a proxy's password.
"""

from __future__ import annotations

import os
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import certifi
import requests.utils

from destination_dust.dust import hosts
from destination_dust.dust.errors import Misconfigured

_BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
# With what separates the paths in it. The first names a single file.
_DEFAULTS = {"SSL_CERT_FILE": "\0", "SSL_CERT_DIR": os.pathsep}
# The name that OpenSSL looks for in a folder: the hash of the authority's name.
_HASHED = re.compile(r"[0-9a-f]{8}\.\d+")


@dataclass(frozen=True, slots=True)
class Proxy:
    """An HTTP proxy. Its URL may hold a password."""

    url: str = field(repr=False)
    variable: str
    """The environment variable that names it."""


def find_proxy(root: str) -> Proxy | None:
    """The proxy for a URL, None to connect directly. To this very machine, no proxy is in between."""
    target = urlsplit(root)
    if hosts.is_loopback(target.hostname or ""):
        return None
    found = requests.utils.select_proxy(root, requests.utils.get_environ_proxies(root))
    if not found:
        return None
    variable = _proxy_variable(os.environ, target.scheme)
    url = found if "://" in found else f"http://{found}"
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and hosts.can_exist(parts.hostname or "") and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise Misconfigured(
            f"{variable} does not name a proxy that the connector can use. It must be the address of an HTTP proxy "
            "(http://host:port, not SOCKS), with special characters of a user name and a password written as %40. "
            "Correct it, or name Dust's host in NO_PROXY."
        )
    return Proxy(url, variable)


def trust() -> ssl.SSLContext:
    """Whom to trust. Certificates and host names are always checked."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    variable = next((name for name in _BUNDLES if os.environ.get(name)), None)
    if variable:
        _load(context, variable, os.environ[variable])
    elif named := [name for name in _DEFAULTS if os.environ.get(name)]:
        _check_any([(name, path) for name in named for path in os.environ[name].split(_DEFAULTS[name])])
        context.set_default_verify_paths()
    else:
        context.load_verify_locations(certifi.where())
    return context


def _proxy_variable(environment: Mapping[str, str], scheme: str) -> str:
    """The name of the variable, which can have capitals; lower case wins."""
    for wanted in (f"{scheme}_proxy", "all_proxy"):
        names = sorted((name for name in environment if name.lower() == wanted and environment[name]), reverse=True)
        if names:
            return names[0]
    return "The system's proxy setting"


def _check_any(named: list[tuple[str, str]]) -> None:
    """Python's `ssl` ignores what it cannot read; if that is all, it would trust no one, or others than were named."""
    problems = []
    for variable, path in named:
        try:
            _load(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), variable, path)
        except Misconfigured as problem:
            problems.append(problem)
        else:
            return
    raise problems[0]


def _load(context: ssl.SSLContext, variable: str, path: str) -> None:
    """Trust the certificates of a file, or of a folder as `openssl rehash` leaves it. Raises `Misconfigured`."""
    try:
        if not Path(path).is_dir():
            context.load_verify_locations(cafile=path)
        elif any(_HASHED.fullmatch(each.name) for each in Path(path).iterdir()):
            context.load_verify_locations(capath=path)
        else:
            raise Misconfigured(
                f"{variable} names the folder {path}, in which no certificate has the name that OpenSSL looks for. "
                "Run openssl rehash on it, or name a file of certificates in PEM format instead."
            )
    except ssl.SSLError:
        raise Misconfigured(
            f"{variable} names {path}, which holds no certificates in PEM format. Correct it, or remove it."
        ) from None
    except OSError as error:
        raise Misconfigured(
            f"{variable} names {path}, which cannot be read ({error.strerror}). Name a file of certificates in PEM "
            "format that the connector can read, or remove it."
        ) from None
