"""Messages that failed, many at a time."""

from collections import Counter
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from storage.reports import causes
from storage.reports.causes import SharedError
from storage.schema import tables
from storage.schema.database import Database
from storage.schema.database_clock import clock_ms
from tests.support import people

NOW = people.NOW
row = tables.outbox.c


def fail(
    database: Database, count: int, error: str, *, name: str = "x", **values: Any
) -> list[str]:
    """So many rows of the outbox that have failed since a minute ago; dead callbacks, unless it is
    said otherwise. Their ids.
    """
    common = {
        "kind": "callback",
        "topic": "booking.booked",
        "state": "dead",
        "payload": {"timestamp": NOW.isoformat()},
        "due_at": NOW - timedelta(hours=1),
        "created_at": NOW - timedelta(hours=1),
        "last_error": error,
    } | values
    made = []
    for number in range(count):
        key = f"{name}-{number:06}"
        made.append(common | {"id": f"out_{key}", "dedupe_key": key, "booking_id": f"bkg_{key}"})
    with database.write() as tx:
        tx.execute(tables.outbox.insert(), made)
        mine = row.id.in_([each["id"] for each in made])
        since = {"failing_since_ms": clock_ms() - 60_000}
        tx.execute(tables.outbox.update().where(mine).values(since))
    return [str(each["id"]) for each in made]


def states(database: Database, name: str) -> Counter[str]:
    """How many of those of this name are in which state."""
    query = select(row.state).where(row.dedupe_key.like(f"{name}%"))
    with database.read() as tx:
        return Counter(tx.scalars(query))


def cause_of(database: Database, error: str) -> SharedError:
    with database.read() as tx:
        return next(each for each in causes.find_all(tx, now=NOW) if each.error == error)
