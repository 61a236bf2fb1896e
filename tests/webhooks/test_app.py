"""What holds for every request: an id in the log, headers that keep browsers out of trouble, errors without entrails."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from tests.databases import Kind
from tests.webhooks import desk as desks
from tests.webhooks.desk import SECRET, WEEK, Desk

ROOT = Path(__file__).parents[2]


def test_every_answer_carries_an_id_that_its_log_lines_carry_too(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.key()
    object.__setattr__(desk.runtime.services, "now", None)  # a bug of ours: something is not there
    answer = desk.get(WEEK)
    assert (answer.status_code, answer.json["code"]) == (500, "internal_error")
    assert answer.json["request_id"] == answer.headers["X-Request-ID"]
    assert f"request_id={answer.headers['X-Request-ID']}" in _plain(capsys.readouterr().out)


def test_what_went_wrong_inside_stays_inside(desk: Desk) -> None:
    desk.key()
    object.__setattr__(desk.runtime.services, "now", None)
    text = desk.get(WEEK).text
    assert "NoneType" not in text
    assert "Traceback" not in text


def test_a_caller_may_bring_an_id_along_if_it_is_harmless(one_desk: Desk) -> None:
    kept = one_desk.client.get("/healthz", headers={"X-Request-ID": "coachos-42.a_b"})
    assert kept.headers["X-Request-ID"] == "coachos-42.a_b"
    for hostile in ("a b", "x" * 65, "é", "<b>", '"', ""):
        made = one_desk.client.get("/healthz", headers={"X-Request-ID": hostile}).headers["X-Request-ID"]
        assert made != hostile
        assert len(made) == 16


@pytest.mark.parametrize("path", ["/healthz", "/docs", "/openapi.json", "/no/such/path", "/static/style.css"])
def test_browsers_are_told_to_load_and_frame_nothing(one_desk: Desk, path: str) -> None:
    with one_desk.client.get(path) as answer:
        headers = answer.headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    for name in ("Cache-Control", "X-Request-ID", "Content-Security-Policy"):
        assert len(headers.getlist(name)) == 1


@pytest.mark.parametrize(("url", "told"), [("https://calendars.example", True), ("http://127.0.0.1:8000", False)])
def test_https_is_insisted_on_where_it_is_served(fresh_database: Callable[[Kind], str], url: str, told: bool) -> None:
    with desks.opened(fresh_database("sqlite"), public_url=url) as desk:
        assert ("Strict-Transport-Security" in desk.client.get("/healthz").headers) is told
        assert desk.client.get("/openapi.json").json["servers"] == [{"url": url}]


FACTORY = """
import json, sys
from webhooks.app import create_app
app = create_app()
print(json.dumps([app.test_client().get("/readyz").json, app.test_client().get("/healthz").json]))
"""


def test_gunicorns_factory_takes_everything_from_the_environment(fresh_database: Callable[[Kind], str]) -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "DATABASE_URL": fresh_database("sqlite"),
        "REDIS_URL": desks.NOWHERE,
        "COACHCAL_PUBLIC_URL": "http://127.0.0.1:8000",
        "COACHCAL_SECRET_KEYS": Fernet.generate_key().decode(),
        "COACHCAL_CRONOFY_CLIENT_ID": "client",
        "COACHCAL_CRONOFY_CLIENT_SECRETS": SECRET,
    }
    done = subprocess.run(
        [sys.executable, "-c", FACTORY], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    ready, alive = json.loads(done.stdout)
    assert (ready["status"], alive["status"]) == ("ready", "ok")


def _plain(text: str) -> str:
    """Without the colours of a log that nobody configured."""
    for code in ("\x1b[0m", "\x1b[1m", "\x1b[2m", *(f"\x1b[{number}m" for number in range(31, 38))):
        text = text.replace(code, "")
    return text
