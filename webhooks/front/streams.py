"""Answers that are too long to be kept whole: they go out piece by piece, as their client takes
them.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from threading import Lock

PIECE_SECONDS = 60.0
"""For a client to take what lies in the network's buffers, before the line is cut."""
STREAM_SECONDS = 900.0
"""For a whole stream to be taken: who takes each piece at the last moment would hold its place for
hours.
"""
MARK = ("X-Accel-Buffering", "no")
"""Of an answer that goes out so. (It tells nginx to pass it on so, too.)"""
END = b"0\r\n\r\n"


class Broken(Exception):
    """Half of an answer is out, and there is no other half: the line has to be cut."""


class StreamPlaces:
    """Whose streams go out just now: so many at once, and one of each client."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._taken: set[str] = set()
        self._lock = Lock()

    def take(self, client_id: str) -> bool:
        """False: it has to wait."""
        # The race: two that find the last place free.
        with self._lock:
            if client_id in self._taken or len(self._taken) >= self._most:
                return False
            self._taken.add(client_id)
            return True

    def leave(self, client_id: str) -> None:
        with self._lock:
            self._taken.remove(client_id)


class Outlet(asyncio.Protocol):
    """The side of a line on which an answer goes out."""

    loop: asyncio.AbstractEventLoop
    _transport: asyncio.Transport
    _full = _gone = False
    _taken: Future[None] | None = None

    def pause_writing(self) -> None:
        self._full = True

    def resume_writing(self) -> None:
        self._full = False
        self._settle()

    def connection_lost(self, _error: Exception | None) -> None:
        self._gone = True
        self._settle()

    def put(self, octets: bytes) -> None:
        """In a thread: done when there is room for more. Raises Broken when nobody takes it."""
        taken: Future[None] = Future()
        with suppress(RuntimeError):  # the loop has ended: nobody takes it any more
            self.loop.call_soon_threadsafe(self._write, octets, taken)
        try:
            taken.result(PIECE_SECONDS)
        except TimeoutError:
            raise Broken from None
        if self._gone:
            raise Broken

    def cut(self) -> None:
        """In a thread."""
        with suppress(RuntimeError):
            self.loop.call_soon_threadsafe(self._transport.abort)

    def _write(self, octets: bytes, taken: Future[None]) -> None:
        self._taken = taken
        self._transport.write(octets)  # which may say pause_writing
        if not self._full or self._gone:
            self._settle()

    def _settle(self) -> None:
        taken, self._taken = self._taken, None
        if taken is not None and not taken.done():
            taken.set_result(None)


def is_stream(headers: Sequence[tuple[str, str]]) -> bool:
    return MARK in headers


def send(
    body: Iterable[bytes], head: bytes, put: Callable[[bytes], None], *, chunked: bool
) -> bytes:
    """Put out all but the last octets, which are answered. Raises Broken if it takes too long."""
    ends = time.monotonic() + STREAM_SECONDS
    put(head)
    for piece in filter(None, body):
        if time.monotonic() > ends:
            raise Broken
        framed = piece
        if chunked:
            framed = b"%x\r\n%b\r\n" % (len(piece), piece)
        put(framed)
    if chunked:
        return END
    return b""
