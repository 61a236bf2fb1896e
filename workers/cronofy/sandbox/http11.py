"""A small threaded HTTP/1.1 server for WSGI, with connections kept alive, for one laptop.

Werkzeug's own server closes each connection, because it cannot skip a body that nobody read (`{}`
on every GET of the Python client). Here the body is read before the app runs. It can also break off
on order: half a body, no answer.
"""

import io
import socket
import sys
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import IO, Any, cast
from urllib.parse import unquote_to_bytes
from wsgiref.handlers import SimpleHandler
from wsgiref.types import WSGIApplication

# In the WSGI environ: a set; the app adds "close" or "hang up".
ORDERS = "sandbox.orders"
# An .ics file may be large.
LARGEST_BODY = 64 * 1024 * 1024
# Seconds that a silent connection stays open.
IDLE = 60.0


class SandboxServer(ThreadingHTTPServer):
    """Serves one WSGI app. `close()` also ends the connections that are kept alive."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, address: tuple[str, int], app: WSGIApplication) -> None:
        self.app = app
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__(address, _Handler)

    def server_bind(self) -> None:
        """Bind without asking DNS for our own name, as the base class would."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        host, port = self.socket.getsockname()
        self.server_address = (host, port)
        self.server_name, self.server_port = host, port

    def process_request(self, request: Any, client_address: Any) -> None:
        """Hand a connection to a thread, and remember it."""
        with self._lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """A connection is done."""
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away in the middle is no news; anything else is."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)

    def close(self, *, serving: bool) -> None:
        """Stop accepting, end what is open, free the port.
        `serving`: `serve_forever` runs (else it is waited for).
        """
        if serving:
            self._wake_and_shut_down()
        self.server_close()
        with self._lock:
            for connection in self._open:
                _hang_up(connection)

    def _wake_and_shut_down(self) -> None:
        """`serve_forever` looks for its end only when its poll runs out,
        or when somebody calls: so call.
        """
        ending = threading.Thread(target=self.shutdown)
        ending.start()
        with suppress(OSError):
            socket.create_connection((self.server_name, self.server_port), timeout=1).close()
        ending.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Head and body leave in one segment; else Nagle and delayed ACKs cost 40 ms.
    wbufsize = 1 << 16
    disable_nagle_algorithm = True
    timeout = IDLE
    server: SandboxServer

    def do_GET(self) -> None:
        body = self._body()
        if body is None:
            return
        orders: set[str] = set()
        environ = {**self._environ(), ORDERS: orders}
        out = cast("IO[bytes]", self.wfile)
        _Run(io.BytesIO(body), out, io.StringIO(), environ, multithread=True).run(self.server.app)
        if orders:
            self.close_connection = True

    do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = do_GET  # noqa: N815 - http.server looks for them

    def log_message(self, *_: Any) -> None:
        """The sandbox keeps its own log, without tokens."""

    def _body(self) -> bytes | None:
        """The whole body, so that the connection is clean for the next request;
        None when it was refused.
        """
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            self._refuse(411)
            return None
        length = self.headers.get("Content-Length") or "0"
        if not length.isdecimal():
            self._refuse(400)
            return None
        if int(length) > LARGEST_BODY:
            self._refuse(413)
            return None
        # http.server has written its "100 Continue" by now, but into our buffer: the client would
        # wait for it, and we for the client's body.
        if self.headers.get("Expect", "").lower() == "100-continue":
            self.wfile.flush()
        return self.rfile.read(int(length))

    def _refuse(self, status: int) -> None:
        self.close_connection = True
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.send_header("Connection", "close")
        self.end_headers()

    def _environ(self) -> dict[str, Any]:
        path, _, query = self.path.partition("?")
        environ: dict[str, Any] = {
            "REQUEST_METHOD": self.command,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
            "QUERY_STRING": query,
            "SERVER_NAME": self.server.server_name,
            "SERVER_PORT": str(self.server.server_port),
            "SERVER_PROTOCOL": self.request_version,
            "REMOTE_ADDR": self.client_address[0],
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": self.headers.get("Content-Length", "0"),
        }
        for name, value in self.headers.items():
            key = "HTTP_" + name.upper().replace("-", "_")
            # A header that came twice is one value to WSGI, joined as HTTP allows.
            if key in environ:
                environ[key] += f",{value}"
            elif key not in ("HTTP_CONTENT_TYPE", "HTTP_CONTENT_LENGTH"):
                environ[key] = value
        return environ


class _Run(SimpleHandler):
    """One call of the app."""

    http_version = "1.1"
    wsgi_run_once = False
    os_environ: dict[str, str] = {}  # noqa: RUF012 - the base class's name; the laptop's variables are not ours
    environ: dict[str, Any] | None

    def finish_response(self) -> None:
        """Send the answer, unless the app ordered silence."""
        if self.environ and "hang up" in self.environ[ORDERS]:
            self.close()
            return
        super().finish_response()


def _hang_up(connection: socket.socket) -> None:
    with suppress(OSError):  # it may be gone already
        connection.shutdown(socket.SHUT_RDWR)
