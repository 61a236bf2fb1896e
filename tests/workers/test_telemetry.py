"""Errors to Sentry: what broke is told, to whom it happened is not."""

import gzip
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BREAKS = """
import structlog, sentry_sdk
from types import SimpleNamespace
from pydantic import SecretStr
from workers import logs, telemetry
sink = SecretStr("http://public@127.0.0.1:{port}/1")
telemetry.start(SimpleNamespace(sentry_dsn=sink, otlp_endpoint=None))
logs.configure("info", telemetry.report)
structlog.contextvars.bind_contextvars(request_id="req-1")
participant = "Grace Hopper"
try:
    raise ValueError("nobody at grace@example.test")
except ValueError:
    structlog.get_logger().exception("job_failed")
sentry_sdk.flush(60)
"""


class Inbox(HTTPServer):
    """What a Sentry would be sent."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Taking)
        self.taken: list[str] = []


class Taking(BaseHTTPRequestHandler):
    server: Inbox

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers["Content-Length"]))
        body = gzip.decompress(raw) if self.headers.get("Content-Encoding") == "gzip" else raw
        self.server.taken.append(body.decode())
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    with Inbox() as inbox:
        threading.Thread(target=inbox.serve_forever, args=(0.05,), daemon=True).start()
        yield inbox
        inbox.shutdown()


def test_an_error_is_told_by_its_place_and_its_request_and_without_any_data(inbox: Inbox) -> None:
    code = BREAKS.replace("{port}", str(inbox.server_port))
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    (told,) = inbox.taken
    for word in ("ValueError", "nobody at", "job_failed", "req-1"):
        assert word in told
    for secret in ("Grace", "grace@example.test"):
        assert secret not in told
    assert "job_failed" in done.stderr


def test_without_a_dsn_nothing_is_loaded() -> None:
    code = "import sys; from types import SimpleNamespace as N; from workers import telemetry; "
    code += "telemetry.start(N(sentry_dsn=None, otlp_endpoint=None)); "
    code += "assert 'sentry_sdk' not in sys.modules; "
    code += "assert not any(name.startswith('opentelemetry') for name in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, timeout=60).returncode == 0


def test_without_its_extra_the_setting_that_needs_it_stops_the_start() -> None:
    code = """
import sys
from types import SimpleNamespace as N
from workers import telemetry
sys.modules["opentelemetry"] = None  # as if it were not installed
try:
    telemetry.start(N(sentry_dsn=None, otlp_endpoint="http://127.0.0.1:4318"))
except RuntimeError as error:
    assert "install coachcal[otel]" in str(error)
else:
    raise AssertionError
"""
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, timeout=60).returncode == 0
