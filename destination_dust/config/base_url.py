"""The address of Dust's server, checked so that it cannot leak the API key."""

from __future__ import annotations

from urllib.parse import urlsplit

from destination_dust.config.fields import InvalidConfig
from destination_dust.dust import hosts

DEFAULT_BASE_URL = "https://dust.tt"
# Dust's web application. The API has another host.
WEB_APP = "app.dust.tt"


def base_url(value: object) -> str:
    """Return the scheme and the host, without a slash at the end. Raises `InvalidConfig`.

    An address must not contain credentials, or send the key unencrypted to another machine.
    """
    text = str(value).strip()
    try:
        url = urlsplit(text)
        host, port = url.hostname or "", url.port
    except ValueError:
        raise InvalidConfig(f"base_url is not a URL. Use {DEFAULT_BASE_URL} or https://eu.dust.tt.") from None
    if url.username is not None or url.password is not None:
        raise InvalidConfig("base_url must not contain a user name or a password. Leave only https:// and the host.")
    if url.scheme not in ("http", "https") or not host:
        raise InvalidConfig(f"base_url must be a full address, such as {DEFAULT_BASE_URL}.")
    if not hosts.can_exist(host):
        raise InvalidConfig(
            f"base_url names a host that cannot exist. Correct it, or use {DEFAULT_BASE_URL}, or https://eu.dust.tt "
            "for workspaces in Europe."
        )
    if host.lower() == WEB_APP:
        raise InvalidConfig(
            f"base_url must be the address of Dust's API, which is not {WEB_APP}. Use {DEFAULT_BASE_URL}, or "
            "https://eu.dust.tt for workspaces in Europe."
        )
    if url.path.strip("/") or url.query or url.fragment:
        raise InvalidConfig(f"base_url must end after the host: {url.scheme}://{url.netloc}")
    if url.scheme == "http" and not hosts.is_loopback(host):
        raise InvalidConfig(f"base_url must begin with https://, or the API key would travel unencrypted to {host}.")
    if _is_link_local(host):
        raise InvalidConfig(
            f"base_url must not be a link-local address ({host}), where clouds serve the credentials of machines. "
            f"Use {DEFAULT_BASE_URL} or https://eu.dust.tt."
        )
    return f"{url.scheme}://{f'[{host}]' if ':' in host else host}{f':{port}' if port else ''}"


def _is_link_local(host: str) -> bool:
    address = hosts.address(host)
    return address is not None and address.is_link_local
