"""Many at once for the same time, the same seats, the same booking: one history,
whoever is first.
"""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import Connection, select

from domain.sessions import NO_CONTEXT, Participant, Session
from storage.rows import sessions
from storage.rows.refresh_jobs import ReadClaim
from storage.schema import tables
from storage.schema.database import Database, create
from storage.slots import availability, bookable, slot_sets
from storage.slots.availability import Asked
from storage.slots.bookable import Wanted
from storage.transactions import bookings, holds, pod_seats, pods
from storage.transactions import store_reading as store_reading_transactions
from storage.transactions.bookings import BookingChange
from storage.transactions.store_reading import Observed
from tests.storage import kit
from tests.storage.racing import MANY, Act, everyone, race
from tests.support import people
from tests.support.databases import migrate
from tests.support.people import at

TEN = at(2, 10)
ROUNDS = 8
BOB = replace(people.MAILED, id="bob", email="bob@example.test")


def booking_of(who: Participant, start: int = TEN, coach: str = "ada") -> Act:
    return lambda tx: bookings.book(tx, Wanted(coach, start, 60), who, NO_CONTEXT, people.terms())


def active(database: Database, coach: str = "ada") -> list[Session]:
    with database.read() as tx:
        return [session for session in sessions.of_coach(tx, coach, 0, at(30, 0)) if session.active]


def rows(database: Database, table: Any) -> list[Any]:
    with database.read() as tx:
        return list(tx.execute(select(table)))


def booked(database: Database, start: int, who: Participant = people.GRACE) -> BookingChange:
    with database.write() as tx:
        return bookings.book(tx, Wanted("ada", start, 60), who, NO_CONTEXT, people.terms())


def test_of_many_who_book_one_slot_exactly_one_gets_it(database: Database) -> None:
    people.ready(database)
    outcomes = Counter(race(database, [booking_of(who) for who in everyone()]))
    assert outcomes == {"done": 1, "slot_not_open:session": MANY - 1}
    assert (len(active(database)), len(rows(database, tables.bookings))) == (1, 1)
    assert len([row for row in rows(database, tables.outbox) if row.topic == "booked"]) == 2


def test_of_many_who_book_neighbouring_slots_no_two_come_closer_than_the_buffer(
    database: Database,
) -> None:
    people.ready(database)
    starts = [TEN + 900 * (n % 12) for n in range(MANY)]
    outcomes = race(
        database, [booking_of(who, start) for who, start in zip(everyone(), starts, strict=True)]
    )
    kept = sorted(active(database), key=lambda session: session.starts)
    assert set(outcomes) <= {"done", "slot_not_open:session", "slot_not_open:buffer"}
    assert len(kept) == outcomes.count("done") >= 1
    assert all(later.starts - earlier.ends >= 900 for earlier, later in pairwise(kept))


def test_of_many_who_want_the_last_three_seats_three_get_one(database: Database) -> None:
    people.ready(database)
    made = kit.create(database, people.GRACE, capacity=4, start=TEN)
    outcomes = race(database, [seat_for(made.pod.id, who) for who in everyone()])
    assert Counter(outcomes) == {"done": 3, "seats_full:full": MANY - 3}
    assert kit.as_stored(database, made).taken == len(rows(database, tables.bookings)) == 4


def seat_for(pod_id: str, who: Participant) -> Act:
    return lambda tx: pod_seats.take_seat(tx, pod_id, who, NO_CONTEXT, people.terms())


def test_one_person_who_clicks_many_times_has_one_seat(database: Database) -> None:
    people.ready(database)
    made = kit.create(database, capacity=9, start=TEN)
    outcomes = race(database, [seat_for(made.pod.id, people.GRACE)] * 8)
    assert Counter(outcomes) == {"done": 1, "already_seated:None": 7}
    assert kit.as_stored(database, made).taken == 1


def test_two_who_swap_the_pods_of_two_coaches_never_stop_each_other(database: Database) -> None:
    people.ready(database)
    people.ready(database, BOB)
    made = [kit.create(database, start=TEN), kit.create(database, start=TEN, coach="bob")]
    seats = [kit.join(database, made[0], people.GRACE), kit.join(database, made[1], people.HEDY)]
    for round_ in range(ROUNDS):
        targets = made[1 - round_ % 2], made[round_ % 2]
        acts = [moving(seat, target.pod.id) for seat, target in zip(seats, targets, strict=True)]
        assert race(database, acts) == ["done", "done"]
        assert [kit.as_stored(database, each).taken for each in made] == [1, 1]
    assert {row.version for row in rows(database, tables.bookings)} == {1 + ROUNDS}


def moving(seat: BookingChange, pod_id: str) -> Act:
    return lambda tx: pod_seats.move_seat(tx, seat.booking.id, pod_id, people.terms())


def test_a_rebooking_and_a_booking_for_the_same_time_do_not_both_get_it(database: Database) -> None:
    people.ready(database)
    first = booked(database, TEN)
    for made, start in enumerate((at(3, 9), at(4, 9), at(3, 12), at(4, 12)), start=1):
        outcomes = race(database, [rebooking(first, start), booking_of(people.HEDY, start)])
        assert sorted(outcomes) == ["done", "slot_not_open:session"]
        assert [session.starts for session in active(database)].count(start) == 1
        assert len(active(database)) <= 1 + made


