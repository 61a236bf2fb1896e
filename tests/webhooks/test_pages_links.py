"""Links to pages and the sessions behind them: what is stolen, stale, altered or somebody else's is refused."""

import random
import re
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from cryptography.fernet import Fernet
from dramatiq.brokers.stub import StubBroker
from structlog.testing import capture_logs

from storage import links, tables
from tests import cast
from tests.webhooks import desk as desks
from tests.webhooks.desk import Desk
from tests.webhooks.visitors import GRACE, HEDY, Visitor, enter, fields, link, path_of
from webhooks.pages.guests import signer
from workers import logs
from workers.clock import retention

TEN = cast.at(2, 13)


@pytest.fixture
def desk(desk: Desk) -> Desk:
    """Ada has a calendar, and her week is open."""
    cast.ready(desk.database)
    return desk


@pytest.fixture
def one_desk(one_desk: Desk) -> Desk:
    cast.ready(one_desk.database)
    return one_desk


@contextmanager
def later(desk: Desk, by: timedelta) -> Iterator[Desk]:
    """The same deployment after some time."""
    settings = desk.runtime.services.settings
    keys = ",".join(key.get_secret_value() for key in settings.secret_keys)
    now = cast.NOW + by
    with desks.opened(settings.database_url, broker=StubBroker(), now=now, secret_keys=keys) as opened:
        yield opened


def refused(answer: Any, status: int, words: str) -> None:
    assert (answer.status_code, answer.mimetype) == (status, "text/html")
    assert words in answer.text
    assert "Set-Cookie" not in answer.headers


# -- links ----------------------------------------------------------------------------------------------------


def test_a_link_opens_its_page_without_the_token_in_the_address(desk: Desk) -> None:
    made = link(desk)
    assert made.json["expires_at"] == "2026-06-01T08:10:00Z"
    answer = desk.look(path_of(made))
    assert (answer.status_code, answer.location) == (303, "/book")
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("coachcal-page=")
    for flag in ("HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=7200"):
        assert flag in cookie
    page = desk.look("/book")
    assert page.status_code == 200
    assert path_of(made).removeprefix("/p/") not in page.text


def test_a_link_to_a_booking_opens_that_booking(one_desk: Desk) -> None:
    booking_id = enter(one_desk).book(TEN)
    answer = one_desk.look(path_of(link(one_desk, booking_id=booking_id)))
    assert answer.location == f"/book/bookings/{booking_id}"
    assert "Your session is booked" in one_desk.look(answer.location).text


def test_a_link_that_was_used_is_refused_to_whoever_has_it_next(desk: Desk) -> None:
    path = path_of(link(desk))
    assert desk.look(path).status_code == 303
    thief = Visitor(desk.client.application.test_client())
    refused(thief.get(path), 410, "used before")
    assert thief.get("/book").status_code == 401


def test_looking_where_a_link_leads_does_not_use_it_up(one_desk: Desk) -> None:
    path = path_of(link(one_desk))
    answer = one_desk.client.head(path)
    assert (answer.status_code, "Set-Cookie" in answer.headers) == (204, False)
    assert one_desk.look(path).status_code == 303


def test_an_old_link_is_refused(desk: Desk) -> None:
    path = path_of(link(desk))
    with later(desk, timedelta(minutes=10)) as then:
        refused(then.look(path), 410, "too old")
    with later(desk, timedelta(minutes=9, seconds=59)) as then:
        assert then.look(path).status_code == 303


def test_an_altered_link_is_refused(one_desk: Desk) -> None:
    path = path_of(link(one_desk))
    middle = len(path) // 2
    other = "A" if path[middle] != "A" else "B"
    for bad in (path[:middle] + other + path[middle + 1 :], path[:-1], path + "x", "/p/x", "/p/" + "." * 50):
        refused(one_desk.look(bad), 403, "not whole")
    assert one_desk.look(path).status_code == 303


def test_neither_a_session_is_a_link_nor_a_link_a_session(one_desk: Desk) -> None:
    path = path_of(link(one_desk))
    cookie = one_desk.look(path).headers["Set-Cookie"].partition("=")[2].partition(";")[0]
    refused(one_desk.look(f"/p/{cookie}"), 403, "not whole")
    stranger = one_desk.client.application.test_client()
    stranger.set_cookie("coachcal-page", path_of(link(one_desk)).removeprefix("/p/"))
    assert stranger.get("/book").status_code == 401


def test_a_link_signed_with_a_key_of_somebody_else_s_is_refused(one_desk: Desk) -> None:
    path = path_of(link(one_desk))
    settings = one_desk.runtime.services.settings
    with desks.opened(settings.database_url, broker=StubBroker(), secret_keys=Fernet.generate_key().decode()) as other:
        refused(other.look(path), 403, "not whole")


def test_a_link_outlives_the_rotation_of_keys(one_desk: Desk) -> None:
    path = path_of(link(one_desk))
    settings = one_desk.runtime.services.settings
    keys = f"{Fernet.generate_key().decode()},{settings.secret_keys[0].get_secret_value()}"
    with desks.opened(settings.database_url, broker=StubBroker(), secret_keys=keys) as rotated:
        assert rotated.look(path).status_code == 303


