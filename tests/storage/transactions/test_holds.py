"""Holds: a time kept for whoever is filling a form, and for no longer."""

from datetime import datetime, timedelta

import pytest

from domain.sessions import Refused, Session, Terms, Unknown
from storage.rows import holds as hold_rows
from storage.rows import sessions
from storage.schema.database import Database
from storage.slots import availability
from storage.slots.availability import Asked
from storage.slots.bookable import Wanted
from storage.transactions import bookings, holds, pods, store_reading
from storage.transactions.bookings import BookingChange
from storage.transactions.pods import Plan
from tests.support import people
from tests.support.people import at

TEN = at(2, 10)
HOUR = 3600
AFTERWARDS = people.NOW + timedelta(minutes=10)


def hold(database: Database, start: int = TEN, now: datetime = people.NOW) -> Session:
    with database.write() as tx:
        return holds.hold(tx, Wanted("ada", start, 60), "page of grace", 10, people.terms(now))


def book(
    database: Database, start: int = TEN, now: datetime = people.NOW, hold_id: str | None = None
) -> BookingChange:
    with database.write() as tx:
        return bookings.book(
            tx,
            Wanted("ada", start, 60),
            people.GRACE,
            people.PROGRAMME,
            people.terms(now),
            hold_id=hold_id,
        )


def release(database: Database, held: Session, terms: Terms) -> None:
    with database.write() as tx:
        holds.release(tx, held.id, terms)


def listed(database: Database, now: datetime = people.NOW) -> list[int]:
    listing = people.listing(database, now=now)
    found = availability.starts(listing, Asked(60, at(2, 0), at(3, 0), int(now.timestamp())))
    return [int(start) for start in found]


def kept(database: Database, held: Session) -> Session | None:
    with database.read() as tx:
        return hold_rows.get(tx, held.id)


def test_a_hold_closes_its_time_to_others_as_a_session_would(database: Database) -> None:
    people.ready(database)
    before = listed(database)
    hold(database)
    assert [start for start in before if start not in listed(database)] == list(
        range(at(2, 9), at(2, 11, 1), 900)
    )
    for start in (TEN, at(2, 11)):
        with pytest.raises(Refused) as refused:
            book(database, start)
        assert refused.value.reason == ("hold" if start == TEN else "buffer")
    with pytest.raises(Refused):
        hold(database)


def test_its_owner_books_through_it_and_it_is_gone(database: Database) -> None:
    people.ready(database)
    held = hold(database)
    done = book(database, hold_id=held.id)
    assert done.session.starts == TEN
    assert kept(database, held) is None
    with pytest.raises(Refused):
        book(database, hold_id=held.id)


def test_a_pod_is_made_and_a_session_is_moved_through_a_hold(database: Database) -> None:
    people.ready(database)
    held, other = hold(database), hold(database, at(2, 13))
    with database.write() as tx:
        plan = Plan(Wanted("ada", TEN, 60), 1, 2, "open")
        made = pods.create(tx, plan, [], people.terms(), hold_id=held.id)
    done = book(database, at(3, 10))
    with database.write() as tx:
        moved = bookings.rebook(tx, done.booking.id, at(2, 13), people.terms(), hold_id=other.id)
    assert (made.pod.starts, moved.session.starts) == (TEN, at(2, 13))
    assert kept(database, held) is None
    assert kept(database, other) is None


def test_a_hold_keeps_no_other_time(database: Database) -> None:
    people.ready(database)
    held = hold(database)
    with pytest.raises(Refused, match="hold_of_another_time"):
        book(database, at(2, 14), hold_id=held.id)
    with pytest.raises(Refused, match="hold_of_another_time"), database.write() as tx:
        bookings.book(
            tx,
            Wanted("ada", TEN, 30),
            people.GRACE,
            people.PROGRAMME,
            people.terms(),
            hold_id=held.id,
        )
    assert kept(database, held) is not None


def test_a_hold_ends_by_itself(database: Database) -> None:
    people.ready(database)
    held = hold(database)
    # Given that nobody has opened its time yet
    assert TEN not in listed(database, AFTERWARDS)
    # Then whoever comes first has it, and one second earlier would not have
    with pytest.raises(Refused):
        book(database, now=AFTERWARDS - timedelta(seconds=1))
    assert book(database, now=AFTERWARDS).session.starts == TEN
    assert kept(database, held) is None


