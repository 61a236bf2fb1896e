"""Whatever changes a session or a booking writes its history, in the same transaction: what was
another before and after, by which door, in which request, and why.
"""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from domain.history import HOLDS, WHATS
from domain.sessions import Refused
from storage.reports.personal_data import Person
from storage.rows import history, sessions
from storage.rows.history import HistoryRow
from storage.schema import doorways
from storage.schema.database import Database
from storage.slots.bookable import Wanted
from storage.transactions import attendance, bookings, erasures, holds, retention
from storage.transactions.bookings import BookingChange
from tests.storage import kit
from tests.support import people
from tests.support.people import GRACE, HEDY, at

TEN = at(8, 10)


@pytest.fixture(autouse=True)
def _in_a_request() -> Iterator[None]:
    doorways.begin("api", "coach-os", request_id="req-1")
    yield
    doorways.begin()


def book(database: Database, start: int = TEN, force: str | None = None) -> BookingChange:
    with database.write() as tx:
        return bookings.book(
            tx, Wanted("ada", start, 60, force), GRACE, people.PROGRAMME, people.terms()
        )


def told(database: Database, done: BookingChange) -> list[HistoryRow]:
    with database.read() as tx:
        return history.of_session(tx, done.session.id)


def whats(steps: list[HistoryRow]) -> list[str]:
    found = [step.what for step in steps]
    assert set(found) <= set(WHATS)
    return found


def test_a_booking_tells_what_it_was_and_what_it_became(database: Database) -> None:
    people.ready(database)
    done = book(database)
    doorways.begin("page", "participant", request_id="req-2")
    with database.write() as tx:
        bookings.rebook(tx, done.booking.id, at(8, 14), people.terms())
    doorways.begin("ops", "team/key", request_id="req-3")
    with database.write() as tx:
        bookings.cancel(tx, done.booking.id, people.terms(), excused=True)
    made, booked, moved, followed, *ended = told(database, done)
    assert (made.what, booked.what) == ("made", "booked")
    assert made.change_id == booked.change_id != moved.change_id
    assert (made.before, made.after["start"], made.after["status"]) == ({}, TEN, "booked")
    assert (made.door, made.name, made.request_id) == ("api", "coach-os", "req-1")
    assert (moved.what, moved.before["start"], moved.after["start"]) == ("moved", TEN, at(8, 14))
    assert (moved.door, moved.name, moved.request_id) == ("page", "participant", "req-2")
    assert followed.what == "followed"
    assert (followed.before, followed.after) == (
        {"version": 1, "moves": 0},
        {"version": 2, "moves": 1},
    )
    assert sorted(whats(ended)) == ["cancelled", "given_up"]
    cancelled = next(step for step in ended if step.what == "cancelled")
    assert (cancelled.door, cancelled.name, cancelled.excused) == ("ops", "team/key", True)
    assert {step.coach_id for step in (made, booked, moved, followed, *ended)} == {"ada"}


def test_a_forced_booking_tells_why_and_each_change_of_it_once(database: Database) -> None:
    people.ready(database)
    done = book(database, at(8, 5), force="She is abroad.")
    with database.write() as tx:
        bookings.cancel(tx, done.booking.id, people.terms())
    assert [step.reason for step in told(database, done) if step.reason] == ["She is abroad."]


def test_a_pod_and_each_seat_in_it_have_a_history(database: Database) -> None:
    people.ready(database)
    pod = kit.create(database, GRACE)
    other = kit.create(database, start=at(8, 14))
    seat = kit.join(database, pod, HEDY)
    kit.move(database, seat, other)
    kit.change(database, other, start=at(8, 15))
    kit.change(database, other, status="disabled")
    with database.read() as tx:
        hers = history.of_booking(tx, seat.booking.id)
        its = history.of_session(tx, other.pod.id)
    assert whats(hers) == ["booked", "seat_moved", "followed", "cancelled"]
    assert (hers[1].before["session_id"], hers[1].after["session_id"]) == (
        pod.pod.id,
        other.pod.id,
    )
    own = [step.what for step in its if step.booking_id is None]
    assert own == ["made", "moved", "called_off"]


def test_what_became_of_a_session_is_told(database: Database) -> None:
    people.ready(database)
    done = book(database)
    afterwards = people.terms(people.NOW + timedelta(days=14))
    with database.write() as tx:
        attendance.report(tx, done.session.id, "missed", afterwards)
    with database.write() as tx:
        attendance.report(tx, done.session.id, "completed", afterwards)
    assert whats(told(database, done))[2:] == ["missed", "attendance", "completed", "attendance"]


def test_a_hold_is_told_until_it_is_used_and_dropped_when_that_is_long_ago(
    database: Database,
) -> None:
    people.ready(database)
    terms = people.terms()
    with database.write() as tx:
        held = holds.hold(tx, Wanted("ada", TEN, 60), "grace", 10, terms)
    with database.write() as tx:
        bookings.book(tx, Wanted("ada", TEN, 60), GRACE, people.PROGRAMME, terms, hold_id=held.id)
    with database.read() as tx:
        assert whats(history.of_session(tx, held.id)) == ["held", "hold_used"]
        everything = whats(history.of_coach(tx, "ada", limit=100))
    with database.write() as tx:
        assert history.drop_holds(tx, now=people.NOW) == 0
        assert history.drop_holds(tx, now=people.NOW + timedelta(days=31)) == 2
        left = whats(history.of_coach(tx, "ada", limit=100))
    assert left == [what for what in everything if what not in HOLDS]


def test_what_is_refused_or_rolled_back_leaves_no_history(database: Database) -> None:
    people.ready(database)
    book(database)
    with pytest.raises(Refused):
        book(database)
    with database.read() as tx:
        assert len(history.of_request(tx, "req-1", limit=100)) == 2


def test_whoever_is_erased_leaves_ids_in_the_history_and_no_reason(database: Database) -> None:
    people.ready(database)
    done = book(database, at(8, 5), force="Her child is ill.")
    person = Person("participant", GRACE.id)
    with database.write() as tx:
        erasures.ask(tx, person, actor="a test", now=people.NOW)
        erasures.advance(tx, person, now=people.NOW)
    steps = told(database, done)
    assert whats(steps) == ["made", "booked", "forgotten"]
    assert steps[0].reason == retention.FORGOTTEN
    # And of a coach nothing is left
    with database.write() as tx:
        erasures.advance(tx, Person("coach", "ada"), now=people.NOW)
    assert told(database, done) == []


def test_a_change_of_a_thousand_rows_is_told_whole(database: Database) -> None:
    people.ready(database)
    pod = kit.create(database)
    with database.write() as tx:
        before = sessions.get(tx, pod.pod.id)
        for _ in range(1_001):
            sessions.put(tx, before, before, people.NOW)
    with database.read() as tx:
        assert len(history.of_session(tx, pod.pod.id)) == 1_002
