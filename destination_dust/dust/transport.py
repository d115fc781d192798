"""One HTTP exchange with Dust: bytes out, bytes in, within a time. It neither retries nor interprets."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import requests
from requests.auth import AuthBase
from urllib3.exceptions import HTTPError as Urllib3Error

from destination_dust.dust.connection_errors import describe, never_connected, untrusted
from destination_dust.dust.keep_alive import ExpiringAdapter
from destination_dust.dust.request import Request

# A listing of 1,000 documents with their tags is about 1 MB; nothing that Dust sends us is near this.
MAX_ANSWER_BYTES = 64 * 1024 * 1024
CONNECT_TIMEOUT = 20.0
CHUNK = 64 * 1024


@dataclass(frozen=True, slots=True)
class Response:
    """What came back, whatever the status."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


class NotSent(Exception):
    """Dust cannot have seen the call: no connection was made."""


class Untrusted(NotSent):
    """No connection was made because the certificate of the other side is not valid."""


class OutcomeUnknown(Exception):
    """The call may have been carried out: the connection broke while it was sent, or later."""


class TimedOut(OutcomeUnknown):
    """No complete answer in time: Dust may still be working on the call."""


class Bearer(AuthBase):
    """The API key as a header. As an `auth` object, it also keeps `requests` from using a `.netrc` instead."""

    def __init__(self, api_key: str) -> None:
        self._api_key = api_key

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._api_key}"
        return request


class Transport:
    """A `requests` session for each thread, over one pool with a connection for each."""

    def __init__(
        self,
        root: str,
        api_key: str,
        *,
        user_agent: str,
        connections: int,
        deadline: float = 600.0,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """`root`: the URL that request paths are appended to; `connections`: how many threads will call.

        `deadline`: seconds for a whole exchange, however steadily its answer trickles in.
        """
        self._root = root
        self._auth = Bearer(api_key)
        self._secret = api_key.encode()
        self._headers = {"User-Agent": user_agent, "Accept": "application/json"}
        self._deadline = deadline
        self._now = now
        self._threads = threading.local()
        self._adapter = ExpiringAdapter(connections=connections)  # only `RetryingCaller` retries

    def send(self, request: Request) -> Response:
        """Send a request and read the whole answer, or raise `NotSent` or `OutcomeUnknown`.

        Redirects are not followed: they would take the key and the data somewhere else, or turn a
        POST into a GET that changes nothing and looks like success.
        """
        started = self._now()
        headers = {"Content-Type": "application/json"} if request.body is not None else {}
        try:
            response = self._session().request(
                request.method,
                self._root + request.path,
                params=list(request.query) or None,
                data=_Upload(request.body, self._is_over(started)) if request.body else request.body,
                headers=headers,
                timeout=(CONNECT_TIMEOUT, min(request.read_timeout, self._deadline)),
                allow_redirects=False,
                stream=True,
            )
        except requests.exceptions.SSLError as error:
            if untrusted(error):
                raise Untrusted(describe(error)) from error
            raise OutcomeUnknown("the encrypted connection broke") from error
        except requests.exceptions.ProxyError as error:
            # Its text can hold the proxy's password.
            raise NotSent("the HTTP proxy could not be used") from error
        except requests.exceptions.ConnectTimeout as error:
            raise NotSent("no connection in time") from error
        except requests.exceptions.Timeout as error:
            raise TimedOut("no answer in time") from error
        except requests.exceptions.ConnectionError as error:
            if never_connected(error):
                raise NotSent(describe(error)) from error
            if "timed out" in str(error):
                raise TimedOut("the request could not be sent in time") from error
            raise OutcomeUnknown("the connection was closed before an answer came") from error
        except requests.exceptions.RequestException as error:
            raise OutcomeUnknown(f"no readable answer ({type(error).__name__})") from error
        with response:
            body = self._read(response, self._is_over(started))
        # Answers are quoted in messages, and some proxies quote the headers that they received.
        return Response(response.status_code, response.headers, body.replace(self._secret, b"****"))

    def _is_over(self, started: float) -> Callable[[], bool]:
        return lambda: self._now() > started + self._deadline

    def _read(self, response: requests.Response, is_over: Callable[[], bool]) -> bytes:
        body = bytearray()
        try:
            # `iter_content` would wait for a whole chunk, however slowly it comes.
            while chunk := response.raw.read1(CHUNK, decode_content=True):
                body += chunk
                if len(body) > MAX_ANSWER_BYTES:
                    raise OutcomeUnknown(f"the answer is larger than {MAX_ANSWER_BYTES} bytes")
                if is_over():
                    raise TimedOut("the answer did not end in time")
        except (requests.exceptions.RequestException, Urllib3Error) as error:
            if "timed out" in str(error):
                raise TimedOut("the answer stopped") from error
            raise OutcomeUnknown("the connection was closed in the middle of the answer") from error
        return bytes(body)

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._threads, "session", None)
        if session is None:
            session = requests.Session()
            session.auth = self._auth
            session.headers.update(self._headers)
            session.mount("https://", self._adapter)
            session.mount("http://", self._adapter)
            self._threads.session = session
        return session


class _Upload(io.BytesIO):
    """A body sent in pieces: the timeout applies to each piece, and the deadline to all of them."""

    def __init__(self, body: bytes, is_over: Callable[[], bool]) -> None:
        super().__init__(body)
        self._is_over = is_over

    def read(self, size: int | None = -1, /) -> bytes:
        if self._is_over():
            raise TimeoutError("timed out")
        return super().read(size)
