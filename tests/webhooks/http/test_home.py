"""Somebody types our address into a browser; a program that does the same is answered as programs
are.
"""

import pytest

from tests.support.http_client import Desk

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.mark.parametrize(
    ("path", "status"), [("/", 200), ("/no/such/page", 404), ("/v1/nothing", 404)]
)
def test_a_browser_gets_a_page(one_desk: Desk, path: str, status: int) -> None:
    answer = one_desk.look(path, headers={"Accept": BROWSER})
    assert (answer.status_code, answer.mimetype) == (status, "text/html")
    assert "<h1>" in answer.text
    assert answer.headers["Vary"] == "Accept"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "accept", ["*/*", "application/json", "application/json, text/html;q=0.5", "text/html;q=0"]
)
@pytest.mark.parametrize("path", ["/", "/no/such/page"])
def test_a_program_gets_a_problem_as_before(one_desk: Desk, path: str, accept: str) -> None:
    answer = one_desk.look(path, headers={"Accept": accept})
    assert (answer.status_code, answer.mimetype, answer.json["code"]) == (
        404,
        "application/problem+json",
        "unknown_path",
    )


def test_a_coach_who_is_not_there_is_no_page(one_desk: Desk) -> None:
    answer = one_desk.get("/v1/coaches/nobody", headers={"Accept": BROWSER})
    assert answer.json["code"] == "unknown_coach"


@pytest.mark.parametrize("path", ["/favicon.ico", "/static/favicon.svg"])
def test_the_tab_has_a_symbol_that_the_policy_lets_in(one_desk: Desk, path: str) -> None:
    with one_desk.look(path) as answer:
        assert answer.mimetype == "image/svg+xml"
    for page in ("/docs", "/ops/login", "/p/none"):
        answer = one_desk.look(page)
        assert 'rel="icon" href="/static/favicon.svg"' in answer.text
        assert "img-src 'self'" in answer.headers["Content-Security-Policy"]
