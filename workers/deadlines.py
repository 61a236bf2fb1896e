"""One deadline for an exchange over a socket, whatever the other side does.

The time-outs of sockets, and so those of requests and smtplib, begin anew with each byte: a server
that trickles would hold a worker past its lease.
"""

import io
import math
import select
import ssl
from collections.abc import Callable
from socket import socket
from typing import Any


class Deadline:
    """How long the current exchange may still wait."""

    def __init__(
        self, end: float, monotonic: Callable[[], float], *, longest: float = math.inf
    ) -> None:
        """`end`: a reading of `monotonic`. `longest`: seconds for any single wait."""
        self._end = end
        self._longest = longest
        self.now = monotonic

    @property
    def passed(self) -> bool:
        return self.now() >= self._end

    def wait(self) -> float:
        """Seconds, never 0, which would mean to a socket not to wait at all.
        Raises TimeoutError when the deadline has passed.
        """
        left = self._end - self.now()
        if left <= 0:
            raise TimeoutError("the deadline of this exchange has passed")
        return min(self._longest, left)


class BoundedReader(io.RawIOBase):
    """A socket's bytes, each wait for more of them cut to what is left of the deadline."""

    def __init__(self, raw: io.RawIOBase, sock: socket, deadline: Callable[[], Deadline]) -> None:
        """`deadline`: asked at each read, because connections outlive deadlines."""
        super().__init__()
        self._raw = raw
        self._sock = sock
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._sock.settimeout(self._deadline().wait())
        return self._raw.readinto(buffer)

    def close(self) -> None:
        # The raw reader counts among the socket's users: unclosed, it would keep the socket open.
        self._raw.close()
        super().close()


def write_all(sock: socket, data: bytes, deadline: Deadline) -> None:
    """All of it, and nothing once the deadline has passed. Raises TimeoutError, and OSError."""
    # The race: we are stopped between the look at the deadline and the writing, and go on when
    # somebody else has done our work. A socket that may wait waits before it writes, for the other
    # side and for Python's lock: milliseconds. One that may not is written to right after the look.
    may_wait = sock.gettimeout()
    sock.settimeout(0)
    try:
        left = memoryview(data)
        while left:
            deadline.wait()
            try:
                left = left[sock.send(left) :]
            except ssl.SSLWantReadError:
                _until(sock, select.POLLIN, deadline)
            except (BlockingIOError, ssl.SSLWantWriteError):
                _until(sock, select.POLLOUT, deadline)
    finally:
        sock.settimeout(may_wait)


def _until(sock: socket, event: int, deadline: Deadline) -> None:
    """Until it can be read, or written, or the deadline has passed."""
    waiting = select.poll()
    waiting.register(sock, event)
    waiting.poll(1000 * deadline.wait())
