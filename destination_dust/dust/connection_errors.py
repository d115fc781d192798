"""Why there is no connection, or no answer. Texts contain no URL, and so no ids and no password of a proxy."""

from __future__ import annotations

import os
import ssl

from urllib3.exceptions import TimeoutError as Urllib3Timeout


class NotSent(Exception):
    """Dust cannot have seen the call: no connection was made."""


class Blocked(NotSent):
    """No connection can be made until someone changes the settings or the environment. The text says what."""


class OutcomeUnknown(Exception):
    """The call may have been carried out: the connection broke while it was sent, or later."""


class TimedOut(OutcomeUnknown):
    """No complete answer in time: Dust may still be working on the call."""


class TooLarge(OutcomeUnknown):
    """The answer is larger than anything that we read into memory."""


class ProxyAnswered(Exception):
    """A proxy did not let us through to Dust. `status` is that of its answer."""

    def __init__(self, status: int) -> None:
        super().__init__(f"the HTTP proxy answered with status {status}")
        self.status = status


def not_connected(error: Exception, *, host: str, at_proxy: bool = False) -> NotSent:
    """The error for a connection to `host` that could not be made, or not be encrypted."""
    other = "the HTTP proxy" if at_proxy else host
    if isinstance(error, ssl.SSLCertVerificationError):
        return Blocked(
            f"The certificate of {other} is not valid ({_reason(error)}). Check the base URL, and whether a proxy in "
            "between presents its own certificate: REQUESTS_CA_BUNDLE can name the authority that issued it."
        )
    if isinstance(error, ssl.SSLError) and error.reason == "WRONG_VERSION_NUMBER":
        return Blocked(f"{other} does not encrypt its connections. Check the base URL and the proxy, if there is one.")
    return NotSent(f"the HTTP proxy: {describe(error)}" if at_proxy else describe(error))


def describe(error: Exception) -> str:
    """The cause, as the system names it."""
    if isinstance(error, TimeoutError):
        return "no connection in time"
    if isinstance(error, ssl.SSLError):
        return f"the encrypted connection could not be set up ({error.reason or type(error).__name__})"
    if isinstance(error, OSError) and error.strerror:
        # Resolvers have numbers of their own.
        return error.strerror if error.errno is None or error.errno < 0 else os.strerror(error.errno)
    return type(error).__name__


def timed_out(error: Exception) -> bool:
    """Whether an error of `requests` or `urllib3` is, or was caused by, a time that is up."""
    causes = [error]
    while causes:
        cause = causes.pop()
        if isinstance(cause, (TimeoutError, Urllib3Timeout)):
            return True
        causes += [part for part in (*cause.args, getattr(cause, "reason", None)) if isinstance(part, Exception)]
    return False


def _reason(error: ssl.SSLCertVerificationError) -> str:
    return str(getattr(error, "verify_message", "") or "unknown reason").partition(",")[0]
