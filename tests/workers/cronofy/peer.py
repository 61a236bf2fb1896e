"""A server that misbehaves as told, byte by byte: what no well-meaning HTTP server can be made to
do.
"""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from types import TracebackType
from typing import Self

Answer = Callable[[socket.socket, threading.Event], None]
"""Writes to the connection; the event says that the test is over."""


class Peer:
    """Answers the first request with the first answer, and so on; the last answer serves all that
    follow.
    """

    def __init__(self, *answers: bytes | Answer) -> None:
        self.requests: list[bytes] = []
        self.connections = 0
        self._answers = [
            _bytes(answer) if isinstance(answer, bytes) else answer for answer in answers
        ]
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._over = threading.Event()
        self._open: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept, daemon=True)]

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self._over.set()
        for each in (self._listener, *self._open):
            with suppress(OSError):  # somebody hung up already
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        for thread in self._threads:
            thread.join(5)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self.connections += 1
                self._open.append(connection)
                self._threads.append(
                    threading.Thread(target=self._serve, args=(connection,), daemon=True)
                )
                self._threads[-1].start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError), connection:
            for request in _requests(connection):
                self.requests.append(request)
                answer = self._answers[min(len(self.requests), len(self._answers)) - 1]
                answer(connection, self._over)


def ok(body: bytes, *headers: str) -> bytes:
    """A whole 200."""
    lines = ("HTTP/1.1 200 OK", f"Content-Length: {len(body)}", *headers, "", "")
    return "\r\n".join(lines).encode() + body


def status(code: int, *headers: str, body: bytes = b"") -> bytes:
    return ok(body, *headers).replace(b"200 OK", f"{code} Whatever".encode(), 1)


def trickle(start: bytes, drop: bytes) -> Answer:
    """`start`, then a drop now and then for ever: each in time for a read time-out that begins
    anew.
    """

    def answer(connection: socket.socket, over: threading.Event) -> None:
        connection.sendall(start)
        while not over.wait(0.02):
            connection.sendall(drop)

    return answer


def flood(start: bytes) -> Answer:
    """`start`, then bytes as fast as they are taken, without an end."""

    def answer(connection: socket.socket, over: threading.Event) -> None:
        connection.sendall(start)
        while not over.is_set():
            connection.sendall(b"x" * 65_536)

    return answer


def then_hang_up(start: bytes) -> Answer:
    def answer(connection: socket.socket, _over: threading.Event) -> None:
        connection.sendall(start)
        connection.shutdown(socket.SHUT_RDWR)

    return answer


def silence(_connection: socket.socket, over: threading.Event) -> None:
    over.wait(10)


def _bytes(whole: bytes) -> Answer:
    def answer(connection: socket.socket, _over: threading.Event) -> None:
        connection.sendall(whole)

    return answer


def _requests(connection: socket.socket) -> Iterator[bytes]:
    buffered = b""
    while True:
        while b"\r\n\r\n" not in buffered:
            more = connection.recv(65_536)
            if not more:
                return
            buffered += more
        head, _, rest = buffered.partition(b"\r\n\r\n")
        declared = [
            line[15:] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")
        ]
        length = int(declared[0]) if declared else 0
        while len(rest) < length:
            rest += connection.recv(65_536)
        yield head + b"\r\n\r\n" + rest[:length]
        buffered = rest[length:]
