"""The causes of failed connections, distinguished and named without the URL."""

from __future__ import annotations

import ssl

import pytest
from requests.exceptions import ConnectionError, SSLError
from urllib3.connection import HTTPConnection
from urllib3.connectionpool import HTTPConnectionPool
from urllib3.exceptions import MaxRetryError, NewConnectionError, ProtocolError
from urllib3.exceptions import SSLError as HandshakeError

from destination_dust.dust.connection_errors import describe, never_connected, untrusted

PATH = "/documents/secret-id"


def failed(cause: Exception) -> MaxRetryError:
    """The error of urllib3 around a cause. Its text contains the path."""
    return MaxRetryError(HTTPConnectionPool("dust.tt"), PATH, cause)


def refused(text: str) -> NewConnectionError:
    """The cause when no connection was made."""
    return NewConnectionError(HTTPConnection("dust.tt"), f"Failed to establish a new connection: {text}")


def test_only_a_connection_that_was_never_made_sent_nothing() -> None:
    """After any other failure, Dust may have received the request."""
    assert never_connected(ConnectionError(failed(refused("[Errno 111] Connection refused"))))
    assert not never_connected(ConnectionError(ProtocolError("Connection aborted.", ConnectionResetError())))
    assert not never_connected(ConnectionError())


@pytest.mark.parametrize(
    ("cause", "expected"),
    [
        (ssl.SSLCertVerificationError("certificate has expired"), True),
        (ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] wrong version number"), True),
        (ssl.SSLEOFError(8, "EOF occurred in violation of protocol"), False),
        (ssl.SSLError(1, "CERTIFICATE_VERIFY_FAILED"), False),
    ],
)
def test_only_a_bad_certificate_or_missing_tls_is_untrusted(cause: Exception, expected: bool) -> None:
    """A handshake that breaks may succeed on the next try."""
    assert expected is untrusted(SSLError(failed(HandshakeError(cause))))


@pytest.mark.parametrize(
    ("cause", "expected"),
    [
        (refused("[Errno 111] Connection refused"), "Connection refused"),
        (refused("[Errno -2] Name or service not known"), "Name or service not known"),
        (refused(f"something else about {PATH}"), "ConnectionError"),
    ],
)
def test_a_known_cause_is_named_and_any_other_only_by_its_type(cause: Exception, expected: str) -> None:
    """Unknown texts may contain ids."""
    assert expected == describe(ConnectionError(failed(cause)))
