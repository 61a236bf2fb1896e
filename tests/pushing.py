"""Many pushes at once, as they go over the line: each a whole request of its own, whose answer is read and counted.

One thread, plain sockets and prepared bytes: who measures a server on the cores that it runs on takes little of them.
"""

import json
import select
import socket
from collections.abc import Iterable
from contextlib import ExitStack
from time import perf_counter
from urllib.parse import urlsplit

from workers.cronofy import signature

PATIENCE = 10
"""Seconds without any answer."""
ACCEPTED = b"HTTP/1.1 204 "


def change(callback_url: str, secret: str, channel_id: str = "chn_1") -> bytes:
    """The request that Cronofy would send when a calendar changed."""
    shown = {"channel_id": channel_id, "callback_url": callback_url, "filters": {}}
    told = {"notification": {"type": "change", "changes_since": "2026-06-01T07:59:00Z"}, "channel": shown}
    body = json.dumps(told).encode()
    url = urlsplit(callback_url)
    head = (
        f"POST {url.path} HTTP/1.1",
        f"Host: {url.netloc}",
        "Content-Type: application/json; charset=utf-8",
        f"{signature.HEADER}: {signature.sign(body, [secret])}",
        f"Content-Length: {len(body)}",
    )
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


def send(origin: str, pushes: Iterable[bytes], *, lines: int) -> list[float]:
    """Send all of them over so many connections that are kept alive, on each the next once the last was answered.

    Returns the seconds from each push to its answer. Fails at the first that is no 204, and when no answer comes.
    """
    waiting, since, took = iter(pushes), dict[int, float](), list[float]()

    def push(line: socket.socket) -> None:
        request = next(waiting, None)
        if request is not None:
            since[line.fileno()] = perf_counter()
            line.sendall(request)

    with ExitStack() as opened:
        connected = [opened.enter_context(_line(origin)) for _ in range(lines)]
        by_number, poll = {line.fileno(): line for line in connected}, select.poll()
        for line in connected:
            poll.register(line, select.POLLIN)
            push(line)
        while since:
            ready = poll.poll(1000 * PATIENCE)
            assert ready, f"{len(since)} pushes got no answer in {PATIENCE} s"
            for number, _ in ready:
                _take(by_number[number])
                took.append(perf_counter() - since.pop(number))
                push(by_number[number])
    return took


def _line(origin: str) -> socket.socket:
    url = urlsplit(origin)
    line = socket.create_connection((url.hostname, url.port), timeout=PATIENCE)
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return line


def _take(line: socket.socket) -> None:
    answer = b""
    while not answer.endswith(b"\r\n\r\n"):
        more = line.recv(4096)
        answer += more
        assert more, f"the line was closed after {answer!r}"
        assert answer.startswith(ACCEPTED), answer
