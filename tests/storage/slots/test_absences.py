"""Coaches who are not there: stored with them, obeyed by listing and booking alike, and no session
is moved by it.
"""

from dataclasses import replace
from datetime import date, datetime

import pytest

from domain.absences import PublicHolidays, away_of
from domain.coaches import Coach
from domain.sessions import Refused
from domain.trips import Trip
from storage.rows import coaches, refresh_jobs, sessions
from storage.schema import tables
from storage.schema.database import Database
from storage.slots import slot_sets
from storage.slots.absences import sessions_inside
from storage.slots.bookable import Wanted
from storage.transactions import bookings, coach_settings
from storage.transactions.bookings import BookingChange
from storage.transactions.coach_settings import CoachChange
from tests.support import people
from tests.support.people import at

TUESDAY = away_of([{"from": "2026-06-02T00:00", "to": "2026-06-03T00:00", "note": "Skiing"}])
WEDNESDAY = PublicHolidays("GB", "", ("Some Day",), (date(2026, 6, 3),))
THURSDAY = Trip(date(2026, 6, 4), date(2026, 6, 4), "America/New_York")
ABSENT = {"away": TUESDAY, "holidays": WEDNESDAY, "trips": (THURSDAY,)}


def absent(database: Database, **changes: object) -> CoachChange:
    def change(coach: Coach | None) -> Coach:
        assert coach is not None
        return replace(coach, **changes)  # type: ignore[arg-type]  # fields of a Coach

    with database.write() as tx:
        return coach_settings.put_coach(tx, "ada", change, expected=None, now=people.NOW)


def book(database: Database, start: int) -> BookingChange:
    with database.write() as tx:
        return bookings.book(
            tx, Wanted("ada", start, 60), people.GRACE, people.PROGRAMME, people.terms()
        )


def refused(database: Database, start: int) -> str | None:
    with pytest.raises(Refused) as error:
        book(database, start)
    return error.value.reason


def test_absences_come_back_as_they_were_stored_and_the_version_grows(database: Database) -> None:
    people.ready(database)
    changed = absent(database, **ABSENT)
    assert changed.coach.version == 2
    with database.read() as tx:
        stored = coaches.get(tx, "ada")
        assert stored == changed.coach
    assert absent(database, **ABSENT).coach.version == 2
    # And with nothing of it the columns are empty again
    absent(database, away=(), trips=(), holidays=PublicHolidays())
    with database.read() as tx:
        row = tx.execute(tables.coaches.select()).one()
        assert (row.away, row.travel, row.holidays) == (None, None, None)


def test_what_is_closed_to_listing_is_closed_to_booking(database: Database) -> None:
    people.ready(database)
    absent(database, **ABSENT)
    assert refused(database, at(2, 9)) == "away"
    assert refused(database, at(3, 9)) == "holiday"
    # On Thursday the coach works in New York, where it is five hours earlier
    assert refused(database, at(4, 8)) == "outside_hours"
    assert book(database, at(4, 19)).session.starts == at(4, 19)


def test_sessions_that_lie_inside_are_told_and_stay(database: Database) -> None:
    people.ready(database)
    starts = (at(2, 9), at(3, 9), at(4, 9), at(9, 9))
    ids = [book(database, start).session.id for start in starts]
    with database.read() as tx:
        before = [sessions.get(tx, session_id) for session_id in ids]
    changed = absent(database, **ABSENT)
    with database.read() as tx:
        inside = sessions_inside(tx, changed.coach, now=people.NOW)
        assert [sessions.get(tx, session_id) for session_id in ids] == before
    told = [(each.session.id, each.reason.name) for each in inside]
    assert told == [(ids[0], "away"), (ids[1], "holiday")]
    assert [each.seats[0].participant.id for each in inside] == ["grace", "grace"]


def test_what_is_over_or_called_off_is_not_told(database: Database) -> None:
    people.ready(database)
    done = book(database, at(2, 9))
    changed = absent(database, **ABSENT)
    with database.read() as tx:
        after = datetime.fromtimestamp(at(2, 9), people.NOW.tzinfo)
        assert sessions_inside(tx, changed.coach, now=after) == []
    with database.write() as tx:
        bookings.cancel(tx, done.booking.id, people.terms())
    with database.read() as tx:
        assert sessions_inside(tx, changed.coach, now=people.NOW) == []


def test_a_trip_asks_for_another_read_because_all_day_items_lie_elsewhere(
    database: Database,
) -> None:
    connection_id = people.ready(database)
    assert absent(database, away=TUESDAY, holidays=WEDNESDAY).wake == ()
    assert absent(database, trips=(THURSDAY,)).wake == (connection_id,)
    with database.read() as tx:
        assert refresh_jobs.backlog(tx).dirty == 1


def test_another_release_of_time_zones_or_holidays_makes_a_set_due(database: Database) -> None:
    people.ready(database)
    with database.read() as tx:
        assert slot_sets.due_for_roll(tx, now=people.NOW) == []
        assert tx.execute(tables.slot_sets.select()).one().tzdata == slot_sets.releases()
    tzdata, holidays = slot_sets.releases().split()
    for other in (f"2019c {holidays}", f"{tzdata} 0.1", tzdata):
        with database.write() as tx:
            tx.execute(tables.slot_sets.update().values(tzdata=other))
        with database.read() as tx:
            assert slot_sets.due_for_roll(tx, now=people.NOW) == ["ada"]
