"""A session whose event its coach changed in their calendar, and the coach who looks at it."""

from typing import Any

from storage.schema import tables
from tests.support import changed_events, people
from tests.support.http_client import Desk
from tests.support.page_visitor import Visitor, enter

PAGE = "/book/changes"
BOOKED, THERE, TAKEN = people.at(4, 9), people.at(3, 14), people.at(5, 9)


def ids(desk: Desk, booking_id: str) -> tuple[str, str]:
    """Of the booking's session, and of the coach's connection."""
    with desk.database.read() as tx:
        mine = tables.bookings.select().where(tables.bookings.c.id == booking_id)
        session_id = tx.execute(mine).one().session_id
        return session_id, tx.execute(tables.connections.select()).one().id


def moved(desk: Desk, start: int = THERE, kind: str = "moved", **guest: Any) -> str:
    """A session whose event its coach put there. The session's id."""
    booking_id = enter(desk, **guest).book(BOOKED)
    session_id, connection_id = ids(desk, booking_id)
    with desk.database.write() as tx:
        changed_events.found(tx, session_id, connection_id, (start, start + 3600), kind=kind)
    return session_id


def coach(desk: Desk, **changes: Any) -> Visitor:
    return enter(desk, **{"viewer": "coach", "participant": None} | changes)
