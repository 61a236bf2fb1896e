"""A session of Ada's, and a reading of her calendar that lies over it."""

from datetime import datetime
from typing import Any

from domain.sessions import Session
from storage.schema.database import Database
from storage.slots.bookable import Wanted
from storage.transactions import bookings, store_reading
from storage.transactions.bookings import BookingChange
from storage.transactions.store_reading import Observed, Stored
from tests.support import people
from tests.support.people import at

TEN = at(2, 10)
HOUR = 3600
OVER = (TEN, TEN + HOUR)


def book(database: Database, start: int = TEN, **options: Any) -> Session:
    return booking_of(database, start, **options).session


def booking_of(database: Database, start: int = TEN, **options: Any) -> BookingChange:
    wanted = Wanted("ada", start, 60, options.pop("force", None))
    with database.write() as tx:
        return bookings.book(tx, wanted, people.GRACE, people.PROGRAMME, people.terms(), **options)


def store(
    database: Database, connection: str, observed: Observed, now: datetime = people.NOW
) -> Stored:
    people.mark_dirty(database, connection)
    held = people.claim(database, connection)
    assert held is not None
    with database.write() as tx:
        stored = store_reading.store(tx, held, observed, now=now)
    assert stored is not None
    return stored
