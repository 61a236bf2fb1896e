"""A webhook endpoint on loopback that remembers what it was sent and answers as it is told."""

import json
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self


@dataclass(frozen=True)
class Received:
    """One request, as bytes."""

    body: bytes
    headers: dict[str, str]

    @property
    def signature(self) -> str:
        return self.headers["cronofy-hmac-sha256"]

    @property
    def json(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads(self.body)
        return content

    @property
    def kind(self) -> str:
        return str(self.json["notification"]["type"])


class Receiver:
    """`status` is what it answers; a list is used up first, one status per request."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.status = 200
        self.next_statuses: list[int] = []
        self.seconds = 0.0
        self._arrived = threading.Condition()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/hooks/token"

    def take(self, received: Received) -> int:
        time.sleep(self.seconds)
        with self._arrived:
            self.received.append(received)
            self._arrived.notify_all()
            return self.next_statuses.pop(0) if self.next_statuses else self.status

    def wait(self, count: int, seconds: float = 60.0) -> list[Received]:
        """Everything so far, once there are `count`."""
        with self._arrived:
            assert self._arrived.wait_for(lambda: len(self.received) >= count, seconds), (
                self.kinds()
            )
            return list(self.received)

    def kinds(self) -> list[str]:
        return [one.kind for one in self.received]

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


def _handler(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            self.send_response(receiver.take(Received(body, headers)))
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    return Handler
