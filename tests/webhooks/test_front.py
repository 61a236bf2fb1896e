"""What stands before the application: lines of real sockets in this process, with short waits and
small bounds.
"""

import asyncio
import re
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPResponse

import pytest

from tests.support.waits import until
from webhooks.front import hall, kinds, line, wsgi
from webhooks.front.hall import Hall
from webhooks.front.line import Line
from webhooks.front.wsgi import Environ
from webhooks.http.requests import BODY_CAP

CLOSE = b"GET /last HTTP/1.1\r\nHost: us\r\nConnection: close\r\n\r\n"
LARGE_BYTES = 20_000_000
GET = b"GET /%s HTTP/1.1\r\nHost: us\r\n\r\n"
UPGRADE = b"Connection: Upgrade\r\nUpgrade: h2c\r\n"
SHORT = {"READ_SECONDS": 0.4, "IDLE_SECONDS": 2.0, "TAKE_SECONDS": 0.4}
"""Who is idle has to be answered before, on a machine that stalls too."""


@dataclass
class Front:
    """A hall with a door, and an application that answers by the path."""

    address: tuple[str, int] = ("", 0)
    seen: list[Environ] = field(default_factory=list)
    go: threading.Event = field(default_factory=threading.Event)

    def application(self, environ: Environ, start: Callable[..., object]) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        self.seen.append(environ | {"body": environ["wsgi.input"].read()})
        if path == "/fails":
            raise ValueError(path)
        if path == "/waits":
            assert self.go.wait(30)
        headers = [("X-Told", "\u20ac")] if path == "/unspeakable" else []
        start("204 NO CONTENT" if path == "/nothing" else "200 OK", headers)
        return [b"." * LARGE_BYTES] if path == "/large" else [path.encode(), b"!"]

    @contextmanager
    def line(self, said: bytes = b"") -> Iterator[socket.socket]:
        with socket.create_connection(self.address, timeout=30) as connected:
            connected.sendall(said)
            yield connected

    def serve(self, ready: threading.Event) -> None:
        asyncio.run(self._serve(ready))

    async def _serve(self, ready: threading.Event) -> None:
        self.hall = Hall(
            self.application, 2, lambda kind, _: (f"{kinds.KINDS[kind][0]} {kind}", (), b"")
        )
        self.stop = asyncio.Event()
        server = await asyncio.get_running_loop().create_server(
            lambda: Line(self.hall), "127.0.0.1", 0
        )
        self.address = server.sockets[0].getsockname()
        ready.set()
        while not self.stop.is_set():
            self.hall.look_round()
            await asyncio.sleep(0.02)
        server.close()
        self.hall.close()

    def call(self, do: Callable[[], object]) -> None:
        self.hall.loop.call_soon_threadsafe(do)


@pytest.fixture
def front() -> Iterator[Front]:
    made, ready = Front(), threading.Event()
    serving = threading.Thread(target=made.serve, args=(ready,))
    serving.start()
    assert ready.wait(30)
    yield made
    made.go.set()
    made.call(made.stop.set)
    serving.join()


