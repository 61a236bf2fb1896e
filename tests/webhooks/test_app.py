"""What holds for every request: an id in the log, headers that keep browsers safe, errors without
entrails.
"""

import json
from collections.abc import Callable
from typing import Any

import pytest
from werkzeug.test import create_environ as environ_of

from tests.support import http_client as desks
from tests.support.databases import Kind
from tests.support.http_client import WEEK, Desk
from webhooks.front import wsgi


def test_every_answer_carries_an_id_that_its_log_lines_carry_too(
    desk: Desk, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    desk.key()
    object.__setattr__(desk.runtime.services, "now", None)  # a bug of ours: something is not there
    answer = desk.get(WEEK)
    assert (answer.status_code, answer.json["code"]) == (500, "internal_error")
    assert answer.json["request_id"] == answer.headers["X-Request-ID"]
    logged = "".join((*capsys.readouterr(), caplog.text))
    assert "request_failed" in logged
    assert answer.headers["X-Request-ID"] in logged


def test_what_the_server_fails_at_outside_of_the_views_is_a_problem_too(desk: Desk) -> None:
    app: Any = desk.client.application

    def fails(_: dict[str, Any]) -> None:
        raise ValueError

    app.in_passing = (fails,)
    asked = environ_of("/healthz", headers={"X-Request-ID": "ours"})
    octets = wsgi.answered(app, asked, lambda: False, app.unread, lambda _: None)
    head, _, body = octets.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 500 ")
    assert b"X-Request-ID: ours" in head
    told = json.loads(body)
    assert (told["code"], told["request_id"]) == ("internal_error", "ours")


def test_what_went_wrong_inside_stays_inside(desk: Desk) -> None:
    desk.key()
    object.__setattr__(desk.runtime.services, "now", None)
    text = desk.get(WEEK).text
    assert "NoneType" not in text
    assert "Traceback" not in text


def test_a_caller_may_bring_an_id_along_if_it_is_harmless(one_desk: Desk) -> None:
    kept = one_desk.look("/healthz", headers={"X-Request-ID": "coachos-42.a_b"})
    assert kept.headers["X-Request-ID"] == "coachos-42.a_b"
    for hostile in ("a b", "x" * 65, "é", "<b>", '"', ""):
        made = one_desk.look("/healthz", headers={"X-Request-ID": hostile}).headers["X-Request-ID"]
        assert made != hostile
        assert len(made) == 16


@pytest.mark.parametrize(
    "path", ["/healthz", "/docs", "/openapi.json", "/no/such/path", "/static/style.css"]
)
def test_browsers_are_told_to_load_and_frame_nothing(one_desk: Desk, path: str) -> None:
    with one_desk.look(path) as answer:
        headers = answer.headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    for name in ("Cache-Control", "X-Request-ID", "Content-Security-Policy"):
        assert len(headers.getlist(name)) == 1


@pytest.mark.parametrize(
    ("url", "told"), [("https://calendars.example", True), ("http://127.0.0.1:8000", False)]
)
def test_https_is_insisted_on_where_it_is_served(
    fresh_database: Callable[[Kind], str], url: str, told: bool
) -> None:
    with desks.opened(fresh_database("sqlite"), public_url=url) as desk:
        assert ("Strict-Transport-Security" in desk.look("/healthz").headers) is told
        assert desk.look("/openapi.json").json["servers"] == [{"url": url}]
