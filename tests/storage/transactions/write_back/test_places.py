"""Which calendars a coach's sessions are written into, and which rows are owed when one of them is
lost.
"""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.accounts import Account, Calendar, Profile
from storage.rows import push_marks
from storage.schema import tables
from storage.schema.database import Database
from storage.slots.bookable import Wanted
from storage.transactions import (
    bookings,
    holds,
    pod_seats,
    pods,
    store_reading,
    target_calendars,
    write_back,
)
from storage.transactions.pods import Plan
from tests.storage.transactions.write_back.kit import (
    HOME,
    TEN,
    WORK,
    book,
    describe,
    owed,
    places,
    second,
    stands,
    written,
)
from tests.support import people
from tests.support.people import at


def test_a_primary_calendar_comes_first_and_one_without_a_login_last(
    database: Database, connection: str
) -> None:
    assert places(database) == [(people.WORK, True, True), (people.HOME, True, True)]
    second = people.connect(database, sub="acc_2")
    other = Profile(
        "pro_2", "google", "gsuite", "ada", calendars=(Calendar("cal_2", "Second", primary=True),)
    )
    people.read(database, second, account=Account("acc_2", profiles=(other,)))
    describe(database, connection, WORK, HOME, connected=False)
    assert places(database) == [
        ("cal_2", True, True),
        (people.WORK, False, True),
        (people.HOME, False, True),
    ]


def test_a_calendar_that_was_deleted_is_none_and_one_that_is_read_only_takes_no_events(
    database: Database, connection: str
) -> None:
    describe(database, connection, replace(WORK, readonly=True), replace(HOME, deleted=True))
    assert places(database) == [(people.WORK, True, False)]


def test_a_calendar_whose_grant_is_gone_cannot_be_reached_and_one_to_be_erased_is_none(
    database: Database, connection: str
) -> None:
    with database.write() as tx:
        mine = tables.connections.c.id == connection
        tx.execute(tables.connections.update().where(mine).values(trouble="revoked"))
    assert places(database) == [(people.WORK, False, True), (people.HOME, False, True)]
    with database.write() as tx:
        push_marks.mark_dirty(tx, connection, erase=True)
    assert places(database) == []


def test_an_entry_is_the_session_as_it_is_with_those_who_have_a_seat(
    database: Database, connection: str
) -> None:
    with database.write() as tx:
        plan = Plan(Wanted("ada", TEN, 60), 0, 4, "open", title="Circle")
        pod = pods.create(tx, plan, [people.GRACE, people.HEDY], people.terms())
        gone = bookings.cancel(tx, pod.seats[0].id, people.terms()).booking.participant.id
        pod_seats.take_seat(tx, pod.pod.id, people.MARY, people.PROGRAMME, people.terms())
    written(database, pod.pod)
    with database.read() as tx:
        entry = write_back.entry(tx, pod.pod.id)
    assert entry is not None
    assert sorted(entry.people) == sorted(
        who.name for who in (people.HEDY, people.MARY, people.GRACE) if who.id != gone
    )
    assert (entry.zone, entry.horizon_days, entry.calendar_id) == ("Europe/London", 28, people.WORK)
    assert entry.programme_name == "New Leaders"
    assert "Mary" not in repr(entry)


def test_a_hold_has_no_entry(database: Database, connection: str) -> None:
    with database.write() as tx:
        held = holds.hold(tx, Wanted("ada", TEN, 60), "web", 10, people.terms())
        assert write_back.entry(tx, held.id) is None
        assert write_back.entry(tx, "ses_nobody") is None


def test_where_a_session_was_written_survives_its_changes(
    database: Database, connection: str
) -> None:
    with database.write() as tx:
        done = bookings.book(
            tx, Wanted("ada", TEN, 60), people.GRACE, people.PROGRAMME, people.terms()
        )
        write_back.put(tx, done.session.id, people.HOME, instead_of=None)
        bookings.rebook(tx, done.booking.id, at(3, 10), people.terms())
        bookings.cancel(tx, done.booking.id, people.terms())
        entry = write_back.entry(tx, done.session.id)
    assert entry is not None
    assert entry.calendar_id == people.HOME


@pytest.mark.parametrize(
    "left", [(HOME,), (replace(WORK, deleted=True), HOME), (replace(WORK, readonly=True), HOME)]
)
def test_a_session_whose_calendar_is_lost_is_owed_another_once(
    database: Database, connection: str, left: tuple[Calendar, ...]
) -> None:
    session, other = book(database), book(database, at(3, 10))
    written(database, session)
    written(database, other, people.HOME)
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


def test_what_is_over_called_off_or_was_never_written_is_owed_nothing(
    database: Database, connection: str
) -> None:
    over, never = book(database), book(database, at(3, 10))
    with database.write() as tx:
        off = bookings.book(
            tx, Wanted("ada", at(4, 10), 60), people.GRACE, people.PROGRAMME, people.terms()
        )
        bookings.cancel(tx, off.booking.id, people.terms())
    for session in (over, off.session):
        written(database, session, "cal_gone")
    with database.write() as tx:
        target_calendars.owe_moves(tx, "ada", now=people.NOW + timedelta(days=1, hours=4))
    assert owed(database) == []
    assert never.active


def forget(database: Database, connection: str) -> None:
    with database.write() as tx:
        store_reading.forget(tx, connection, now=people.NOW)


def test_erasing_an_account_owes_its_sessions_a_place_in_another(
    database: Database, connection: str
) -> None:
    session = book(database)
    written(database, session)
    second(database)
    assert owed(database) == []
    forget(database, connection)
    assert owed(database) == [session.id]


def test_erasing_an_account_forgets_where_its_sessions_stood_and_not_those_of_another(
    database: Database, connection: str
) -> None:
    ours, over, theirs, strayed = (book(database, at(day, 10)) for day in (2, 3, 4, 5))
    second(database)
    for session in (ours, over):
        written(database, session)
    for session in (theirs, strayed):
        written(database, session, "cal_2")
    with database.write() as tx:
        rows = tables.sessions
        tx.execute(
            rows.update().where(rows.c.id == over.id).values(status="cancelled", active=False)
        )
        tx.execute(rows.update().where(rows.c.id == strayed.id).values(event_strays=[people.WORK]))
        tx.execute(
            rows.update().where(rows.c.id == ours.id).values(event_strays=["cal_2", people.HOME])
        )
    forget(database, connection)
    assert [stands(database, session) for session in (ours, over, theirs, strayed)] == [
        (None, ("cal_2",)),
        (None, ()),
        ("cal_2", ()),
        ("cal_2", ()),
    ]
    assert owed(database) == [ours.id]
    with database.read() as tx:
        assert people.WORK not in repr(tx.execute(tables.outbox.select()).all())


def test_with_the_last_account_goes_a_calendar_that_it_listed_no_more(
    database: Database, connection: str
) -> None:
    session = book(database)
    written(database, session, "cal_gone")
    forget(database, connection)
    assert stands(database, session) == (None, ())
    assert owed(database) == [session.id]


def test_a_place_in_an_account_that_is_being_erased_is_not_remembered(
    database: Database, connection: str
) -> None:
    session = book(database)
    with database.write() as tx:
        assert write_back.put(tx, session.id, people.WORK, instead_of=None)
        push_marks.mark_dirty(tx, connection, erase=True)
    with database.write() as tx:
        assert not write_back.put(tx, session.id, people.HOME, instead_of=people.WORK)
        write_back.stray(tx, session.id, people.HOME)
    assert stands(database, session) == (people.WORK, ())
