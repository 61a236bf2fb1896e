"""A web process at its socket, and what clients write to it octet by octet."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPResponse

import requests

from tests.support import exposition
from tests.support.http_client import CHANGE, PUSH, SECRET, Desk
from webhooks.demo.processes import Processes
from workers.cronofy import signature


@dataclass(frozen=True)
class Server:
    address: tuple[str, int]
    inside: int
    """The port of /metrics."""
    database_url: str
    processes: Processes

    @property
    def log(self) -> str:
        return self.processes.log("web").read_text()


@dataclass
class Door:
    server: Server
    desk: Desk
    ada: str

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.address[1]}"

    @property
    def inside(self) -> str:
        return f"http://127.0.0.1:{self.server.inside}"

    def unread(self, kind: str) -> float:
        """How many requests of a kind no view saw."""
        counted = requests.get(f"{self.inside}/metrics", timeout=60).text
        return exposition.value(counted, "coachcal_unread_total", kind=kind) or 0.0

    def seconds(self) -> float:
        """How long /healthz takes; the best of a few tries, for this machine may have
        other work.
        """
        took = [
            requests.get(f"{self.url}/healthz", timeout=60).elapsed.total_seconds()
            for _ in range(5)
        ]
        return min(took)

    @contextmanager
    def line(self) -> Iterator[socket.socket]:
        with socket.create_connection(self.server.address, timeout=60) as line:
            yield line

    def push(self) -> int:
        headers = {
            signature.HEADER: signature.sign(CHANGE, [SECRET]),
            "Content-Type": "application/json",
        }
        return requests.post(self.url + PUSH, data=CHANGE, headers=headers, timeout=60).status_code


def head(raw: bytes, *framing: str, header: bytes | None = None) -> bytes:
    signed = header if header is not None else signature.sign(raw, [SECRET]).encode()
    lines = [f"POST {PUSH} HTTP/1.1", "Host: coachcal", "Content-Type: application/json", *framing]
    return (
        "\r\n".join(lines).encode()
        + b"\r\n"
        + signature.HEADER.encode()
        + b": "
        + signed
        + b"\r\n\r\n"
    )


def chunked(*chunks: bytes) -> bytes:
    return b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in (*chunks, b""))


def everything(line: socket.socket) -> bytes:
    """What comes until the other side closes."""
    return b"".join(iter(lambda: line.recv(65_536), b""))


def status(line: socket.socket) -> int:
    with HTTPResponse(line) as answer:
        answer.begin()
        answer.read()
        return answer.status


LENGTH = f"Content-Length: {len(CHANGE)}"
CHUNKED = "Transfer-Encoding: chunked"
WHOLE = chunked(CHANGE)


def altered(old: bytes, new: bytes, framing: str = LENGTH, body: bytes = CHANGE) -> bytes:
    """A good push, but for this."""
    good = head(CHANGE, framing)
    assert old in good + body
    return (good + body).replace(old, new, 1)


UNREAD = [
    ("length", head(CHANGE, LENGTH, CHUNKED) + WHOLE),
    ("length", head(CHANGE, CHUNKED, LENGTH) + WHOLE),
    ("length", head(CHANGE, LENGTH, "Content-Length: 6") + CHANGE),
    ("length", head(CHANGE, "Content-Length: -1") + CHANGE),
    ("length", head(CHANGE, "Content-Length: +5") + CHANGE),
    ("length", head(CHANGE, "Transfer-Encoding: chunked, identity") + WHOLE),
    ("length", head(CHANGE, "Transfer-Encoding: gzip, chunked") + WHOLE),
    ("length", head(CHANGE, "Transfer-Encoding: xchunked") + WHOLE),
    ("length", altered(b"HTTP/1.1", b"HTTP/1.0", CHUNKED, WHOLE)),
    ("chunk", head(CHANGE, CHUNKED) + b"zz\r\n" + WHOLE),
    ("chunk", head(CHANGE, CHUNKED) + b"-5\r\n" + WHOLE),
    ("chunk", head(CHANGE, CHUNKED) + WHOLE.replace(b"\r\n0\r\n", b"..\r\n0\r\n")),
    ("chunk", head(CHANGE, CHUNKED) + WHOLE.replace(b"\r\n", b"\n")),
    ("host", altered(b"Host: coachcal\r\n", b"")),
    ("host", altered(b"Host: coachcal", b"Host: coachcal\r\nHost: other")),
    ("line_end", altered(b"HTTP/1.1\r\n", b"HTTP/1.1\n")),
    ("line_end", altered(b"Host: coachcal\r\n", b"Host: coachcal\n")),
    ("head", altered(b"\r\n\r\n", b"\r\n\n")),
    ("head", altered(b"Host: coachcal", b"Host : coachcal")),
    ("head", altered(b"Host: coachcal\r\n", b"Host: coachcal\r\n folded\r\n")),
    ("head", altered(b"HTTP/1.1", b"HTTP/3.1")),
    ("head", altered(b"Host", b"A: \x00\r\nHost")),
    ("head", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"),
    ("target", altered(b" /webhooks", b" http://elsewhere.example/webhooks")),
    ("target", altered(b"POST /webhooks", b"CONNECT webhooks")),
]
