"""Links to pages: what is stolen, stale, altered or somebody else's is refused."""

import re
from base64 import urlsafe_b64decode
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from cryptography.fernet import Fernet
from dramatiq.brokers.stub import StubBroker
from structlog.testing import capture_logs

from storage.reports import personal_data
from storage.reports.personal_data import Person
from storage.schema import tables
from storage.transactions import erasures
from tests.support import http_client as desks
from tests.support import people
from tests.support.http_client import Desk
from tests.support.page_visitor import HEDY, Visitor, enter, follow, link, path_of
from tests.webhooks.pages.links.kit import TEN, later, refused
from workers import logs
from workers.jobs import retention


@pytest.fixture
def desk(desk: Desk) -> Desk:
    """Ada has a calendar, and her week is open."""
    people.ready(desk.database)
    return desk


def test_a_link_opens_its_page_without_the_token_in_the_address(desk: Desk) -> None:
    made = link(desk)
    assert made.json["expires_at"] == "2026-06-01T08:10:00Z"
    answer = follow(desk.client, path_of(made))
    assert (answer.status_code, answer.location) == (303, "/book")
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    cookies = answer.headers.getlist("Set-Cookie")
    assert [cookie.partition("=")[0] for cookie in cookies] == ["coachcal-page", "coachcal-browser"]
    for cookie in cookies:
        for flag in ("HttpOnly", "SameSite=Lax", "Path=/"):
            assert flag in cookie
    # Of a visit that is over a browser keeps the way back
    assert [cookie.rpartition("Max-Age=")[2].partition(";")[0] for cookie in cookies] == [
        "86400",
        "7200",
    ]
    page = desk.look("/book")
    assert page.status_code == 200
    assert path_of(made).removeprefix("/p/") not in page.text


def test_a_link_to_a_booking_opens_that_booking(one_desk: Desk) -> None:
    booking_id = enter(one_desk).book(TEN)
    answer = follow(one_desk.client, path_of(link(one_desk, booking_id=booking_id)))
    assert answer.location == f"/book/bookings/{booking_id}"
    assert "Your session is booked" in one_desk.look(answer.location).text


def stranger_at(desk: Desk) -> Visitor:
    """Somebody else, with a browser of their own."""
    return Visitor(desk.client.application.test_client())


def test_a_link_that_was_opened_is_refused_to_whoever_has_it_next(desk: Desk) -> None:
    path = path_of(link(desk))
    assert follow(desk.client, path).status_code == 303
    thief = stranger_at(desk)
    refused(thief.get(path), 410, "another browser")
    thief = enter(desk, participant=HEDY)
    refused(thief.get(path), 410, "another browser")
    assert stranger_at(desk).get("/book").status_code == 401


def test_one_browser_may_follow_a_link_again_while_its_session_lasts(desk: Desk) -> None:
    # Given a form that is open, and a page of another link in between
    path = path_of(link(desk))
    assert follow(desk.client, path).location == "/book"
    guest = Visitor(desk.client)
    form = guest.confirm(TEN)
    assert follow(desk.client, path_of(link(desk, participant=HEDY))).location == "/book"
    # When the link is followed again, twice
    for _ in range(2):
        assert desk.look(path).location == "/book"
    # Then it is the same page for the same person, and the form is still good
    assert guest.confirm(TEN)["csrf"] == form["csrf"]
    assert guest.post("/book", form).status_code == 303
    with later(desk, timedelta(hours=2)) as then:
        for cookie in ("coachcal-browser", "coachcal-page"):
            kept = desk.client.get_cookie(cookie)
            assert kept
            then.client.set_cookie(cookie, kept.value)
        refused(then.look(path), 410, "too old")


def test_who_only_fetches_a_link_does_not_open_it(desk: Desk) -> None:
    """A scanner of mails, a preview: each keeps no cookie, and follows where it is sent."""
    path = path_of(link(desk))
    before = desk.dump()
    for _ in range(3):
        scanner = desk.client.application.test_client(use_cookies=False)
        assert scanner.head(path).status_code == 204
        answer = scanner.get(path)
        assert (answer.status_code, answer.headers["Referrer-Policy"]) == (303, "no-referrer")
        end = scanner.get(answer.location)
        refused(end, 400, "allow cookies")
    assert desk.dump() == before
    assert follow(desk.client, path).location == "/book"


def test_of_two_browsers_at_once_one_opens_the_link(desk: Desk) -> None:
    path = path_of(link(desk))
    visitors = [desk.client.application.test_client() for _ in range(4)]
    for visitor in visitors:
        assert visitor.get(path).location.startswith(path)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda visitor: visitor.get(path).status_code, visitors))
    assert sorted(found) == [303, 410, 410, 410]


