"""One exchange over real sockets, and whether Dust may have seen the request if it fails."""

from __future__ import annotations

import contextlib
import datetime
import gzip
import ipaddress
import os
import socket
import ssl
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from destination_dust.dust import transport as module
from destination_dust.dust.connection_errors import Blocked, NotSent, OutcomeUnknown, TimedOut, TooLarge
from destination_dust.dust.request import Request
from destination_dust.dust.transport import Response, Transport
from unit_tests.dust.loopback import PATIENCE, Loopback, Peer, Serve, answering, loopback, tunnelling

KEY = "sk-0123456789abcdef"
GET = Request("GET", "/spaces")
EMPTY_SUBJECT = "eea339da"


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The proxies of the machine that runs the tests are not part of them."""
    for name in list(os.environ):
        if name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)


def to(server: Loopback, scheme: str = "http", *, connections: int = 4, deadline: float = 60.0) -> Transport:
    """A transport to a server of ours."""
    root = f"{scheme}://127.0.0.1:{server.port}/api"
    return Transport(root, KEY, user_agent="test/1", connections=connections, deadline=deadline)


def exchange(serve: Serve, request: Request = GET, *, deadline: float = 60.0) -> Response:
    """One exchange with a server that serves so."""
    with loopback(serve) as server:
        return to(server, deadline=deadline).send(request)


def recording(requests: list[bytes], status: int = 200, body: bytes = b"{}") -> Serve:
    """Answer, and keep the requests."""

    def serve(peer: Peer) -> None:
        while request := peer.request():
            requests.append(request)
            peer.answer(status, body)

    return serve


def head_of(request: bytes) -> dict[str, str]:
    """The headers of a request, by their names in lower case."""
    lines = request.partition(b"\r\n\r\n")[0].decode().split("\r\n")[1:]
    return {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}


def test_a_request_arrives_as_it_is_meant() -> None:
    """With the key, a body of exactly the bytes given, and a query in which names may repeat."""
    requests: list[bytes] = []
    query = (("document_ids", "a b"), ("document_ids", "c/d"), ("limit", 2))

    answer = exchange(recording(requests), Request("POST", "/documents/a%2Fb", query, body=b'{"a":"\xc3\xa9"}'))

    assert (200, b"{}") == (answer.status, answer.body)
    (request,) = requests
    assert request.startswith(b"POST /api/documents/a%2Fb?document_ids=a+b&document_ids=c%2Fd&limit=2 HTTP/1.1\r\n")
    assert request.endswith(b'\r\n\r\n{"a":"\xc3\xa9"}')
    headers = head_of(request)
    assert (f"Bearer {KEY}", "test/1") == (headers["authorization"], headers["user-agent"])
    assert ("application/json", "10") == (headers["content-type"], headers["content-length"])
    assert "transfer-encoding" not in headers
    assert "origin" not in headers


def test_a_request_without_a_body_has_none() -> None:
    """Nor a type of one."""
    requests: list[bytes] = []

    exchange(recording(requests), Request("DELETE", "/documents/a"))

    assert not {"content-type", "transfer-encoding"} & set(head_of(requests[0]))


def test_an_empty_body_is_a_body() -> None:
    """Of zero bytes, and not sent in chunks."""
    requests: list[bytes] = []

    exchange(recording(requests), Request("POST", "/a", body=b""))

    assert "0" == head_of(requests[0])["content-length"]
    assert "transfer-encoding" not in head_of(requests[0])


@pytest.mark.parametrize("status", [200, 204, 400, 401, 404, 429, 500, 503])
def test_every_status_is_an_answer(status: int) -> None:
    """What it means is decided elsewhere."""
    answer = exchange(answering(status, b"" if status == 204 else b'{"x":1}', {"Retry-After": "7"}))

    assert (status, "7") == (answer.status, answer.headers["retry-after"])


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(status: int) -> None:
    """It would take the key and the data elsewhere, or turn a POST into a GET that looks like success."""
    elsewhere: list[bytes] = []
    with loopback(recording(elsewhere)) as other:
        location = {"Location": f"http://localhost:{other.port}/api/documents/a"}

        answer = exchange(answering(status, b"", location), Request("POST", "/documents/a", body=b"{}"))

    assert (status, location["Location"]) == (answer.status, answer.headers["Location"])
    assert [] == elsewhere


def test_connections_are_used_again() -> None:
    """A handshake for each document would cost more than the document."""
    with loopback(answering()) as server:
        transport = to(server)
        for _ in range(5):
            transport.send(GET)

    assert 1 == server.connections


def test_there_is_a_connection_for_each_thread_and_no_more() -> None:
    """Threads share one pool, which is large enough to keep all of them."""
    together = threading.Barrier(8, timeout=PATIENCE)

    def call() -> None:
        for _ in range(5):
            together.wait()
            transport.send(GET)

    with loopback(answering()) as server:
        transport = to(server, connections=8)
        threads = [threading.Thread(target=call) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert 1 <= server.connections <= 8


def test_a_refused_connection_sends_nothing() -> None:
    """The pacer may take its slot back, and the repeat needs no quiet time."""
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        transport = Transport(f"http://127.0.0.1:{reserved.getsockname()[1]}", KEY, user_agent="", connections=1)

        with pytest.raises(NotSent, match=r"^Connection refused$"):
            transport.send(GET)


def test_an_unknown_host_name_sends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message says what failed, without the address and the ids in it."""

    def unknown(*_args: object, **_kwargs: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    transport = Transport("https://dust.invalid/api/v1/w/secret-id", KEY, user_agent="", connections=1)

    with pytest.raises(NotSent, match=r"^Name or service not known$"):
        transport.send(GET)


def test_a_connection_that_times_out_sends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A firewall that drops packets."""

    def dropped(*_args: object, **_kwargs: object) -> None:
        raise TimeoutError("timed out")

    monkeypatch.setattr("destination_dust.dust.pool.dial", dropped)
    transport = Transport("https://dust.tt", KEY, user_agent="", connections=1)

    with pytest.raises(NotSent, match=r"^no connection in time$"):
        transport.send(GET)


def _reset(peer: Peer) -> None:
    peer.request()
    peer.reset()


def _close(peer: Peer) -> None:
    peer.request()


def _cut(peer: Peer) -> None:
    peer.request()
    peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + b'{"document":')


def _cut_chunks(peer: Peer) -> None:
    peer.request()
    peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n" + b'{"docume' + b"\r\n")


def _cut_headers(peer: Peer) -> None:
    peer.request()
    peer.send(b"HTTP/1.1 200 OK\r\nContent-Le")


def _reset_in_the_body(peer: Peer) -> None:
    _cut(peer)
    peer.reset()


def _garbage(peer: Peer) -> None:
    peer.request()
    peer.send(b"hello, this is no HTTP\r\n\r\n")


def _not_gzip(peer: Peer) -> None:
    peer.request()
    peer.answer(200, b"not gzip", {"Content-Encoding": "gzip"})


@pytest.mark.parametrize(
    "serve",
    [_reset, _close, _cut, _cut_chunks, _reset_in_the_body, _garbage, _not_gzip],
    ids=lambda serve: serve.__name__,
)
def test_after_a_broken_connection_the_outcome_is_unknown(serve: Serve) -> None:
    """Dust may have carried the call out; an answer that is cut off is never a success."""
    with pytest.raises(OutcomeUnknown) as caught:
        exchange(serve, Request("POST", "/documents/a", body=b"{}"))

    assert not isinstance(caught.value, TimedOut)
    assert KEY not in str(caught.value)
    assert "documents" not in str(caught.value)


def test_headers_that_are_cut_off_leave_an_empty_answer() -> None:
    """The library takes the rest for an answer without a body, which must not count as a success."""
    with contextlib.suppress(OutcomeUnknown):
        assert b"" == exchange(_cut_headers).body


def test_a_connection_that_broke_while_idle_is_replaced() -> None:
    """Dust closes a connection after five idle seconds. The next call may fail once, the one after it not."""

    def serve(peer: Peer) -> None:
        peer.request()
        peer.answer(200, b"{}")

    with loopback(serve) as server:
        transport = to(server)
        for _ in range(3):
            try:
                answer = transport.send(GET)
            except OutcomeUnknown:
                answer = transport.send(GET)
            assert 200 == answer.status


def test_a_silent_server_times_out() -> None:
    """Whether Dust still works on it is not known."""
    with pytest.raises(TimedOut):
        exchange(_stall, Request("GET", "/spaces", read_timeout=0.1))


def _stall(peer: Peer) -> None:
    peer.request()
    peer.gone.wait(PATIENCE)


def _stall_in_the_body(peer: Peer) -> None:
    _cut(peer)
    peer.gone.wait(PATIENCE)


def test_an_answer_that_stops_times_out() -> None:
    """In the middle of its body."""
    with pytest.raises(TimedOut):
        exchange(_stall_in_the_body, Request("GET", "/spaces", read_timeout=0.1))


def _trickle(head: bytes, piece: bytes) -> Serve:
    def serve(peer: Peer) -> None:
        peer.request()
        peer.send(b"HTTP/1.1 200 OK\r\n" + head + b"\r\n\r\n")
        while not peer.gone.wait(0.02):
            peer.send(piece)

    return serve


def _trickle_header(peer: Peer) -> None:
    peer.request()
    peer.send(b"HTTP/1.1 200 OK\r\nX: ")
    while not peer.gone.wait(0.02):
        peer.send(b"x")


def _trickle_announcements(peer: Peer) -> None:
    peer.request()
    while not peer.gone.wait(0.02):
        peer.send(b"HTTP/1.1 102 Processing\r\n\r\n")


@pytest.mark.parametrize(
    "serve",
    [
        pytest.param(_trickle_header, id="in its headers"),
        pytest.param(_trickle_announcements, id="in announcements"),
        pytest.param(_trickle(b"Content-Length: 100000", b" "), id="with a length"),
        pytest.param(_trickle(b"Transfer-Encoding: chunked", b"1\r\n \r\n"), id="in chunks"),
        pytest.param(_trickle(b"Connection: close", b" "), id="until the end"),
    ],
)
def test_an_answer_that_trickles_is_given_up_at_the_deadline(serve: Serve) -> None:
    """Each byte comes in time, all of them together do not."""
    begun = time.monotonic()

    with pytest.raises(TimedOut):
        exchange(serve, Request("GET", "/spaces", read_timeout=5), deadline=0.3)

    assert time.monotonic() - begun < 5


@pytest.mark.parametrize("status", [100, 102, 103])
def test_announcements_are_not_the_answer(status: int) -> None:
    """Proxies send them before an answer that takes time, some with headers."""

    def serve(peer: Peer) -> None:
        while peer.request():
            peer.send(f"HTTP/1.1 {status} X\r\nLink: </style.css>\r\n\r\n".encode() * 3)
            peer.answer(200, b'{"a":1}')

    with loopback(serve) as server:
        transport = to(server)
        assert [(200, b'{"a":1}')] * 2 == [(each.status, each.body) for each in map(transport.send, (GET, GET))]

    assert 1 == server.connections


def test_endless_announcements_are_no_answer() -> None:
    """A server that sends them as fast as it can would keep us busy until the deadline."""

    def serve(peer: Peer) -> None:
        peer.request()
        with contextlib.suppress(OSError):
            while not peer.gone.is_set():
                peer.send(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 100)

    with pytest.raises(OutcomeUnknown) as caught:
        exchange(serve)

    assert not isinstance(caught.value, TimedOut)


def test_after_an_answer_that_was_given_up_the_connection_is_not_used_again() -> None:
    """Its rest would be taken for the answer to the next call."""
    first = threading.Event()

    def serve(peer: Peer) -> None:
        while peer.request():
            if first.is_set():
                peer.answer(200, b'{"second":1}')
            else:
                first.set()
                _cut(peer)
                peer.gone.wait(0.5)
                peer.send(b"x" * 88)

    with loopback(serve) as server:
        transport = to(server)
        with pytest.raises(TimedOut):
            transport.send(Request("GET", "/spaces", read_timeout=0.1))

        assert b'{"second":1}' == transport.send(GET).body

    assert 2 == server.connections


@pytest.mark.parametrize(
    ("body", "headers"),
    [(b"x" * 1_000_000, {}), (gzip.compress(b"\0" * 50_000_000), {"Content-Encoding": "gzip"})],
    ids=["large", "gzip bomb"],
)
def test_an_answer_beyond_all_bounds_is_not_read_to_its_end(
    monkeypatch: pytest.MonkeyPatch, body: bytes, headers: dict[str, str]
) -> None:
    """Memory is bounded whatever the server sends."""
    monkeypatch.setattr(module, "MAX_ANSWER_BYTES", 100_000)

    with pytest.raises(TooLarge, match="larger than 100000 bytes"):
        exchange(answering(200, body, headers))


def test_a_compressed_answer_is_read() -> None:
    """Listings are large, and compress well."""
    body = b'{"documents":[%s]}' % b",".join([b'{"a":1}'] * 100_000)

    assert body == exchange(answering(200, gzip.compress(body), {"Content-Encoding": "gzip"})).body


def test_an_answer_in_chunks_is_read() -> None:
    """Proxies like them."""

    def serve(peer: Peer) -> None:
        peer.request()
        peer.send(b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n{"a\r\n4\r\n":1}\r\n0\r\n\r\n')

    assert b'{"a":1}' == exchange(serve).body


def _slow_reader(pause: float) -> Serve:
    def serve(peer: Peer) -> None:
        received = b""
        while b"END" not in received[-3:] and not peer.gone.is_set():
            received += peer.connection.recv(65536)
            time.sleep(pause)
        peer.answer(200, b"{}")

    return serve


def test_a_large_body_may_take_longer_than_a_single_write(monkeypatch: pytest.MonkeyPatch) -> None:
    """As long as it moves: many large documents over a slow line all take their time."""
    monkeypatch.setattr(module, "CONNECT_TIMEOUT", 1.0)
    with loopback(_slow_reader(0.01), receive_buffer=65536) as server:
        begun = time.monotonic()
        answer = to(server).send(Request("POST", "/documents/a", body=b"x" * 16_000_000 + b"END"))

    assert 200 == answer.status
    assert time.monotonic() - begun > 1.5


def _deaf(peer: Peer) -> None:
    peer.gone.wait(PATIENCE)


def test_an_upload_that_stops_times_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Dust may have got all of it, for all we know."""
    monkeypatch.setattr(module, "CONNECT_TIMEOUT", 0.2)
    with loopback(_deaf, receive_buffer=65536) as server, pytest.raises(TimedOut):
        to(server).send(Request("POST", "/documents/a", body=b"x" * 20_000_000))


def test_an_upload_that_trickles_is_given_up_at_the_deadline() -> None:
    """Each piece goes in time, all of them together do not."""
    begun = time.monotonic()

    with loopback(_slow_reader(0.05), receive_buffer=4096) as server, pytest.raises(TimedOut):
        to(server, deadline=0.3).send(Request("POST", "/documents/a", body=b"x" * 50_000_000))

    assert time.monotonic() - begun < module.CONNECT_TIMEOUT / 2


@pytest.mark.parametrize("status", [200, 400, 500, 502])
def test_the_key_is_removed_from_answers(status: int) -> None:
    """Some proxies show the headers that they were sent, and bodies are quoted in messages."""
    answer = exchange(answering(status, f'{{"error":"Authorization: Bearer {KEY}"}}'.encode()))

    assert b'{"error":"Authorization: Bearer ****"}' == answer.body


def test_a_netrc_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`requests` would put the password of another service in the place of the key."""
    (tmp_path / "netrc").write_text("default login me password secret\n")
    (tmp_path / "netrc").chmod(0o600)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    requests: list[bytes] = []

    exchange(recording(requests))

    assert f"Bearer {KEY}" == head_of(requests[0])["authorization"]


@pytest.fixture
def dust_example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """The server's side of TLS as `dust.example`, whose certificate the environment trusts."""
    context = _certificate(tmp_path / "pem", host="dust.example")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "pem"))
    return context


