"""A database that was at work with the release before: its schema, and bookings in it."""

from domain.sessions import Context
from storage import migrations
from storage.schema.database import Database
from storage.slots.bookable import Wanted
from storage.transactions import bookings
from tests.support import people
from tests.support.release_before import SCHEMA

COUNT = 6


def booked(database: Database) -> None:
    """COUNT bookings of Grace's, half of them of Acme's programme."""
    migrations.migrate(database)
    people.ready(database)
    for day in range(COUNT):
        with database.write() as tx:
            wanted = Wanted("ada", people.at(8 + day // 3, 9 + 2 * (day % 3)), 60)
            programme = (people.PROGRAMME, Context())[day % 2]
            bookings.book(tx, wanted, people.GRACE, programme, people.terms())
    migrations.migrate(database, SCHEMA, destroy=True)
