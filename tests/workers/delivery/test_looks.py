"""Whatever becomes of a write, and whenever: what stands in the calendar converges to
the sessions.
"""

from collections.abc import Callable, Sequence
from functools import partial

import pytest

from storage.transactions import write_back
from storage.transactions.bookings import BookingChange
from tests.support import late_writes, people
from tests.support.in_process import House
from tests.support.late_writes import (
    MOVED,
    ON_POSTGRESQL,
    ON_SQLITE,
    WRITES,
    Trouble,
    accepted,
    home,
    late,
    look,
    never,
    pass_time,
    receive,
    settle,
    twice,
)
from tests.support.written_sessions import HOUR, TEN, Diary, Shown


@pytest.fixture
def ada(house: House) -> Diary:
    return late_writes.patient(house)


def upsert(ada: Diary, trouble: Trouble, starts: Sequence[int]) -> list[BookingChange]:
    done = [ada.book(start) for start in starts]
    trouble(ada)
    ada.write()
    return done


def move(ada: Diary, trouble: Trouble, starts: Sequence[int]) -> list[BookingChange]:
    """Into another calendar: an upsert there, a deletion here."""
    done = [ada.book(start) for start in starts]
    ada.write()
    receive(ada, home(ada))
    trouble(ada)
    ada.write()
    return done


def delete(ada: Diary, trouble: Trouble, starts: Sequence[int]) -> list[BookingChange]:
    done = [ada.book(start) for start in starts]
    ada.write()
    for each in done:
        ada.cancel(each)
    trouble(ada)
    ada.write()
    return done


Writing = Callable[[Diary, Trouble, Sequence[int]], list[BookingChange]]


def shown(ada: Diary, sessions: Sequence[BookingChange]) -> list[Shown]:
    """Where these are to be seen: what is called off nowhere, what stands once."""
    found = []
    for done in sessions:
        with ada.services.database.read() as tx:
            entry = write_back.entry(tx, done.session.id)
        assert entry is not None
        if entry.session.active:
            assert entry.calendar_id is not None
            found.append((entry.calendar_id, entry.session.starts, entry.session.ends))
    return sorted(found)


@pytest.mark.parametrize("trouble", [late, never, twice, accepted])
@pytest.mark.parametrize("write", [upsert, move, delete])
def test_however_late_a_write_lands_the_calendar_shows_the_session(
    ada: Diary, write: Writing, trouble: Trouble
) -> None:
    # Given writes whose end nobody knows, and of their sessions one that stays, one called off, one
    # moved
    sessions = write(ada, trouble, (TEN, TEN + 2 * HOUR, TEN + 4 * HOUR))
    ada.house.control.clear_faults()
    if write is not delete:
        ada.cancel(sessions[1])
        ada.rebook(sessions[2], TEN + 4 * HOUR + 900)
    settle(ada)
    # And the choice of a calendar goes to and fro
    for calendar in (home(ada), ada.calendar):
        receive(ada, calendar)
        settle(ada)
    # When they land, and a minute has passed
    pass_time(ada, 60)
    look(ada)
    # Then the calendar is as the sessions are
    assert ada.events() == shown(ada, sessions)
    assert {"pending", "dead"}.isdisjoint(ada.states())


@pytest.mark.parametrize("write", [upsert, move, delete])
def test_a_write_that_lands_when_the_session_is_over_leaves_nothing_that_was_not_held(
    ada: Diary, write: Writing
) -> None:
    # Given writes shortly before the sessions, which will land when all of them are over
    pass_time(ada, TEN - 6 * HOUR - people.NOW.timestamp())
    ada.look()
    lands = partial(late, seconds=12 * HOUR)
    sessions = write(ada, lands, (TEN, TEN + 2 * HOUR, TEN + 4 * HOUR))
    ada.house.control.clear_faults()
    if write is not delete:
        ada.cancel(sessions[1])
        ada.rebook(sessions[2], TEN + 4 * HOUR + 900)
    settle(ada)
    # When they have landed
    pass_time(ada, 13 * HOUR)
    look(ada)
    # Then what was called off or moved is not there
    assert ada.events() == shown(ada, sessions)
    assert {"pending", "dead"}.isdisjoint(ada.states())


@ON_SQLITE
def test_writes_may_land_in_another_order(ada: Diary) -> None:
    # Given a session that was written, moved twice, and whose writes land the last one first
    done = ada.book()
    for start, seconds in ((MOVED, 50), (MOVED + 900, 40), (MOVED + 1800, 30)):
        ada.rebook(done, start)
        ada.house.control.fault("late", WRITES, seconds=seconds)
        ada.write()
        ada.set_rows(next_attempt_at_ms=0)
    settle(ada)
    pass_time(ada, 60)
    assert ada.events() == [(ada.calendar, MOVED, MOVED + HOUR)]
    look(ada)
    assert ada.events() == [(ada.calendar, MOVED + 1800, MOVED + 1800 + HOUR)]


@ON_POSTGRESQL
def test_an_older_text_does_not_stay_over_a_newer_one(ada: Diary) -> None:
    pod = ada.plan_pod().pod
    twice(ada)
    ada.write()
    ada.change_pod(pod, title="Square")
    settle(ada)
    pass_time(ada, 60)
    assert ada.details()[0]["summary"] == "Circle"
    look(ada)
    assert ada.details()[0]["summary"] == "Square"
