"""New time zone rules where a participant lives, and not where their coach does: the participant is
mailed once, the platform is told, and ops and lists show it; the instant stays.
"""

from dataclasses import replace

import pytest
from sqlalchemy import select

from storage.reports import metrics, overview
from storage.reports.lists import SessionFilter
from storage.reports.session_lists import sessions_page
from storage.rows import bookings
from storage.rows import sessions as session_rows
from storage.schema import tables
from storage.schema.database import Database
from storage.transactions import bookings as booking_transactions
from storage.transactions import pod_seats, pods, retention
from tests.storage.kit import create
from tests.storage.moved_clocks import AFTER, BEFORE, TEN, booked, older_rules, roll, seat, told
from tests.support import people
from tests.support.people import at


def wall_of(database: Database, booking_id: str) -> str | None:
    with database.read() as tx:
        return bookings.get(tx, booking_id).wall


def test_the_participant_is_mailed_once_and_the_coach_is_not(database: Database) -> None:
    booking_id = booked(database)
    assert roll(database) == []
    older_rules(database, booking_id)
    assert roll(database) == [("grace@example.test", TEN - 3600)]
    assert roll(database) == []
    with database.read() as tx:
        kept = bookings.get(tx, booking_id)
        steps = tx.execute(select(tables.history.c.what, tables.history.c.booking_id)).all()
    assert (kept.wall, kept.wall_moved, kept.version) == (BEFORE, AFTER, 1)
    assert tuple(steps[-1]) == ("clocks_moved", booking_id)


def test_of_a_pod_only_those_whose_clock_moved_are_mailed(database: Database) -> None:
    people.ready(database)
    pod = create(database, people.GRACE, people.HEDY, start=TEN)
    theirs = {each.participant.id: each.id for each in pod.seats}
    older_rules(database, theirs["grace"])
    assert roll(database) == [("grace@example.test", TEN - 3600)]


def test_the_platform_is_told_when_it_moves_and_when_it_no_longer_does(database: Database) -> None:
    booking_id = booked(database)
    older_rules(database, booking_id)
    roll(database)
    (body,) = told(database)
    assert body["type"] == "session.participant_clock_moved"
    data = body["data"]
    assert (data["booking_id"], data["booked_for"], data["wall_moved"]) == (
        booking_id,
        BEFORE,
        AFTER,
    )
    assert told(database) == []
    with database.write() as tx:
        booking_transactions.rebook(tx, booking_id, at(10, 10), people.terms())
    assert [body["type"] for body in told(database)] == ["session.participant_clock_restored"]
    assert told(database) == []


@pytest.mark.parametrize(("coach_id", "found"), [(None, 1), ("ada", 1), ("bob", 0)])
def test_ops_find_it_and_it_is_counted(
    database: Database, coach_id: str | None, found: int
) -> None:
    booking_id = booked(database)
    older_rules(database, booking_id)
    roll(database)
    with database.read() as tx:
        listed = overview.moved_clocks(tx, now=people.NOW, coach_id=coach_id)
        assert metrics.moved_clocks(tx, now=people.NOW) == 1
    assert [(each.booking_id, each.wall, each.wall_moved) for each in listed] == [
        (booking_id, BEFORE, AFTER)
    ] * found


@pytest.mark.parametrize("moved", [True, False])
def test_the_list_of_moved_sessions_has_it_until_the_seat_is_given_up(
    database: Database, *, moved: bool
) -> None:
    booking_id = booked(database)
    older_rules(database, booking_id)
    roll(database)

    def listed() -> int:
        wanted = SessionFilter(moved=moved)
        with database.read() as tx:
            return len(sessions_page(tx, wanted, None, limit=5, now=people.NOW).items)

    assert listed() == int(moved)
    with database.write() as tx:
        booking_transactions.cancel(tx, booking_id, people.terms())
    assert listed() == int(not moved)


def test_whoever_asks_for_what_changed_is_told_of_its_session(database: Database) -> None:
    booking_id = booked(database)
    older_rules(database, booking_id)
    changed = tables.sessions.c.changed_ms
    with database.write() as tx:
        tx.execute(tables.sessions.update().values(changed_ms=0))
    roll(database)
    with database.read() as tx:
        assert tx.scalar(select(changed)) != 0


def test_each_way_to_another_time_writes_the_local_time_of_it(database: Database) -> None:
    booking_id = booked(database)
    assert wall_of(database, booking_id) == AFTER
    with database.write() as tx:
        booking_transactions.rebook(tx, booking_id, at(10, 10), people.terms())
    assert wall_of(database, booking_id) == "2026-06-10T06:00 America/New_York"
    pod = create(database, replace(people.GRACE, id="may", zone="Asia/Tokyo"), start=at(11, 10))
    other = create(database, start=at(12, 10))
    (mine,) = pod.seats
    with database.write() as tx:
        pods.change(tx, pod.pod.id, pods.Changes(start=at(11, 12)), people.terms())
    assert wall_of(database, mine.id) == "2026-06-11T21:00 Asia/Tokyo"
    with database.write() as tx:
        pod_seats.move_seat(tx, mine.id, other.pod.id, people.terms())
    assert wall_of(database, mine.id) == "2026-06-12T19:00 Asia/Tokyo"


def test_what_the_release_before_booked_or_moved_counts_as_unmoved(database: Database) -> None:
    booking_id = booked(database)
    with database.write() as tx:
        mine = tables.bookings.update().where(seat.id == booking_id)
        tx.execute(mine.values(wall=None, wall_starts=None))
    assert roll(database) == []
    assert wall_of(database, booking_id) == AFTER
    # It moves a session, and leaves the local time that it does not know as it was.
    with database.write() as tx:
        session = session_rows.get(tx, bookings.get(tx, booking_id).session_id)
        later = replace(session, starts=at(10, 10), ends=at(10, 11), wall=None)
        session_rows.put(tx, session, later, people.NOW)
    assert roll(database) == []
    assert wall_of(database, booking_id) == "2026-06-10T06:00 America/New_York"


def test_nothing_of_where_somebody_lives_outlives_them(database: Database) -> None:
    booking_id = booked(database)
    older_rules(database, booking_id)
    roll(database)
    with database.write() as tx:
        before = bookings.get(tx, booking_id)
        retention.anonymise(tx, seat.id == booking_id, now=people.NOW)
        # Whoever read the booking before, and writes it now, brings nothing of it back.
        bookings.put(tx, before, before.changed(people.NOW), "ada")
        found = tx.execute(select(seat.wall, seat.wall_moved)).one()
        kept = tx.execute(select(tables.history.c.before, tables.history.c.after)).all()
    assert tuple(found) == (None, None)
    assert "New_York" not in str(kept)
