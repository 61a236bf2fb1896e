"""Links to pages and the sessions behind them: what is stolen, stale, altered or somebody else's is
refused.
"""

import random
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

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
from tests.support.page_visitor import GRACE, HEDY, Visitor, enter, fields, follow, link, path_of
from webhooks.http.page_sessions import signer
from workers import logs
from workers.clock import retention

TEN = people.at(2, 13)
ODD_URLS = (
    "https://good@evil.test/",
    "https://good.test:pw@evil.test/",
    "https://good.test%2f@evil.test/",
    "https://good.test\\@evil.test/",
    "https://good.test\\.evil.test/",
    "https://evil.test/a\\b",
    "https://",
    "https:///evil.test/",
    "https:evil.test",
    "https:/evil.test",
    "https:\\\\evil.test",
    "https://?x",
    "https://#x",
    "https://.evil.test/",
    "https://evil.test:port/",
    "https://evil.test:/",
    "https://evil.test:443443/",
    "https://evil\ttest/",
    "https://evil.test/\n",
    "https://evil.test/\x00",
    "https://evil.test/\x85",
    "https://evil.test/\u202egnp.exe",
    " https://evil.test/",
    "https://evil.test/ x",
    "https://evil%2etest/",
    "//evil.test/",
    "ftp://evil.test/",
)


@pytest.fixture
def desk(desk: Desk) -> Desk:
    """Ada has a calendar, and her week is open."""
    people.ready(desk.database)
    return desk


@pytest.fixture
def one_desk(one_desk: Desk) -> Desk:
    people.ready(one_desk.database)
    return one_desk


@contextmanager
def later(desk: Desk, by: timedelta) -> Iterator[Desk]:
    """The same deployment after some time."""
    settings = desk.runtime.services.settings
    keys = ",".join(key.get_secret_value() for key in settings.secret_keys)
    now = people.NOW + by
    with desks.opened(
        settings.database_url, broker=StubBroker(), now=now, secret_keys=keys
    ) as opened:
        yield opened


def refused(answer: Any, status: int, words: str) -> None:
    assert (answer.status_code, answer.mimetype) == (status, "text/html")
    assert words in answer.text
    assert "Set-Cookie" not in answer.headers


# -- links
# ------------------------------------------------------------------------------------------------


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
            assert retention(then.runtime.services, then.runtime.actors) == dropped
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


@pytest.mark.parametrize(
    ("changes", "status", "code", "field"),
    [
        ({"coach_id": "bob"}, 404, "unknown_coach", "coach_id"),
        ({"participant": None}, 422, "missing", "participant"),
        ({"purpose": "settings"}, 422, "unknown_field", "participant"),
        (
            {"purpose": "settings", "participant": None, "booking_id": "bkg_1"},
            422,
            "unknown_field",
            "booking_id",
        ),
        ({"purpose": "ops"}, 422, "unknown_word", "purpose"),
        ({"booking_id": "bkg_1"}, 404, "unknown_booking", "booking_id"),
        ({"return_url": "javascript:alert(1)"}, 422, "invalid_value", "return_url"),
        ({"return_url": "http://os.test/"}, 422, "invalid_value", "return_url"),
        ({"return_url": "http://127.0.0.1.evil.test/"}, 422, "invalid_value", "return_url"),
        *(({"return_url": url}, 422, "invalid_value", "return_url") for url in ODD_URLS),
        *(
            (
                {"participant": GRACE | {"my_page_url": url}},
                422,
                "invalid_value",
                "participant.my_page_url",
            )
            for url in ODD_URLS
        ),
        ({"participant": GRACE | {"zone": "Mars/Base"}}, 422, "unknown_zone", "participant.zone"),
        ({"forever": True}, 422, "unknown_field", "forever"),
    ],
)
def test_a_link_that_makes_no_sense_is_not_made(
    one_desk: Desk, changes: dict[str, Any], status: int, code: str, field: str
) -> None:
    answer = link(one_desk, **changes)
    assert (answer.status_code, answer.json["code"], answer.json["field"]) == (status, code, field)


