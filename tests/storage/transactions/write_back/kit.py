"""Ada's calendars and sessions, where each of them stands, and what is owed."""

from domain.accounts import Account, Calendar, Profile
from domain.sessions import Session
from storage.rows import calendars
from storage.schema import tables
from storage.schema.database import Database
from storage.slots import slot_sets
from storage.slots.bookable import Wanted
from storage.transactions import (
    bookings,
    store_reading,
    write_back,
)
from storage.transactions.store_reading import Observed
from tests.support import people
from tests.support.people import at

TEN = at(2, 10)
WORK, HOME = Calendar(people.WORK, "Work", primary=True), Calendar(people.HOME, "Home")


def book(database: Database, start: int = TEN) -> Session:
    with database.write() as tx:
        return bookings.book(
            tx, Wanted("ada", start, 60), people.GRACE, people.PROGRAMME, people.terms()
        ).session


def written(database: Database, session: Session, calendar: str = people.WORK) -> None:
    with database.write() as tx:
        mine = tables.sessions.c.id == session.id
        tx.execute(tables.sessions.update().where(mine).values(event_calendar_id=calendar))


def describe(database: Database, connection: str, *found: Calendar, connected: bool = True) -> None:
    """A read that finds these calendars."""
    profile = Profile("pro_1", "google", "gsuite", "ada", connected=connected, calendars=found)
    people.mark_dirty(database, connection)
    held = people.claim(database, connection)
    assert held is not None
    observed = Observed(
        people.reading(),
        slot_sets.window(people.ADA, people.NOW).known_until,
        Account("acc_ada", profiles=(profile,)),
    )
    with database.write() as tx:
        assert store_reading.store(tx, held, observed, now=people.NOW) is not None


def places(database: Database) -> list[tuple[str, bool, bool]]:
    with database.read() as tx:
        return [
            (place.calendar_id, place.connected, place.writable)
            for place in calendars.targets(tx, "ada")
        ]


def stands(database: Database, session: Session) -> tuple[str | None, tuple[str, ...]]:
    """Where the session's row says that it stands, and may stand besides."""
    with database.read() as tx:
        entry = write_back.entry(tx, session.id)
    assert entry is not None
    return entry.calendar_id, entry.strays


def owed(database: Database) -> list[str | None]:
    """The sessions that are owed a row because they lost their calendar."""
    row = tables.outbox.c
    mine = row.dedupe_key.like("calendar:%:%:%")
    with database.read() as tx:
        return list(
            tx.scalars(tables.outbox.select().with_only_columns(row.session_id).where(mine))
        )


def second(database: Database) -> None:
    """Another account of hers, with a calendar cal_2."""
    connection = people.connect(database, sub="acc_2")
    profile = Profile("pro_2", "google", "gsuite", "ada", calendars=(Calendar("cal_2", "Second"),))
    people.read(database, connection, account=Account("acc_2", profiles=(profile,)))
