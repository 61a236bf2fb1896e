"""The door itself: gunicorn on a real socket, and clients that cheat about lengths, dawdle, or hang
up.
"""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPResponse
from pathlib import Path

import pytest
import requests
from cryptography.fernet import Fernet
from dramatiq.brokers.stub import StubBroker

from tests.support import http_client as desks
from tests.support import people
from tests.support.databases import copy_of
from tests.support.http_client import CHANGE, NOWHERE, PUSH, SECRET, Desk
from webhooks.http.requests import PUSH_CAP
from workers.cronofy import signature

ROOT = Path(__file__).parents[2]
FULL = CHANGE[:-1] + b" " * (PUSH_CAP - len(CHANGE)) + b"}"


@dataclass
class Door:
    address: tuple[str, int]
    desk: Desk
    ada: str

    @property
    def url(self) -> str:
        return f"http://{self.address[0]}:{self.address[1]}"

    @contextmanager
    def line(self) -> Iterator[socket.socket]:
        with socket.create_connection(self.address, timeout=10) as line:
            yield line

    def push(self) -> int:
        headers = {
            signature.HEADER: signature.sign(CHANGE, [SECRET]),
            "Content-Type": "application/json",
        }
        return requests.post(self.url + PUSH, data=CHANGE, headers=headers, timeout=10).status_code


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


def status(line: socket.socket) -> int:
    with HTTPResponse(line) as answer:
        answer.begin()
        answer.read()
        return answer.status


@pytest.fixture(scope="module")
def server(
    sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[tuple[str, int], str]]:
    """Gunicorn, with everything from the environment: (its address, its database)."""
    url = copy_of(sqlite_template, tmp_path_factory.mktemp("door") / "db.sqlite")
    environment = {
        "PATH": os.environ["PATH"],
        "DATABASE_URL": url,
        "REDIS_URL": NOWHERE,
        "COACHCAL_PUBLIC_URL": "http://127.0.0.1:8000",
        "COACHCAL_SECRET_KEYS": Fernet.generate_key().decode(),
        "COACHCAL_CRONOFY_CLIENT_ID": "client",
        "COACHCAL_CRONOFY_CLIENT_SECRETS": SECRET,
        "COACHCAL_LOG_LEVEL": "error",
    }
    with socket.create_server(("127.0.0.1", 0)) as listening:
        options = [
            "--worker-class=gthread",
            "--threads=3",
            "--no-control-socket",
            "--log-level=error",
            "--graceful-timeout=1",
        ]
        bind = f"--bind=fd://{listening.fileno()}"
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "webhooks.app:create_app()", bind, *options],
            cwd=ROOT,
            env=environment,
            pass_fds=[listening.fileno()],
        )
        try:
            host, port = listening.getsockname()
            assert requests.get(f"http://{host}:{port}/healthz", timeout=30).ok
            yield (host, port), url
        finally:
            process.terminate()
            process.wait()


@pytest.fixture(scope="module")
def desk(server: tuple[tuple[str, int], str]) -> Iterator[Desk]:
    """The same database, looked at from here."""
    with desks.opened(server[1], broker=StubBroker()) as opened:
        people.introduce(opened.database)
        yield opened


@pytest.fixture(scope="module")
def connection(desk: Desk) -> str:
    return desks.connect(desk)


@pytest.fixture
def door(server: tuple[tuple[str, int], str], desk: Desk, connection: str) -> Door:
    """Nothing is owed when a test begins."""
    if desk.owes(connection):
        with desk.database.write() as tx:
            tx.exec_driver_sql("UPDATE connections SET done_gen = req_gen, next_attempt_at_ms = 0")
    return Door(server[0], desk, connection)


def test_a_push_comes_through(door: Door) -> None:
    assert door.push() == 204
    assert door.desk.owes(door.ada) == 1


def test_several_pushes_come_through_one_connection(door: Door) -> None:
    with door.line() as line:
        for _ in range(3):
            line.sendall(head(CHANGE, f"Content-Length: {len(CHANGE)}") + CHANGE)
            assert status(line) == 204


@pytest.mark.parametrize("raw", [CHANGE, FULL], ids=["small", "as large as allowed"])
def test_a_push_in_chunks_comes_through(door: Door, raw: bytes) -> None:
    with door.line() as line:
        pieces = (raw[at : at + 1000] for at in range(0, len(raw), 1000))
        line.sendall(head(raw, "Transfer-Encoding: chunked") + chunked(*pieces))
        assert status(line) == 204
    assert door.desk.owes(door.ada) == 1


@pytest.mark.parametrize("more", [b" ", b" " * 100_000], ids=["one byte", "much more"])
def test_chunks_over_the_cap_are_refused_and_not_cut_to_it(door: Door, more: bytes) -> None:
    # Given a body whose first 64 kB alone would pass, signature and all
    with door.line() as line:
        line.sendall(head(FULL, "Transfer-Encoding: chunked") + chunked(FULL, more))
        # Then all of it is refused
        assert status(line) == 413
    assert door.desk.owes(door.ada) == 0


def test_a_length_over_the_cap_is_refused_before_the_body_is_sent(door: Door) -> None:
    with door.line() as line:
        line.sendall(head(CHANGE, "Content-Length: 2000000"))
        assert status(line) == 413
    assert door.desk.owes(door.ada) == 0


@pytest.mark.parametrize(
    "framing",
    [
        ("Content-Length: 5", "Transfer-Encoding: chunked"),
        ("Content-Length: 5", "Content-Length: 6"),
        ("Content-Length: -1",),
        ("Content-Length: +5",),
        ("Transfer-Encoding: chunked, identity",),
        ("Transfer-Encoding: xchunked",),
    ],
    ids=str,
)
def test_a_body_whose_length_is_in_doubt_is_no_push(door: Door, framing: tuple[str, ...]) -> None:
    with door.line() as line:
        line.sendall(head(CHANGE, *framing) + chunked(CHANGE))
        assert 400 <= status(line) < 600
    assert door.desk.owes(door.ada) == 0
    assert door.push() == 204


@pytest.mark.parametrize("header", [b"\xff\xfe\x80", "ünïcödé".encode(), b"", b"a" * 5_000])
def test_a_hostile_signature_is_401(door: Door, header: bytes) -> None:
    with door.line() as line:
        line.sendall(head(CHANGE, f"Content-Length: {len(CHANGE)}", header=header) + CHANGE)
        assert status(line) == 401
    assert door.desk.owes(door.ada) == 0


def test_who_hangs_up_half_way_has_said_nothing(door: Door) -> None:
    for framing in (f"Content-Length: {len(CHANGE)}", "Transfer-Encoding: chunked"):
        with door.line() as line:
            line.sendall(head(CHANGE, framing) + CHANGE[: len(CHANGE) // 2])
    assert door.push() == 204
    assert door.desk.owes(door.ada) == 1


def test_who_dawdles_does_not_keep_the_others_out(door: Door) -> None:
    with door.line() as slow, door.line() as slower:
        # Given two clients who stop in the middle of their sentence
        slow.sendall(head(CHANGE, f"Content-Length: {len(CHANGE)}") + CHANGE[:10])
        slower.sendall(head(CHANGE, "Content-Length: 100")[:40])
        # Then another one is answered, and the slow one too when it goes on
        assert door.push() == 204
        slow.sendall(CHANGE[10:])
        assert status(slow) == 204


def test_nothing_that_was_cut_or_refused_holds_the_database(door: Door) -> None:
    assert door.desk.put("/v1/coaches/ada", desks.SETTINGS).status_code == 200
