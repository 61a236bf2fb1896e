"""Made-up coaches and bookings: whole, listed, bookable, and the same however often."""

from sqlalchemy import func, select

from storage.reports.lists import SessionFilter
from storage.reports.session_lists import bookings_page, sessions_page
from storage.schema import tables
from storage.schema.database import Database
from storage.transactions import seeding
from tests.support import people

COACHES, BOOKINGS = 12, 400


def seed(database: Database) -> None:
    with database.write() as tx:
        seeding.seed_coaches(tx, 0, COACHES, now=people.NOW)
        for first in (0, 200):
            seeding.seed_bookings(
                tx, first, first + 200, coaches=COACHES, of=BOOKINGS, now=people.NOW
            )
        seeding.settle(tx)


def test_seeding_twice_makes_the_same_and_all_of_it_is_listed(database: Database) -> None:
    seed(database)
    seed(database)
    with database.read() as tx:
        counts = []
        for table in (tables.coaches, tables.slot_sets, tables.sessions, tables.bookings):
            counts.append(tx.scalar(select(func.count()).select_from(table)))
        found = bookings_page(tx, SessionFilter(), None, limit=500, now=people.NOW)
        pods = sessions_page(tx, SessionFilter(), None, limit=500, now=people.NOW, pods=True)
        acme = SessionFilter(company="seed-c3", cohort="seed-h3")
        narrow = bookings_page(tx, acme, None, limit=500, now=people.NOW)
    assert counts == [COACHES, COACHES, BOOKINGS, BOOKINGS]
    assert len(found.items) == BOOKINGS
    assert {booking.status for booking, _ in found.items} == {
        "booked",
        "completed",
        "missed",
        "cancelled",
    }
    assert len(pods.items) == BOOKINGS // 20
    assert [booking.context.company for booking, _ in narrow.items] == ["seed-c3"]


def test_real_coaches_are_told_from_made_up_ones(database: Database) -> None:
    seed(database)
    with database.read() as tx:
        assert seeding.real_coaches(tx) == 0
    people.introduce(database)
    with database.read() as tx:
        assert seeding.real_coaches(tx) == 1
