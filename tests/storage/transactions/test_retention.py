"""What is kept of people ends: mails lose what they say, bookings lose whose they were; what
happened stays.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from storage.rows import bookings as booking_rows
from storage.rows import outbox
from storage.schema import tables
from storage.schema.database import Database
from storage.slots.bookable import Wanted
from storage.transactions import bookings as booking_transactions
from storage.transactions import retention
from storage.transactions.bookings import BookingChange
from tests.support import people
from tests.support.people import at

ENDS = people.NOW + timedelta(days=7, hours=3)  # at(8, 11)
MONTH, YEAR = timedelta(days=30), timedelta(days=365)


@pytest.fixture
def booked(database: Database) -> BookingChange:
    """Grace's session with Ada, whose mails were sent."""
    people.ready(database, people.MAILED)
    with database.write() as tx:
        done = booking_transactions.book(
            tx, Wanted("ada", at(8, 10), 60), people.GRACE, people.PROGRAMME, people.terms()
        )
        tx.execute(tables.outbox.update().values(state="sent", sent_at=people.NOW))
    return done


def drop(database: Database, now: datetime) -> tuple[int, int]:
    with database.write() as tx:
        mails = retention.empty_old_mails(tx, now=now, after=MONTH)
        return mails, retention.forget_people(tx, now=now, after=YEAR)


def mails_of(database: Database, done: BookingChange) -> list[Any]:
    with database.read() as tx:
        return outbox.of_booking(tx, done.booking.id)


def test_a_sent_mail_loses_text_and_recipient_a_month_after_its_session(
    database: Database, booked: BookingChange
) -> None:
    whole = mails_of(database, booked)
    # Not before
    assert drop(database, ENDS + MONTH - timedelta(days=1)) == (0, 0)
    assert mails_of(database, booked) == whole
    # But then; once
    assert drop(database, ENDS + MONTH + timedelta(days=1)) == (len(whole), 0)
    assert drop(database, ENDS + MONTH + timedelta(days=1)) == (0, 0)
    emptied = mails_of(database, booked)
    assert {row.recipient for row in emptied} == {None}
    assert people.GRACE.email not in repr(emptied)
    assert people.GRACE.name not in repr(emptied)
    # And it is known that they were sent, when, and to whom by role
    roles = [row.payload["recipient"]["role"] for row in emptied]
    assert roles == [row.payload["recipient"]["role"] for row in whole]
    assert [(row.id, row.state, row.sent_at) for row in emptied] == [
        (row.id, row.state, row.sent_at) for row in whole
    ]


def test_a_mail_that_did_not_end_keeps_what_it_says(
    database: Database, booked: BookingChange
) -> None:
    with database.write() as tx:
        tx.execute(tables.outbox.update().values(state="dead"))
    whole = mails_of(database, booked)
    assert drop(database, ENDS + MONTH * 3) == (0, 0)
    assert mails_of(database, booked) == whole


@pytest.mark.parametrize("theirs", ["erased-7", "ERASED_7", "erased"])
def test_a_person_whose_id_looks_like_that_of_nobody_is_forgotten_like_others(
    database: Database, theirs: str
) -> None:
    people.ready(database, people.MAILED)
    who = replace(people.GRACE, id=theirs)
    with database.write() as tx:
        wanted = Wanted("ada", at(8, 10), 60)
        done = booking_transactions.book(tx, wanted, who, people.PROGRAMME, people.terms())
    assert drop(database, ENDS + YEAR + timedelta(days=2))[1] == 1
    with database.read() as tx:
        assert booking_rows.get(tx, done.booking.id).participant.is_erased


def test_a_booking_loses_its_person_a_year_after_its_session(
    database: Database, booked: BookingChange
) -> None:
    later = at(9, 10)
    with database.write() as tx:
        again = booking_transactions.book(
            tx, Wanted("ada", later, 60), people.GRACE, people.PROGRAMME, people.terms()
        )
    assert drop(database, ENDS + YEAR - timedelta(days=1))[1] == 0
    assert drop(database, ENDS + YEAR + timedelta(days=2))[1] == 2
    with database.read() as tx:
        kept = [booking_rows.get(tx, done.booking.id) for done in (booked, again)]
        everything = repr(
            [tx.execute(table.select()).all() for table in (tables.bookings, tables.outbox)]
        )
    assert {booking.participant.name for booking in kept} == {""}
    # Both are still one person's, whoever that was
    assert len({booking.participant.id for booking in kept}) == 1
    assert kept[0].status == "booked"
    for canary in (people.GRACE.name, people.GRACE.email, "'grace'"):
        assert canary not in everything