def test_the_listing_says_when_the_next_hold_ends(database: Database) -> None:
    people.ready(database)
    assert people.listing(database).effect_until == int(people.NOW.timestamp()) + 90 * 60 + 1
    first = hold(database)
    hold(database, at(2, 14), people.NOW + timedelta(minutes=3))
    assert people.listing(database).effect_until == int(AFTERWARDS.timestamp())
    release(database, first, people.terms())
    assert people.listing(database).effect_until == int(AFTERWARDS.timestamp()) + 180


def test_ended_holds_are_found_and_their_times_opened(database: Database) -> None:
    people.ready(database)
    before = listed(database)
    hold(database)
    with database.write() as tx:
        assert hold_rows.coaches_with_expired(tx, now=people.NOW) == []
        assert hold_rows.coaches_with_expired(tx, now=AFTERWARDS) == ["ada"]
        holds.reopen(tx, "ada", people.terms(AFTERWARDS))
        holds.reopen(tx, "nobody", people.terms(AFTERWARDS))
        assert hold_rows.coaches_with_expired(tx, now=AFTERWARDS) == []
    assert listed(database, AFTERWARDS) == before


def test_whatever_makes_the_set_anew_opens_the_times_of_ended_holds(database: Database) -> None:
    connection_id = people.ready(database)
    before = listed(database)
    hold(database)
    people.mark_dirty(database, connection_id)
    held = people.claim(database, connection_id)
    assert held is not None
    with database.write() as tx:
        store_reading.store(tx, held, people.observed(), now=AFTERWARDS)
    assert listed(database, AFTERWARDS) == before


def test_a_hold_that_ended_helps_while_its_time_is_still_open(database: Database) -> None:
    people.ready(database)
    held = hold(database)
    assert book(database, now=AFTERWARDS, hold_id=held.id).session.starts == TEN


def test_a_hold_that_ended_is_of_no_use_once_its_time_was_taken(database: Database) -> None:
    people.ready(database)
    held = hold(database)
    book(database, now=AFTERWARDS)
    with pytest.raises(Refused) as refused:
        book(database, now=AFTERWARDS, hold_id=held.id)
    assert (refused.value.code, refused.value.reason) == ("slot_not_open", "session")


def test_a_released_hold_opens_its_time_at_once_and_only_once(database: Database) -> None:
    people.ready(database)
    before = listed(database)
    held = hold(database)
    release(database, held, people.terms())
    assert listed(database) == before
    with pytest.raises(Unknown):
        release(database, held, people.terms())


def test_a_hold_that_ended_cannot_be_released(database: Database) -> None:
    people.ready(database)
    held = hold(database)
    with pytest.raises(Unknown):
        release(database, held, people.terms(AFTERWARDS))


def test_a_session_is_no_hold_and_a_hold_is_no_session(database: Database) -> None:
    people.ready(database)
    done, held = book(database), hold(database, at(2, 14))
    with pytest.raises(Unknown), database.write() as tx:
        holds.release(tx, done.session.id, people.terms())
    with database.read() as tx:
        assert [session.id for session in sessions.of_coach(tx, "ada", 0, at(30, 0))] == [
            done.session.id
        ]
        with pytest.raises(Unknown):
            sessions.get(tx, held.id)


def test_a_hold_counts_for_the_limit_of_its_day(database: Database) -> None:
    people.ready(database, people.coach(per_day=1))
    held = hold(database)
    with pytest.raises(Refused) as refused:
        book(database, at(2, 14))
    assert refused.value.reason == "limit"
    assert book(database, hold_id=held.id).session.starts == TEN


def test_not_even_force_books_over_a_hold(database: Database) -> None:
    people.ready(database)
    hold(database)
    wanted = Wanted("ada", TEN + HOUR, 60, "the board asked")
    with pytest.raises(Refused) as refused, database.write() as tx:
        bookings.book(tx, wanted, people.HEDY, people.PROGRAMME, people.terms())
    assert refused.value.reason == "hold"
