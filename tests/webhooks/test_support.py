"""Whom people can turn to stands where somebody is told no, and where ops look at a coach."""

import re
from collections.abc import Callable, Iterator

import pytest
from dramatiq.brokers.stub import StubBroker
from pydantic import ValidationError

from domain.errors import Invalid
from domain.mail.support import Support
from tests.support import http_client as desks
from tests.support import people
from tests.support.databases import Kind
from tests.support.http_client import Desk
from tests.support.ops_pages import log_in

ADDRESS = "help@people.example"
LINK = f'<a href="mailto:{ADDRESS}">{ADDRESS}</a>'


@pytest.fixture
def helped(fresh_database: Callable[[Kind], str]) -> Iterator[Desk]:
    with desks.opened(fresh_database("sqlite"), broker=StubBroker(), support=ADDRESS) as desk:
        people.introduce(desk.database)
        yield desk


@pytest.mark.parametrize("path", ["/p/no-such-link", "/ops/coaches/nobody"])
def test_a_page_that_says_no_says_whom_to_ask(helped: Desk, path: str) -> None:
    log_in(helped.client, helped.key("ops"))
    answer = helped.client.get(path, headers={"Accept": "text/html"})
    assert answer.status_code >= 400
    assert LINK in answer.text


def test_ops_are_told_that_coaches_set_their_calendars_up_and_whom_to_refer_them_to(
    helped: Desk,
) -> None:
    log_in(helped.client, helped.key("ops"))
    page = " ".join(re.sub(r"\s+", " ", helped.client.get("/ops/coaches/ada").text).split())
    assert "programme managers and ops do not do it for them" in page
    assert LINK in page
    assert LINK in helped.client.get("/ops/coaches/nobody").text


def test_nobody_is_named_where_nobody_is_set(one_desk: Desk) -> None:
    assert "Questions?" not in one_desk.client.get("/p/no-such-link").text


@pytest.mark.parametrize(
    ("text", "link"),
    [
        ("help@people.example", "mailto:help@people.example"),
        ("https://people.example/help?a=1", "https://people.example/help?a=1"),
    ],
)
def test_a_mail_or_a_web_address(text: str, link: str) -> None:
    assert Support.of(text) == Support(text, link)


@pytest.mark.parametrize(
    "text", ["", "help", "javascript:alert(1)", "a@b@c", "help@people.example\nBcc: x@y.example"]
)
def test_anything_else_is_refused_and_stops_the_start(text: str) -> None:
    with pytest.raises(Invalid):
        Support.of(text)
    with pytest.raises(ValidationError, match="support"):
        desks.settings_for("sqlite:///x.db", desks.NOWHERE, support=text)
