"""The participant's booking page without a browser: groups are joined, changed and left as their
format allows.
"""

import re
from dataclasses import replace

import pytest

from tests.support import people
from tests.support.booking_requests import post
from tests.support.http_client import Desk
from tests.support.page_visitor import GRACE, HEDY, Visitor, booking_in, enter, fields
from tests.webhooks.pages.booking.kit import FREE, bookings_of, join, pod


def forms_to(page: str, path: str) -> dict[str, str]:
    found = re.search(rf'<form method="post" action="{path}">.*?</form>', page, re.DOTALL)
    assert found is not None
    return dict(re.findall(r'name="(\w+)" value="([^"]*)"', found[0]))


def test_a_group_is_joined_and_left(desk: Desk, guest: Visitor) -> None:
    mine = pod(desk)
    form = fields(guest.get("/book"))
    assert "Seats left: 2" in guest.get("/book").text
    answer = join(guest, mine)
    booking_id = booking_in(answer)
    assert "Group session" in guest.get(answer.location).text
    assert "Groups with seats left" not in guest.get("/book").text  # this one they are in
    again = guest.post(f"/book/groups/{mine}/join", form | {"key": "k" * 20})
    assert (again.status_code, "You have this session" in again.text) == (409, True)
    assert f'href="/book/bookings/{booking_id}' in again.text
    ended = guest.post(
        f"/book/bookings/{booking_id}/cancel",
        fields(guest.get(f"/book/bookings/{booking_id}/cancel")),
    )
    assert "cancelled" in guest.get(ended.location).text
    assert "Seats left: 2" in guest.get("/book").text


def test_the_last_seat_goes_to_one(desk: Desk, guest: Visitor) -> None:
    mine = pod(desk, min_seats=1, max_seats=1)
    form = fields(guest.get("/book"))
    assert join(enter(desk, participant=HEDY), mine).status_code == 303
    answer = guest.post(f"/book/groups/{mine}/join", form)
    assert answer.status_code == 409
    assert "Somebody else was faster" in answer.text
    assert "last seat" in answer.text
    assert bookings_of(desk) == [("hedy", "booked", 1)]


def test_a_seat_is_changed_for_one_in_another_group(desk: Desk, guest: Visitor) -> None:
    first, second = pod(desk), pod(desk, "2026-06-03T14:00:00Z")
    booking_id = booking_in(join(guest, first))
    path = f"/book/bookings/{booking_id}/group"
    form = forms_to(guest.get(f"/book/bookings/{booking_id}").text, path)
    assert form["pod"] == second
    moved = guest.post(path, form)
    assert "Wednesday 3 June" in guest.get(moved.location).text.replace("Wednesday, ", "Wednesday ")
    assert bookings_of(desk) == [("grace", "booked", 2)]


@pytest.mark.parametrize(
    ("format_", "may_join", "may_change"),
    [
        ("open", True, True),
        ("closed", False, False),
        ("hybrid", False, True),
        ("hybrid_v2", True, False),
    ],
)
def test_the_format_of_a_group_is_obeyed(
    desk: Desk, guest: Visitor, format_: str, may_join: bool, may_change: bool
) -> None:
    mine, other = pod(desk, format=format_), pod(desk, "2026-06-03T14:00:00Z", format=format_)
    page = guest.get("/book").text
    assert (f"/book/groups/{mine}/join" in page) is may_join
    form = guest.confirm(FREE) | {"zone": "UTC"}
    if not may_join:
        answer = guest.post(f"/book/groups/{mine}/join", form)
        assert answer.status_code == 409
        assert "given by your programme" in answer.text
        assert (
            post(
                desk, f"/v1/pods/{mine}/seats", {"participant": GRACE, "assigned": True}
            ).status_code
            == 201
        )
    else:
        join(guest, mine)
    found = re.search(r"/book/bookings/(bkg_\w+)", guest.get("/book").text)
    assert found is not None
    page = guest.get(f"/book/bookings/{found[1]}").text
    assert (other in page) is may_change
    if not may_change:
        form = guest.confirm(FREE) | {"pod": other, "version": "1"}
        assert guest.post(f"/book/bookings/{found[1]}/group", form).status_code == 409
    if format_ == "hybrid_v2":
        assert f"/book/groups/{other}/join" not in guest.get("/book").text


def test_groups_of_others_are_not_there(desk: Desk) -> None:
    """A cohort's group is for who belongs to it; another coach's is no business of this page."""
    people.ready(desk.database, replace(people.MAILED, id="bob"))
    cohort = {"company": "acme", "cohort": "spring"}
    ours, theirs, bob_s = (
        pod(desk, context=cohort),
        pod(desk, "2026-06-03T14:00:00Z", context={"company": "evil"}),
        "",
    )
    bob_s = pod(desk, coach_id="bob")
    guest, outsider = enter(desk, context=cohort), enter(desk)
    page = guest.get("/book").text
    assert ours in page
    for away in (theirs, bob_s):
        assert away not in page
        form = guest.confirm(FREE)
        assert guest.post(f"/book/groups/{away}/join", form).status_code == 404
    assert ours not in outsider.get("/book").text
    assert outsider.post(f"/book/groups/{ours}/join", outsider.confirm(FREE)).status_code == 404
    assert bookings_of(desk) == []


def test_a_group_of_pods_is_joined_by_its_first_and_left_by_it(desk: Desk, guest: Visitor) -> None:
    group = {"format": "hybrid_v2", "group_id": "g1"}
    first, later = pod(desk, **group), pod(desk, "2026-06-03T14:00:00Z", **group)
    page = guest.get("/book").text
    assert (f"/book/groups/{first}/join" in page, f"/book/groups/{later}/join" in page) == (
        True,
        False,
    )
    form = guest.confirm(FREE) | {"zone": "UTC"}
    assert guest.post(f"/book/groups/{later}/join", form).status_code == 409
    booking_id = booking_in(join(guest, first))
    assert bookings_of(desk) == [("grace", "booked", 1)] * 2
    path = f"/book/bookings/{booking_id}/cancel"
    asked = guest.get(path)
    assert "later seats in this group are given up too" in asked.text
    assert "Wednesday" in asked.text.partition('id="too"')[2]
    guest.post(path, fields(asked))
    assert bookings_of(desk) == [("grace", "cancelled", 2)] * 2


def test_a_group_is_shown_with_its_later_pods_and_not_offered_if_one_is_full(
    desk: Desk, guest: Visitor
) -> None:
    group = {"format": "hybrid_v2", "group_id": "g1"}
    first, later = pod(desk, **group), pod(desk, "2026-06-03T14:00:00Z", **group)
    shown = guest.get("/book").text.partition(f'id="join-{first}"')[0].rpartition("<li")[2]
    assert ("Tuesday" in shown, "Wednesday" in shown, "Seats left: 2" in shown) == (True,) * 3
    for who in (HEDY, GRACE | {"id": "mary", "email": "mary@example.test"}):
        seat = {"participant": who, "assigned": True}
        assert post(desk, f"/v1/pods/{later}/seats", seat).status_code == 201
    assert first not in guest.get("/book").text
