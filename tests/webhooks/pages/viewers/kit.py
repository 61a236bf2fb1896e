"""Viewers of the booking page, and the sessions and groups that they see."""

from typing import Any

from storage.schema import tables
from tests.support import people
from tests.support.booking_requests import POD, post
from tests.support.http_client import Desk
from tests.support.page_visitor import (
    Visitor,
    enter,
)

BUSY = (people.at(3, 12), people.at(3, 14))
OPEN, CLOSED, EVENING = people.at(4, 9), people.at(3, 12), people.at(4, 18)
ACME, LEADERS, EVIL = (
    {"company": "acme"},
    {"company": "acme", "project": "leaders"},
    {"company": "evil"},
)
MARY = {"id": "mary", "name": "Mary Jackson", "email": "mary@example.test", "zone": "UTC"}
STAFF = ("coach", "manager")


def come(desk: Desk, viewer: str, **changes: Any) -> Visitor:
    """Somebody who books for Grace, at Acme."""
    return enter(desk, **{"viewer": viewer, "context": ACME} | changes)


def pod(desk: Desk, start: str = "2026-06-02T13:00:00Z", **changes: Any) -> str:
    made = post(desk, "/v1/pods", POD | {"start": start, "context": ACME, "max_seats": 3} | changes)
    assert made.status_code == 201, made.text
    return str(made.json["session_id"])


def sessions_of(desk: Desk) -> list[Any]:
    with desk.database.read() as tx:
        return list(tx.execute(tables.sessions.select().order_by(tables.sessions.c.starts)))


def seats_of(desk: Desk) -> list[tuple[str, str]]:
    with desk.database.read() as tx:
        return sorted(
            (row.participant_id, row.status) for row in tx.execute(tables.bookings.select())
        )
