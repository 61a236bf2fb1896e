"""A calendar that is put over a session flags it, and calls nothing off; what no longer lies over
it unflags it.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from domain.accounts import Account, Profile
from domain.coaches import Coach
from domain.freebusy import TENTATIVE, Reading
from domain.sessions import Session
from storage.rows import sessions
from storage.schema.database import Database
from storage.slots import slot_sets
from storage.slots.bookable import Wanted
from storage.transactions import attendance, bookings, coach_settings, holds, pods, store_reading
from storage.transactions.pods import Plan
from storage.transactions.store_reading import Observed, Stored
from tests.support import people
from tests.support.conflicts import HOUR, OVER, TEN, book, booking_of, store
from tests.support.people import at


@pytest.fixture
def connection(database: Database) -> str:
    """Ada's, with an empty calendar."""
    return people.ready(database)


def read(database: Database, connection: str, *periods: tuple[int, int], **options: Any) -> Stored:
    """Another refresh, without userinfo unless an account is given."""
    people.mark_dirty(database, connection)
    options.setdefault("account", None)
    stored = people.read(database, connection, *periods, **options)
    assert stored is not None
    return stored


def since(database: Database, session: Session) -> datetime | None:
    with database.read() as tx:
        return sessions.get(tx, session.id).conflict_since


def test_an_event_over_a_session_flags_it_once_and_calls_nothing_off(
    database: Database, connection: str
) -> None:
    session, other = book(database), book(database, at(3, 10))
    assert read(database, connection, OVER).conflicts == (session.id,)
    assert since(database, session) == people.NOW
    assert since(database, other) is None
    # And it stays in conflict since then, and is told once
    later = people.NOW + timedelta(hours=1)
    more = Observed(
        people.reading(OVER, (at(4, 9), at(4, 10))), slot_sets.window(people.ADA, later).known_until
    )
    assert store(database, connection, more, later).conflicts == ()
    with database.read() as tx:
        assert sessions.get(tx, session.id) == replace(session, conflict_since=people.NOW)


def test_a_flag_goes_with_the_event(database: Database, connection: str) -> None:
    session = book(database)
    read(database, connection, OVER)
    assert read(database, connection, (at(2, 11), at(2, 12))).conflicts == ()
    assert since(database, session) is None
    assert read(database, connection, OVER).conflicts == (session.id,)


def test_an_event_in_the_buffer_of_a_session_is_no_conflict(
    database: Database, connection: str
) -> None:
    session = book(database)
    read(database, connection, (at(2, 9), TEN), (TEN + HOUR, at(2, 12)))
    assert since(database, session) is None


def test_what_was_not_read_is_no_conflict(database: Database, connection: str) -> None:
    """Beyond what was read all is closed; that is no event."""
    session = book(database, at(25, 10))
    store(database, connection, Observed(people.reading(), at(20, 0)))
    assert not len(people.listing(database).slots.open_starts(60, at(25, 0), at(26, 0)))
    assert since(database, session) is None


def test_a_session_that_was_forced_over_busy_time_is_not_flagged(
    database: Database, connection: str
) -> None:
    read(database, connection, OVER)
    session = book(database, force="the board asked")
    assert read(database, connection, OVER, (at(4, 9), at(4, 10))).conflicts == ()
    assert since(database, session) is None


def test_what_is_over_or_called_off_and_holds_are_not_flagged(
    database: Database, connection: str
) -> None:
    # Given a session that has begun when the calendar is read, one that was cancelled, and a hold
    begun, cancelled = book(database), booking_of(database, at(3, 10))
    with database.write() as tx:
        bookings.cancel(tx, cancelled.booking.id, people.terms())
        holds.hold(tx, Wanted("ada", at(4, 10), 60), "web", 60 * 24 * 20, people.terms())
    events = (OVER, (at(3, 10), at(3, 11)), (at(4, 10), at(4, 11)))
    found = Observed(people.reading(*events), slot_sets.window(people.ADA, people.NOW).known_until)
    now = datetime.fromtimestamp(TEN, people.NOW.tzinfo)
    assert store(database, connection, found, now).conflicts == ()
    assert since(database, begun) is None
    assert since(database, cancelled.session) is None


