"""An HTTP server that takes whatever is posted to it, for peers that know nothing of Dust.

`python -m benchmarks.endpoint 0.4` prints its port, and answers after 0.4 s until its standard input ends.
"""

from __future__ import annotations

import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Endpoint(BaseHTTPRequestHandler):
    """Reads the body, waits as long as the local Dust would, and answers `{}`."""

    protocol_version = "HTTP/1.1"
    latency = 0.0

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        time.sleep(self.latency)
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing."""


def serve() -> None:
    """Serve with the latency that the first argument says, in seconds."""
    Endpoint.latency = float(sys.argv[1])
    server = ThreadingHTTPServer(("127.0.0.1", 0), Endpoint)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_port, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    serve()
