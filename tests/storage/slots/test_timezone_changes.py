"""New time zone rules: no instant moves, and whose local time did is told."""

from collections.abc import Callable

import pytest

from domain.hours import wall_clock
from storage.rows import coaches, sessions
from storage.schema import tables
from storage.schema.database import Database
from storage.slots import slot_sets, timezone_changes
from storage.slots.bookable import Wanted
from storage.slots.timezone_changes import Moved
from storage.transactions import bookings, pods
from storage.transactions.bookings import BookingChange
from tests.support import people
from tests.support.people import at

OLDER = "2019c"


@pytest.fixture
def book(database: Database) -> Callable[[int], BookingChange]:
    people.ready(database)

    def booked(start: int) -> BookingChange:
        with database.write() as tx:
            return bookings.book(
                tx, Wanted("ada", start, 60), people.GRACE, people.PROGRAMME, people.terms()
            )

    return booked


def written_under_older_rules(database: Database, session_id: str, wall: str | None) -> None:
    """As a release with another tzdata left it."""
    with database.write() as tx:
        tx.execute(
            tables.sessions.update().where(tables.sessions.c.id == session_id).values(wall=wall)
        )
        tx.execute(tables.slot_sets.update().values(tzdata=OLDER))


def roll(database: Database) -> list[Moved]:
    with database.write() as tx:
        coach = coaches.lock(tx, "ada")
        assert coach is not None
        return timezone_changes.roll(tx, coach, now=people.NOW)


def due(database: Database) -> list[str]:
    with database.read() as tx:
        return slot_sets.due_for_roll(tx, now=people.NOW)


def test_a_wall_clock_says_its_zone() -> None:
    assert wall_clock("Europe/London", at(2, 10)) == "2026-06-02T11:00 Europe/London"
    assert wall_clock("UTC", at(2, 10)) == "2026-06-02T10:00 UTC"


def test_a_session_keeps_the_local_time_it_was_booked_for(
    database: Database, book: Callable[[int], BookingChange]
) -> None:
    done = book(at(9, 10))
    assert done.session.wall == "2026-06-09T11:00 Europe/London"
    with database.write() as tx:
        moved = bookings.rebook(tx, done.booking.id, at(10, 12), people.terms()).session
        plan = pods.Plan(Wanted("ada", at(11, 10), 60), 1, 4, "open")
        pod = pods.create(tx, plan, [], people.terms()).pod
        later = pods.change(tx, pod.id, pods.Changes(start=at(12, 10)), people.terms()).pod
        assert sessions.get(tx, moved.id).wall == "2026-06-10T13:00 Europe/London"
    assert (pod.wall, later.wall) == (
        "2026-06-11T11:00 Europe/London",
        "2026-06-12T11:00 Europe/London",
    )


def test_the_roll_lists_a_session_whose_local_time_moved_and_leaves_its_instant(
    database: Database, book: Callable[[int], BookingChange]
) -> None:
    # Given a session booked for 10:00 under rules that had no summer time
    done, other = book(at(9, 10)), book(at(10, 10))
    written_under_older_rules(database, done.session.id, "2026-06-09T10:00 Europe/London")
    assert due(database) == ["ada"]
    # When the set is made anew
    found = Moved(
        done.session.id, "ada", "2026-06-09T10:00 Europe/London", "2026-06-09T11:00 Europe/London"
    )
    assert roll(database) == [found]
    # Then that is told once, and stays known
    assert roll(database) == []
    with database.read() as tx:
        assert sessions.get(tx, done.session.id).wall_moved == found.wall_moved
        assert sessions.get(tx, done.session.id).starts == at(9, 10)
        assert sessions.get(tx, other.session.id).wall_moved is None
    assert due(database) == []


def test_a_set_that_a_refresh_made_anew_meanwhile_is_still_due(
    database: Database, book: Callable[[int], BookingChange]
) -> None:
    done = book(at(9, 10))
    written_under_older_rules(database, done.session.id, "2026-06-09T10:00 Europe/London")
    with database.write() as tx:
        coach = coaches.lock(tx, "ada")
        assert coach is not None
        slot_sets.recompute(tx, coach, now=people.NOW)
    assert due(database) == ["ada"]
    assert len(roll(database)) == 1


def test_rules_that_are_put_right_again_end_it(
    database: Database, book: Callable[[int], BookingChange]
) -> None:
    done = book(at(9, 10))
    with database.write() as tx:
        tx.execute(tables.sessions.update().values(wall_moved="2026-06-09T10:00 Europe/London"))
    assert roll(database) == []
    with database.read() as tx:
        assert sessions.get(tx, done.session.id).wall_moved is None


def test_a_session_from_before_local_times_were_kept_gets_one(
    database: Database, book: Callable[[int], BookingChange]
) -> None:
    done = book(at(9, 10))
    written_under_older_rules(database, done.session.id, None)
    assert roll(database) == []
    with database.read() as tx:
        assert sessions.get(tx, done.session.id).wall == "2026-06-09T11:00 Europe/London"


def test_a_coach_who_moves_elsewhere_moves_no_session(
    database: Database, book: Callable[[int], BookingChange]
) -> None:
    book(at(9, 10))
    with database.write() as tx:
        tx.execute(tables.coaches.update().values(zone="Asia/Kathmandu"))
    assert roll(database) == []
