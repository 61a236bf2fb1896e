"""The calendar that the coach chose: it comes first, the coming sessions move there, and what is
left behind is tidied.
"""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.accounts import Account, Calendar, Profile
from storage.reports import personal_data
from storage.rows import connections
from storage.rows.calendars import UnknownCalendar
from storage.schema import tables
from storage.schema.database import Database
from storage.slots.bookable import Wanted
from storage.transactions import (
    bookings,
    store_reading,
    target_calendars,
    write_back,
)
from storage.transactions.target_calendars import ReadOnly
from tests.storage.transactions.write_back.kit import (
    HOME,
    WORK,
    book,
    describe,
    owed,
    places,
    stands,
    written,
)
from tests.support import people
from tests.support.people import at


def receive(database: Database, calendar: str | None, coach_id: str = "ada") -> None:
    with database.write() as tx:
        target_calendars.receive(tx, coach_id, calendar, now=people.NOW)


def test_the_chosen_calendar_comes_first_until_the_main_one_is_chosen_again(
    database: Database, connection: str
) -> None:
    receive(database, people.HOME)
    assert places(database) == [(people.HOME, True, True), (people.WORK, True, True)]
    receive(database, None)
    assert places(database)[0] == (people.WORK, True, True)


def test_one_calendar_is_chosen_of_all_accounts_and_a_read_of_its_account_keeps_that(
    database: Database, connection: str
) -> None:
    second = people.connect(database, sub="acc_2")
    other = Profile("pro_2", "google", "gsuite", "ada", calendars=(Calendar("cal_2", "Second"),))
    people.read(database, second, account=Account("acc_2", profiles=(other,)))
    receive(database, people.HOME)
    receive(database, "cal_2")
    describe(database, connection, WORK, HOME)
    with database.read() as tx:
        chosen = {each.id: each.receives for each in connections.of_coach(tx, "ada")}
    assert chosen == {connection: None, second: "cal_2"}
    assert places(database)[0][0] == "cal_2"
    # And a disconnect forgets it
    with database.write() as tx:
        store_reading.forget(tx, second, now=people.NOW)
    assert places(database)[0][0] == people.WORK


@pytest.mark.parametrize(
    "left", [(WORK,), (WORK, replace(HOME, deleted=True)), (WORK, replace(HOME, readonly=True))]
)
def test_while_the_chosen_calendar_cannot_receive_the_main_one_does(
    database: Database, connection: str, left: tuple[Calendar, ...]
) -> None:
    receive(database, people.HOME)
    describe(database, connection, *left)
    with database.read() as tx:
        place = target_calendars.receiving(tx, "ada")
        assert place is not None
        assert place.calendar_id == people.WORK
    # And when it can again, the choice holds
    describe(database, connection, WORK, HOME)
    assert places(database)[0][0] == people.HOME


def test_a_calendar_of_nobody_of_another_coach_or_that_is_read_only_is_not_chosen(
    database: Database, connection: str
) -> None:
    people.introduce(database, people.coach(id="bob"))
    theirs = people.connect(database, "bob", sub="acc_bob")
    profile = Profile("pro_b", "google", "gsuite", "bob", calendars=(Calendar("cal_bob", "Bob"),))
    people.read(database, theirs, account=Account("acc_bob", profiles=(profile,)))
    describe(
        database,
        connection,
        WORK,
        replace(HOME, readonly=True),
        Calendar("cal_gone", "Gone", deleted=True),
    )
    for calendar in ("cal_bob", "cal_nobody", "cal_gone"):
        with pytest.raises(UnknownCalendar, match=calendar):
            receive(database, calendar)
    with pytest.raises(ReadOnly):
        receive(database, people.HOME)
    with pytest.raises(UnknownCalendar), database.write() as tx:
        target_calendars.receive(tx, "ada", people.WORK, of=theirs, now=people.NOW)
    with database.read() as tx:
        assert not [
            each
            for who in ("ada", "bob")
            for each in connections.of_coach(tx, who)
            if each.receives
        ]


def test_a_choice_moves_the_coming_sessions_and_remembers_where_they_were(
    database: Database, connection: str
) -> None:
    session, never, there = book(database), book(database, at(3, 10)), book(database, at(4, 10))
    written(database, session)
    written(database, there, people.HOME)
    receive(database, people.HOME)
    assert owed(database) == sorted([session.id, never.id])
    assert stands(database, session) == (people.HOME, (people.WORK,))
    assert stands(database, never) == (people.HOME, ())
    # When it is chosen back before anybody wrote it
    receive(database, None)
    assert stands(database, session) == (people.WORK, (people.HOME,))
    assert len(owed(database)) == 5
    # And choosing what is chosen moves nothing
    receive(database, people.WORK)
    assert len(owed(database)) == 5


def test_a_choice_moves_nothing_that_is_over_or_called_off_nor_to_where_nobody_can_write(
    database: Database, connection: str
) -> None:
    session = book(database)
    written(database, session)
    with database.write() as tx:
        off = bookings.book(
            tx, Wanted("ada", at(4, 10), 60), people.GRACE, people.PROGRAMME, people.terms()
        )
        bookings.cancel(tx, off.booking.id, people.terms())
    with database.write() as tx:
        target_calendars.receive(
            tx, "ada", people.HOME, now=people.NOW + timedelta(days=1, hours=4)
        )
    second = people.connect(database, sub="acc_2")
    lost = Profile(
        "pro_2",
        "google",
        "gsuite",
        "ada",
        connected=False,
        calendars=(Calendar("cal_2", "Second"),),
    )
    people.read(database, second, account=Account("acc_2", profiles=(lost,)))
    receive(database, "cal_2")
    assert owed(database) == []
    assert stands(database, session) == (people.WORK, ())


def test_a_worker_that_knew_of_another_calendar_does_not_undo_a_choice(
    database: Database, connection: str
) -> None:
    session = book(database)
    receive(database, people.HOME)
    with database.write() as tx:
        assert not write_back.put(tx, session.id, people.WORK, instead_of=None)
        write_back.put_back(tx, session.id, None, out_of=people.WORK)
    assert stands(database, session) == (people.HOME, ())
    with database.write() as tx:
        write_back.stray(tx, session.id, people.WORK)
        write_back.stray(tx, session.id, people.HOME)
    assert stands(database, session) == (people.HOME, (people.WORK,))
    with database.write() as tx:
        write_back.taken_away(tx, session.id, people.WORK)
    assert stands(database, session) == (people.HOME, ())


def test_a_session_left_in_a_calendar_is_owed_tidying_once_that_can_be_written(
    database: Database, connection: str
) -> None:
    session = book(database)
    written(database, session)
    receive(database, people.HOME)
    with database.write() as tx:
        tx.execute(tables.outbox.delete())
    for left in (replace(WORK, readonly=True), WORK, WORK):
        describe(database, connection, left, HOME)
        assert owed(database) == ([] if left.readonly else [session.id])


def test_what_is_exported_of_a_coach_says_what_was_chosen(
    database: Database, connection: str
) -> None:
    receive(database, people.HOME)
    with database.read() as tx:
        told = personal_data.export_coach(tx, "ada")
    assert told is not None
    assert [row["receives"] for row in told["connections"]] == [people.HOME]