def test_a_link_that_no_browser_could_follow_is_not_made(one_desk: Desk) -> None:
    noise = urlsafe_b64encode(random.Random(7).randbytes(2000)).decode()
    page = f"https://os.test/{noise}"[:1990]
    answer = link(
        one_desk,
        return_url=f"https://os.test/{noise[::-1]}"[:990],
        participant=GRACE | {"my_page_url": page},
    )
    assert answer.json["code"] == "link_too_long"


def test_a_link_to_somebody_else_s_booking_is_not_made(one_desk: Desk) -> None:
    booking_id = enter(one_desk).book(TEN)
    assert link(one_desk, participant=HEDY, booking_id=booking_id).json["code"] == "unknown_booking"


def test_making_links_takes_a_scope_of_its_own(one_desk: Desk) -> None:
    body = {"purpose": "booking", "coach_id": "ada", "participant": GRACE}
    assert (
        one_desk.ask("POST", "/v1/links", "bookings:write", json=body).json["code"]
        == "scope_missing"
    )
    assert one_desk.ask("POST", "/v1/links", "links:write", json=body).status_code == 201


# -- sessions
# -------------------------------------------------------------------------------------------------

BOOKING_PATHS = (
    ("GET", "/book/bookings/{id}"),
    ("GET", "/book/bookings/{id}/cancel"),
    ("GET", "/book?move={id}"),
    ("GET", "/book/grid?move={id}"),
    ("GET", "/book/confirm?move={id}&start={start}&duration=60"),
    ("POST", "/book/bookings/{id}/cancel"),
    ("POST", "/book/bookings/{id}/move"),
    ("POST", "/book/bookings/{id}/group"),
)


@pytest.mark.parametrize(("method", "path"), BOOKING_PATHS)
@pytest.mark.parametrize("other", [{"participant": HEDY}, {"coach_id": "bob"}])
def test_another_s_booking_is_as_if_it_were_not_there(
    one_desk: Desk, method: str, path: str, other: dict[str, Any]
) -> None:
    """Whether it is another participant's with this coach, or this one's with another coach."""
    people.ready(one_desk.database, people.coach(id="bob"))
    owner = enter(one_desk)
    booking_id = owner.book(TEN)
    guest = enter(one_desk, **other)
    form = guest.confirm(people.at(3, 13)) | {
        "version": "1",
        "pod": "ses_1",
        "start": str(people.at(3, 13)),
    }
    before = one_desk.dump()
    answer = guest.client.open(
        path.format(id=booking_id, start=people.at(3, 13)),
        method=method,
        data=form if method == "POST" else None,
    )
    assert answer.status_code == 404
    assert booking_id not in answer.text
    assert one_desk.dump() == before


def test_a_session_ends_after_two_hours(one_desk: Desk) -> None:
    guest = enter(one_desk)
    cookie = guest.client.get_cookie("coachcal-page")
    assert cookie is not None
    for by, status in ((timedelta(hours=1, minutes=59), 200), (timedelta(hours=2), 401)):
        with later(one_desk, by) as then:
            then.client.set_cookie("coachcal-page", cookie.value)
            assert then.look("/book").status_code == status


def test_a_coach_s_session_opens_no_bookings_and_a_participant_s_no_settings(
    one_desk: Desk,
) -> None:
    coach = Visitor(one_desk.client.application.test_client())
    made = link(one_desk, purpose="settings", participant=None)
    assert follow(coach.client, path_of(made)).location == "/settings"
    for path in ("/book", "/book/grid", "/book/bookings/bkg_1"):
        refused(coach.get(path), 401, "ask for a new link")


def test_nobody_without_a_session_sees_a_page(one_desk: Desk) -> None:
    stranger = Visitor(one_desk.client.application.test_client())
    for path in ("/book", "/book/grid", "/book/confirm?start=1", "/book/bookings/bkg_1"):
        refused(stranger.get(path), 401, "ask for a new link")
    refused(stranger.post("/book", {"csrf": ""}), 401, "ask for a new link")
    stranger.client.set_cookie("coachcal-page", "x.y")
    refused(stranger.get("/book"), 401, "ask for a new link")
    made = signer(one_desk.runtime.services.settings, "session").dumps({"coach_id": "ada"})
    stranger.client.set_cookie("coachcal-page", str(made))
    refused(stranger.get("/book"), 401, "ask for a new link")


