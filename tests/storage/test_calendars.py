"""Which calendars a coach's sessions are written into, and which rows are owed when one of them is lost."""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.accounts import Account, Calendar, Profile
from domain.sessions import Session
from storage import bookings, calendars, connections, freebusy, holds, pods, slots, tables
from storage.database import Database
from storage.freebusy import Observed
from storage.openings import Wanted
from storage.pods import Plan
from tests import cast
from tests.cast import at

TEN = at(2, 10)
WORK, HOME = Calendar(cast.WORK, "Work", primary=True), Calendar(cast.HOME, "Home")


@pytest.fixture
def connection(database: Database) -> str:
    return cast.ready(database)


def book(database: Database, start: int = TEN) -> Session:
    with database.write() as tx:
        return bookings.book(tx, Wanted("ada", start, 60), cast.GRACE, cast.PROGRAMME, cast.terms()).session


def written(database: Database, session: Session, calendar: str = cast.WORK) -> None:
    with database.write() as tx:
        calendars.put(tx, session.id, calendar)


def describe(database: Database, connection: str, *found: Calendar, connected: bool = True) -> None:
    """A read that finds these calendars."""
    profile = Profile("pro_1", "google", "gsuite", "ada", connected=connected, calendars=found)
    cast.mark_dirty(database, connection)
    held = cast.claim(database, connection)
    assert held is not None
    observed = Observed(
        cast.reading(), slots.window(cast.ADA, cast.NOW).known_until, Account("acc_ada", profiles=(profile,))
    )
    with database.write() as tx:
        assert freebusy.store(tx, held, observed, now=cast.NOW) is not None


def places(database: Database) -> list[tuple[str, bool, bool]]:
    with database.read() as tx:
        return [(place.calendar_id, place.connected, place.writable) for place in calendars.places(tx, "ada")]


def owed(database: Database) -> list[str | None]:
    """The sessions that are owed a row because they lost their calendar."""
    row = tables.outbox.c
    mine = row.dedupe_key.like("calendar:%:%:%")
    with database.read() as tx:
        return list(tx.scalars(tables.outbox.select().with_only_columns(row.session_id).where(mine)))


def test_a_primary_calendar_comes_first_and_one_without_a_login_last(database: Database, connection: str) -> None:
    assert places(database) == [(cast.WORK, True, True), (cast.HOME, True, True)]
    second = cast.connect(database, sub="acc_2")
    other = Profile("pro_2", "google", "gsuite", "ada", calendars=(Calendar("cal_2", "Second", primary=True),))
    cast.read(database, second, account=Account("acc_2", profiles=(other,)))
    describe(database, connection, WORK, HOME, connected=False)
    assert places(database) == [("cal_2", True, True), (cast.WORK, False, True), (cast.HOME, False, True)]


def test_a_calendar_that_was_deleted_is_none_and_one_that_is_read_only_takes_no_events(
    database: Database, connection: str
) -> None:
    describe(database, connection, replace(WORK, readonly=True), replace(HOME, deleted=True))
    assert places(database) == [(cast.WORK, True, False)]


def test_a_calendar_whose_grant_is_gone_cannot_be_reached_and_one_to_be_erased_is_none(
    database: Database, connection: str
) -> None:
    with database.write() as tx:
        mine = tables.connections.c.id == connection
        tx.execute(tables.connections.update().where(mine).values(trouble="revoked"))
    assert places(database) == [(cast.WORK, False, True), (cast.HOME, False, True)]
    with database.write() as tx:
        connections.mark_dirty(tx, connection, erase=True)
    assert places(database) == []


def test_an_entry_is_the_session_as_it_is_with_those_who_have_a_seat(database: Database, connection: str) -> None:
    with database.write() as tx:
        plan = Plan(Wanted("ada", TEN, 60), 0, 4, "open", title="Circle")
        pod = pods.create(tx, plan, [cast.GRACE, cast.HEDY], cast.terms())
        gone = bookings.cancel(tx, pod.seats[0].id, cast.terms()).booking.participant.id
        pods.take_seat(tx, pod.pod.id, cast.MARY, cast.PROGRAMME, cast.terms())
    written(database, pod.pod)
    with database.read() as tx:
        entry = calendars.entry(tx, pod.pod.id)
    assert entry is not None
    assert sorted(entry.people) == sorted(who.name for who in (cast.HEDY, cast.MARY, cast.GRACE) if who.id != gone)
    assert (entry.zone, entry.horizon_days, entry.calendar_id) == ("Europe/London", 28, cast.WORK)
    assert entry.programme_name == "New Leaders"
    assert "Mary" not in repr(entry)


def test_a_hold_has_no_entry(database: Database, connection: str) -> None:
    with database.write() as tx:
        held = holds.hold(tx, Wanted("ada", TEN, 60), "web", 10, cast.terms())
        assert calendars.entry(tx, held.id) is None
        assert calendars.entry(tx, "ses_nobody") is None


def test_where_a_session_was_written_survives_its_changes(database: Database, connection: str) -> None:
    with database.write() as tx:
        done = bookings.book(tx, Wanted("ada", TEN, 60), cast.GRACE, cast.PROGRAMME, cast.terms())
        calendars.put(tx, done.session.id, cast.HOME)
        bookings.rebook(tx, done.booking.id, at(3, 10), cast.terms())
        bookings.cancel(tx, done.booking.id, cast.terms())
        entry = calendars.entry(tx, done.session.id)
    assert entry is not None
    assert entry.calendar_id == cast.HOME


@pytest.mark.parametrize("left", [(HOME,), (replace(WORK, deleted=True), HOME), (replace(WORK, readonly=True), HOME)])
def test_a_session_whose_calendar_is_lost_is_owed_another_once(
    database: Database, connection: str, left: tuple[Calendar, ...]
) -> None:
    session, other = book(database), book(database, at(3, 10))
    written(database, session)
    written(database, other, cast.HOME)
    for _ in range(2):
        describe(database, connection, *left)
    assert owed(database) == [session.id]


def test_nothing_is_owed_while_there_is_no_other_calendar_or_only_the_login_is_lost(
    database: Database, connection: str
) -> None:
    session = book(database)
    written(database, session)
    describe(database, connection, WORK, HOME)
    describe(database, connection, WORK, HOME, connected=False)
    describe(database, connection)
    # One without a login may list too little
    describe(database, connection, HOME, connected=False)
    assert owed(database) == []
    describe(database, connection, HOME)
    assert owed(database) == [session.id]


def test_what_is_over_called_off_or_was_never_written_is_owed_nothing(database: Database, connection: str) -> None:
    over, never = book(database), book(database, at(3, 10))
    with database.write() as tx:
        off = bookings.book(tx, Wanted("ada", at(4, 10), 60), cast.GRACE, cast.PROGRAMME, cast.terms())
        bookings.cancel(tx, off.booking.id, cast.terms())
    for session in (over, off.session):
        written(database, session, "cal_gone")
    with database.write() as tx:
        calendars.owe_moves(tx, "ada", now=cast.NOW + timedelta(days=1, hours=4))
    assert owed(database) == []
    assert never.active


def test_erasing_an_account_owes_its_sessions_a_place_in_another(database: Database, connection: str) -> None:
    session = book(database)
    written(database, session)
    second = cast.connect(database, sub="acc_2")
    other = Profile("pro_2", "google", "gsuite", "ada", calendars=(Calendar("cal_2", "Second"),))
    cast.read(database, second, account=Account("acc_2", profiles=(other,)))
    assert owed(database) == []
    with database.write() as tx:
        freebusy.forget(tx, connection, now=cast.NOW)
    assert owed(database) == [session.id]
