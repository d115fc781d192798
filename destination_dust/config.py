"""The settings, parsed once. Every default stands here and in `spec.json`, and a test holds them together."""

from __future__ import annotations

import ipaddress
import math
import re
import socket
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum
from typing import Any
from urllib.parse import urlsplit

from destination_dust.dust.client import Connection

DEFAULT_BASE_URL = "https://dust.tt"
# What Dust's server accepts after "Bearer ".
API_KEY = re.compile(r"sk-[A-Za-z0-9]+")
# A name or an IPv4 address.
HOST = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")


class InvalidConfig(Exception):
    """A setting cannot be used. Its text says which, why, and what to put there."""


class DataFormat(Enum):
    """What a record becomes."""

    DOCUMENTS = "documents"
    TABLES = "tables"


class OnRecordError(Enum):
    """What to do with a record that cannot be stored."""

    FAIL = "fail"
    SKIP = "skip"


@dataclass(frozen=True, slots=True)
class Timing:
    """Times in seconds. Hidden in the form: for tests and for support."""

    retry_budget: float = 900.0
    """How long one call may fail before the sync does."""
    call_deadline: float = 600.0
    """How long one call may take, with all of its answer."""
    progress_interval: float = 30.0


@dataclass(frozen=True, slots=True)
class Config:
    """All settings of a connection to Dust."""

    connection: Connection
    data_format: DataFormat = DataFormat.DOCUMENTS
    documents_per_minute: int = 120
    on_record_error: OnRecordError = OnRecordError.FAIL
    max_concurrency: int = 32
    timing: Timing = field(default_factory=Timing)
    unknown: tuple[str, ...] = ()
    """Settings that this version does not know, and ignores."""

    @classmethod
    def parse(cls, settings: Mapping[str, Any]) -> Config:
        """Read a connector configuration. Raises `InvalidConfig`."""
        return cls(
            Connection(
                api_key=_api_key(settings),
                workspace_id=_required(settings, "workspace_id", "It is in the address of Dust: dust.tt/w/<id>."),
                space_id=_required(settings, "space_id", "It is in the address of the space and begins with vlt_."),
                data_source_id=_required(
                    settings, "data_source_id", "It is in the address of the folder and begins with dts_."
                ),
                base_url=_base_url(settings.get("base_url") or DEFAULT_BASE_URL),
            ),
            data_format=_choice(DataFormat, settings, "data_format", DataFormat.DOCUMENTS),
            documents_per_minute=_whole(settings, "documents_per_minute", 120, 1, 100_000),
            on_record_error=_choice(OnRecordError, settings, "on_record_error", OnRecordError.FAIL),
            max_concurrency=_whole(settings, "max_concurrency", 32, 1, 64),
            timing=_timing(settings.get("timing")),
            unknown=tuple(sorted(set(settings) - KNOWN)),
        )


KNOWN = frozenset(
    (
        *("api_key", "workspace_id", "space_id", "data_source_id", "base_url", "data_format"),
        *("documents_per_minute", "on_record_error", "max_concurrency", "timing"),
    )
)


def _required(settings: Mapping[str, Any], name: str, where: str) -> str:
    value = settings.get(name)
    if not isinstance(value, str) or not value.strip():
        raise InvalidConfig(f"The setting {name} is missing. {where}")
    # Pasted values come with blanks and line ends.
    return value.strip()


def _api_key(settings: Mapping[str, Any]) -> str:
    key = _required(settings, "api_key", "Create one in Dust: Admin, then API Keys.")
    if not API_KEY.fullmatch(key):
        raise InvalidConfig("api_key is not a Dust API key: those begin with sk- and go on in letters and digits.")
    return key


def _base_url(value: object) -> str:
    """The address of the server, without a slash at its end. Nothing may leak the key on the way to it."""
    text = str(value).strip()
    try:
        url = urlsplit(text)
        host, port = url.hostname or "", url.port
    except ValueError:
        raise InvalidConfig(f"base_url is not a URL. Use {DEFAULT_BASE_URL} or https://eu.dust.tt.") from None
    if url.username is not None or url.password is not None:
        raise InvalidConfig("base_url must not contain a user name or a password. Leave only https:// and the host.")
    if url.scheme not in ("http", "https") or not (HOST.fullmatch(host) or (":" in host and _address(host))):
        raise InvalidConfig(f"base_url must be a full address, such as {DEFAULT_BASE_URL}.")
    if url.path.strip("/") or url.query or url.fragment:
        raise InvalidConfig(f"base_url must end after the host: {url.scheme}://{url.netloc}")
    if url.scheme == "http" and not _is_loopback(host):
        raise InvalidConfig(f"base_url must begin with https://, or the API key would travel unencrypted to {host}.")
    if _is_link_local(host):
        raise InvalidConfig(f"base_url must not be a link-local address ({host}).")
    return f"{url.scheme}://{f'[{host}]' if ':' in host else host}{f':{port}' if port else ''}"


def _is_loopback(host: str) -> bool:
    address = _address(host)
    return address.is_loopback if address else host == "localhost"


def _is_link_local(host: str) -> bool:
    address = _address(host)
    return address is not None and address.is_link_local


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The IP address that a host is, also in the old spellings that resolvers still take, such as 2852039166."""
    with suppress(ValueError):
        address = ipaddress.ip_address(host)
        return getattr(address, "ipv4_mapped", None) or address
    with suppress(OSError):
        return ipaddress.IPv4Address(socket.inet_aton(host))
    return None


def _choice(choices: type[Any], settings: Mapping[str, Any], name: str, default: Any) -> Any:
    value = settings.get(name)
    if value is None:
        return default
    try:
        return choices(value)
    except ValueError:
        raise InvalidConfig(f"{name} must be one of: {', '.join(choice.value for choice in choices)}.") from None


def _whole(settings: Mapping[str, Any], name: str, default: int, least: int, most: int) -> int:
    value = settings.get(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise InvalidConfig(f"{name} must be a whole number from {least} to {most}.")
    return value


def _timing(settings: object) -> Timing:
    if settings is None:
        return Timing()
    if not isinstance(settings, Mapping):
        raise InvalidConfig("timing must be an object of times in seconds.")
    known = {name: settings[name] for name in Timing.__slots__ if name in settings}
    for name, value in known.items():
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < math.inf:
            raise InvalidConfig(f"timing.{name} must be a number of seconds above 0.")
    return Timing(**{name: float(value) for name, value in known.items()})
