"""Pods and their seats, in few words: what the tests of this room share."""

from collections import Counter
from datetime import datetime
from typing import Any

from sqlalchemy import select

from domain.sessions import NO_CONTEXT, Context, Participant, Session
from storage.rows import sessions
from storage.schema import tables
from storage.schema.database import Database
from storage.slots import availability
from storage.slots.availability import Asked
from storage.slots.bookable import Wanted
from storage.transactions import bookings, pod_seats, pods
from storage.transactions.bookings import BookingChange
from storage.transactions.pods import Changes, Made, Plan
from tests.support import people as people_tests
from tests.support.people import at

TEN, TWO = at(8, 10), at(8, 14)
Owed = Counter[tuple[str, str]]


def create(database: Database, *people: Participant, start: int = TEN, **options: Any) -> Made:
    wanted = Wanted(
        options.pop("coach", "ada"), start, options.pop("duration", 60), options.pop("force", None)
    )
    now = options.pop("now", people_tests.NOW)
    usual: dict[str, Any] = {"min_seats": 1, "capacity": 2, "format": "open", "title": "Feedback"}
    plan = Plan(wanted, **usual | options)
    with database.write() as tx:
        return pods.create(tx, plan, list(people), people_tests.terms(now))


def join(
    database: Database, made: Made, who: Participant, context: Context = NO_CONTEXT, **options: Any
) -> BookingChange:
    now = options.pop("now", people_tests.NOW)
    with database.write() as tx:
        return pod_seats.take_seat(
            tx, made.pod.id, who, context, people_tests.terms(now), **options
        )


def move(database: Database, done: BookingChange, made: Made, **options: Any) -> BookingChange:
    with database.write() as tx:
        return pod_seats.move_seat(
            tx, done.booking.id, made.pod.id, people_tests.terms(), **options
        )


def change(database: Database, made: Made, expected: int | None = None, **changes: Any) -> Made:
    now = changes.pop("now", people_tests.NOW)
    with database.write() as tx:
        return pods.change(
            tx, made.pod.id, Changes(**changes), people_tests.terms(now), expected=expected
        )


def leave(database: Database, done: BookingChange) -> BookingChange:
    with database.write() as tx:
        return bookings.cancel(tx, done.booking.id, people_tests.terms())


def as_stored(database: Database, made: Made) -> Session:
    with database.read() as tx:
        return sessions.get(tx, made.pod.id, what="pod")


def listed(database: Database, day: int = 8) -> list[int]:
    asked = Asked(60, at(day, 0), at(day + 1, 0), int(people_tests.NOW.timestamp()))
    return [int(start) for start in availability.starts(people_tests.listing(database), asked)]


def owed(database: Database, version: int | None = None) -> Owed:
    """How many mails of each kind to each person, the reminders left out."""
    row = tables.outbox.c
    query = select(row.topic, row.recipient, row.version).where(
        row.kind == "mail", row.topic != "reminder"
    )
    with database.read() as tx:
        found = tx.execute(query).all()
    return Counter(
        (it.topic, it.recipient.partition("@")[0]) for it in found if version in (None, it.version)
    )


def flagged(database: Database, now: datetime) -> list[str]:
    with database.write() as tx:
        return sessions.flag_short(tx, now=now)
