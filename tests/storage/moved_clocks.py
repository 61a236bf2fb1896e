"""What tests of moved clocks share: what is owed and told then; and, for those of participants,
a session of which Grace's local time moved, and Ada's did not.
"""

from datetime import datetime
from typing import Any

from storage.rows import coaches
from storage.schema import tables
from storage.schema.database import Database
from storage.slots.bookable import Wanted
from storage.transactions import bookings as booking_transactions
from storage.transactions import callbacks, moved_clocks
from tests.support import people
from tests.support.people import at

TEN = at(9, 10)
BEFORE, AFTER = "2026-06-09T05:00 America/New_York", "2026-06-09T06:00 America/New_York"
seat = tables.bookings.c


def booked(database: Database) -> str:
    """Grace, in New York, with Ada, in London."""
    people.ready(database)
    with database.write() as tx:
        wanted = Wanted("ada", TEN, 60)
        made = booking_transactions.book(tx, wanted, people.GRACE, people.PROGRAMME, people.terms())
    return made.booking.id


def older_rules(database: Database, booking_id: str) -> None:
    """As a release left it whose rules knew no summer time in New York."""
    with database.write() as tx:
        mine = tables.bookings.update().where(seat.id == booking_id)
        tx.execute(mine.values(wall=BEFORE))
        tx.execute(tables.slot_sets.update().values(tzdata="2019c"))


def roll(database: Database, now: datetime = people.NOW) -> list[tuple[str, int | None]]:
    """The mails that it owed: whom, and the facts of the time before."""
    with database.write() as tx:
        coach = coaches.lock(tx, "ada")
        assert coach is not None
        _, wakes = moved_clocks.roll(tx, coach, people.terms(now))
        ids = [outbox_id for outbox_id, _ in wakes]
        found = tx.execute(tables.outbox.select().where(tables.outbox.c.id.in_(ids))).all()
    assert {row.topic for row in found} <= {"wall_moved"}
    return sorted((row.recipient, row.payload["previous_starts"]) for row in found)


def told(database: Database) -> list[dict[str, Any]]:
    return announced(database, "clock")


def announced(database: Database, word: str) -> list[dict[str, Any]]:
    """What the platform is told by events that have this word in their names."""
    with database.write() as tx:
        wakes = callbacks.announce(tx, now=people.NOW, stale_after=people.terms().stale_after)
        ids = [outbox_id for outbox_id, _ in wakes]
        found = tx.execute(tables.outbox.select().where(tables.outbox.c.id.in_(ids)))
        said = [row.payload for row in found]
    return [body for body in said if word in body["type"]]
