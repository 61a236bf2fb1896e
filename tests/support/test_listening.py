"""The end of an app on a port: after its requests, and whatever sockets are kept."""

import socket
import threading
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlsplit

from tests.support.listening import listening


class Slow:
    """Answers a request when it is told to."""

    def __init__(self) -> None:
        self.began, self.may_end, self.ended = (threading.Event() for _ in range(3))

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        self.began.set()
        assert self.may_end.wait(60)
        self.ended.set()
        start_response("200 OK", [("Content-Length", "0")])
        return [b""]


def connected(origin: str) -> socket.socket:
    port = urlsplit(origin).port
    assert port is not None
    return socket.create_connection(("127.0.0.1", port), timeout=60)


def test_the_end_waits_for_a_request_whose_browser_is_gone() -> None:
    app = Slow()
    with listening(app) as origin:
        with connected(origin) as browser:
            browser.sendall(b"GET /favicon.ico HTTP/1.1\r\nHost: here\r\n\r\n")
            assert app.began.wait(60)
        threading.Timer(0.2, app.may_end.set).start()
    assert app.ended.is_set()


def test_the_end_does_not_wait_for_a_socket_that_asks_nothing() -> None:
    app = Slow()
    app.may_end.set()
    with listening(app) as origin:
        kept = connected(origin)
        with connected(origin) as asks:
            asks.sendall(b"GET / HTTP/1.1\r\nHost: here\r\n\r\n")
            assert asks.recv(100).startswith(b"HTTP/1.1 200")
    with kept:
        assert kept.recv(1) == b""
