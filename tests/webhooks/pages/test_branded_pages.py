"""The pages that a company's people open look like it; a coach's settings, and everybody else's
pages, like the deployment.
"""

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from dramatiq.brokers.stub import StubBroker

from domain import logos
from domain.brands import Brand
from domain.mail.support import Support
from storage.rows import brands
from storage.schema import tables
from tests.domain.pictures import png
from tests.support import http_client as desks
from tests.support import people
from tests.support.databases import Kind
from tests.support.http_client import Desk
from tests.support.page_visitor import enter

ACME = {"company": "acme"}
LOGO = logos.picture(png(300, 40))
THEIRS, OURS = "help@acme.test", "help@us.test"
SHADES = re.compile(r'<link rel="stylesheet" href="(/brand/\w+\.css)">')
PICTURE = re.compile(r'<img class="logo" src="([^"]+)" alt="([^"]*)" width="200" height="27">')


@pytest.fixture
def clock() -> list[datetime]:
    """The last of them is now."""
    return [people.NOW]


@pytest.fixture
def desk(fresh_database: Callable[[Kind], str], clock: list[datetime]) -> Iterator[Desk]:
    url, looks = fresh_database("sqlite"), {"support": OURS, "brand_colour": "#1D4ED8"}
    with desks.opened(url, broker=StubBroker(), now=lambda: clock[-1], **looks) as opened:
        people.ready(opened.database, people.MAILED)
        with opened.database.write() as tx:
            brands.put(tx, "acme", Brand("Acme <Coaching>", Support.of(THEIRS), "#ffd400"))
            brands.put_logo(tx, "acme", LOGO)
        yield opened


Looks = tuple[list[str], list[tuple[str, str]], list[str]]


def looks_of(page: Any) -> Looks:
    """Its shades, its pictures, and whom it says to ask."""
    asked = re.findall(r'<a href="mailto:([^"]+)"', page.text)
    return SHADES.findall(page.text), PICTURE.findall(page.text), asked


ACMES: Looks = (["/brand/ffd400.css"], [(LOGO.logo.path, "Acme &lt;Coaching&gt;")], [THEIRS])
USUAL: Looks = (["/brand/1d4ed8.css"], [], [OURS])


def test_every_page_of_a_booking_has_the_company_s_looks(desk: Desk) -> None:
    visitor = enter(desk, context=ACME)
    booking = visitor.book(people.at(4, 9))
    paths = ("/book", f"/book/bookings/{booking}", f"/book/bookings/{booking}/cancel")
    for path in (*paths, "/book/bookings/bkg_of_nobody"):
        assert looks_of(visitor.get(path)) == ACMES, path
    for path in (ACMES[0][0], ACMES[1][0][0]):
        assert visitor.get(path).status_code == 200


def test_who_belongs_to_no_company_sees_the_deployment_s(desk: Desk) -> None:
    for context in (None, {"company": "other"}, {"project": "acme"}):
        assert looks_of(enter(desk, context=context).get("/book")) == USUAL
    assert looks_of(desk.client.get("/p/no-such-link")) == USUAL


def test_a_coach_s_settings_are_the_deployment_s(desk: Desk) -> None:
    visitor = enter(desk, purpose="settings", participant=None, context=ACME)
    page = visitor.get("/settings")
    assert page.status_code == 200
    assert looks_of(page) == USUAL


def test_looks_that_cannot_be_read_cost_nobody_the_page(desk: Desk) -> None:
    visitor = enter(desk, context=ACME)
    with desk.database.write() as tx:
        tables.brands.drop(tx)
    assert looks_of(visitor.get("/book")) == USUAL
    assert looks_of(visitor.get("/book/bookings/bkg_of_nobody")) == USUAL


def test_a_page_loads_only_what_its_policy_lets_it(desk: Desk) -> None:
    policy = enter(desk, context=ACME).get("/book").headers["Content-Security-Policy"]
    assert "style-src 'self'; img-src 'self'" in policy


def test_nothing_changes_where_nothing_is_set(one_desk: Desk) -> None:
    people.ready(one_desk.database, people.MAILED)
    page = enter(one_desk, context=ACME).get("/book")
    assert looks_of(page) == ([], [], [])
    assert "<footer>" not in page.text


def test_a_preview_for_a_company_shows_its_logo(desk: Desk) -> None:
    way = "/v1/mailers/{}/acme/booked/en/preview"
    for scope, shown in (("company", True), ("project", False)):
        page = desk.ask("POST", way.format(scope), json={}, headers={"Accept": "text/html"})
        assert page.status_code == 200
        assert (LOGO.logo.path in page.text) is shown
        assert "img-src 'self'" in page.headers["Content-Security-Policy"]


def test_the_page_that_says_that_a_visit_is_over_still_looks_like_the_company(
    desk: Desk, clock: list[datetime]
) -> None:
    visitor = enter(desk, context=ACME)
    clock.append(people.NOW + timedelta(hours=3))
    answer = visitor.get("/book")
    assert answer.status_code == 401
    assert looks_of(answer) == ACMES
