"""Where a session is, to those who are in it: on the page of the booking and of the group, and in
what is kept of it in a calendar; nowhere else.
"""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from domain.places import Place
from storage.rows import sessions
from tests.support import people
from tests.support.booking_requests import post
from tests.support.http_client import Desk
from tests.support.page_visitor import Visitor, booking_in, enter
from tests.webhooks.pages.booking.kit import TEN, join, pod

LINK = "https://meet.example/secret-room?a=1&b=2"
SHOWN = "https://meet.example/secret-room?a=1&amp;b=2"
ROOM = {"kind": "url", "value": LINK}


def choose(desk: Desk, place: Any) -> None:
    said = {"place": place}
    assert desk.put("/v1/places/company/acme", said).status_code == 200


def guest_of_acme(desk: Desk, **asked: Any) -> Visitor:
    return enter(desk, context={"company": "acme"}, **asked)


def calendars(guest: Visitor, booking_id: str) -> str:
    """The file, its lines joined again."""
    file = guest.get(f"/book/bookings/{booking_id}/calendar")
    return str(file.text).replace("\r\n ", "")


def test_a_link_is_one_once_it_is_booked_and_in_no_list(one_desk: Desk) -> None:
    choose(one_desk, ROOM)
    guest = guest_of_acme(one_desk)
    confirm = guest.get("/book/confirm", query_string={"start": TEN, "duration": 60})
    booking_id = guest.book(TEN)
    page = guest.get(f"/book/bookings/{booking_id}").text
    assert f'<a href="{SHOWN}" dir="ltr" target="_blank" rel="noopener noreferrer">' in page
    assert "LOCATION:https://meet.example/secret-room?a=1&b=2" in calendars(guest, booking_id)
    google = next(part for part in page.split('"') if part.startswith("https://calendar.google"))
    assert parse_qs(urlsplit(google.replace("&amp;", "&")).query)["location"] == [LINK]
    for other in (confirm, guest.get("/book"), guest.get("/book/grid")):
        assert "secret-room" not in other.text


@pytest.mark.parametrize(
    ("place", "shown"),
    [
        ({"kind": "phone", "value": "+44 20 7946 0018"}, "<bdi>+44 20 7946 0018</bdi>"),
        ({"kind": "address", "value": "<b>12 High St"}, "<bdi>&lt;b&gt;12 High St</bdi>"),
        ({"kind": "conferencing"}, "<bdi>Video call: the link follows</bdi>"),
    ],
)
def test_what_is_no_link_is_a_text(one_desk: Desk, place: Any, shown: str) -> None:
    choose(one_desk, place)
    guest = guest_of_acme(one_desk)
    page = guest.get(f"/book/bookings/{guest.book(TEN)}").text
    assert f'<dd id="where">{shown}</dd>' in page


def test_nothing_is_said_where_nobody_says_where(one_desk: Desk) -> None:
    guest = enter(one_desk)
    booking_id = guest.book(TEN)
    assert 'id="where"' not in guest.get(f"/book/bookings/{booking_id}").text
    assert "LOCATION" not in calendars(guest, booking_id)


def test_who_left_is_not_told_where_it_is(one_desk: Desk) -> None:
    choose(one_desk, ROOM)
    guest = guest_of_acme(one_desk)
    booking_id = guest.book(TEN)
    assert post(one_desk, f"/v1/bookings/{booking_id}/cancel", {}).status_code == 200
    assert "secret-room" not in guest.get(f"/book/bookings/{booking_id}").text


def test_a_group_has_one_link_for_its_members_and_its_coach(one_desk: Desk) -> None:
    group = pod(one_desk, context={"company": "acme"}, place=ROOM)
    guest = guest_of_acme(one_desk)
    assert "secret-room" not in guest.get("/book").text
    seat = booking_in(join(guest, group))
    assert SHOWN in guest.get(f"/book/bookings/{seat}").text
    coach = enter(one_desk, participant=None, viewer="coach")
    assert SHOWN in coach.get(f"/book/groups/{group}").text
    assert "secret-room" not in coach.get("/book").text, "the week is for times"
    manager = enter(one_desk, participant=None, viewer="manager", context={"company": "acme"})
    page = manager.get(f"/book/groups/{group}").text
    assert "Grace Hopper" in page
    assert "secret-room" not in page
    assert "A link, which those who take part have" in page


def test_a_session_that_was_made_before_there_were_places_is_shown(one_desk: Desk) -> None:
    guest = enter(one_desk)
    booking_id = guest.book(TEN)
    with one_desk.database.read() as tx:
        [session] = sessions.of_coach(tx, "ada", TEN, people.at(3, 0))
    assert (session.place, session.where) == (None, "")
    assert Place.of_json(None) is None
    assert guest.get(f"/book/bookings/{booking_id}").status_code == 200