def to_dust_example() -> Transport:
    """A transport to a host that only proxies know."""
    return Transport("https://dust.example/api", KEY, user_agent="", connections=1)


@pytest.mark.parametrize("variable", ["https_proxy", "HTTPS_PROXY", "ALL_PROXY"])
def test_a_proxy_of_the_environment_is_used(
    monkeypatch: pytest.MonkeyPatch, dust_example: ssl.SSLContext, variable: str
) -> None:
    """Companies have them. The proxy learns its own password and Dust's host, and neither the key nor the data."""
    asked: list[bytes] = []
    requests: list[bytes] = []
    with (
        loopback(recording(requests), tls=dust_example) as server,
        loopback(tunnelling(asked, server)) as proxy,
    ):
        monkeypatch.setenv(variable, f"http://me:p%40ss@127.0.0.1:{proxy.port}")

        assert 200 == to_dust_example().send(GET).status

    assert asked[0].startswith(b"CONNECT dust.example:443 HTTP/1.")
    assert "Basic bWU6cEBzcw==" == head_of(asked[0])["proxy-authorization"]
    assert KEY.encode() not in asked[0]
    assert (f"Bearer {KEY}", None) == (
        head_of(requests[0])["authorization"],
        head_of(requests[0]).get("proxy-authorization"),
    )


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.1"])
def test_this_very_machine_is_reached_without_a_proxy(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    """The key may travel unencrypted only as long as it does not leave the machine."""
    asked: list[bytes] = []
    with loopback(recording(asked)) as proxy, loopback(answering()) as server:
        for variable in ("http_proxy", "https_proxy", "all_proxy"):
            monkeypatch.setenv(variable, f"http://127.0.0.1:{proxy.port}")
        transport = Transport(f"http://{host}:{server.port}/api", KEY, user_agent="", connections=1)

        assert 200 == transport.send(GET).status

    assert [] == asked


@pytest.mark.parametrize(
    ("status", "kind", "words"),
    [
        (407, Blocked, "https_proxy names wants a valid user name and password"),
        (403, Blocked, "https_proxy names does not connect to Dust"),
        (502, NotSent, "the HTTP proxy answered with status 502"),
    ],
)
def test_a_proxy_that_does_not_let_us_through_is_named(
    monkeypatch: pytest.MonkeyPatch, status: int, kind: type[Exception], words: str
) -> None:
    """By its variable, without its password, unless the proxy is merely in trouble."""
    with loopback(answering(status)) as proxy:
        monkeypatch.setenv("https_proxy", f"http://me:hidden@127.0.0.1:{proxy.port}")

        with pytest.raises(kind, match=words) as caught:
            to_dust_example().send(GET)

    assert (kind, False) == (type(caught.value), "hidden" in str(caught.value))


@pytest.mark.parametrize("status", [403, 407])
def test_a_proxy_that_let_us_through_before_is_in_trouble(
    monkeypatch: pytest.MonkeyPatch, dust_example: ssl.SSLContext, status: int
) -> None:
    """Nothing in the settings has changed since, so the call is repeated."""
    asked: list[bytes] = []

    def once(peer: Peer) -> None:
        peer.request()
        peer.answer(200, b"{}")

    def serve(peer: Peer) -> None:
        if asked:
            peer.answer(status)
        else:
            tunnelling(asked, server)(peer)

    with loopback(once, tls=dust_example) as server, loopback(serve) as proxy:
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{proxy.port}")
        transport = to_dust_example()
        transport.send(GET)

        with pytest.raises((NotSent, OutcomeUnknown)) as caught:
            transport.send(GET)
        if isinstance(caught.value, OutcomeUnknown):  # only now it saw that its connection was closed
            with pytest.raises(NotSent) as caught:
                transport.send(GET)

    assert NotSent is type(caught.value)


def test_a_proxy_that_is_not_there_does_not_show_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its address is a secret too. Nothing was sent to Dust."""
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        monkeypatch.setenv("https_proxy", f"http://me:hidden@127.0.0.1:{reserved.getsockname()[1]}")

        with pytest.raises(NotSent, match=r"^the HTTP proxy: Connection refused$"):
            to_dust_example().send(GET)


def test_cookies_are_not_kept() -> None:
    """A load balancer's cookie would tie all calls to one server, even if that is in trouble."""
    requests: list[bytes] = []

    def serve(peer: Peer) -> None:
        while request := peer.request():
            requests.append(request)
            peer.answer(200, b"{}", {"Set-Cookie": "lb=7; Path=/"})

    with loopback(serve) as server:
        transport = to(server)
        transport.send(GET)
        transport.send(GET)

    assert [False, False] == ["cookie" in head_of(request) for request in requests]


def _certificate(path: Path, *, host: str = "127.0.0.1", expired: bool = False) -> ssl.SSLContext:
    """A server's side of TLS, with a certificate that it signed itself, kept at `path`."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    now = datetime.datetime.now(datetime.timezone.utc)
    begin, end = (now - datetime.timedelta(days=2), now + datetime.timedelta(days=-1 if expired else 1))
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), begin, end)
    names: list[x509.GeneralName] = [
        x509.IPAddress(ipaddress.ip_address(host)) if host[0].isdigit() else x509.DNSName(host)
    ]
    builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=True)
    certificate = builder.sign(key, hashes.SHA256())
    path.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR"])
def test_a_trusted_certificate_is_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    """A company's own authority is named by the environment."""
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
    context = _certificate(tmp_path / "pem")
    # A folder has its certificates by the hash of their subject, which is empty here.
    (tmp_path / f"{EMPTY_SUBJECT}.0").symlink_to(tmp_path / "pem")
    monkeypatch.setenv(variable, str(tmp_path if variable == "SSL_CERT_DIR" else tmp_path / "pem"))

    with loopback(answering(), tls=context) as server:
        assert 200 == to(server, "https").send(GET).status


@pytest.mark.parametrize(
    ("host", "expired", "trusted", "message"),
    [
        ("127.0.0.1", False, False, "self-signed certificate"),
        ("127.0.0.1", True, True, "certificate has expired"),
        ("dust.tt", False, True, "IP address mismatch"),
    ],
)
def test_a_certificate_that_is_not_valid_is_not_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, host: str, expired: bool, trusted: bool, message: str
) -> None:
    """Nothing was sent: neither the key nor the data."""
    context = _certificate(tmp_path / "pem", host=host, expired=expired)
    if trusted:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "pem"))
    requests: list[bytes] = []

    with loopback(recording(requests), tls=context) as server, pytest.raises(Blocked, match=message):
        to(server, "https").send(GET)

    assert [] == requests


def _cut_handshake(peer: Peer) -> None:
    peer.connection.recv(65536)


def _reset_handshake(peer: Peer) -> None:
    peer.connection.recv(1)
    peer.reset()


@pytest.mark.parametrize("end", [_cut_handshake, _reset_handshake], ids=["cut", "reset"])
def test_a_handshake_that_is_cut_off_is_not_untrusted(end: Callable[[Peer], None]) -> None:
    """A load balancer that restarts; the next try may succeed. A path that speaks of certificates changes nothing."""
    with loopback(end) as server, pytest.raises((NotSent, OutcomeUnknown)) as caught:
        to(server, "https").send(Request("GET", "/documents/certificate-CERTIFICATE_VERIFY_FAILED-1"))

    assert not isinstance(caught.value, Blocked)


def test_a_server_without_encryption_is_not_trusted() -> None:
    """A base URL that says https to a server that speaks http is a mistake in the settings."""

    def serve(peer: Peer) -> None:
        peer.connection.recv(65536)
        peer.answer(400, b"this is no HTTP")

    with loopback(serve) as server, pytest.raises(Blocked, match="does not encrypt"):
        to(server, "https").send(GET)