def test_an_old_link_is_refused(desk: Desk) -> None:
    path = path_of(link(desk))
    with later(desk, timedelta(minutes=10)) as then:
        refused(then.look(path), 410, "too old")
    with later(desk, timedelta(minutes=9, seconds=59)) as then:
        assert follow(then.client, path).location == "/book"


def test_an_altered_link_is_refused(one_desk: Desk) -> None:
    path = path_of(link(one_desk))
    middle = len(path) // 2
    other = "A" if path[middle] != "A" else "B"
    for bad in (
        path[:middle] + other + path[middle + 1 :],
        path[:-1],
        path + "x",
        "/p/x",
        "/p/" + "." * 50,
    ):
        refused(one_desk.look(bad), 403, "not whole")
    for odd in ("/p/%00", "/p/%ff%fe", "/p/" + "x" * 3000):
        refused(one_desk.look(odd), 403, "not whole")
    assert follow(one_desk.client, path).status_code == 303


def test_a_link_says_nothing_of_whom_it_is_for(desk: Desk) -> None:
    """Whatever a proxy logs of it, read in every way that a token may be written."""
    urls = [str(link(desk).json["url"]) for _ in range(3)]
    assert len(set(urls)) == len(urls)
    for url in urls:
        token = url.rpartition("/")[2]
        assert re.fullmatch(r"[\w-]{32}", token)
        plain = urlsafe_b64decode(token)
        for canary in (b"grace", b"Grace", b"example"):
            assert canary not in plain + token.encode()
            assert token.encode() not in repr(desk.dump()).encode()


def test_neither_a_session_is_a_link_nor_a_link_a_session(one_desk: Desk) -> None:
    path = path_of(link(one_desk))
    cookie = follow(one_desk.client, path).headers["Set-Cookie"].partition("=")[2].partition(";")[0]
    refused(one_desk.look(f"/p/{cookie}"), 403, "not whole")
    stranger = one_desk.client.application.test_client()
    stranger.set_cookie("coachcal-page", path_of(link(one_desk)).removeprefix("/p/"))
    assert stranger.get("/book").status_code == 401


def test_a_link_outlives_the_rotation_of_keys(one_desk: Desk) -> None:
    path = path_of(link(one_desk))
    settings = one_desk.runtime.services.settings
    keys = f"{Fernet.generate_key().decode()},{settings.secret_keys[0].get_secret_value()}"
    with desks.opened(settings.database_url, broker=StubBroker(), secret_keys=keys) as rotated:
        assert follow(rotated.client, path).status_code == 303


def test_no_token_is_logged(one_desk: Desk) -> None:
    path = path_of(link(one_desk))
    with capture_logs() as told:
        follow(one_desk.client, path)
        stranger_at(one_desk).get(path)
        one_desk.look(path[:-1])
    assert [line["event"] for line in told] == ["link_followed", "link_refused", "link_refused"]
    assert [line.get("reason") for line in told[1:]] == ["used", "altered"]
    assert path.removeprefix("/p/")[:30] not in repr(told)
    line = logs.redact(None, "", {"event": f"GET {path} 303"})
    assert line["event"] == "GET /p/[redacted] 303"


def test_links_that_ended_are_forgotten_after_a_day(desk: Desk) -> None:
    assert follow(desk.client, path_of(link(desk))).status_code == 303
    link(desk)
    for passed, dropped in (
        (timedelta(hours=24, minutes=9), 0),
        (timedelta(hours=24, minutes=11), 1),
        (timedelta(hours=26, seconds=1), 1),
    ):
        with later(desk, passed) as then:
            assert retention.drop(then.runtime.services, then.runtime.actors) == dropped
    assert desk.dump()["links"] == []


@pytest.mark.parametrize(
    ("person", "left"), [(Person("coach", "ada"), []), (Person("participant", "grace"), ["hedy"])]
)
def test_whoever_is_erased_takes_their_links_along(
    desk: Desk, person: Person, left: list[str]
) -> None:
    paths = [path_of(link(desk)), path_of(link(desk, participant=HEDY))]
    with desk.database.write() as tx:
        export = (
            personal_data.export_coach
            if person.kind == "coach"
            else personal_data.export_participant
        )
        exported = export(tx, person.id)
        assert exported
        assert len(exported["links"]) == 2 - len(left)
        assert erasures.ask(tx, person, actor="test", now=people.NOW) is not None
        erasures.advance(tx, person, now=people.NOW)
        assert [row.participant_id for row in tx.execute(tables.links.select())] == left
    refused(desk.look(paths[0]), 403, "not whole")
