"""Which calendars a coach's sessions are written into, and which rows are owed when one of them is
lost.
"""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.accounts import Account, Calendar, Profile
from domain.sessions import Session
from storage.reports import personal_data
from storage.rows import connections, push_marks
from storage.rows.calendars import UnknownCalendar
from storage.schema import tables
from storage.schema.database import Database
from storage.slots import slot_sets
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
from storage.transactions.store_reading import Observed
from storage.transactions.target_calendars import ReadOnly
from tests.support import people
from tests.support.people import at

TEN = at(2, 10)
WORK, HOME = Calendar(people.WORK, "Work", primary=True), Calendar(people.HOME, "Home")


@pytest.fixture
def connection(database: Database) -> str:
    return people.ready(database)


def book(database: Database, start: int = TEN) -> Session:
    with database.write() as tx:
        return bookings.book(
            tx, Wanted("ada", start, 60), people.GRACE, people.PROGRAMME, people.terms()
        ).session


def written(database: Database, session: Session, calendar: str = people.WORK) -> None:
    with database.write() as tx:
        mine = tables.sessions.c.id == session.id
        tx.execute(tables.sessions.update().where(mine).values(event_calendar_id=calendar))


def describe(database: Database, connection: str, *found: Calendar, connected: bool = True) -> None:
    """A read that finds these calendars."""
    profile = Profile("pro_1", "google", "gsuite", "ada", connected=connected, calendars=found)
    people.mark_dirty(database, connection)
    held = people.claim(database, connection)
    assert held is not None
    observed = Observed(
        people.reading(),
        slot_sets.window(people.ADA, people.NOW).known_until,
        Account("acc_ada", profiles=(profile,)),
    )
    with database.write() as tx:
        assert store_reading.store(tx, held, observed, now=people.NOW) is not None


def places(database: Database) -> list[tuple[str, bool, bool]]:
    with database.read() as tx:
        return [
            (place.calendar_id, place.connected, place.writable)
            for place in write_back.places(tx, "ada")
        ]


def receive(database: Database, calendar: str | None, coach_id: str = "ada") -> None:
    with database.write() as tx:
        target_calendars.receive(tx, coach_id, calendar, now=people.NOW)


def stands(database: Database, session: Session) -> tuple[str | None, tuple[str, ...]]:
    """Where the session's row says that it stands, and may stand besides."""
    with database.read() as tx:
        entry = write_back.entry(tx, session.id)
    assert entry is not None
    return entry.calendar_id, entry.strays


def owed(database: Database) -> list[str | None]:
    """The sessions that are owed a row because they lost their calendar."""
    row = tables.outbox.c
    mine = row.dedupe_key.like("calendar:%:%:%")
    with database.read() as tx:
        return list(
            tx.scalars(tables.outbox.select().with_only_columns(row.session_id).where(mine))
        )


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


def second(database: Database) -> None:
    """Another account of hers, with a calendar cal_2."""
    connection = people.connect(database, sub="acc_2")
    profile = Profile("pro_2", "google", "gsuite", "ada", calendars=(Calendar("cal_2", "Second"),))
    people.read(database, connection, account=Account("acc_2", profiles=(profile,)))


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


# -- the calendar that the coach chose
# ------------------------------------------------------------------------


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