def test_a_conflict_that_was_sat_through_stays_on_record(
    database: Database, connection: str
) -> None:
    session = book(database)
    read(database, connection, OVER)
    after = people.NOW + timedelta(days=3)
    with database.write() as tx:
        attendance.report(tx, session.id, "completed", people.terms(after))
    store(
        database,
        connection,
        Observed(people.reading(), slot_sets.window(people.ADA, after).known_until),
        after,
    )
    assert since(database, session) == people.NOW


def test_a_pod_is_flagged_with_and_without_participants(
    database: Database, connection: str
) -> None:
    plan = Plan(Wanted("ada", TEN, 60), 0, 4, "open")
    with database.write() as tx:
        pod = pods.create(tx, plan, [], people.terms()).pod
    assert read(database, connection, OVER).conflicts == (pod.id,)


def test_a_rebooking_ends_the_conflict(database: Database, connection: str) -> None:
    done = booking_of(database)
    read(database, connection, OVER)
    with database.write() as tx:
        bookings.rebook(tx, done.booking.id, at(3, 10), people.terms())
    assert since(database, done.session) is None
    assert read(database, connection, OVER).conflicts == ()


def test_a_session_booked_over_an_event_that_nobody_could_see_is_flagged_by_the_next_read(
    database: Database,
) -> None:
    """A coach whose stale calendar does not count, by choice: the same event is read again, and now
    it does.
    """
    hours_only = replace(people.MAILED, policy=replace(people.MAILED.policy, kind="hours_only"))
    connection = people.ready(database, hours_only, OVER)
    later = people.NOW + timedelta(hours=2)
    with database.write() as tx:
        wanted = Wanted("ada", TEN, 60)
        session = bookings.book(
            tx, wanted, people.GRACE, people.PROGRAMME, people.terms(later)
        ).session
    assert read(database, connection, OVER).conflicts == (session.id,)


def test_a_first_sync_that_shows_nothing_yet_ends_no_conflict(
    database: Database, connection: str
) -> None:
    session = book(database)
    read(database, connection, OVER)
    [profile] = people.ACCOUNT.profiles
    read(
        database,
        connection,
        account=replace(people.ACCOUNT, profiles=(replace(profile, initial_sync=True),)),
    )
    assert since(database, session) == people.NOW


def test_choosing_calendars_flags_and_unflags(database: Database, connection: str) -> None:
    # Given an event in a calendar that does not count
    with database.write() as tx:
        coach_settings.choose_calendars(tx, "ada", connection, [people.HOME], now=people.NOW)
    session = book(database)
    read(database, connection, OVER)
    assert since(database, session) is None
    for chosen, flagged in (([people.WORK], people.NOW), ([people.HOME], None)):
        with database.write() as tx:
            coach_settings.choose_calendars(tx, "ada", connection, chosen, now=people.NOW)
        assert since(database, session) == flagged


def test_a_coach_whose_tentative_events_begin_to_block_has_conflicts(database: Database) -> None:
    lenient = replace(people.MAILED, tentative_blocks=False)
    connection = people.ready(database, lenient)
    session = book(database)
    maybe = Reading.of([(people.WORK, *OVER, TENTATIVE, False)])
    store(database, connection, Observed(maybe, slot_sets.window(lenient, people.NOW).known_until))
    assert since(database, session) is None
    for strict, flagged in ((True, people.NOW), (False, None)):
        _set(database, replace(lenient, tentative_blocks=strict))
        assert since(database, session) == flagged


def test_a_connection_that_is_erased_takes_its_conflicts_along(
    database: Database, connection: str
) -> None:
    session = book(database)
    read(database, connection, OVER)
    with database.write() as tx:
        store_reading.forget(tx, connection, now=people.NOW)
    assert since(database, session) is None


def test_two_calendars_conflict_together(database: Database, connection: str) -> None:
    session = book(database)
    account = Account("acc_2", profiles=(Profile("pro_2", "google", "gsuite", "ada"),))
    second = people.connect(database, sub="acc_2")
    read(database, connection, OVER)
    assert people.read(database, second, OVER, account=account) is not None
    read(database, connection)
    assert since(database, session) == people.NOW
    read(database, second)
    assert since(database, session) is None


def _set(database: Database, coach: Coach) -> None:
    with database.write() as tx:
        coach_settings.put_coach(tx, "ada", lambda _: coach, expected=None, now=people.NOW)
