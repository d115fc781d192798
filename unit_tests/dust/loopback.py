"""A server on this machine that does to a connection whatever a test says: what a mock would only pretend."""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

PATIENCE = 10.0

Serve = Callable[["Peer"], None]


class Peer:
    """The server's side of one connection."""

    def __init__(self, connection: socket.socket, gone: threading.Event) -> None:
        self.connection = connection
        self.gone = gone
        """Set when the test is over: a server that stalls waits for it."""
        self._buffer = b""

    def request(self) -> bytes:
        """The next request, head and body; empty if the client has gone."""
        while b"\r\n\r\n" not in self._buffer:
            if not self._receive():
                return b""
        head, _, _ = self._buffer.partition(b"\r\n\r\n")
        lengths = [line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
        size = len(head) + 4 + (int(lengths[0].split(b":")[1]) if lengths else 0)
        while len(self._buffer) < size:
            if not self._receive():
                return b""
        whole, self._buffer = self._buffer[:size], self._buffer[size:]
        return whole

    def answer(self, status: int, body: bytes = b"", headers: Mapping[str, str] | None = None) -> None:
        """Send a whole answer at once."""
        named = {"Content-Length": str(len(body)), "Content-Type": "application/json", **(headers or {})}
        head = "".join(f"{name}: {value}\r\n" for name, value in named.items())
        self.send(f"HTTP/1.1 {status} X\r\n{head}\r\n".encode() + body)

    def send(self, content: bytes) -> None:
        """Send bytes as they are."""
        self.connection.sendall(content)

    def reset(self) -> None:
        """Break the connection so that the other side notices: with RST, not FIN."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

    def _receive(self) -> bool:
        received = self.connection.recv(65536)
        self._buffer += received
        return bool(received)


class Loopback:
    """The connections and requests that the server saw."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.connections = 0
        self.requests: list[bytes] = []


@contextmanager
def loopback(serve: Serve, *, tls: ssl.SSLContext | None = None, receive_buffer: int = 0) -> Iterator[Loopback]:
    """A server that treats each connection with `serve`, on a thread of its own."""
    listener, gone = socket.socket(), threading.Event()
    threads: list[threading.Thread] = []
    connections: list[socket.socket] = []
    if receive_buffer:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    server = Loopback(listener.getsockname()[1])

    def treat(connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            connection.settimeout(PATIENCE)
            if tls:
                with tls.wrap_socket(connection, server_side=True) as encrypted:
                    connections.append(encrypted)  # in the place of the other, which it has taken over
                    serve(Peer(encrypted, gone))
            else:
                serve(Peer(connection, gone))

    def accept() -> None:
        while True:
            connection, _ = listener.accept()
            if gone.is_set():
                connection.close()
                return
            server.connections += 1
            connections.append(connection)
            threads.append(threading.Thread(target=treat, args=(connection,)))
            threads[-1].start()

    accepting = threading.Thread(target=accept)
    accepting.start()
    try:
        yield server
    finally:
        gone.set()
        with socket.socket() as last:
            last.connect(("127.0.0.1", server.port))
        accepting.join()
        listener.close()
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)  # a kept connection would wait for its next request
        for thread in threads:
            thread.join(PATIENCE)


def answering(status: int = 200, body: bytes = b"{}", headers: Mapping[str, str] | None = None) -> Serve:
    """Give every request the same answer."""

    def serve(peer: Peer) -> None:
        while peer.request():
            peer.answer(status, body, headers)

    return serve


def tunnelling(requests: list[bytes], to: Loopback) -> Serve:
    """Be a proxy that leads to a server, whatever host is asked for, and keep the requests for tunnels."""

    def serve(peer: Peer) -> None:
        requests.append(peer.request())
        with socket.create_connection(("127.0.0.1", to.port)) as onward:
            peer.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
            other = {peer.connection: onward, onward: peer.connection}
            while not peer.gone.is_set():
                for side in select.select(list(other), [], [], PATIENCE)[0]:
                    content = side.recv(65536)
                    if not content:
                        return
                    other[side].sendall(content)

    return serve
