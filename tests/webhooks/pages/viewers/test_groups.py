"""Groups on the booking page as coaches and programme managers make and fill them."""

import pytest

from tests.support import people
from tests.support.http_client import Desk
from tests.support.page_visitor import (
    HEDY,
    Visitor,
    enter,
    fields,
)
from tests.webhooks.pages.viewers.kit import (
    ACME,
    CLOSED,
    EVIL,
    LEADERS,
    MARY,
    OPEN,
    STAFF,
    come,
    pod,
    seats_of,
    sessions_of,
)


def group_form(visitor: Visitor, start: int, **changes: str) -> dict[str, str]:
    """The confirmation's form for a group, filled in."""
    page = visitor.get("/book/confirm", query_string={"start": start, "duration": 60})
    assert page.status_code == 200, page.text
    given = {"title": "Circle", "min_seats": "2", "max_seats": "4", "format": "open"}
    return fields(page) | given | changes


@pytest.mark.parametrize("viewer", STAFF)
def test_a_group_is_made_from_an_open_time_once_and_joined_by_its_people(
    desk: Desk, viewer: str
) -> None:
    staff = come(desk, viewer, participant=None, context=LEADERS)
    form = group_form(staff, OPEN)
    answer = staff.post("/book/groups", form)
    assert staff.post("/book/groups", form).location == answer.location
    (made,) = sessions_of(desk)
    assert (made.starts, made.min_seats, made.capacity, made.format) == (OPEN, 2, 4, "open")
    assert (made.title, made.context, made.force_reason) == ("Circle", LEADERS, None)
    page = staff.get(answer.location).text
    assert "<h1" in page
    assert "Circle" in page
    assert "0 of 4 taken; it takes 2" in page
    # Then it is for whoever belongs to the project, and for nobody else
    assert made.id not in enter(desk, context=ACME).get("/book").text
    guest = enter(desk, context=LEADERS)
    seen = guest.get("/book")
    assert "Circle" not in seen.text
    assert guest.post(f"/book/groups/{made.id}/join", fields(seen)).status_code == 303
    assert "Grace Hopper" in staff.get(answer.location).text


@pytest.mark.parametrize("viewer", STAFF)
@pytest.mark.parametrize(
    ("changes", "status", "says"),
    [
        ({"min_seats": "5"}, 422, "more seats than it has"),
        ({"min_seats": "0"}, 422, "could not be understood"),
        ({"max_seats": "201"}, 422, "could not be understood"),
        ({"max_seats": "9" * 5000}, 422, "could not be understood"),
        ({"format": "secret"}, 422, "could not be understood"),
        ({"title": "x" * 301}, 422, "too long"),
        ({"start": str(OPEN + 60)}, 422, "could not be understood"),
        ({"start": str(CLOSED)}, 409, "nothing was booked"),
        ({"key": "short"}, 422, "could not be understood"),
        ({"csrf": "x"}, 403, "not made here"),
    ],
)
def test_a_group_that_makes_no_sense_is_not_made(
    one_desk: Desk, viewer: str, changes: dict[str, str], status: int, says: str
) -> None:
    staff = come(one_desk, viewer)
    form = group_form(staff, OPEN) | changes
    before = one_desk.dump()
    answer = staff.post("/book/groups", form)
    assert (answer.status_code, says in answer.text) == (status, True), answer.text
    assert one_desk.dump() == before


def test_a_coach_forces_a_group_too(one_desk: Desk) -> None:
    coach = come(one_desk, "coach")
    answer = coach.post("/book/groups", group_form(coach, CLOSED, force="All of them can"))
    assert "All of them can" in coach.get(answer.location).text
    assert [session.force_reason for session in sessions_of(one_desk)] == ["All of them can"]


def test_a_manager_assigns_whatever_the_format(desk: Desk) -> None:
    starts = {"open": "02T09", "closed": "02T11", "hybrid": "02T13", "hybrid_v2": "04T09"}
    made = [pod(desk, f"2026-06-{at}:00:00Z", format=name) for name, at in starts.items()]
    manager = come(desk, "manager")
    page = manager.get("/book")
    for group in made:
        assert f"/book/groups/{group}/join" in page.text
        answer = manager.post(f"/book/groups/{group}/join", fields(page))
        assert "The session is booked" in manager.get(answer.location).text
    assert seats_of(desk) == [("grace", "booked")] * 4
    # A coach is not the programme
    hedy = come(desk, "coach", participant=HEDY).get("/book").text
    assert [f"/book/groups/{group}/join" in hedy for group in made] == [True, False, False, True]


def test_a_manager_sees_the_people_of_their_own_context_alone(one_desk: Desk) -> None:
    """Of a wider one's group, that their participant may join, only the seats."""
    inside = pod(one_desk, context=LEADERS | {"cohort": "spring"}, participants=[HEDY])
    ours = pod(one_desk, "2026-06-02T09:00:00Z", context=LEADERS)
    wider = pod(one_desk, "2026-06-04T09:00:00Z", context=ACME, participants=[MARY])
    anyone_s = pod(one_desk, "2026-06-04T11:00:00Z", context={}, participants=[MARY])
    other = pod(
        one_desk,
        "2026-06-04T13:00:00Z",
        context={"company": "acme", "project": "others"},
        participants=[MARY],
    )
    enter(one_desk, context=LEADERS, participant=MARY).book(people.at(5, 9))
    page = come(one_desk, "manager", context=LEADERS).get("/book?week=2026-06-01").text
    assert "Hedy Lamarr" in page
    assert "Mary" not in page
    for group, shown, joined in (
        (inside, True, True),
        (ours, True, True),
        (wider, False, True),
        (anyone_s, False, True),
        (other, False, False),
    ):
        assert (f'href="/book/groups/{group}' in page) is shown
        assert (f'id="join-{group}"' in page) is joined


def test_a_participant_s_bookings_elsewhere_are_no_business_of_a_manager_s(one_desk: Desk) -> None:
    theirs = enter(one_desk, context=EVIL).book(OPEN)
    mine = enter(one_desk, context=LEADERS).book(people.at(5, 9))
    manager = come(one_desk, "manager")
    page = manager.get("/book").text
    assert theirs not in page
    assert mine in page
    assert manager.get(f"/book/bookings/{theirs}").status_code == 404
    assert (
        manager.post(
            f"/book/bookings/{theirs}/cancel", manager.confirm(people.at(2, 9))
        ).status_code
        == 404
    )
    assert theirs in come(one_desk, "coach", participant=None).get("/book").text
