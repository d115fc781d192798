"""Connection errors below `requests`, whose own errors are few and quote the URL, and so the ids in it."""

from __future__ import annotations

import ssl

import requests
from urllib3.exceptions import NewConnectionError


def _reason(error: requests.exceptions.RequestException) -> object:
    """The cause below `requests`. The text of `error` itself contains the path, and so the ids in it."""
    cause = error.args[0] if error.args else error
    return getattr(cause, "reason", None) or cause


def never_connected(error: requests.exceptions.ConnectionError) -> bool:
    """Whether no connection was made, so that nothing was sent."""
    return isinstance(_reason(error), NewConnectionError)


def untrusted(error: requests.exceptions.SSLError) -> bool:
    """Whether the certificate is not valid, or the server does not speak TLS. Other handshakes just broke."""
    reason = _reason(error)
    is_certificate = any(isinstance(part, ssl.SSLCertVerificationError) for part in getattr(reason, "args", ()))
    return is_certificate or "WRONG_VERSION_NUMBER" in str(reason)


def describe(error: requests.exceptions.RequestException) -> str:
    """The most informative part of the cause, without URLs."""
    text = str(_reason(error))
    for known in (
        "Name or service not known",
        "nodename nor servname provided",
        "Temporary failure in name resolution",
        "Connection refused",
        "Network is unreachable",
        "No route to host",
        "certificate has expired",
        "self-signed certificate",
        "self signed certificate",
        "Hostname mismatch",
        "IP address mismatch",
        "unable to get local issuer certificate",
        "WRONG_VERSION_NUMBER",
    ):
        if known in text:
            return known
    return type(error).__name__
