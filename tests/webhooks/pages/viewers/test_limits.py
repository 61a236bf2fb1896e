"""What a programme allows its participants binds them, and not whoever looks after them."""

import pytest

from tests.support import people
from tests.support.http_client import Desk
from tests.support.page_visitor import enter, fields
from tests.webhooks.pages.viewers.kit import ACME, STAFF, come, pod, seats_of

SOON, LATER = people.at(1, 14), people.at(4, 9)


@pytest.mark.parametrize("viewer", STAFF)
def test_whoever_may_pass_the_limits_moves_late_and_it_stays_the_same_booking(
    one_desk: Desk, viewer: str
) -> None:
    one_desk.put(f"/v1/change_rules/company/{ACME['company']}", {"most_rebookings": 0})
    guest = enter(one_desk, context=ACME)
    booking_id = guest.book(SOON)
    # The participant may not
    form = guest.confirm(LATER, move=booking_id)
    refused = guest.post(f"/book/bookings/{booking_id}/move", form)
    assert refused.status_code == 409
    assert "as often as your programme allows" in refused.text
    # Who looks after them may
    other = come(one_desk, viewer)
    page = other.get(f"/book/confirm?start={LATER}&duration=60&move={booking_id}")
    assert "counts as missed" not in page.text
    moved = other.post(f"/book/bookings/{booking_id}/move", fields(page))
    assert booking_id in moved.location
    assert seats_of(one_desk) == [("grace", "booked")]


@pytest.mark.parametrize("viewer", STAFF)
def test_a_seat_is_had_for_somebody_who_missed_too_much_by_who_may_pass_the_limits(
    one_desk: Desk, viewer: str
) -> None:
    one_desk.put(f"/v1/change_rules/company/{ACME['company']}", {"most_missed": 1})
    group = pod(one_desk)
    join = f"/book/groups/{group}/join"
    # The participant may not
    guest = enter(one_desk, context=ACME)
    late = f"/book/bookings/{guest.book(SOON)}/cancel"
    assert guest.post(late, fields(guest.get(late))).status_code == 303
    assert guest.post(join, fields(guest.get("/book"))).status_code == 409
    assert seats_of(one_desk) == [("grace", "missed")]
    other = come(one_desk, viewer)
    assert other.post(join, fields(other.get("/book"))).status_code == 303
    assert seats_of(one_desk) == [("grace", "booked"), ("grace", "missed")]
