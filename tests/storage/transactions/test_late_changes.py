"""A session that is moved shortly before it begins counts as one that is cancelled then; and what a
company, project or cohort sets about that.
"""

from typing import Any

import pytest
from sqlalchemy import select

from domain.change_rules import ChangeRules
from domain.sessions import NO_CONTEXT, Refused
from storage.rows import bookings as booking_rows
from storage.rows import change_rules, sessions
from storage.schema import tables
from storage.schema.database import Database
from storage.slots.bookable import Wanted
from storage.transactions import bookings, late_changes
from storage.transactions.bookings import BookingChange
from storage.transactions.pods import Made
from tests.storage.kit import create, join
from tests.storage.kit import move as change_pods
from tests.support import people
from tests.support.people import at

SOON, LATER, LAST = at(1, 12), at(4, 10), at(5, 10)
COHORT = ("cohort", "spring")


def book(database: Database, start: int = SOON, **options: Any) -> BookingChange:
    with database.write() as tx:
        wanted = Wanted("ada", start, 60)
        return bookings.book(tx, wanted, people.GRACE, people.PROGRAMME, people.terms(), **options)


def move(
    database: Database, done: BookingChange, start: int = LATER, **options: Any
) -> BookingChange:
    terms = options.pop("terms", people.terms())
    with database.write() as tx:
        return bookings.rebook(tx, done.booking.id, start, terms, **options)


def allow(database: Database, *where: str, **figures: int) -> None:
    scope, scope_id = where or COHORT
    with database.write() as tx:
        change_rules.put(tx, ChangeRules(scope, scope_id, **figures))  # type: ignore[arg-type]  # a word of three


def owed(database: Database, kind: str, booking_id: str) -> list[str]:
    """The topics of what is owed about a booking, or about its session's place in calendars."""
    row = tables.outbox.c
    with database.read() as tx:
        session_id = booking_rows.get(tx, booking_id).session_id
        mine = row.session_id == session_id if kind == "calendar" else row.booking_id == booking_id
        return sorted(tx.scalars(select(row.topic).where(row.kind == kind, mine)))


def test_a_late_move_ends_the_booking_as_missed_and_makes_another(database: Database) -> None:
    # Given a session that begins in three hours
    people.ready(database)
    first = book(database)
    # When it is moved
    done = move(database, first)
    # Then the old one is missed, as it would be had it been cancelled
    with database.read() as tx:
        old = booking_rows.get(tx, first.booking.id)
        gone = sessions.get(tx, first.session.id)
    assert (old.status, old.version, old.sequence, old.moves) == ("missed", 2, 1, 1)
    assert (gone.status, gone.active, gone.starts, gone.taken) == ("missed", False, SOON, 0)
    # And the new one is another booking, with an event of its own in calendars
    new, session = done.booking, done.session
    assert (new.status, new.version, new.sequence, new.replaces) == ("booked", 1, 0, old.id)
    assert (session.starts, session.status, session.taken) == (LATER, "booked", 1)
    assert new.uid != old.uid
    assert (new.participant, new.context) == (old.participant, old.context)
    assert owed(database, "calendar", old.id) == ["delete", "upsert"]
    assert owed(database, "calendar", new.id) == ["upsert"]
    assert owed(database, "mail", old.id).count("missed") == 2
    assert owed(database, "mail", new.id).count("booked") == 2
    # And what ended stays so
    with pytest.raises(Refused, match="booking_ended"):
        move(database, first, LAST)


def test_six_late_moves_are_six_missed_sessions(database: Database) -> None:
    people.ready(database)
    done = book(database)
    for start in (at(1, 14), at(1, 12, 15), at(1, 13), at(1, 12), at(1, 14), LATER):
        done = move(database, done, start)
    with database.read() as tx:
        used = booking_rows.used_by(tx, "grace")
    assert sum(each.missed for each in used) == 6
    assert done.booking.status == "booked"


def test_a_late_move_may_overlap_the_time_that_it_leaves(database: Database) -> None:
    people.ready(database)
    done = move(database, book(database), SOON + 900)
    assert (done.session.starts, done.booking.version) == (SOON + 900, 1)


@pytest.mark.parametrize("how", [{"excused": True}, {"force": "the coach asked"}])
def test_who_may_force_moves_at_any_time_and_nothing_counts(
    database: Database, how: dict[str, Any]
) -> None:
    people.ready(database)
    allow(database, most_rebookings=0)
    done = move(database, book(database), **how)
    assert (done.booking.status, done.booking.version, done.booking.moves) == ("booked", 2, 0)


def test_a_move_in_time_stays_the_same_booking_and_is_counted(database: Database) -> None:
    people.ready(database)
    first = book(database, LATER)
    done = move(database, first, LAST)
    assert (done.booking.id, done.booking.moves, done.booking.late_moves) == (
        first.booking.id,
        1,
        0,
    )