def rebooking(done: BookingChange, start: int, expected: int | None = None) -> Act:
    return lambda tx: bookings.rebook(tx, done.booking.id, start, people.terms(), expected=expected)


def test_of_many_who_change_the_booking_that_they_saw_one_does(database: Database) -> None:
    people.ready(database)
    done = booked(database, TEN)
    acts: list[Act] = [rebooking(done, at(3, 9) + 3600 * n, expected=1) for n in range(6)]
    acts += [lambda tx: bookings.cancel(tx, done.booking.id, people.terms(), expected=1)] * 2
    assert Counter(race(database, acts)) == {"done": 1, "stale_version:None": 7}
    assert {row.version for row in rows(database, tables.bookings)} == {2}


def test_a_booking_that_many_cancel_ends_once(database: Database) -> None:
    people.ready(database)
    done = booked(database, TEN)
    outcomes = race(database, [lambda tx: bookings.cancel(tx, done.booking.id, people.terms())] * 8)
    assert Counter(outcomes) == {"done": 1, "booking_ended:None": 7}
    assert len([row for row in rows(database, tables.outbox) if row.topic == "cancelled"]) == 2


def test_a_hold_and_a_booking_for_the_same_time_do_not_both_get_it(database: Database) -> None:
    people.ready(database)
    wanted = Wanted("ada", TEN, 60)
    acts: list[Act] = [lambda tx: holds.hold(tx, wanted, "page", 10, people.terms())] * 4
    outcomes = race(database, [*acts, *[booking_of(who) for who in everyone(4)]])
    # The others are told what they met: the hold or the session, whichever came first.
    lost = "slot_not_open:hold" if "slot_not_open:hold" in outcomes else "slot_not_open:session"
    assert Counter(outcomes) == {"done": 1, lost: 7}


def test_a_pod_that_is_called_off_while_it_fills_leaves_nobody_in_it(database: Database) -> None:
    people.ready(database)
    made = kit.create(database, capacity=9, start=TEN)
    acts = [seat_for(made.pod.id, who) for who in everyone(8)]
    off = pods.Changes(status="disabled")
    outcomes = race(database, [*acts, lambda tx: pods.change(tx, made.pod.id, off, people.terms())])
    assert set(outcomes) <= {"done", "pod_ended:None"}
    assert outcomes[-1] == "done"
    assert {row.status for row in rows(database, tables.bookings)} <= {"cancelled"}
    assert kit.as_stored(database, made).taken == 0


def test_calendars_and_buffers_that_change_meanwhile_leave_a_set_that_is_true(
    database: Database,
) -> None:
    connection_id = people.ready(database)
    people.mark_dirty(database, connection_id)
    held = people.claim(database, connection_id)
    assert held is not None
    seen = people.observed((at(2, 14), at(2, 15)))
    acts: list[Act] = [booking_of(who, TEN + 4500 * n) for n, who in enumerate(everyone(4))]
    race(database, [*acts, lambda tx: store_reading(tx, held, seen)])
    with database.write() as tx:
        coach = bookable.lock(tx, "ada", people.terms())
        assert not slot_sets.recompute(tx, coach, now=people.NOW)[1]


def store_reading(tx: Connection, held: ReadClaim, seen: Observed) -> object:
    return store_reading_transactions.store(tx, held, seen, now=people.NOW)


@pytest.fixture
def unguarded(empty_database_url: str) -> Iterator[Database]:
    """A database of this test's own, in which nothing refuses two sessions at once."""
    opened = create(migrate(empty_database_url))
    with opened.write() as tx:
        if tx.dialect.name == "postgresql":
            tx.exec_driver_sql("ALTER TABLE sessions DROP CONSTRAINT no_overlap")
        else:
            tx.exec_driver_sql("DROP TRIGGER no_overlap_INSERT")
            tx.exec_driver_sql("DROP TRIGGER no_overlap_UPDATE")
    yield opened
    opened.close()


def test_who_looks_and_then_books_without_lock_and_constraint_does_double_book(
    unguarded: Database,
) -> None:
    """The control: a test that cannot see two bookings of one time proves nothing when
    it sees one.
    """
    people.ready(unguarded)
    looked = Barrier(MANY)

    def look_and_insert(who: Participant) -> bool:
        asked = Asked(60, TEN, TEN + 1, int(people.NOW.timestamp()))
        open_ = len(availability.starts(people.listing(unguarded), asked)) > 0
        looked.wait()
        if open_:
            session = Session(
                sessions.new_id(),
                "ada",
                "one_to_one",
                TEN,
                TEN + 3600,
                900,
                people.NOW,
                owner=who.id,
            )
            with unguarded.write() as tx:
                sessions.add(tx, session)
        return open_

    with ThreadPoolExecutor(MANY) as threads:
        assert all(threads.map(look_and_insert, everyone()))
    assert len(active(unguarded)) == MANY


def test_the_lock_alone_keeps_one_booking_to_one_time(unguarded: Database) -> None:
    """The constraint is the second line: without it the coach's lock still lets one in."""
    people.ready(unguarded)
    assert race(unguarded, [booking_of(who) for who in everyone()]).count("done") == 1
    assert len(active(unguarded)) == 1