@pytest.fixture(params=SHORT)
def short(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(line, request.param, SHORT[request.param])
    return str(request.param)


def rest(connected: socket.socket) -> bytes:
    """What comes until the other side closes."""
    return b"".join(iter(lambda: connected.recv(1 << 20), b""))


def answer(connected: socket.socket, method: str = "GET") -> tuple[int, bytes, HTTPResponse]:
    with HTTPResponse(connected, method=method) as told:
        told.begin()
        return told.status, told.read(), told


HALVES = [GET[:9], GET[:-2], b"POST / HTTP/1.1\r\nHost: us\r\nContent-Length: 5\r\n\r\n12"]


@pytest.mark.parametrize("short", ["READ_SECONDS"], indirect=True)
@pytest.mark.parametrize("half", [*HALVES, GET % b"first" + HALVES[2]])
def test_whoever_stops_in_the_middle_is_told_that_they_are_late(
    front: Front, short: str, half: bytes
) -> None:
    with front.line(half) as slow:
        assert rest(slow).rpartition(b"HTTP/1.1 ")[2].startswith(b"408 late")


@pytest.mark.parametrize("short", ["READ_SECONDS"], indirect=True)
def test_whoever_trickles_is_late_all_the_same(front: Front, short: str) -> None:
    with front.line(b"POST / HTTP/1.1\r\nHost: us\r\nContent-Length: 9999\r\n\r\n") as slow:
        slow.settimeout(0.02)
        told = b""
        while not told:
            slow.sendall(b".")
            with suppress(TimeoutError):
                told = slow.recv(1000)
    assert told.startswith(b"HTTP/1.1 408 late")


@pytest.mark.parametrize("short", ["IDLE_SECONDS"], indirect=True)
def test_whoever_says_nothing_is_shown_out_without_a_word(front: Front, short: str) -> None:
    with front.line() as new, front.line(GET % b"a") as known:
        assert answer(known)[:2] == (200, b"/a!")
        assert rest(new) == rest(known) == b""


@pytest.mark.parametrize("short", ["TAKE_SECONDS"], indirect=True)
def test_whoever_does_not_take_an_answer_is_shown_out(front: Front, short: str) -> None:
    with front.line(GET % b"large"):
        until(lambda: bool(front.seen))
        until(lambda: not front.hall.lines)


def test_requests_sent_ahead_are_answered_in_their_order(front: Front) -> None:
    asked = b"".join(GET % b"%d" % number for number in range(9)) + CLOSE
    with front.line(asked) as eager:
        told = rest(eager)
    assert re.findall(rb"/(\w+)!", told) == [*[b"%d" % number for number in range(9)], b"last"]


def test_so_many_sent_ahead_are_too_many(front: Front) -> None:
    with front.line(GET % b"waits" + GET % b"more" * kinds.MOST_AHEAD * 2) as eager:
        until(lambda: bool(front.seen))
        front.go.set()
        told = rest(eager)
    assert told.count(b"HTTP/1.1 200") == kinds.MOST_AHEAD + 1
    assert told.rpartition(b"HTTP/1.1 ")[2].startswith(b"400 ahead")


def test_answers_without_a_body_have_none(front: Front) -> None:
    with front.line(GET % b"nothing") as asking:
        assert answer(asking)[:2] == (204, b"")
        asking.sendall(GET.replace(b"GET", b"HEAD") % b"a")
        status, body, told = answer(asking, "HEAD")
        assert (status, body, told.headers["Content-Length"]) == (200, b"", "3")
        asking.sendall(GET % b"a")
        assert answer(asking)[:2] == (200, b"/a!")


@pytest.mark.parametrize("path", [b"fails", b"unspeakable"])
def test_an_application_that_fails_has_answered(front: Front, path: bytes) -> None:
    with front.line(GET % path) as asking:
        assert answer(asking)[:2] == (500, b"")  # as this application refuses
        asking.sendall(GET % b"a")
        assert answer(asking)[:2] == (200, b"/a!")


def test_a_body_in_chunks_comes_whole_with_its_length(front: Front) -> None:
    head = (
        b"POST /a%20b?c=%20 HTTP/1.1\r\nHost: us\r\nTransfer-Encoding: chunked\r\nExpect:"
        b" 100-continue\r\n\r\n"
    )
    with front.line(head) as asking:
        assert asking.recv(1000) == line.CONTINUE
        for piece in (b"3\r\nab", b"c\r", b"\n2;x=y\r\nde\r\n0\r\nX-After: 1\r\n\r\n"):
            asking.sendall(piece)
            time.sleep(0.02)
        assert answer(asking)[:2] == (200, b"/a b!")
    (seen,) = front.seen
    assert (seen["body"], seen["CONTENT_LENGTH"], seen["QUERY_STRING"]) == (b"abcde", "5", "c=%20")
    assert not {"HTTP_TRANSFER_ENCODING", "HTTP_X_AFTER"} & set(seen)


def test_no_more_than_the_cap_is_read_and_the_application_learns_of_it(front: Front) -> None:
    sent = b"%x\r\n%s\r\n" % (BODY_CAP * 2, b"." * BODY_CAP * 2)
    heads = (
        b"Transfer-Encoding: chunked\r\n\r\n" + sent,
        b"Content-Length: %d\r\n\r\n" % (BODY_CAP * 2),
    )
    for head in heads:
        with front.line(b"POST / HTTP/1.1\r\nHost: us\r\n" + head) as asking:
            assert rest(asking).startswith(b"HTTP/1.1 200 ")
    assert all(int(seen["CONTENT_LENGTH"]) > BODY_CAP for seen in front.seen)
    assert front.hall.kept == 0


@pytest.mark.parametrize(
    ("before", "told"),
    [
        (b"", b"431 large_head"),
        (b"Transfer-Encoding: chunked\r\n\r\n1\r\n.\r\n0\r\n", b"400 chunk"),
    ],
    ids=["in the head", "behind a body"],
)
def test_a_field_that_does_not_end_is_ended(front: Front, before: bytes, told: bytes) -> None:
    with front.line(b"POST / HTTP/1.1\r\nHost: us\r\n" + before + b"A: ") as endless:
        endless.sendall(b"." * (line.MOST_OF_ONE + 1))
        assert rest(endless).startswith(b"HTTP/1.1 " + told)
    until(lambda: front.hall.kept == 0)


@pytest.mark.parametrize(
    "body", [b"Content-Length: 2\r\n\r\n{}", b"Transfer-Encoding: chunked\r\n\r\n"]
)
def test_a_body_behind_an_upgrade_is_refused_and_not_lost(front: Front, body: bytes) -> None:
    with front.line(b"POST / HTTP/1.1\r\nHost: us\r\n" + UPGRADE + body) as asking:
        assert rest(asking).startswith(b"HTTP/1.1 400 upgrade")
    assert front.seen == []


def test_repeated_fields_are_joined_and_others_left_alone(front: Front) -> None:
    fields = b"A-B: 1\r\na-b: 2\r\nA_B: 3\r\nCookie: x=1\r\nCookie: y=2\r\n"
    with front.line(b"GET / HTTP/1.0\r\n" + fields + b"\r\n") as asking:
        assert b"Connection: close" in rest(asking)
    (seen,) = front.seen
    assert (seen["HTTP_A_B"], seen["HTTP_COOKIE"], seen["SCRIPT_NAME"]) == ("1,2", "x=1; y=2", "")
    assert (seen["SERVER_PORT"], seen["REMOTE_ADDR"]) == (str(front.address[1]), "127.0.0.1")


def test_whoever_asked_and_then_closed_their_side_is_answered(front: Front) -> None:
    with front.line(GET % b"waits") as asking:
        until(lambda: bool(front.seen))
        asking.shutdown(socket.SHUT_WR)
        time.sleep(0.05)
        front.go.set()
        assert rest(asking).endswith(b"/waits!")


def test_in_a_crowd_who_waited_longest_goes_first(
    front: Front, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hall, "MOST_LINES", 2)
    with front.line(GET[:4]) as first, front.line(GET[:4]) as second:
        until(lambda: front.hall.kept == 2 * len(GET[:4]))
        front.call(front.hall.room)
        assert rest(first).startswith(b"HTTP/1.1 503 crowded")
        second.sendall(GET[4:])
        assert answer(second)[0] == 200


def test_bodies_that_do_not_end_are_not_kept_without_bound(
    front: Front, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hall, "MOST_KEPT", 10_000)
    begun = b"POST / HTTP/1.1\r\nHost: us\r\nContent-Length: 9000\r\n\r\n" + b"." * 6_000
    with front.line(begun) as first:
        until(lambda: front.hall.kept == len(begun))
        with front.line(begun) as second:
            assert rest(first).startswith(b"HTTP/1.1 503 crowded")
            second.sendall(b"." * 3_000)
            assert answer(second)[0] == 200
    until(lambda: front.hall.kept == 0)


def test_who_leaves_answers_what_was_begun(front: Front) -> None:
    with front.line(GET % b"waits") as begun, front.line(HALVES[2]) as half, front.line() as idle:
        heard = len(GET % b"waits") + len(HALVES[2])
        until(lambda: len(front.hall.lines) == 3 and front.hall.kept == heard and bool(front.seen))
        front.call(front.hall.leave)
        assert rest(idle) == b""
        half.sendall(b"345")
        front.go.set()
        for asked, path in ((begun, b"/waits!"), (half, b"/!")):
            told = rest(asked)
            assert told.endswith(path)
            assert told.startswith(b"HTTP/1.1 200 ")


def test_the_date_is_written_as_http_wants_it() -> None:
    assert b"\r\nDate: " in wsgi.written(("200 OK", (), b""), keep=True)
