"""A platform that is told of things: a real HTTP server that answers as ordered and keeps what it
was sent.
"""

import json
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import time_machine
from standardwebhooks import Webhook

SECRET = "whsec_Y29hY2hjYWwgdGVzdHMgc2lnbiB3aXRoIHRoaXMga2V5"
CANARY = "Canary"
"""Every name, address and title of these tests holds it; no callback may."""
SAID = "the platform's own words"
Order = int | Callable[[BaseHTTPRequestHandler], None]


@dataclass(frozen=True)
class Call:
    path: str
    headers: dict[str, str] = field(repr=False)
    body: bytes
    status: int | None = None
    """What it was answered, where that was a plain status."""
    taken: float = field(default_factory=time.monotonic)

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def at(self) -> int:
        return int(self.headers["webhook-timestamp"])

    @property
    def event(self) -> Any:
        """Raises WebhookVerificationError unless it was signed with our secret at the
        time it says.
        """
        return self.verified_by(SECRET)

    def verified_by(self, secret: str) -> Any:
        with time_machine.travel(self.at, tick=False):
            return Webhook(secret).verify(self.body, self.headers)


@dataclass
class Platform:
    """Orders are obeyed oldest first; without one, everything is taken."""

    origin: str
    calls: list[Call] = field(default_factory=list)
    usually: Order = 204
    at_paths: dict[str, int] = field(default_factory=dict)
    _orders: list[tuple[str | None, Order]] = field(default_factory=list)
    _over: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"{self.origin}/told"

    @property
    def told(self) -> list[tuple[str, Any]]:
        """(type, data) of what was sent, in the order it came."""
        return [(call.event["type"], call.event["data"]) for call in self.calls]

    def calls_of(self, topic: str) -> list[Call]:
        """Those of one type, in the order they came."""
        return [call for call in self.calls if call.event["type"] == topic]

    def answer(self, *orders: Order, to: str | None = None) -> None:
        """To the next calls (of that type): a status, or what to do instead of answering."""
        self._orders += [(to, order) for order in orders]

    def answer_at(self, path: str, status: int) -> None:
        """To every call at this path, from now on."""
        self.at_paths[path] = status

    def _order_for(self, path: str, body: bytes) -> Order:
        if path in self.at_paths:
            return self.at_paths[path]
        for number, (topic, order) in enumerate(self._orders):
            if topic is None or json.loads(body)["type"] == topic:
                del self._orders[number]
                return order
        return self.usually

    def hang(self, _handler: BaseHTTPRequestHandler) -> None:
        """An order: take the call, and never answer it."""
        self._over.wait(30)

    def dribble(self, handler: BaseHTTPRequestHandler) -> None:
        """An order: answer a byte now and then, for ever."""
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        while not self._over.wait(0.05):
            handler.wfile.write(b"y")

    def ask_for(self, status: int, retry_after: str) -> Order:
        """An order: this answer, and to be left alone for so long."""

        def answered(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(status)
            handler.send_header("Retry-After", retry_after)
            handler.send_header("Content-Length", "0")
            handler.end_headers()

        return answered

    def receive(self, handler: BaseHTTPRequestHandler) -> None:
        length = int(handler.headers.get("Content-Length") or 0)
        body = handler.rfile.read(length)
        if len(body) < length:
            handler.close_connection = True
            return  # cut on its way: whoever sent it got no answer, and sends it again
        order = self._order_for(handler.path, body)
        status = None if callable(order) else order
        self.calls.append(Call(handler.path, dict(handler.headers.items()), body, status))
        if callable(order):
            order(handler)
            return
        handler.send_response(order)
        if 300 <= order < 400:
            handler.send_header("Location", f"{self.origin}/elsewhere")
        handler.send_header("Content-Length", str(len(SAID) if order != 204 else 0))
        handler.end_headers()
        if order != 204:
            handler.wfile.write(SAID.encode())

    def wait(self, count: int, seconds: float = 60.0, of: str | None = None) -> None:
        """Until that many calls (of that type) came."""
        end = time.monotonic() + seconds
        while len(self.calls if of is None else self.calls_of(of)) < count:
            assert time.monotonic() < end, f"not {count} calls after {seconds} s: {self.told}"
            time.sleep(0.01)

    def close(self) -> None:
        """Let go of whoever hangs. Then: nothing that was sent is unsigned, or names anybody."""
        self._over.set()
        for call in self.calls:
            if call.path == "/told":
                assert set(call.event) == {"type", "timestamp", "data"}
            assert CANARY.lower() not in call.body.decode().lower()


@contextmanager
def opened() -> Iterator[Platform]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            try:
                told.receive(self)
            except OSError:
                self.close_connection = True  # whoever called has gone

        do_GET = do_HEAD = do_POST  # noqa: N815 (http.server's names)

        def log_message(self, *_args: object) -> None:
            """Says nothing."""

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: Any, client_address: Any) -> None:
            """Whoever called hung up: no news to a test, and a page of trace each time."""
            if not isinstance(sys.exception(), OSError):
                super().handle_error(request, client_address)

    server = Server(("127.0.0.1", 0), Handler)
    told = Platform(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield told
        told.close()
    finally:
        told._over.set()
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def platform() -> Iterator[Platform]:
    with opened() as told:
        yield told
