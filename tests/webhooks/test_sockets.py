"""The door itself: the Procfile's web process, and clients that cheat about lengths, dawdle, are
silent, or hang up.
"""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import requests
from cryptography.fernet import Fernet
from dramatiq.brokers.stub import StubBroker

from tests.support import http_client as desks
from tests.support import people
from tests.support.databases import copy_of
from tests.support.http_client import CHANGE, NOWHERE, SECRET, Desk
from tests.support.ports import free_port
from tests.support.processes import until_served
from tests.webhooks.door import (
    LENGTH,
    UNREAD,
    Door,
    Server,
    chunked,
    everything,
    head,
    status,
)
from webhooks.demo.processes import Processes, StepFailed
from webhooks.http.requests import PUSH_CAP

ROOT = Path(__file__).parents[2]
SILENT = 200
FULL = CHANGE[:-1] + b" " * (PUSH_CAP - len(CHANGE)) + b"}"


@pytest.fixture(scope="module")
def server(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The Procfile's command, with everything from the environment: and what it needs."""
    folder = tmp_path_factory.mktemp("door")
    url, port = copy_of(sqlite_template, folder / "db.sqlite"), free_port()
    environment = {
        "PATH": os.environ["PATH"],
        "DATABASE_URL": url,
        "REDIS_URL": NOWHERE,
        "COACHCAL_PUBLIC_URL": "http://127.0.0.1:8000",
        "COACHCAL_SECRET_KEYS": Fernet.generate_key().decode(),
        "COACHCAL_CRONOFY_CLIENT_ID": "client",
        "COACHCAL_CRONOFY_CLIENT_SECRETS": SECRET,
        "COACHCAL_LOG_LEVEL": "error",
        "COACHCAL_LIMIT_WRONG": "0",
        "COACHCAL_WEB_PROCESSES": "1",
        "COACHCAL_WEB_THREADS": "3",
        "PORT": str(port),
        "COACHCAL_INTERNAL_PORT": str(free_port()),
    }
    processes = Processes(folder)
    processes.start("web", *web_command(), env=environment)
    try:
        until_served(processes, f"http://127.0.0.1:{port}/healthz")
        yield Server(
            ("127.0.0.1", port), int(environment["COACHCAL_INTERNAL_PORT"]), url, processes
        )
    finally:
        processes.stop()


def web_command() -> list[str]:
    """What the Procfile says of the web process, without `python -m webhooks`."""
    (line,) = [
        line for line in (ROOT / "Procfile").read_text().splitlines() if line.startswith("web:")
    ]
    python, dash_m, module, *command = line.removeprefix("web:").split()
    assert (python, dash_m, module) == ("python", "-m", "webhooks")
    return command


@pytest.fixture(scope="module")
def desk(server: Server) -> Iterator[Desk]:
    """The same database, looked at from here."""
    with desks.opened(server.database_url, broker=StubBroker()) as opened:
        people.introduce(opened.database)
        yield opened


@pytest.fixture(scope="module")
def connection(desk: Desk) -> str:
    return desks.connect(desk)


@pytest.fixture
def door(server: Server, desk: Desk, connection: str) -> Door:
    """Nothing is owed when a test begins."""
    if desk.owes(connection):
        with desk.database.write() as tx:
            tx.exec_driver_sql("UPDATE connections SET done_gen = req_gen, next_attempt_at_ms = 0")
    return Door(server, desk, connection)


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


@pytest.mark.parametrize(("kind", "raw"), UNREAD, ids=lambda it: it if isinstance(it, str) else "")
def test_what_two_readers_could_read_differently_is_refused_and_counted(
    door: Door, kind: str, raw: bytes
) -> None:
    before = door.unread(kind)
    # Given a request that would be a push, and one that would be smuggled in behind it
    with door.line() as line:
        line.sendall(raw + b"GET /healthz HTTP/1.1\r\nHost: coachcal\r\n\r\n")
        told = everything(line)
    # Then it is answered once, the line is closed, and no view saw it
    assert told.startswith(b"HTTP/1.1 400 ")
    assert told.count(b"HTTP/1.1 ") == 1
    assert b'"code":"bad_request"' in told
    assert door.unread(kind) == before + 1
    assert door.desk.owes(door.ada) == 0
    assert "Traceback" not in door.server.log


@pytest.mark.parametrize(
    ("kind", "raw", "answered"),
    [
        ("long_target", b"GET /" + b"a" * 9_000 + b" HTTP/1.1\r\nHost: c\r\n\r\n", b"414"),
        ("large_head", b"GET / HTTP/1.1\r\nHost: c\r\nA: " + b"a" * 40_000 + b"\r\n\r\n", b"431"),
        ("large_head", b"GET / HTTP/1.1\r\nHost: c\r\n" + b"A: b\r\n" * 200 + b"\r\n", b"431"),
    ],
)
def test_a_head_has_its_bounds(door: Door, kind: str, raw: bytes, answered: bytes) -> None:
    before = door.unread(kind)
    with door.line() as line:
        line.sendall(raw)
        assert everything(line).startswith(b"HTTP/1.1 " + answered)
    assert door.unread(kind) == before + 1


def test_no_header_changes_the_path(door: Door) -> None:
    for name in ("SCRIPT_NAME", "Script-Name", "PATH_INFO", "Path-Info"):
        assert (
            requests.get(
                f"{door.url}/inside/healthz", headers={name: "/inside"}, timeout=60
            ).status_code
            == 404
        )
        assert (
            requests.get(f"{door.url}/healthz", headers={name: "/healthz"}, timeout=60).status_code
            == 200
        )


def test_a_header_with_an_underscore_is_not_another_one(door: Door) -> None:
    underscored = head(CHANGE, LENGTH).replace(b"Cronofy-HMAC", b"Cronofy_HMAC")
    assert b"Cronofy_HMAC" in underscored
    with door.line() as line:
        line.sendall(underscored + CHANGE)
        assert status(line) == 401


def test_metrics_and_ops_are_at_the_port_for_the_inside_alone(door: Door) -> None:
    for path, there in (
        ("/metrics", 200),
        ("/ops", 200),
        ("/ops/login", 200),
        ("/ops/static/ops.css", 200),
    ):
        assert requests.get(f"{door.inside}{path}", timeout=60).status_code == there
        outside = requests.get(
            f"{door.url}{path}", headers={"Host": f"127.0.0.1:{door.server.inside}"}, timeout=60
        )
        assert (outside.status_code, outside.json()["code"]) == (404, "unknown_path")
    assert requests.get(f"{door.inside}/healthz", timeout=60).ok


@pytest.mark.parametrize(
    "said", [b"", b"POST /webh", head(CHANGE, LENGTH)[:-2], head(CHANGE, LENGTH) + CHANGE[:9]]
)
def test_two_hundred_who_are_silent_keep_nobody_out(door: Door, said: bytes) -> None:
    with ExitStack() as silent:
        for _ in range(SILENT):
            silent.enter_context(door.line()).sendall(said)
        assert door.seconds() < 1
        assert door.push() == 204
    assert door.desk.owes(door.ada) == 1


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


def test_who_is_told_to_stop_answers_what_was_begun(door: Door) -> None:
    """The last one: nobody serves after it."""
    processes = door.server.processes
    with door.line() as begun, door.line() as idle:
        begun.sendall(head(CHANGE, LENGTH) + CHANGE[:-1])
        # Whoever came before and spoke before has been heard by the time that this is answered
        assert requests.get(f"{door.url}/healthz", timeout=60).ok
        os.kill(processes.pid("web"), signal.SIGTERM)
        assert everything(idle) == b""
        begun.sendall(CHANGE[-1:])
        assert everything(begun).startswith(b"HTTP/1.1 204 ")
    assert door.desk.owes(door.ada) == 1
    with pytest.raises(StepFailed, match="ended with 0"):
        watch(processes, 60)


def watch(processes: Processes, seconds: float) -> None:
    """Raises StepFailed as soon as one has ended."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        processes.check()
        time.sleep(0.05)
