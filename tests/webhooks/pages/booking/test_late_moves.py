"""Whoever moves a session shortly before it begins is told first that it counts as missed."""

from tests.support import people
from tests.support.http_client import Desk
from tests.support.page_visitor import Visitor, booking_in, enter, fields
from tests.webhooks.pages.booking.kit import bookings_of, join, pod

SOON, LATER = people.at(1, 12), people.at(4, 9)
ACME = {"company": "acme"}
TOLD = "the booking counts as missed, and the new time is a new booking"


def moving(guest: Visitor, booking_id: str) -> str:
    page = guest.get(f"/book/confirm?start={LATER}&duration=60&move={booking_id}")
    return str(page.text)


def test_a_late_move_says_before_what_it_costs_and_leads_to_the_new_booking(
    desk: Desk, guest: Visitor
) -> None:
    booking_id = guest.book(SOON)
    assert TOLD in moving(guest, booking_id)
    form = guest.confirm(LATER, move=booking_id)
    moved = guest.post(f"/book/bookings/{booking_id}/move", form)
    assert booking_in(moved) != booking_id
    assert "10:00 – 11:00" in guest.get(moved.location).text
    assert "cancelled or moved too shortly" in guest.get(f"/book/bookings/{booking_id}").text
    assert bookings_of(desk) == [("grace", "booked", 1), ("grace", "missed", 2)]
    # The same form again shows the same booking
    again = guest.post(f"/book/bookings/{booking_id}/move", form)
    assert booking_in(again) == booking_in(moved)


def test_a_move_in_time_costs_nothing_and_says_nothing(desk: Desk, guest: Visitor) -> None:
    booking_id = guest.book(people.at(3, 9))
    assert TOLD not in moving(guest, booking_id)
    guest.post(f"/book/bookings/{booking_id}/move", guest.confirm(LATER, move=booking_id))
    assert bookings_of(desk) == [("grace", "booked", 2)]


def test_a_late_change_to_another_group_says_before_what_it_costs(
    desk: Desk, guest: Visitor
) -> None:
    soon, later = pod(desk, "2026-06-01T12:00:00Z"), pod(desk, "2026-06-04T09:00:00Z")
    booking_id = booking_in(join(guest, soon))
    page = guest.get(f"/book/bookings/{booking_id}").text
    assert f'value="{later}"' in page
    assert TOLD in page
    # Of a seat that is left in time nothing is said
    leave = f"/book/bookings/{booking_id}/cancel"
    assert guest.post(leave, fields(guest.get(leave))).status_code == 303
    other = booking_in(join(guest, later))
    pod(desk, "2026-06-04T12:00:00Z")
    page = guest.get(f"/book/bookings/{other}").text
    assert "Change to another group" in page
    assert TOLD not in page


def test_whom_no_limit_binds_is_not_told_of_a_cost(one_desk: Desk) -> None:
    soon = pod(one_desk, "2026-06-01T12:00:00Z", context=ACME)
    pod(one_desk, "2026-06-04T09:00:00Z", context=ACME)
    booking_id = booking_in(join(enter(one_desk, context=ACME), soon))
    page = enter(one_desk, context=ACME, viewer="manager").get(f"/book/bookings/{booking_id}").text
    assert "Change to another group" in page
    assert TOLD not in page
