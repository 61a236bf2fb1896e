"""Booking, rebooking and cancelling 1:1 sessions: one transaction each, and never two at once."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from domain.errors import Invalid
from domain.sessions import Participant, Refused, Terms, Unknown
from storage.rows import sessions
from storage.schema import tables
from storage.schema.database import Database
from storage.slots import availability
from storage.slots.availability import Asked
from storage.slots.bookable import Wanted
from storage.transactions import bookings
from storage.transactions.bookings import BookingChange
from tests.support import people as people_tests
from tests.support.people import at

TEN = at(2, 10)
HOUR = 3600


def book(
    database: Database, start: int = TEN, who: Participant = people_tests.GRACE, **options: Any
) -> BookingChange:
    wanted = Wanted("ada", start, options.pop("duration", 60), options.pop("force", None))
    with database.write() as tx:
        return bookings.book(
            tx,
            wanted,
            who,
            people_tests.PROGRAMME,
            options.pop("terms", people_tests.terms()),
            **options,
        )


def rebook(
    database: Database, done: BookingChange, start: int, terms: Terms | None = None, **options: Any
) -> BookingChange:
    with database.write() as tx:
        return bookings.rebook(tx, done.booking.id, start, terms or people_tests.terms(), **options)


def cancel(
    database: Database, done: BookingChange, terms: Terms | None = None, **options: Any
) -> BookingChange:
    with database.write() as tx:
        return bookings.cancel(tx, done.booking.id, terms or people_tests.terms(), **options)


def refusal(database: Database, start: int, **options: Any) -> Refused:
    with pytest.raises(Refused) as refused:
        book(database, start, **options)
    return refused.value


def listed(database: Database, duration: int = 60, day: int = 2) -> list[int]:
    listing = people_tests.listing(database)
    found = availability.starts(
        listing, Asked(duration, at(day, 0), at(day + 1, 0), int(people_tests.NOW.timestamp()))
    )
    return [int(start) for start in found]


def mails(database: Database) -> list[tuple[str, str, int]]:
    row = tables.outbox.c
    with database.read() as tx:
        found = tx.execute(
            select(row.topic, row.recipient, row.version)
            .where(row.kind == "mail")
            .order_by(row.version)
        )
        return sorted((each.topic, each.recipient, each.version) for each in found)


def test_a_booking_closes_its_time_and_its_gap_on_either_side(database: Database) -> None:
    people_tests.ready(database)
    assert TEN in listed(database)
    done = book(database)
    assert (done.booking.status, done.session.status, done.session.ends) == (
        "booked",
        "booked",
        TEN + HOUR,
    )
    # Hours from 08:00 UTC (09:00 in London), a gap of 15 minutes: 08:45 ends in time, 11:15 begins
    # late enough.
    assert listed(database) == [
        at(2, 8),
        at(2, 8, 15),
        at(2, 8, 30),
        at(2, 8, 45),
        *range(at(2, 11, 15), at(2, 15) + 1, 900),
    ]


def test_each_person_is_mailed_once_and_reminded_once(database: Database) -> None:
    people_tests.ready(database)
    done = book(database, at(8, 10))
    people = ("ada@example.test", "grace@example.test")
    assert mails(database) == [
        (kind, person, 1) for kind in ("booked", "reminder") for person in people
    ]
    assert sorted(kind for _, kind in done.wake) == ["calendar", "mail", "mail"]


def test_a_coach_without_an_address_is_not_mailed(database: Database) -> None:
    people_tests.ready(database, people_tests.ADA)
    book(database)
    assert mails(database) == [
        ("booked", "grace@example.test", 1),
        ("reminder", "grace@example.test", 1),
    ]


@pytest.mark.parametrize(
    ("start", "reason"),
    [
        (at(2, 12), "busy"),
        (at(2, 11, 30), "buffer"),
        (at(2, 6), "outside_hours"),
        (at(6, 10), "outside_hours"),
        (at(1, 7), "past"),
        (at(28, 10) + 2 * 86400, "horizon"),
        (at(1, 8) + 800 * 86400, "horizon"),
    ],
)
def test_what_is_not_listed_is_refused_with_its_reason_and_the_nearest_starts(
    database: Database, start: int, reason: str
) -> None:
    people_tests.ready(database, people_tests.MAILED, (at(2, 12, 30), at(2, 13)))
    refused = refusal(database, start)
    assert (refused.code, refused.reason) == ("slot_not_open", reason)
    assert len(refused.nearest) == (0 if start > at(30, 23) + 14 * 86400 else 5)
    for instead in refused.nearest[:1]:
        book(database, instead)


def test_the_nearest_starts_lie_on_both_sides(database: Database) -> None:
    people_tests.ready(database)
    book(database)
    assert refusal(database, TEN).nearest == (
        at(2, 8, 15),
        at(2, 8, 30),
        at(2, 8, 45),
        at(2, 11, 15),
        at(2, 11, 30),
    )


def test_a_start_off_the_grid_and_a_duration_not_offered_are_invalid(database: Database) -> None:
    people_tests.ready(database)
    with pytest.raises(Invalid, match="quarter hours"):
        book(database, TEN + 60)
    with pytest.raises(Invalid, match="not offered"):
        book(database, duration=45)
    with pytest.raises(Unknown), database.write() as tx:
        bookings.book(
            tx,
            Wanted("nobody", TEN, 60),
            people_tests.GRACE,
            people_tests.PROGRAMME,
            people_tests.terms(),
        )


def test_an_untrusted_calendar_cannot_be_booked(database: Database) -> None:
    people_tests.introduce(database, people_tests.MAILED)
    people_tests.connect(database)
    assert refusal(database, TEN).reason == "untrusted"
    people_tests.read(database, people_tests.connect(database))
    book(database)
    later = people_tests.terms(people_tests.NOW + timedelta(hours=26))
    assert refusal(database, at(4, 10), terms=later).reason == "untrusted"


def test_a_coach_may_be_forced_over_busy_time_and_outside_hours_but_never_over_a_session(
    database: Database,
) -> None:
    people_tests.ready(database, people_tests.MAILED, (TEN, TEN + HOUR))
    assert book(database, force="the board asked").session.force_reason == "the board asked"
    assert book(database, at(2, 20), force="late").session.active
    assert refusal(database, TEN, force="again").reason == "session"
    assert refusal(database, at(2, 11), force="within the gap").reason == "session"
    assert refusal(database, at(1, 7), force="yesterday").reason == "past"


def test_a_rebooking_moves_the_session_and_does_not_collide_with_itself(database: Database) -> None:
    people_tests.ready(database)
    first = book(database)
    moved = rebook(database, first, TEN + 900)
    assert (moved.session.id, moved.session.starts) == (first.session.id, TEN + 900)
    assert (moved.booking.version, moved.booking.sequence, moved.booking.uid) == (
        2,
        1,
        first.booking.uid,
    )
    assert at(2, 8, 45) in listed(database)
    back = rebook(database, moved, TEN, expected=2)
    assert (back.booking.version, back.booking.sequence, back.session.starts) == (3, 2, TEN)


def test_a_rebooking_to_the_time_it_has_changes_nothing_and_tells_nobody(
    database: Database,
) -> None:
    people_tests.ready(database)
    first = book(database)
    before = mails(database)
    again = rebook(database, first, TEN, force="why not")
    assert (again.booking, again.session, again.wake) == (first.booking, first.session, [])
    assert mails(database) == before


def test_what_is_open_is_booked_and_not_forced(database: Database) -> None:
    people_tests.ready(database)
    assert book(database, force="to be sure").session.force_reason is None


def test_a_refused_rebooking_leaves_everything_as_it_was(database: Database) -> None:
    people_tests.ready(database)
    first, other = book(database), book(database, at(2, 13), people_tests.HEDY)
    before = listed(database)
    with pytest.raises(Refused, match="slot_not_open"):
        rebook(database, first, other.session.starts)
    with pytest.raises(Refused, match="stale_version") as refused:
        rebook(database, first, at(2, 15), expected=7)
    assert refused.value.more == {"current": 1}
    assert listed(database) == before


def test_a_cancellation_opens_the_time_again_and_never_revives(database: Database) -> None:
    people_tests.ready(database)
    before = listed(database)
    done = book(database)
    ended = cancel(database, done)
    assert (ended.booking.status, ended.booking.sequence, ended.session.active) == (
        "cancelled",
        1,
        False,
    )
    assert listed(database) == before
    with pytest.raises(Refused, match="booking_ended"):
        cancel(database, done)
    with pytest.raises(Refused, match="booking_ended"):
        rebook(database, done, TEN)


def test_a_late_cancellation_counts_as_missed_unless_excused(database: Database) -> None:
    people_tests.ready(database)
    first, second = book(database, at(1, 10)), book(database, at(1, 14), people_tests.HEDY)
    assert cancel(database, first).booking.status == "missed"
    assert cancel(database, second, excused=True).booking.status == "cancelled"
    assert at(1, 10) in listed(database, day=1)


def test_what_has_begun_can_be_neither_moved_nor_cancelled(database: Database) -> None:
    people_tests.ready(database)
    done = book(database)
    later = people_tests.terms(people_tests.NOW + timedelta(days=2))
    with pytest.raises(Refused, match="already_begun"):
        cancel(database, done, later)
    with pytest.raises(Refused, match="already_begun"):
        rebook(database, done, at(5, 10), later)


def test_limits_count_the_sessions_of_the_day(database: Database) -> None:
    people_tests.ready(database, replace(people_tests.MAILED, per_day=1))
    book(database)
    assert refusal(database, at(2, 14)).reason == "limit"
    assert book(database, at(3, 14)).session.active


def test_the_database_itself_refuses_two_sessions_closer_than_the_buffer(
    database: Database,
) -> None:
    people_tests.ready(database)
    session = book(database).session
    for start in (TEN, TEN + HOUR, TEN + HOUR + 600, TEN - HOUR + 1):
        twin = replace(session, id=sessions.new_id(), starts=start, ends=start + HOUR)
        with pytest.raises(IntegrityError), database.write() as tx:
            sessions.add(tx, twin)
    with database.write() as tx:
        sessions.add(
            tx,
            replace(
                session, id=sessions.new_id(), starts=TEN + HOUR + 900, ends=TEN + 2 * HOUR + 900
            ),
        )
    moved = replace(session, starts=TEN + HOUR, ends=TEN + 2 * HOUR)
    with pytest.raises(IntegrityError), database.write() as tx:
        sessions.put(tx, session, moved, people_tests.NOW)
