"""Whoever moves a session shortly before it begins is told first that it counts as missed."""

from tests.support import people
from tests.support.http_client import Desk
from tests.support.page_visitor import Visitor, booking_in
from tests.webhooks.pages.booking.kit import bookings_of

SOON, LATER = people.at(1, 12), people.at(4, 9)
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
