"""One HTTP exchange with Dust: bytes out, bytes in, within a time. It neither retries nor interprets."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy

import requests
from requests.auth import AuthBase
from urllib3.exceptions import HTTPError as Urllib3Error

from destination_dust.dust.connection_errors import (
    Blocked,
    NotSent,
    OutcomeUnknown,
    ProxyAnswered,
    TimedOut,
    TooLarge,
    timed_out,
)
from destination_dust.dust.environment import find_proxy, trust
from destination_dust.dust.pool import LEFT, Adapter
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


class Bearer(AuthBase):
    """The API key as a header."""

    def __init__(self, api_key: str) -> None:
        self._api_key = api_key

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._api_key}"
        return request


class Transport:
    """A `requests` session for each thread, over one pool with a connection for each.

    Of the environment, only what `environment.py` reads has an effect: no `.netrc`, for example, replaces the key.
    """

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
        Raises `Misconfigured` if the environment names a proxy or certificates that cannot be used.
        """
        self._root = root
        self._auth = Bearer(api_key)
        self._secret = api_key.encode()
        self._headers = {"User-Agent": user_agent, "Accept": "application/json"}
        self._deadline = deadline
        self._now = now
        self._threads = threading.local()
        self._proxy = find_proxy(root)
        self._adapter = Adapter(trust() if root.startswith("https:") else None, connections=connections)
        self._was_connected = False

    def send(self, request: Request) -> Response:
        """Send a request and read the whole answer, or raise `NotSent` or `OutcomeUnknown`.

        Redirects are not followed: they would take the key and the data somewhere else, or turn a
        POST into a GET that changes nothing and looks like success.
        """
        ends = self._now() + self._deadline
        LEFT.set(lambda: ends - self._now())
        headers = {"Content-Type": "application/json"} if request.body is not None else {}
        try:
            response = self._session().request(
                request.method,
                self._root + request.path,
                params=list(request.query) or None,
                data=_Upload(request.body) if request.body else request.body,
                headers=headers,
                timeout=(min(CONNECT_TIMEOUT, self._deadline), min(request.read_timeout, self._deadline)),
                allow_redirects=False,
                stream=True,
            )
        except ProxyAnswered as error:
            raise self._not_let_through(error) from error
        except Blocked as error:
            # What worked a moment ago is in trouble, and no setting is wrong.
            raise NotSent(str(error)) if self._was_connected else error from error
        except requests.exceptions.RequestException as error:
            if timed_out(error):
                raise TimedOut("no answer in time") from error
            raise OutcomeUnknown(f"the connection broke before an answer came ({type(error).__name__})") from error
        self._was_connected = True
        with response:
            body = self._read(response)
        # Answers are quoted in messages, and some proxies quote the headers that they received.
        return Response(response.status_code, response.headers, body.replace(self._secret, b"****"))

    def close(self) -> None:
        """Close the connections that no call uses. A later call makes new ones."""
        self._adapter.close()

    def _not_let_through(self, answer: ProxyAnswered) -> NotSent:
        """Nothing was sent to Dust. Gateways that are in trouble, and the rest after one success, are tried again."""
        assert self._proxy
        if self._was_connected or answer.status >= 500 or answer.status == 429:
            return NotSent(str(answer))
        if answer.status == 407:
            return Blocked(
                f"The HTTP proxy that {self._proxy.variable} names wants a valid user name and password (status 407). "
                "Put them in front of its host, as http://user:password@host:port, with special characters written "
                "as %40."
            )
        return Blocked(
            f"The HTTP proxy that {self._proxy.variable} names does not connect to Dust (status {answer.status}). "
            "Have it allow Dust's host, or name that host in NO_PROXY."
        )

    def _read(self, response: requests.Response) -> bytes:
        body = bytearray()
        try:
            # `iter_content` would wait for a whole chunk, however slowly it comes.
            while chunk := response.raw.read1(CHUNK, decode_content=True):
                body += chunk
                if len(body) > MAX_ANSWER_BYTES:
                    raise TooLarge(f"the answer is larger than {MAX_ANSWER_BYTES} bytes")
        except (requests.exceptions.RequestException, Urllib3Error) as error:
            if timed_out(error):
                raise TimedOut("the answer did not end in time") from error
            raise OutcomeUnknown("the connection was closed in the middle of the answer") from error
        return bytes(body)

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._threads, "session", None)
        if session is None:
            session = requests.Session()
            session.trust_env = False
            session.auth = self._auth
            session.headers.update(self._headers)
            session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
            if self._proxy:
                session.proxies["https"] = self._proxy.url
            session.mount("https://", self._adapter)
            session.mount("http://", self._adapter)
            self._threads.session = session
        return session


class _Upload(io.BytesIO):
    """A body sent in pieces: the timeout applies to each piece, and the deadline to all of them."""

    def read(self, size: int | None = -1, /) -> bytes:
        if LEFT.get()() <= 0:
            raise TimeoutError("timed out")
        return super().read(size)
