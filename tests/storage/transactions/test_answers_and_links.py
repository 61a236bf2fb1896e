"""A link that comes is no other appointment: what a participant answered to it before counts, until
the session is moved.
"""

from datetime import timedelta

import pytest

from domain.places import Place
from domain.sessions import Answer
from storage.rows import bookings as rows
from storage.schema import tables
from storage.schema.database import Database
from storage.slots.bookable import Wanted
from storage.transactions import bookings, conferencing, invitation_answers
from storage.transactions.bookings import BookingChange
from tests.support import people
from tests.support.people import at

LATER = timedelta(minutes=1)


@pytest.fixture
def booked(database: Database) -> BookingChange:
    """Grace with Ada, by video; she was mailed without the link."""
    people.ready(database)
    with database.write() as tx:
        wanted, terms = Wanted("ada", at(2, 10), 60), people.terms()
        video = Place("conferencing")
        done = bookings.book(tx, wanted, people.GRACE, people.PROGRAMME, terms, place=video)
        tx.execute(tables.outbox.update().values(state="sent"))
    return done


def answer(
    database: Database, booked: BookingChange, said: Answer, sequence: int, *, minute: int = 0
) -> bool:
    with database.write() as tx:
        kept = invitation_answers.keep(
            tx,
            booked.booking.uid,
            sequence=sequence,
            address=people.GRACE.email,
            answer=said,
            at=people.NOW + minute * LATER,
            now=people.NOW + timedelta(hours=1),
        )
    assert kept is not None
    return kept[1]


def link(database: Database, booked: BookingChange, name: str) -> None:
    with database.write() as tx:
        url = f"https://meet.example/{name}"
        conferencing.seen(tx, booked.session.id, url, people.NOW)
        tx.execute(tables.outbox.update().values(state="sent"))


def known(database: Database, booked: BookingChange) -> tuple[int, Answer | None]:
    with database.read() as tx:
        booking = rows.get(tx, booked.booking.id)
    return booking.sequence, booking.answer


def test_an_answer_stays_when_the_link_comes(database: Database, booked: BookingChange) -> None:
    assert answer(database, booked, "accepted", 0)
    for turn, name in enumerate(("a", "b"), start=1):
        link(database, booked, name)
        assert known(database, booked) == (turn, "accepted")


def test_an_answer_that_is_on_its_way_when_the_link_comes_counts(
    database: Database, booked: BookingChange
) -> None:
    link(database, booked, "a")
    link(database, booked, "b")
    assert answer(database, booked, "accepted", 0, minute=1)
    assert answer(database, booked, "declined", 2, minute=2)
    assert not answer(database, booked, "tentative", 1, minute=1)
    assert not answer(database, booked, "tentative", 3, minute=3)
    assert known(database, booked) == (2, "declined")


def test_no_answer_to_another_time_counts_whenever_the_link_came(
    database: Database, booked: BookingChange
) -> None:
    link(database, booked, "a")
    assert answer(database, booked, "accepted", 1, minute=5)
    with database.write() as tx:
        bookings.rebook(tx, booked.booking.id, at(2, 12), people.terms(), excused=True)
        tx.execute(tables.outbox.update().values(state="sent"))
    assert known(database, booked) == (2, None)
    link(database, booked, "b")
    assert known(database, booked) == (3, None)
    assert not answer(database, booked, "declined", 1, minute=6)
    # And the first one to the new time does, whatever a clock said of the old one's
    assert answer(database, booked, "tentative", 2, minute=4)
    assert known(database, booked) == (3, "tentative")
