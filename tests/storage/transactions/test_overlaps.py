"""A participant is in one session at a time, whoever the coaches are, unless it is forced."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from domain.sessions import NO_CONTEXT, Participant, Refused
from storage.rows import bookings as booking_rows
from storage.schema import tables
from storage.schema.database import Database
from storage.slots.bookable import Wanted
from storage.transactions import bookings, event_differences, holds, retention
from storage.transactions.bookings import BookingChange
from tests.storage import kit
from tests.support import people
from tests.support.people import GRACE, at

TEN = at(8, 10)
BOB = replace(people.MAILED, id="bob", email="bob@example.test")


@pytest.fixture(autouse=True)
def two_coaches(database: Database) -> None:
    people.ready(database)
    people.ready(database, BOB)


def book(
    database: Database, coach: str, start: int, who: Participant = GRACE, force: str | None = None
) -> BookingChange:
    with database.write() as tx:
        wanted = Wanted(coach, start, 60, force)
        return bookings.book(tx, wanted, who, NO_CONTEXT, people.terms())


def refused(act: Callable[[], object]) -> Refused:
    with pytest.raises(Refused) as refusal:
        act()
    return refusal.value


def test_whoever_is_with_one_coach_cannot_be_with_another(database: Database) -> None:
    book(database, "ada", TEN)
    why = refused(lambda: book(database, "bob", TEN + 1800))
    assert (why.code, why.reason) == ("participant_elsewhere", "elsewhere")
    # What is offered instead is free for both
    assert why.nearest
    assert all(start >= TEN + 3600 or start + 3600 <= TEN for start in why.nearest)


def test_sessions_may_touch_whatever_the_coaches_buffers_are(database: Database) -> None:
    carl = replace(BOB, id="carl", pre=30, post=30, email="carl@example.test")
    people.ready(database, carl)
    book(database, "ada", TEN)
    book(database, "carl", TEN + 3600)


def test_another_participant_has_the_time(database: Database) -> None:
    book(database, "ada", TEN)
    book(database, "bob", TEN, people.HEDY)


def test_a_cancelled_session_is_in_nobodys_way(database: Database) -> None:
    kit.leave(database, book(database, "ada", TEN))
    book(database, "bob", TEN)


def test_a_forced_overlap_keeps_its_reason_and_the_coachs_time_was_open(
    database: Database,
) -> None:
    book(database, "ada", TEN)
    done = book(database, "bob", TEN, force="They asked for both.")
    assert done.booking.overlap_reason == "They asked for both."
    assert done.session.force_reason is None
    # Who is nowhere else overlaps nothing
    alone = book(database, "bob", at(8, 14), force="To be sure.")
    assert alone.booking.overlap_reason is None


def test_a_move_meets_other_sessions_and_not_the_one_that_moves(database: Database) -> None:
    book(database, "ada", TEN)
    done = book(database, "bob", at(8, 14))
    with database.write() as tx:
        bookings.rebook(tx, done.booking.id, at(8, 14) + 1800, people.terms())

    def move(force: str | None = None) -> BookingChange:
        with database.write() as tx:
            return bookings.rebook(tx, done.booking.id, TEN, people.terms(), force=force)

    assert refused(move).code == "participant_elsewhere"
    assert move("Both agreed.").booking.overlap_reason == "Both agreed."


def test_a_seat_is_not_taken_by_who_is_elsewhere(database: Database) -> None:
    pod = kit.create(database, start=TEN)
    other = kit.create(database, start=at(8, 14), coach="bob")
    book(database, "bob", TEN)
    why = refused(lambda: kit.join(database, pod, GRACE))
    assert (why.code, why.more["participant_id"]) == ("participant_elsewhere", "grace")
    seat = kit.join(database, other, GRACE)
    assert refused(lambda: kit.move(database, seat, pod)).code == "participant_elsewhere"
    assert kit.as_stored(database, pod).taken == 0
    moved = kit.move(database, seat, pod, force="She says so.")
    assert moved.booking.overlap_reason == "She says so."


def test_a_seat_may_be_changed_for_one_at_the_same_time(database: Database) -> None:
    pod, other = kit.create(database), kit.create(database, coach="bob")
    kit.move(database, kit.join(database, pod, GRACE), other)


def test_a_pod_is_neither_made_nor_moved_over_a_session_of_who_is_in_it(
    database: Database,
) -> None:
    book(database, "bob", TEN)
    why = refused(lambda: kit.create(database, people.HEDY, GRACE, start=TEN))
    assert (why.code, why.more["participant_id"]) == ("participant_elsewhere", "grace")
    pod = kit.create(database, people.HEDY, GRACE, start=at(8, 14))
    assert refused(lambda: kit.change(database, pod, start=TEN)).code == "participant_elsewhere"
    moved = kit.change(database, pod, start=TEN, force="It is the only room.")
    reasons = {seat.participant.id: seat.overlap_reason for seat in moved.seats}
    assert reasons == {"grace": "It is the only room.", "hedy": None}
    assert moved.pod.force_reason is None
    # A pod that moves on leaves the overlap behind
    moved = kit.change(database, pod, start=at(8, 15))
    assert {seat.overlap_reason for seat in moved.seats} == {None}


def test_a_group_is_not_joined_by_who_is_elsewhere_during_a_later_pod(database: Database) -> None:
    usual: dict[str, Any] = {"format": "hybrid_v2", "group_id": "g1"}
    first = kit.create(database, **usual)
    kit.create(database, start=at(9, 10), **usual)
    book(database, "bob", at(9, 10))
    why = refused(lambda: kit.join(database, first, GRACE))
    assert why.code == "participant_elsewhere"
    assert kit.as_stored(database, first).taken == 0


def test_no_time_is_kept_for_who_is_elsewhere(database: Database) -> None:
    book(database, "ada", TEN)

    def hold(owner: str) -> None:
        with database.write() as tx:
            holds.hold(tx, Wanted("bob", TEN, 60), owner, 10, people.terms())

    assert refused(lambda: hold("grace")).reason == "elsewhere"
    hold("hedy")


def test_a_dragged_event_moves_no_session_over_another_of_its_participants(
    database: Database,
) -> None:
    done = book(database, "ada", at(8, 14))
    book(database, "bob", TEN)
    moved = {"kind": "moved", "starts": TEN, "ends": TEN + 3600, "since": people.NOW}
    look = {"session_id": done.session.id, "calendar_id": "c", "token": "t"}
    with database.write() as tx:
        connection = tx.scalars(select(tables.connections.c.id)).first()
        row = moved | look | {"connection_id": connection}
        tx.execute(tables.event_differences.insert().values(row))

    def follow() -> None:
        with database.write() as tx:
            event_differences.move_there(tx, done.session.id, "t", people.terms())

    assert refused(follow).code == "participant_elsewhere"


def test_why_somebody_was_in_two_sessions_is_forgotten_with_them(database: Database) -> None:
    book(database, "ada", TEN)
    done = book(database, "bob", TEN, force="Grace insists.")
    row = tables.bookings.c
    told = select(tables.history.c.reason).where(tables.history.c.booking_id == done.booking.id)
    with database.read() as tx:
        assert tx.scalars(told).all() == ["Grace insists."]
    with database.write() as tx:
        retention.anonymise(tx, row.participant_id == "grace", now=people.NOW)
        # Whoever read it before writes it whole, as it was
        booking_rows.put(tx, done.booking, done.booking, "bob")
        kept = tx.scalar(select(row.overlap_reason).where(row.id == done.booking.id))
    assert kept == "", "that it was is known, and not why"
    with database.read() as tx:
        assert "Grace insists." not in tx.scalars(told).all()
