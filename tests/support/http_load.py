"""Many requests at once, as they go over the line: each prepared whole, each answer read to its
end.

One thread, plain sockets and prepared bytes: who measures a server on the cores that it runs on
takes little of them.
"""

import json
import select
import socket
from collections.abc import Collection, Iterable
from contextlib import ExitStack
from time import perf_counter
from typing import NamedTuple
from urllib.parse import urlsplit

from workers.cronofy import signature

PATIENCE = 60
"""Seconds without any answer."""
NO_CONTENT = 204


class Answer(NamedTuple):
    status: int
    seconds: float


def request(method: str, url: str, body: bytes = b"", **headers: str) -> bytes:
    """Underscores in the names of headers are dashes."""
    to = urlsplit(url)
    head = [f"{method} {to.path}{'?' * bool(to.query)}{to.query} HTTP/1.1", f"Host: {to.netloc}"]
    head += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    if body:
        head += ["Content-Type: application/json; charset=utf-8", f"Content-Length: {len(body)}"]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


def change(callback_url: str, secret: str, channel_id: str = "chn_1") -> bytes:
    """The request that Cronofy would send when a calendar changed."""
    shown = {"channel_id": channel_id, "callback_url": callback_url, "filters": {}}
    told = {
        "notification": {"type": "change", "changes_since": "2026-06-01T07:59:00Z"},
        "channel": shown,
    }
    body = json.dumps(told).encode()
    return request("POST", callback_url, body, **{signature.HEADER: signature.sign(body, [secret])})


def send(
    origin: str, requests: Iterable[bytes], *, lines: int, fine: Collection[int] = (NO_CONTENT,)
) -> list[Answer]:
    """Send all of them over so many connections that are kept alive, on each the next once the last
    was answered.

    Fails at the first answer that is not fine, and when none comes.
    """
    waiting, since, answers = iter(requests), dict[int, float](), list[Answer]()

    def ask(line: socket.socket) -> None:
        more = next(waiting, None)
        if more is not None:
            since[line.fileno()] = perf_counter()
            line.sendall(more)

    with ExitStack() as opened:
        connected = [opened.enter_context(_line(origin)) for _ in range(lines)]
        by_number, poll = {line.fileno(): line for line in connected}, select.poll()
        for line in connected:
            poll.register(line, select.POLLIN)
            ask(line)
        while since:
            ready = poll.poll(1000 * PATIENCE)
            assert ready, f"{len(since)} requests got no answer in {PATIENCE} s"
            for number, _ in ready:
                status = _take(by_number[number], fine)
                answers.append(Answer(status, perf_counter() - since.pop(number)))
                ask(by_number[number])
    return answers


def _line(origin: str) -> socket.socket:
    url = urlsplit(origin)
    line = socket.create_connection((url.hostname, url.port), timeout=PATIENCE)
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return line


def _take(line: socket.socket, fine: Collection[int]) -> int:
    """The status of one answer, which is taken off the line whole."""
    answer, end = b"", -1
    while end < 0:
        answer += _more(line, answer)
        end = answer.find(b"\r\n\r\n")
    status = int(answer[9:12])
    assert status in fine, answer
    _, named, length = answer[:end].lower().partition(b"\r\ncontent-length: ")
    left = end + 4 - len(answer) + (int(length.partition(b"\r\n")[0]) if named else 0)
    while left > 0:
        left -= len(_more(line, answer))
    return status


def _more(line: socket.socket, so_far: bytes) -> bytes:
    more = line.recv(65_536)
    assert more, f"the line was closed after {so_far!r}"
    return more
