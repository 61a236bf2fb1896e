"""Sessions that stand in no calendar, because there was none, are owed one as soon as there is."""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.accounts import AccessMode, Account, Calendar, Profile
from domain.sessions import Session
from storage.rows import outbox
from storage.rows.outbox_claims import DUE_NOW
from storage.schema import tables
from storage.schema.database import Database
from storage.schema.database_clock import clock_ms
from storage.slots.bookable import Wanted
from storage.transactions import bookings, notices, target_calendars
from storage.transactions.write_back import owed_row
from tests.storage.transactions.write_back.kit import (
    HOME,
    WORK,
    book,
    describe,
    owed,
    places,
    written,
)
from tests.support import people
from tests.support.people import at


def owe(database: Database, *, hours: int = 0) -> None:
    with database.write() as tx:
        target_calendars.owe_unwritten(tx, "ada", now=people.NOW + timedelta(hours=hours))


def set_rows(database: Database, **values: object) -> None:
    """What became of the calendar rows that there are."""
    with database.write() as tx:
        mine = tables.outbox.c.kind == "calendar"
        tx.execute(tables.outbox.update().where(mine).values(values))


def given_up(database: Database) -> Session:
    """A session whose row ended, since there was no calendar."""
    session = book(database)
    set_rows(database, state="superseded", reason="no_calendar")
    return session


def test_what_was_given_up_for_want_of_a_calendar_is_owed_with_the_next_one(
    database: Database, connection: str
) -> None:
    session = given_up(database)
    describe(database, connection)
    describe(database, connection, Calendar(people.WORK, "Work", readonly=True))
    describe(database, connection, WORK, connected=False)
    assert owed(database) == []
    for _ in range(2):
        describe(database, connection, WORK)
    assert owed(database) == [session.id]
    # And as often as it was given up
    set_rows(database, state="superseded")
    describe(database, connection, WORK)
    assert owed(database) == [session.id, session.id]


def test_one_healthy_profile_is_enough(database: Database, connection: str) -> None:
    session = given_up(database)
    lost = Profile("pro_1", "google", "gsuite", "ada", connected=False, calendars=(HOME,))
    well = Profile("pro_2", "google", "gsuite", "ada", calendars=(WORK,))
    people.mark_dirty(database, connection)
    people.read(database, connection, account=Account("acc_ada", profiles=(lost, well)))
    assert owed(database) == [session.id]


@pytest.mark.parametrize("state", ["pending", "dead"])
def test_a_look_at_what_stands_nowhere_is_no_write(
    database: Database, connection: str, state: str
) -> None:
    session = given_up(database)
    with database.write() as tx:
        look = owed_row("ada", session.id, session.version, "a look", people.NOW, topic="look")
        outbox.add(tx, [look], now=people.NOW)
        mine = tables.outbox.c.topic == "look"
        tx.execute(tables.outbox.update().where(mine).values(state=state))
    describe(database, connection, WORK)
    with database.read() as tx:
        writes = tables.outbox.c.topic == "upsert", tables.outbox.c.state == "pending"
        query = tables.outbox.select().where(tables.outbox.c.kind == "calendar", *writes)
        assert [row.session_id for row in tx.execute(query)] == [session.id]


def test_a_row_that_waits_is_due_at_once_and_none_is_added(
    database: Database, connection: str
) -> None:
    book(database)
    set_rows(database, next_attempt_at_ms=clock_ms() + 300_000)
    owe(database)
    assert owed(database) == []
    with database.read() as tx:
        mine = tables.outbox.c.kind == "calendar"
        (row,) = tx.execute(tables.outbox.select().where(mine)).all()
    assert row.next_attempt_at_ms == DUE_NOW["next_attempt_at_ms"]


@pytest.mark.parametrize(("state", "count"), [("sending", 1), ("dead", 0), ("sent", 1)])
def test_a_row_that_somebody_may_be_giving_up_counts_for_nothing(
    database: Database, connection: str, state: str, count: int
) -> None:
    """The race: a worker saw that there is no calendar, and has not said so yet."""
    book(database)
    set_rows(database, state=state)
    owe(database)
    assert len(owed(database)) == count


def test_what_is_over_called_off_or_stands_somewhere_is_owed_nothing(
    database: Database, connection: str
) -> None:
    stands = book(database, at(4, 10))
    written(database, stands)
    book(database, at(1, 12))
    with database.write() as tx:
        off = bookings.book(
            tx, Wanted("ada", at(4, 14), 60), people.GRACE, people.PROGRAMME, people.terms()
        )
        bookings.cancel(tx, off.booking.id, people.terms())
    set_rows(database, state="superseded")
    owe(database, hours=24)
    assert owed(database) == []


@pytest.mark.parametrize(
    ("calendars", "written_to"),
    [
        ((WORK,), True),
        ((replace(WORK, readonly=True), HOME), True),
        # One that nobody knows yet may take events
        ((), True),
        ((replace(WORK, deleted=True),), True),
        ((replace(WORK, readonly=True),), False),
    ],
)
def test_mails_bring_an_invitation_where_no_calendar_takes_events(
    database: Database, connection: str, calendars: tuple[Calendar, ...], written_to: bool
) -> None:
    describe(database, connection, *calendars)
    with database.read() as tx:
        assert notices.contact(tx, people.MAILED).written_to is written_to
        assert not notices.contact(tx, people.coach(id="nobody")).written_to


MODES: list[tuple[AccessMode, AccessMode, list[str]]] = [
    ("read_write", "read_write", [people.WORK, people.HOME]),
    ("free_busy", "read_write", [people.HOME, people.WORK]),
    ("no_access", "read_write", [people.HOME, people.WORK]),
    ("read_write", "no_access", [people.WORK, people.HOME]),
    ("no_access", "free_busy", [people.WORK, people.HOME]),
]


@pytest.mark.parametrize(("work", "home", "order"), MODES)
def test_a_calendar_that_is_written_straight_into_comes_before_one_that_gets_invitations(
    database: Database, connection: str, work: AccessMode, home: AccessMode, order: list[str]
) -> None:
    """Whichever is the primary one; but the coach's own choice comes before all."""
    two = (
        Profile("pro_1", "google", "gsuite", "ada", mode=work, calendars=(WORK,)),
        Profile("pro_2", "google", "gsuite", "ada", mode=home, calendars=(HOME,)),
    )
    people.mark_dirty(database, connection)
    people.read(database, connection, account=Account("acc_ada", profiles=two))
    assert [calendar_id for calendar_id, _, _ in places(database)] == order
    with database.write() as tx:
        target_calendars.receive(tx, "ada", order[1], now=people.NOW)
    assert places(database)[0][0] == order[1]
    with database.read() as tx:
        chosen = target_calendars.receiving(tx, "ada")
    mode = home if order[1] == people.HOME else work
    assert chosen is not None
    assert chosen.by_invitation is (mode != "read_write")
