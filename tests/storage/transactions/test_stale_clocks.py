"""A clock that moved is news only of what still stands: not of a session that ended before it was
told, and not of a time that the release before moved it away from.
"""

from dataclasses import replace

import pytest
from sqlalchemy import select

from storage.reports import metrics, overview
from storage.reports.lists import SessionFilter
from storage.reports.session_lists import sessions_page
from storage.rows import bookings
from storage.rows import sessions as session_rows
from storage.schema import tables
from storage.schema.database import Database
from storage.transactions import bookings as booking_transactions
from tests.storage.moved_clocks import booked, older_rules, roll, told
from tests.support import people
from tests.support.people import at


def moved_by_the_release_before(database: Database, booking_id: str) -> None:
    """It moves a session, and leaves the local time that it does not know as it was."""
    with database.write() as tx:
        session = session_rows.get(tx, bookings.get(tx, booking_id).session_id)
        later = replace(session, starts=at(10, 10), ends=at(10, 11), wall=None)
        session_rows.put(tx, session, later, people.NOW)


def test_what_the_release_before_moved_is_shown_nowhere_as_moved(database: Database) -> None:
    booking_id = booked(database)
    older_rules(database, booking_id)
    roll(database)
    moved_by_the_release_before(database, booking_id)
    with database.read() as tx:
        page = sessions_page(tx, SessionFilter(moved=True), None, limit=5, now=people.NOW)
        assert page.items == []
        assert overview.moved_clocks(tx, now=people.NOW) == []
        assert metrics.moved_clocks(tx, now=people.NOW) == 0
        seen = bookings.get(tx, booking_id)
    # Nor is the local time told that it was booked for before
    assert (seen.wall, seen.wall_moved) == (None, None)
    assert told(database) == []
    # The next roll takes it to be where it should, and nothing is to be told
    assert roll(database) == []
    assert told(database) == []


@pytest.mark.parametrize("whose", ["participant", "coach"])
def test_nobody_is_told_of_a_clock_of_what_ended_meanwhile(database: Database, whose: str) -> None:
    booking_id = booked(database)
    older_rules(database, booking_id)
    if whose == "coach":
        with database.write() as tx:
            tx.execute(tables.sessions.update().values(wall="2026-06-09T09:00 Europe/London"))
    roll(database)
    with database.write() as tx:
        booking_transactions.cancel(tx, booking_id, people.terms())
    assert told(database) == []
    # And it does not wait to be told for ever
    for table in (tables.sessions, tables.bookings):
        with database.read() as tx:
            untold = table.c.wall_moved.is_distinct_from(table.c.told_wall)
            assert tx.execute(select(table.c.id).where(untold)).all() == []
