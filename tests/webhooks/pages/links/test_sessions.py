"""The sessions behind links: whose things are seen in one, when it ends, which forms it
takes.
"""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from dramatiq.brokers.stub import StubBroker
from structlog.testing import capture_logs

from tests.support import http_client as desks
from tests.support import people
from tests.support.databases import Kind
from tests.support.http_client import Desk
from tests.support.page_visitor import HEDY, Visitor, enter, fields, follow, link, path_of
from tests.webhooks.pages.links.kit import TEN, later, refused
from webhooks.http.page_sessions import signer

BOOKING_PATHS = (
    ("GET", "/book/bookings/{id}"),
    ("GET", "/book/bookings/{id}/cancel"),
    ("GET", "/book?move={id}"),
    ("GET", "/book/grid?move={id}"),
    ("GET", "/book/confirm?move={id}&start={start}&duration=60"),
    ("POST", "/book/choose?move={id}&start={start}&duration=60"),
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


def test_a_link_followed_at_the_end_of_a_second_opens_a_session_that_stands(
    fresh_database: Callable[[Kind], str],
) -> None:
    late = people.NOW.replace(microsecond=999_600)  # stored to the millisecond: the next second
    with desks.opened(fresh_database("sqlite"), broker=StubBroker(), now=late) as desk:
        people.ready(desk.database)
        assert enter(desk).get("/book").status_code == 200


def test_a_page_that_says_that_the_database_is_away_says_it_in_the_guest_s_language(
    fresh_database: Callable[[Kind], str],
) -> None:
    with desks.opened(fresh_database("postgresql"), broker=StubBroker()) as desk:
        people.ready(desk.database)
        guest = enter(desk, language="fr")
        breaker = desk.database.breaker
        assert breaker is not None
        breaker.close()
        breaker.kind = "away"
        page = guest.get("/book")
    assert page.status_code == 503
    assert '<html lang="fr"' in page.text
