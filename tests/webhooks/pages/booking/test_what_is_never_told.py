"""The participant's booking page never tells a reason, a title or another's name."""

from dataclasses import replace
from typing import Any

from dramatiq.brokers.stub import StubBroker

from tests.support import http_client as desks
from tests.support import people
from tests.support.booking_requests import post
from tests.support.http_client import Desk
from tests.support.page_visitor import HEDY, booking_in, enter
from tests.webhooks.pages.booking.kit import join, pod

CANARIES = (
    "Secret title",
    "A canary reason",
    "Hedy",
    "hedy",
    "lamarr",
    "outside_hours",
    "buffer",
    "untrusted",
)


def test_no_page_tells_a_reason_a_title_or_another_s_name(one_desk: Desk) -> None:
    # Given a week with a forced session and a group of others
    forced = {
        "coach_id": "ada",
        "start": "2026-06-02T09:00:00Z",
        "duration": 60,
        "participant": HEDY,
    }
    assert (
        post(
            one_desk, "/v1/bookings", forced | {"force": {"reason": "A canary reason"}}
        ).status_code
        == 201
    )
    mine = pod(one_desk, max_seats=3, participants=[HEDY])
    guest = enter(one_desk)
    # When every page is looked at, also those of refusals
    booking_id = guest.book(people.at(3, 13))
    seat = booking_in(join(guest, mine))
    form = guest.confirm(people.at(4, 13))
    post(one_desk, "/v1/bookings", forced | {"start": "2026-06-04T13:00:00Z"})
    pages = [guest.post("/book", form)]
    paths = [
        "/book",
        "/book/grid",
        "/book?week=2026-06-08",
        f"/book?move={booking_id}",
        f"/book/confirm?start={people.at(2, 9)}",
    ]
    paths += [f"/book/bookings/{its}{end}" for its in (booking_id, seat) for end in ("", "/cancel")]
    pages += [guest.get(path) for path in [*paths, "/book/bookings/bkg_x", "/book/nowhere"]]
    assert [page.status_code for page in pages] == [
        409,
        200,
        200,
        200,
        200,
        409,
        200,
        200,
        200,
        200,
        404,
        404,
    ]
    # Then none of it is there, in the text, the source or the headers
    for page in pages:
        whole = page.text + str(page.headers)
        for canary in (*CANARIES, people.WORK, "busy", "acc_ada"):
            assert canary not in whole, canary


def test_a_name_is_text_on_the_page(fresh_database: Any) -> None:
    """Whatever a coach or a participant is called."""
    name = '<script>alert("x")</script>'
    with desks.opened(fresh_database("sqlite"), broker=StubBroker()) as desk:
        people.ready(desk.database, replace(people.MAILED, name=name))
        guest = enter(desk, return_url="https://os.test/?a=1&b='\""[:-1])
        page = guest.get("/book").text
        assert "<script>alert" not in page
        assert "&lt;script&gt;" in page