@pytest.mark.parametrize(
    "origin", ["https://evil.test", "null", "http://localhost.evil.test", "http://localhost:81"]
)
def test_a_form_from_another_site_changes_nothing(one_desk: Desk, origin: str) -> None:
    guest = enter(one_desk)
    form = guest.confirm(TEN)
    before = one_desk.dump()
    refused(guest.post("/book", form, headers={"Origin": origin}), 403, "not made here")
    assert one_desk.dump() == before
    assert guest.post("/book", form, headers={"Origin": "http://localhost"}).status_code == 303


def test_a_form_without_the_session_s_own_token_changes_nothing(one_desk: Desk) -> None:
    guest, other = enter(one_desk), enter(one_desk, participant=HEDY)
    form = guest.confirm(TEN)
    booking_id = guest.book(people.at(4, 13))
    cancel = fields(guest.get(f"/book/bookings/{booking_id}/cancel"))
    stolen = other.confirm(TEN)["csrf"]
    before = one_desk.dump()
    for path, whole in (("/book", form), (f"/book/bookings/{booking_id}/cancel", cancel)):
        for csrf in ("", "x", stolen, "\N{SNOWMAN}"):
            refused(guest.post(path, whole | {"csrf": csrf}), 403, "not made here")
        refused(
            guest.post(path, {name: value for name, value in whole.items() if name != "csrf"}),
            403,
            "not made",
        )
    assert one_desk.dump() == before


def test_refusals_are_logged_without_a_token(one_desk: Desk) -> None:
    guest = enter(one_desk)
    form = guest.confirm(TEN)
    with capture_logs() as told:
        guest.post("/book", form | {"csrf": "x"})
        guest.post("/book", form, headers={"Origin": "https://evil.test"})
        Visitor(one_desk.client.application.test_client()).get("/book")
    assert [line["reason"] for line in told] == ["csrf", "foreign origin", "no session"]
    cookie = guest.client.get_cookie("coachcal-page")
    assert cookie is not None
    for secret in (form["csrf"], form["key"], cookie.value, "grace@"):
        assert secret not in repr(told)


def test_pages_run_nothing_inline_and_are_framed_by_nobody(one_desk: Desk) -> None:
    guest = enter(one_desk)
    for path in ("/book", f"/book/confirm?start={TEN}&duration=60", "/book/bookings/x"):
        page = guest.get(path)
        policy = page.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert page.headers["Cache-Control"] == "no-store"
        assert not re.search(r"<script(?![^>]*src=)|\son\w+=|\sstyle=|javascript:", page.text)


def test_a_platform_may_show_the_pages_in_a_frame(fresh_database: Any) -> None:
    origins = "https://os.test,https://app.os.test"
    with desks.opened(
        fresh_database("sqlite"),
        broker=StubBroker(),
        public_url="https://coachcal.test",
        embed_origins=origins,
    ) as desk:
        people.ready(desk.database)
        answer = follow(desk.client, path_of(link(desk)), base_url="https://coachcal.test")
        cookies = answer.headers.getlist("Set-Cookie")
        for name, cookie in zip(("page", "browser"), cookies, strict=True):
            assert cookie.startswith(f"__Host-coachcal-{name}=")
            for flag in ("Secure", "HttpOnly", "SameSite=None", "Partitioned"):
                assert flag in cookie
        page = desk.look("/book", base_url="https://coachcal.test")
        assert (
            "frame-ancestors https://os.test https://app.os.test"
            in page.headers["Content-Security-Policy"]
        )


@pytest.mark.parametrize(
    "origins", ["https://os.test/", "os.test", "https://*", "https://os.test; script-src *"]
)
def test_what_is_no_origin_stops_the_start(origins: str) -> None:
    with pytest.raises(ValueError, match="each is an origin"):
        desks.settings_for("sqlite:///x", "redis://x", embed_origins=origins)
