"""Ops find a booking, a session, a participant or a request by its id, and see what happened."""

from storage.schema import doorways
from storage.slots.bookable import Wanted
from storage.transactions import bookings, holds
from storage.transactions.bookings import BookingChange
from tests.support import people
from tests.support.http_client import Desk


def book(desk: Desk, force: str | None = None) -> BookingChange:
    people.ready(desk.database)
    doorways.begin("api", "coach-os", request_id="req-7")
    with desk.database.write() as tx:
        wanted = Wanted("ada", people.at(8, 5), 60, force or "Her child is ill.")
        done = bookings.book(tx, wanted, people.GRACE, people.PROGRAMME, people.terms())
    doorways.begin("page", "participant", request_id="req-8")
    with desk.database.write() as tx:
        bookings.cancel(tx, done.booking.id, people.terms())
    doorways.begin()
    return done


def found(desk: Desk, wanted: str) -> str:
    answer = desk.client.get("/ops/find", query_string={"id": wanted})
    assert answer.status_code == 303, answer.text
    return str(answer.location)


def test_each_id_leads_to_what_it_is_of(inside: Desk) -> None:
    done = book(inside)
    with inside.database.write() as tx:
        hold = holds.hold(tx, Wanted("ada", people.at(2, 10), 60), "x", 5, people.terms())
    assert found(inside, done.booking.id) == f"/ops/bookings/{done.booking.id}"
    assert found(inside, done.session.id) == f"/ops/sessions/{done.session.id}"
    assert found(inside, hold.id) == f"/ops/sessions/{hold.id}"
    assert found(inside, "req-7") == "/ops/requests/req-7"
    assert found(inside, "ada") == "/ops/coaches/ada"
    assert found(inside, "grace") == "/ops/people/grace"
    assert inside.client.get("/ops/find?id=req-9").status_code == 404


def test_a_booking_shows_what_happened_and_who_did_it_and_not_why(inside: Desk) -> None:
    done = book(inside)
    text = inside.client.get(f"/ops/bookings/{done.booking.id}").text
    for told in ("coach-os", "req-7", "participant", "req-8", "cancelled", "given up", "forced"):
        assert told in text, told
    assert "child" not in text


def test_a_request_shows_all_that_it_changed(inside: Desk) -> None:
    done = book(inside)
    text = inside.client.get("/ops/requests/req-8").text
    assert done.booking.id in text
    assert "cancelled" in text
    assert "booked</strong>" not in text


def test_a_person_leads_to_their_bookings(inside: Desk) -> None:
    done = book(inside)
    assert f"/ops/bookings/{done.booking.id}" in inside.client.get("/ops/people/grace").text


def test_of_what_never_was_there_is_no_page(inside: Desk) -> None:
    for path in ("bookings/bkg_1", "sessions/ses_1", "requests/r"):
        assert inside.client.get(f"/ops/{path}").status_code == 404, path