def test_no_token_is_logged(one_desk: Desk) -> None:
    path = path_of(link(one_desk))
    with capture_logs() as told:
        for asked in (path, path, path[:-1]):
            one_desk.look(asked)
    assert [line["event"] for line in told] == ["link_followed", "link_refused", "link_refused"]
    assert [line.get("reason") for line in told[1:]] == ["used", "altered"]
    assert path.removeprefix("/p/")[:40] not in repr(told)
    line = logs.redact(None, "", {"event": f"GET {path} 303"})
    assert line["event"] == "GET /p/[redacted] 303"


def test_used_links_are_forgotten_after_a_day(desk: Desk) -> None:
    assert desk.look(path_of(link(desk))).status_code == 303
    with later(desk, timedelta(hours=23)) as then:
        assert retention(then.runtime.services, then.runtime.actors) == 0
    with later(desk, timedelta(hours=24, seconds=1)) as then:
        assert retention(then.runtime.services, then.runtime.actors) == 1
    with desk.database.write() as tx:
        assert links.use(tx, "a nonce", now=cast.NOW)
        assert not links.use(tx, "a nonce", now=cast.NOW)
        assert len(tx.execute(tables.link_uses.select()).all()) == 1


@pytest.mark.parametrize(
    ("changes", "status", "code", "field"),
    [
        ({"coach_id": "bob"}, 404, "unknown_coach", "coach_id"),
        ({"participant": None}, 422, "missing", "participant"),
        ({"purpose": "settings"}, 422, "unknown_field", "participant"),
        ({"purpose": "settings", "participant": None, "booking_id": "bkg_1"}, 422, "unknown_field", "booking_id"),
        ({"purpose": "ops"}, 422, "unknown_word", "purpose"),
        ({"booking_id": "bkg_1"}, 404, "unknown_booking", "booking_id"),
        ({"return_url": "javascript:alert(1)"}, 422, "invalid_value", "return_url"),
        ({"return_url": "http://os.test/"}, 422, "invalid_value", "return_url"),
        ({"return_url": "http://127.0.0.1.evil.test/"}, 422, "invalid_value", "return_url"),
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
        one_desk, return_url=f"https://os.test/{noise[::-1]}"[:990], participant=GRACE | {"my_page_url": page}
    )
    assert answer.json["code"] == "link_too_long"


def test_a_link_to_somebody_else_s_booking_is_not_made(one_desk: Desk) -> None:
    booking_id = enter(one_desk).book(TEN)
    assert link(one_desk, participant=HEDY, booking_id=booking_id).json["code"] == "unknown_booking"


def test_making_links_takes_a_scope_of_its_own(one_desk: Desk) -> None:
    body = {"purpose": "booking", "coach_id": "ada", "participant": GRACE}
    assert one_desk.ask("POST", "/v1/links", "bookings:write", json=body).json["code"] == "scope_missing"
    assert one_desk.ask("POST", "/v1/links", "links:write", json=body).status_code == 201


# -- sessions -------------------------------------------------------------------------------------------------

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
    cast.ready(one_desk.database, cast.coach(id="bob"))
    owner = enter(one_desk)
    booking_id = owner.book(TEN)
    guest = enter(one_desk, **other)
    form = guest.confirm(cast.at(3, 13)) | {"version": "1", "pod": "ses_1", "start": str(cast.at(3, 13))}
    before = one_desk.dump()
    answer = guest.client.open(
        path.format(id=booking_id, start=cast.at(3, 13)), method=method, data=form if method == "POST" else None
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


def test_a_coach_s_session_opens_no_bookings_and_a_participant_s_no_settings(one_desk: Desk) -> None:
    coach = Visitor(one_desk.client.application.test_client())
    made = link(one_desk, purpose="settings", participant=None)
    assert coach.get(path_of(made)).location == "/settings"
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


@pytest.mark.parametrize("origin", ["https://evil.test", "null", "http://localhost.evil.test", "http://localhost:81"])
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
    booking_id = guest.book(cast.at(4, 13))
    cancel = fields(guest.get(f"/book/bookings/{booking_id}/cancel"))
    stolen = other.confirm(TEN)["csrf"]
    before = one_desk.dump()
    for path, whole in (("/book", form), (f"/book/bookings/{booking_id}/cancel", cancel)):
        for csrf in ("", "x", stolen, "\N{SNOWMAN}"):
            refused(guest.post(path, whole | {"csrf": csrf}), 403, "not made here")
        refused(guest.post(path, {name: value for name, value in whole.items() if name != "csrf"}), 403, "not made")
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
        fresh_database("sqlite"), broker=StubBroker(), public_url="https://coachcal.test", embed_origins=origins
    ) as desk:
        cast.ready(desk.database)
        answer = desk.look(path_of(link(desk)), base_url="https://coachcal.test")
        cookie = answer.headers["Set-Cookie"]
        assert cookie.startswith("__Host-coachcal-page=")
        for flag in ("Secure", "HttpOnly", "SameSite=None", "Partitioned"):
            assert flag in cookie
        page = desk.look("/book", base_url="https://coachcal.test")
        assert "frame-ancestors https://os.test https://app.os.test" in page.headers["Content-Security-Policy"]


@pytest.mark.parametrize("origins", ["https://os.test/", "os.test", "https://*", "https://os.test; script-src *"])
def test_what_is_no_origin_stops_the_start(origins: str) -> None:
    with pytest.raises(ValueError, match="each is an origin"):
        desks.settings_for("sqlite:///x", "redis://x", embed_origins=origins)
