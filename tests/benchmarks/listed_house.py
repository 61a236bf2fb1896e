"""The house whose lists are measured: bookings, and coaches with calendars in every state."""

from datetime import datetime, timedelta
from typing import Any

from storage.schema.database import Database
from storage.schema.tables import connections
from storage.transactions import seeding

DAY = timedelta(days=1)


def fill(database: Database, amount: int, now: datetime) -> None:
    """So many bookings, and a coach for each fifty."""
    of_coaches = max(1, amount // 50)
    # The last of them connected nothing.
    connected = max(1, of_coaches * 99 // 100)
    for first in range(0, of_coaches, seeding.AT_ONCE):
        end = min(of_coaches, first + seeding.AT_ONCE)
        with database.write() as tx:
            seeding.seed_coaches(tx, first, end, now=now)
        with database.write() as tx:
            rows = [_connection(number, now) for number in range(first, min(end, connected))]
            tx.execute(connections.insert(), rows)
    for first in range(0, amount, seeding.AT_ONCE):
        with database.write() as tx:
            end = min(amount, first + seeding.AT_ONCE)
            seeding.seed_bookings(tx, first, end, coaches=of_coaches, of=amount, now=now)
    with database.write() as tx:
        seeding.settle(tx)


def _connection(number: int, now: datetime) -> dict[str, Any]:
    """Of a coach: mostly read a moment ago; a few stand as calendars stand that are in trouble."""
    row: dict[str, Any] = {
        "id": f"con_{number}",
        "coach_id": f"{seeding.NAME}{seeding.FIRST + number}",
        "sub": f"acc_{number}",
        "data_center": "us",
        "tokens": b"sealed",
        "access_expires_at": now + DAY,
        "userinfo_due": False,
        "done_gen": 1,
        "last_ok_at": now,
        "trouble": None,
    }
    unusual: dict[int, dict[str, Any]] = {
        1: {"last_ok_at": now - DAY},
        2: {"done_gen": 0},
        3: {"trouble": "disconnected"},
    }
    return row | unusual.get(number % 200, {})
