"""The causes of failed connections: which of them someone must act on, and texts without URLs."""

from __future__ import annotations

import errno
import os
import socket
import ssl

import pytest
from requests.exceptions import ConnectionError
from urllib3.connectionpool import HTTPConnectionPool
from urllib3.exceptions import MaxRetryError, ProtocolError, ReadTimeoutError

from destination_dust.dust.connection_errors import Blocked, NotSent, describe, not_connected, timed_out

PATH = "/documents/secret-id"
POOL = HTTPConnectionPool("dust.tt")


def of_tls(reason: str, kind: type[ssl.SSLError] = ssl.SSLError) -> ssl.SSLError:
    """An error of OpenSSL."""
    error = kind(1, f"[SSL: {reason}] something")
    error.reason = reason
    return error


@pytest.mark.parametrize(
    ("cause", "kind", "words"),
    [
        (ssl.SSLCertVerificationError("x"), Blocked, "The certificate of dust.tt is not valid"),
        (of_tls("WRONG_VERSION_NUMBER"), Blocked, "dust.tt does not encrypt its connections"),
        (of_tls("CERTIFICATE_VERIFY_FAILED"), NotSent, "CERTIFICATE_VERIFY_FAILED"),
        (of_tls("UNEXPECTED_EOF_WHILE_READING", ssl.SSLEOFError), NotSent, "UNEXPECTED_EOF"),
        (ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused"), NotSent, "Connection refused"),
    ],
)
def test_only_a_bad_certificate_or_missing_tls_needs_someone_to_act(
    cause: Exception, kind: type[NotSent], words: str
) -> None:
    """A handshake that breaks may succeed on the next try."""
    error = not_connected(cause, host="dust.tt")

    assert kind is type(error)
    assert words in str(error)


def test_what_fails_at_a_proxy_says_so() -> None:
    """Its host may not be shown, nor may Dust's host be blamed."""
    assert "certificate of the HTTP proxy" in str(
        not_connected(ssl.SSLCertVerificationError("x"), host="a", at_proxy=True)
    )
    assert "the HTTP proxy: no connection in time" == str(not_connected(TimeoutError(), host="a", at_proxy=True))


@pytest.mark.parametrize(
    ("cause", "expected"),
    [
        (OSError(errno.EMFILE, "whatever"), os.strerror(errno.EMFILE)),
        (OSError(errno.EHOSTUNREACH, ""), "OSError"),
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), "Name or service not known"),
        (TimeoutError("timed out"), "no connection in time"),
        (ProtocolError(f"something about {PATH}"), "ProtocolError"),
        (OSError(f"something about {PATH}"), "OSError"),
    ],
)
def test_a_cause_has_the_words_of_the_system_or_its_type(cause: Exception, expected: str) -> None:
    """Other texts may contain ids."""
    assert expected == describe(cause)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ConnectionError(ProtocolError("Connection aborted.", TimeoutError("timed out"))), True),
        (ConnectionError(ReadTimeoutError(POOL, PATH, "Read")), True),
        (ConnectionError(MaxRetryError(POOL, PATH, ReadTimeoutError(POOL, PATH, "Read"))), True),
        (ConnectionError(ProtocolError("Connection aborted.", ConnectionResetError("not timed out"))), False),
        (ConnectionError(), False),
    ],
)
def test_a_time_that_is_up_is_recognised_by_its_type(error: Exception, expected: bool) -> None:
    """However deep the libraries wrap it. Texts do not count: they contain paths."""
    assert expected is timed_out(error)
