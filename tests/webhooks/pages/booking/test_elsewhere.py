"""A time at which the participant is in another session is shown closed, with a reason that tells
nothing of that session.
"""

import pytest

from tests.support.booking_requests import post
from tests.support.http_client import SETTINGS, Desk
from tests.support.page_visitor import GRACE, Visitor, enter, fields
from tests.webhooks.pages.booking.kit import TEN, bookings_of, pod

SAID = "You have another session then."
TOLD = "The participant has another session then."


@pytest.fixture
def elsewhere(desk: Desk) -> Desk:
    """Grace is with Bob at ten."""
    bob = SETTINGS | {"policy": {"kind": "hours_only"}, "name": "Bob the Secret"}
    assert desk.put("/v1/coaches/bob", bob).status_code == 201
    asked = {"coach_id": "bob", "start": "2026-06-02T13:00:00Z", "duration": 60}
    booked = post(desk, "/v1/bookings", asked | {"participant": GRACE})
    assert booked.status_code == 201, booked.text
    return desk


def week(guest: Visitor) -> str:
    return str(guest.get("/book?week=2026-06-01&duration=60").text)


def test_the_grid_says_why_a_time_is_closed_to_this_participant_alone(elsewhere: Desk) -> None:
    guest, other = enter(elsewhere), enter(elsewhere, participant=GRACE | {"id": "another"})
    assert SAID in week(guest)
    assert "booked" in week(guest)
    assert "Bob" not in week(guest)
    assert SAID not in week(other)
    # Of what the coach has closed the participant is told nothing more
    assert "outside" not in week(guest)


def test_what_is_asked_for_all_the_same_is_refused_with_other_times(elsewhere: Desk) -> None:
    guest = enter(elsewhere)
    asked = guest.get("/book/confirm", query_string={"start": TEN, "duration": 60})
    assert asked.status_code == 409
    assert "You have another session at this time" in asked.text
    assert "The nearest times that are available" in asked.text
    before = bookings_of(elsewhere)
    free = TEN + 2 * 3600
    form = fields(guest.get("/book/confirm", query_string={"start": free, "duration": 60}))
    refused = guest.post("/book", form | {"start": str(TEN)})
    assert (refused.status_code, "You have another session" in refused.text) == (409, True)
    assert bookings_of(elsewhere) == before


def test_a_group_says_so_instead_of_a_button(elsewhere: Desk) -> None:
    made = pod(elsewhere, "2026-06-02T13:30:00Z")
    page = week(enter(elsewhere))
    assert f"/book/groups/{made}/join" not in page
    assert page.count(SAID) >= 2


def test_a_coach_may_force_it_and_sees_why_afterwards(elsewhere: Desk) -> None:
    coach = enter(elsewhere, viewer="coach")
    question = coach.get("/book/confirm", query_string={"start": TEN, "duration": 60}).text
    assert TOLD in question
    answer = coach.post("/book", coach.confirm(TEN) | {"force": "Grace asked."})
    assert answer.status_code == 303
    assert "Grace asked." in coach.get(answer.location).text
    assert "Grace asked." not in enter(elsewhere).get(answer.location).text
