"""What became of a session that has begun: completed or missed, by everybody or by one."""

from datetime import datetime, timedelta

import pytest

from domain.sessions import NO_CONTEXT, Refused, Session, Unknown
from storage.rows import sessions
from storage.schema.database import Database
from storage.slots import availability
from storage.slots.availability import Asked
from storage.slots.bookable import Wanted
from storage.transactions import attendance, bookings
from storage.transactions.attendance import Attended
from storage.transactions.bookings import BookingChange
from storage.transactions.pods import Made
from tests.storage.kit import create, join, owed
from tests.support import people
from tests.support.people import at

TEN = at(2, 10)
BEGUN = datetime.fromtimestamp(TEN, people.NOW.tzinfo)
AFTER = BEGUN + timedelta(hours=1)


def book(database: Database) -> BookingChange:
    with database.write() as tx:
        return bookings.book(tx, Wanted("ada", TEN, 60), people.GRACE, NO_CONTEXT, people.terms())


def report(
    database: Database,
    session: Session,
    attended: Attended,
    now: datetime = AFTER,
    who: str | None = None,
) -> Made:
    with database.write() as tx:
        return attendance.report(tx, session.id, attended, people.terms(now), participant_id=who)


def statuses(made: Made) -> dict[str, str]:
    return {booking.participant.id: booking.status for booking in made.seats}


def test_a_completed_session_is_marked_and_nobody_is_mailed(database: Database) -> None:
    people.ready(database)
    done = book(database)
    made = report(database, done.session, "completed")
    assert (made.pod.status, made.pod.version, statuses(made)) == (
        "completed",
        2,
        {"grace": "completed"},
    )
    assert (made.seats[0].version, made.seats[0].sequence) == (2, 0)
    assert (made.wake, owed(database, version=2)) == ([], {})


def test_a_missed_session_is_mailed_to_both_once(database: Database) -> None:
    people.ready(database)
    done = book(database)
    for _ in range(2):
        made = report(database, done.session, "missed")
        assert (made.pod.status, statuses(made)) == ("missed", {"grace": "missed"})
        assert owed(database, version=2) == {("missed", "grace"): 1, ("missed", "ada"): 1}
        assert owed(database, version=3) == {}


def test_nothing_can_be_reported_before_it_begins(database: Database) -> None:
    people.ready(database)
    done = book(database)
    with pytest.raises(Refused, match="not_begun"):
        report(database, done.session, "completed", BEGUN - timedelta(seconds=1))
    assert report(database, done.session, "completed", BEGUN).pod.status == "completed"


def test_a_mistake_may_be_corrected(database: Database) -> None:
    people.ready(database)
    done = book(database)
    report(database, done.session, "missed")
    corrected = report(database, done.session, "completed")
    assert (corrected.pod.status, statuses(corrected), corrected.seats[0].version) == (
        "completed",
        {"grace": "completed"},
        3,
    )
    again = report(database, done.session, "missed")
    assert (again.pod.status, owed(database, version=4)) == (
        "missed",
        {("missed", "grace"): 1, ("missed", "ada"): 1},
    )


def test_one_participant_of_a_pod_may_miss_what_the_others_completed(database: Database) -> None:
    people.ready(database)
    made = create(database, people.GRACE, people.HEDY, start=TEN)
    report(database, made.pod, "completed")
    after = report(database, made.pod, "missed", who="hedy")
    assert statuses(after) == {"grace": "completed", "hedy": "missed"}
    assert (after.pod.status, after.pod.taken) == ("completed", 2)
    assert owed(database, version=3) == {("missed", "hedy"): 1, ("missed", "ada"): 1}
    everybody = report(database, made.pod, "missed")
    assert (everybody.pod.status, statuses(everybody)) == (
        "missed",
        {"grace": "missed", "hedy": "missed"},
    )


def test_who_left_beforehand_is_not_counted(database: Database) -> None:
    people.ready(database)
    made = create(database, people.GRACE, start=TEN)
    early, late = join(database, made, people.HEDY), None
    with database.write() as tx:
        bookings.cancel(tx, early.booking.id, people.terms())
    late = join(database, made, people.MARY)
    with database.write() as tx:
        bookings.cancel(tx, late.booking.id, people.terms(BEGUN - timedelta(hours=1)))
    after = report(database, made.pod, "completed")
    assert statuses(after) == {"grace": "completed", "hedy": "cancelled", "mary": "missed"}
    for absent in ("hedy", "mary", "nobody"):
        with pytest.raises(Unknown):
            report(database, made.pod, "completed", who=absent)


def test_a_session_that_did_not_take_place_has_no_attendance(database: Database) -> None:
    people.ready(database)
    done = book(database)
    with database.write() as tx:
        bookings.cancel(tx, done.booking.id, people.terms(BEGUN - timedelta(hours=1)))
    with pytest.raises(Refused, match="nobody_seated"):
        report(database, done.session, "completed")
    empty = create(database, start=at(2, 13))
    with pytest.raises(Refused, match="nobody_seated"):
        report(database, empty.pod, "completed", AFTER + timedelta(hours=3))
    with pytest.raises(Unknown), database.write() as tx:
        attendance.report(tx, "ses_none", "missed", people.terms(AFTER))


def test_what_took_place_keeps_its_time_whoever_missed_it(database: Database) -> None:
    people.ready(database)
    done = book(database)
    asked = Asked(60, at(2, 0), at(3, 0), int(people.NOW.timestamp()))
    before = availability.starts(people.listing(database), asked).tolist()
    report(database, done.session, "missed")
    assert availability.starts(people.listing(database), asked).tolist() == before
    with database.read() as tx:
        assert sessions.get(tx, done.session.id).active
    with pytest.raises(Refused, match="booking_ended"), database.write() as tx:
        bookings.cancel(tx, done.booking.id, people.terms(AFTER))


def test_a_pod_is_not_missed_while_others_may_have_been_there(database: Database) -> None:
    people.ready(database)
    pod = create(database, people.GRACE, people.HEDY, start=TEN).pod
    assert report(database, pod, "missed", who="grace").pod.status == "booked"
    assert report(database, pod, "missed", who="hedy").pod.status == "missed"
    assert report(database, pod, "completed", who="hedy").pod.status == "completed"