@pytest.mark.parametrize(
    ("set_here", "hours"),
    [
        ((), 24),
        ((("company", "acme", 2),), 2),
        ((("company", "acme", 2), ("project", "leaders", 72)), 72),
        ((("project", "leaders", 72), ("cohort", "spring", 4)), 4),
        ((("cohort", "autumn", 4), ("company", "other", 0)), 24),
        ((("cohort", "spring", 0),), 0),
    ],
)
def test_late_hours_are_those_of_the_narrowest_scope(
    database: Database, set_here: tuple[tuple[str, str, int], ...], hours: int
) -> None:
    for scope, scope_id, value in set_here:
        allow(database, scope, scope_id, late_hours=value)
    with database.read() as tx:
        terms = late_changes.terms_of(tx, people.terms(), people.PROGRAMME)
    assert terms.late_hours == hours


def test_late_hours_count_for_moves_and_cancellations_alike(database: Database) -> None:
    people.ready(database)
    first, second = book(database), book(database, at(1, 14))
    allow(database, late_hours=2)
    # Four hours before
    assert move(database, first).booking.id == first.booking.id
    with database.write() as tx:
        assert bookings.cancel(tx, second.booking.id, people.terms()).booking.status == "cancelled"
    # One that lies in no cohort keeps the deployment's hours
    with database.write() as tx:
        wanted = Wanted("ada", at(1, 15), 60)
        other = bookings.book(tx, wanted, people.HEDY, NO_CONTEXT, people.terms())
        assert bookings.cancel(tx, other.booking.id, people.terms()).booking.status == "missed"


def test_free_moves_are_used_up_by_the_participant_within_the_scope(database: Database) -> None:
    people.ready(database)
    allow(database, free_moves=2)
    done = book(database)
    for number, start in enumerate((at(1, 13), at(1, 14)), start=1):
        done = move(database, done, start)
        assert (done.booking.version, done.booking.late_moves) == (1 + number, number)
    # The third counts, and so does the first of the booking that it makes
    third = move(database, done, at(1, 12))
    assert third.booking.replaces == done.booking.id
    assert move(database, third).booking.replaces == third.booking.id


def test_rebookings_end_where_the_programme_says_and_it_says_so(database: Database) -> None:
    people.ready(database)
    allow(database, "project", "leaders", most_rebookings=1)
    done = move(database, book(database, LATER), LAST)
    with pytest.raises(Refused) as refused:
        move(database, done, LATER)
    assert refused.value.code == "rebookings_used_up"
    said = {"limit": 1, "used": 1, "scope": "project", "scope_id": "leaders"}
    assert refused.value.more == said
    # The programme may all the same
    assert move(database, done, LATER, excused=True).session.starts == LATER


def test_who_missed_too_many_books_no_more_neither_a_session_nor_a_seat(
    database: Database,
) -> None:
    people.ready(database)
    allow(database, most_missed=1)
    made = create(database, context=people.PROGRAMME)
    done = book(database)
    # A late move would be a missed session and a new booking: it is refused as that is
    with pytest.raises(Refused, match="missed_used_up"):
        move(database, done)
    with database.write() as tx:
        assert bookings.cancel(tx, done.booking.id, people.terms()).booking.status == "missed"
    with pytest.raises(Refused) as refused:
        book(database, LATER)
    assert (refused.value.code, refused.value.more["limit"]) == ("missed_used_up", 1)
    with pytest.raises(Refused, match="missed_used_up"):
        join(database, made, people.GRACE)
    # The programme may
    assert book(database, LATER, excused=True).booking.status == "booked"
    assert join(database, made, people.GRACE, assigned=True).booking.status == "booked"


def circles(database: Database) -> tuple[Made, Made]:
    people.ready(database)
    soon = create(database, start=SOON, context=people.PROGRAMME)
    return soon, create(database, start=LATER, context=people.PROGRAMME)


def test_a_seat_that_changes_pods_late_counts_as_one_that_is_left_late(database: Database) -> None:
    soon, later = circles(database)
    first = join(database, soon, people.GRACE)
    done = change_pods(database, first, later)
    with database.read() as tx:
        old = booking_rows.get(tx, first.booking.id)
        left, taken = sessions.get(tx, soon.pod.id), sessions.get(tx, later.pod.id)
    assert (old.status, old.session_id, old.moves) == ("missed", soon.pod.id, 1)
    assert (done.booking.session_id, done.booking.replaces) == (later.pod.id, old.id)
    assert (left.taken, left.active, taken.taken) == (0, True, 1)
    assert owed(database, "mail", old.id).count("missed") == 2
    assert owed(database, "mail", done.booking.id).count("booked") == 2


def test_an_excused_seat_changes_pods_at_any_time(database: Database) -> None:
    soon, later = circles(database)
    first = join(database, soon, people.GRACE)
    done = change_pods(database, first, later, excused=True)
    assert (done.booking.id, done.booking.status) == (first.booking.id, "booked")
