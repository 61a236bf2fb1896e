"""The sandbox as a process and as a server: ready-file, signals, loopback, and HTTP/1.1."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from tests.support.sandbox import Sandbox
from tests.workers.sandbox.api import Api
from workers.cronofy.sandbox.seeds import Seed, SeedCalendar

STALE = '{"origin": "http://127.0.0.1:1"}'
ROOT = Path(__file__).parents[3]
RUN = (
    "from pathlib import Path; from workers.cronofy.sandbox.server import serve; serve(port=0,"
    " ready_file=Path('{}'))"
)


@contextmanager
def process(ready_file: Path) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(
        [sys.executable, "-c", RUN.format(ready_file)], cwd=ROOT, stderr=subprocess.PIPE
    ) as running:
        try:
            yield running
        finally:
            running.kill()


def wait_for(path: Path) -> dict[str, Any]:
    """The ready-file's content, once the process has written it: whole, or not there."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        with suppress(FileNotFoundError):
            text = path.read_text()
            if text != STALE:
                content: dict[str, Any] = json.loads(text)
                return content
        time.sleep(0.01)
    raise TimeoutError("no ready-file")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_process_says_when_it_is_ready_and_stops_when_told(
    tmp_path: Path, number: signal.Signals
) -> None:
    # Given the ready-file of an earlier run
    ready_file = tmp_path / "sandbox.json"
    ready_file.write_text(STALE)
    with process(ready_file) as running:
        # When it says ready
        ready = wait_for(ready_file)
        # Then it serves, with accounts whose data take several pages
        assert set(ready) == {"origin", "client_id", "client_secret", "accounts"}
        assert len(ready["accounts"]) >= 2
        for account in ready["accounts"]:
            assert {"sub", "access_token", "refresh_token", "calendars"} <= set(account)
            bearer = {"Authorization": f"Bearer {account['access_token']}"}
            for kind in ("free_busy", "events"):
                page = requests.get(
                    f"{ready['origin']}/v1/{kind}?tzid=UTC", headers=bearer, timeout=60
                ).json()
                assert page["pages"]["total"] > 1
        assert stat.S_IMODE(ready_file.stat().st_mode) == 0o600
        # and stops cleanly
        os.kill(running.pid, number)
        assert running.wait(60) == 0
        assert running.stderr is not None
        assert running.stderr.read() == b""


@pytest.mark.parametrize("host", ["0.0.0.0", "", "::", "192.0.2.1"])
def test_it_binds_to_this_machine_only(host: str) -> None:
    with pytest.raises(ValueError, match=r"use 127\.0\.0\.1"):
        Sandbox(host=host)


def ask(connection: HTTPConnection) -> bytes:
    connection.request("GET", "/sandbox/clock")
    return connection.getresponse().read()


def test_two_sandboxes_live_side_by_side_and_a_stopped_one_is_gone() -> None:
    with Sandbox(seeds=[]) as one, Sandbox(seeds=[]) as two:
        assert one.origin != two.origin
        two.control.set_page_size(7)
        assert (one.control.state()["page_size"], two.control.state()["page_size"]) == (25, 7)
        kept_alive = HTTPConnection("127.0.0.1", urlsplit(one.origin).port, timeout=30)
        assert ask(kept_alive)
        one.stop()
        with pytest.raises((HTTPException, ConnectionError)):
            ask(kept_alive)
        kept_alive.close()


def test_one_that_never_started_can_be_stopped() -> None:
    sandbox = Sandbox(seeds=[])
    sandbox.stop()
    with pytest.raises(requests.ConnectionError):
        sandbox.control.now()


def test_ids_and_the_port_can_be_given() -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with Sandbox(port=port, client_id="cid", client_secret="CRN_s", seeds=[]) as sandbox:
        assert (sandbox.origin, sandbox.client_id, sandbox.client_secret) == (
            f"http://127.0.0.1:{port}",
            "cid",
            "CRN_s",
        )


def test_seeds_bring_calendars_from_files(tmp_path: Path) -> None:
    ics = tmp_path / "work.ics"
    ics.write_text(
        "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20261103\nSUMMARY:Trip\nEND:VEVENT\nEND:VCALENDAR\n"
    )
    seed = Seed(
        "Ana", "ana@school.example", "America/Sao_Paulo", "apple", (SeedCalendar("Work", ics),)
    )
    with Sandbox(seeds=[seed], now=datetime(2026, 11, 1, tzinfo=UTC)) as sandbox:
        [account] = sandbox.accounts
        [event] = Api(sandbox, account.access_token).events()
        assert (event["summary"], event["start"], account.zone) == (
            "Trip",
            "2026-11-03",
            "America/Sao_Paulo",
        )
        assert account.access_token not in repr(account)


def test_a_connection_is_kept_alive_over_bodies_that_nobody_reads(
    sandbox: Sandbox, api: Api
) -> None:
    connection = HTTPConnection("127.0.0.1", urlsplit(sandbox.origin).port, timeout=30)
    bearer = {"Authorization": f"Bearer {api.token}", "Content-Type": "application/json"}
    connection.request("GET", "/v1/userinfo", body=b"{}", headers=bearer)
    first = connection.sock
    for method, path, body in (
        ("GET", "/v1/nothing", b"{}"),
        ("DELETE", "/v1/nothing", b'{"a":1}'),
        ("POST", "/v1/userinfo", b"x" * 100_000),
        ("GET", "/v1/userinfo", b"{}"),
    ):
        answer = connection.getresponse()
        answer.read()
        connection.request(method, path, body=body, headers=bearer)
        assert connection.sock is first
    assert connection.getresponse().status == 200
    connection.close()


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (
            (
                b"POST /oauth/token HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding:"
                b" chunked\r\n\r\n0\r\n\r\n"
            ),
            b"411",
        ),
        (
            b"POST /oauth/token HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 99999999999\r\n\r\n",
            b"413",
        ),
        (b"POST /oauth/token HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: -1\r\n\r\n", b"400"),
        (b"GET /v1/userinfo HTTP/1.0\r\n\r\n", b"401"),
    ],
)
def test_odd_requests_are_refused_and_the_server_lives(
    sandbox: Sandbox, head: bytes, status: bytes
) -> None:
    with socket.create_connection(
        ("127.0.0.1", urlsplit(sandbox.origin).port or 0), timeout=30
    ) as raw:
        raw.sendall(head.replace(b"HTTP/1.0\r\n", b"HTTP/1.0\r\nHost: 127.0.0.1\r\n"))
        assert raw.recv(65536).split(b" ")[1] == status
    assert sandbox.control.now()


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/availability_rules"),
        ("POST", "/v1/smart_invites"),
        ("POST", "/v1/application_calendars"),
        ("GET", "/v2/userinfo"),
        ("POST", "/v1/userinfo"),
        ("PUT", "/v1/channels"),
        ("GET", "/favicon.ico"),
        ("GET", "/oauth/token"),
    ],
)
def test_what_is_not_there_is_404_and_empty(api: Api, method: str, path: str) -> None:
    answer = api.call(method, path)
    assert (answer.status_code, answer.content) == (404, b"")


def test_calls_in_parallel_do_not_lose_each_others_writes(
    sandbox: Sandbox, api: Api, calendar: str
) -> None:
    def write(number: int) -> None:
        for step in range(5):
            name = f"s-{number}-{step}"
            assert api.upsert(
                calendar, event_id=name, summary=name, start="2026-11-03", end="2026-11-04"
            ).ok

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(api.events(only_managed="true")) == 40
