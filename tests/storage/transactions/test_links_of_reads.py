"""What a read of an account shows of links: one question for all of its events, and no second read
of what it has just shown.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import event, select, text

from domain.conferencing import FAILED_AFTER
from domain.event_differences import Standing
from domain.places import Place
from domain.sessions import Session
from storage.rows import sessions
from storage.rows.calendars import targets
from storage.schema import tables
from storage.schema.database import Database
from storage.slots.bookable import Wanted
from storage.transactions import bookings, conferencing, looks
from tests.support import people
from tests.support.late_writes import ON_POSTGRESQL
from tests.support.people import at

DAYS = (2, 3, 4)


def booked(database: Database, day: int, place: Place | None) -> Session:
    with database.write() as tx:
        wanted = Wanted("ada", at(day, 10), 60)
        terms = people.terms()
        done = bookings.book(tx, wanted, people.GRACE, people.PROGRAMME, terms, place=place)
        mine = tables.sessions.c.id == done.session.id
        tx.execute(tables.sessions.update().where(mine).values(event_calendar_id="cal"))
    return done.session


def shown(session: Session, link: str) -> Standing:
    return Standing(session.id, "cal", session.starts, session.ends, "", join_url=link)


@contextmanager
def counted(database: Database) -> Iterator[list[str]]:
    asked: list[str] = []

    def note(*told: Any) -> None:
        asked.append(told[2])

    event.listen(database.engine, "before_cursor_execute", note)
    yield asked
    event.remove(database.engine, "before_cursor_execute", note)


def keep(database: Database, events: list[Standing]) -> int:
    """How many questions that took."""
    with database.write() as tx, counted(database) as asked:
        conferencing.keep(tx, events, now=people.NOW)
        return len(asked)


def test_a_read_that_shows_what_is_known_asks_once(database: Database) -> None:
    people.ready(database)
    video, phone = Place("conferencing"), Place("phone", "+44 20 7946 0018")
    known = [booked(database, day, video) for day in DAYS]
    elsewhere = booked(database, 5, phone)
    events = [shown(each, f"https://meet.example/{each.id}") for each in known]
    assert keep(database, events) > len(events)
    assert keep(database, [*events, shown(elsewhere, "https://meet.example/x")]) == 1
    assert keep(database, []) == 0
    # And what is new is kept, in the calendar that it belongs to
    events[0] = shown(known[0], "https://meet.example/new")
    events[1] = replace(shown(known[1], "https://meet.example/new"), calendar_id="other")
    keep(database, events)
    with database.read() as tx:
        links = [sessions.get(tx, each.id).join_url for each in known]
    assert links == [
        "https://meet.example/new",
        f"https://meet.example/{known[1].id}",
        f"https://meet.example/{known[2].id}",
    ]


def test_a_look_that_only_waits_for_a_link_is_not_owed_with_a_read(database: Database) -> None:
    connection_id = people.ready(database)
    session = booked(database, 2, Place("conferencing"))
    with database.write() as tx:
        tx.execute(tables.outbox.delete())
        place = targets(tx, "ada")[0]
        begun = looks.begin(tx, session.id, place, deletes=False, now=people.NOW)
        assert begun is not None
        looks.settle(tx, begun, for_link=True)
        assert looks.owe_with_read(tx, connection_id, now=people.NOW) == []
        # Its own time comes all the same
        assert len(looks.owe_due(tx, now=people.NOW + timedelta(minutes=1), limit=9)) == 1
        # And where a write may still land every read looks
        tx.execute(tables.outbox.delete())
        looks.begin(tx, session.id, place, deletes=False, now=people.NOW)
        assert len(looks.owe_with_read(tx, connection_id, now=people.NOW)) == 1
        assert tx.scalar(select(tables.outbox.c.topic)) == looks.LOOK


@ON_POSTGRESQL
def test_what_somebody_else_has_locked_is_given_up_later(database: Database) -> None:
    people.ready(database)
    chosen = [booked(database, day, Place("conferencing")) for day in DAYS]
    locked = chosen[0].id
    with database.write() as tx:
        for each in chosen:
            conferencing.listen(tx, each.id, each.id.encode(), now=people.NOW)
    late = people.NOW + FAILED_AFTER
    with database.write() as first, database.write() as second:
        row = tables.sessions.c.id
        first.execute(select(row).where(row == locked).with_for_update())
        # An end to the wait, were there any
        second.execute(text("SET LOCAL lock_timeout = '5s'"))
        given_up = conferencing.give_up(second, now=late)
        assert sorted(given_up) == sorted(each.id for each in chosen[1:])
    with database.write() as tx:
        assert list(conferencing.give_up(tx, now=late)) == [locked]
