"""Streams through what stands before the application: piece by piece, as clients take them."""

import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from webhooks.front import streams, wsgi
from webhooks.front.streams import MARK, Broken
from webhooks.front.wsgi import Environ

ASKED = {"REQUEST_METHOD": "GET", "SERVER_PROTOCOL": "HTTP/1.1", "PATH_INFO": "/"}


def streaming(pieces: Iterable[bytes]) -> Callable[[Environ, Callable[..., Any]], Iterable[bytes]]:
    def application(_: Environ, start: Callable[..., Any]) -> Iterable[bytes]:
        start("200 OK", [MARK])
        return pieces

    return application


def answered(pieces: Iterable[bytes], put: Callable[[bytes], None], **asked: str) -> bytes:
    refuse = lambda *_: ("500 Fault", (), b"")  # noqa: E731 (a line)
    return wsgi.answered(streaming(pieces), ASKED | asked, lambda: True, refuse, put)


def test_each_piece_goes_out_before_the_next_is_made() -> None:
    # Given an answer that notes when each of its pieces is made
    happened: list[str] = []

    def pieces() -> Iterator[bytes]:
        for number in range(2):
            happened.append(f"made {number}")
            yield b"ab"

    # When it is put on a line
    end = answered(pieces(), lambda octets: happened.append(octets.decode("latin-1")))
    # Then it is framed in chunks, one at a time, and the line stays open
    assert "Transfer-Encoding: chunked" in happened[0]
    assert "Content-Length" not in happened[0]
    assert "Connection: close" not in happened[0]
    assert happened[1:] == ["made 0", "2\r\nab\r\n", "made 1", "2\r\nab\r\n"]
    assert end == b"0\r\n\r\n"


def test_a_client_of_http_1_0_knows_the_end_by_the_line_s() -> None:
    out: list[bytes] = []
    assert answered([b"ab"], out.append, SERVER_PROTOCOL="HTTP/1.0") == b""
    assert b"Connection: close" in out[0]
    assert out[1:] == [b"ab"]


def test_what_fails_half_way_is_cut_and_does_not_look_whole() -> None:
    def pieces() -> Iterator[bytes]:
        yield b"ab"
        raise ValueError

    with pytest.raises(Broken):
        answered(pieces(), lambda _: None)


def test_a_head_request_gets_no_piece() -> None:
    out: list[bytes] = []
    assert answered([b"ab"], out.append, REQUEST_METHOD="HEAD").startswith(b"HTTP/1.1 200")
    assert out == []


def test_a_stream_that_is_taken_too_slowly_is_broken_off(monkeypatch: pytest.MonkeyPatch) -> None:
    # Given a client that takes each piece in the last second it has for it
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    taken: list[bytes] = []

    def put(octets: bytes) -> None:
        taken.append(octets)
        now[0] += streams.PIECE_SECONDS - 1

    # When it reads a long list: then the line is cut, and the list let go
    with pytest.raises(Broken):
        answered([b"ab"] * 1000, put)
    assert len(taken) < 20
