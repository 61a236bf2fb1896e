"""Whatever becomes of a write, and whenever: what stands in the calendar converges to the sessions."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from unittest.mock import patch

import pytest

from storage import calendars, looks, outbox, tables
from storage.bookings import Done
from tests import cast, diary
from tests.diary import HOUR, TEN, Diary, Shown
from tests.house import House
from workers import clock
from workers.budget import Budget
from workers.cronofy.client import Cronofy

WRITES = "/v1/calendars"
LATE = 24
MOVED = TEN + 900
STEPS = (60, 300, 900, 3600, 6 * 3600, 24 * 3600)


@pytest.fixture
def ada(house: House) -> Diary:
    """With a client that tries five times without a rest between: a refused write costs no seconds."""
    services, sandbox = house.runtime.services, house.sandbox
    budget = Budget(services.redis, per_second=1000, per_minute=10_000)
    application = (sandbox.client_id, sandbox.client_secret)
    client = Cronofy(sandbox.origin, sandbox.origin, *application, budget, sleep=lambda _: None)
    house.runtime = replace(house.runtime, services=replace(services, cronofy=client))
    return diary.opened(house)


def home(ada: Diary) -> str:
    return ada.account.seat.calendars[1]


def receive(ada: Diary, calendar: str | None) -> None:
    with ada.services.database.write() as tx:
        calendars.receive(tx, "ada", calendar, now=ada.services.now())


def pass_time(ada: Diary, seconds: float) -> None:
    """For us and for Cronofy."""
    now = ada.services.now() + timedelta(seconds=seconds)
    ada.house.runtime = replace(ada.house.runtime, services=replace(ada.services, now=lambda: now))
    ada.house.control.advance(seconds)


def look(ada: Diary) -> int:
    """What the clock does, and the workers that it wakes. How many looks were owed."""
    owed = clock.look(ada.services, ada.house.runtime.actors)
    settle(ada)
    return owed


def settle(ada: Diary) -> None:
    """Deliver until nothing is owed, as the sweeper has it done."""
    for _ in range(4):
        ada.set_rows(next_attempt_at_ms=0)
        ada.write()


def owed(ada: Diary) -> list[looks.Look]:
    query = tables.event_looks.select().order_by(tables.event_looks.c.calendar_id)
    with ada.services.database.read() as tx:
        return [found for row in tx.execute(query) for found in looks.of_session(tx, row.session_id)]


def late(ada: Diary, seconds: float = LATE) -> None:
    """No try is answered, each is carried out later."""
    ada.house.control.fault("late", WRITES, times=None, seconds=seconds)
    ada.house.control.fault("hang_up", WRITES, times=None)


def never(ada: Diary) -> None:
    ada.house.control.fail(WRITES, 502, times=None)


def twice(ada: Diary) -> None:
    """The first try is not answered, and the second goes well: the first is carried out after it."""
    ada.house.control.fault("late", WRITES, seconds=LATE)
    ada.house.control.fault("hang_up", WRITES)


def accepted(ada: Diary) -> None:
    """Accepted at once, carried out much later."""
    ada.house.control.fault("late", WRITES, times=None, seconds=LATE)


Trouble = Callable[[Diary], None]


def upsert(ada: Diary, trouble: Trouble, starts: Sequence[int]) -> list[Done]:
    done = [ada.book(start) for start in starts]
    trouble(ada)
    ada.write()
    return done


def move(ada: Diary, trouble: Trouble, starts: Sequence[int]) -> list[Done]:
    """Into another calendar: an upsert there, a deletion here."""
    done = [ada.book(start) for start in starts]
    ada.write()
    receive(ada, home(ada))
    trouble(ada)
    ada.write()
    return done


def delete(ada: Diary, trouble: Trouble, starts: Sequence[int]) -> list[Done]:
    done = [ada.book(start) for start in starts]
    ada.write()
    for each in done:
        ada.cancel(each)
    trouble(ada)
    ada.write()
    return done


Writing = Callable[[Diary, Trouble, Sequence[int]], list[Done]]


def shown(ada: Diary, sessions: Sequence[Done]) -> list[Shown]:
    """Where these are to be seen: what is called off nowhere, what stands once."""
    found = []
    for done in sessions:
        with ada.services.database.read() as tx:
            entry = calendars.entry(tx, done.session.id)
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
    # Given writes whose end nobody knows, and of their sessions one that stays, one called off, one moved
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
    pass_time(ada, TEN - 6 * HOUR - cast.NOW.timestamp())
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


def test_looks_come_after_1_5_and_15_minutes_and_1_6_and_24_hours(ada: Diary) -> None:
    # Given a write that was made twice, and once unanswered
    ada.house.control.fault("hang_up", WRITES)
    ada.book()
    assert ada.write() == ["sent"]
    ada.house.control.clear_calls()
    # Then it is looked at then, and at no other time, and nothing is written
    since, seconds, found = ada.services.now(), 0, []
    for step in (59, *STEPS, 48 * HOUR):
        for moment in (step - 1, step):
            pass_time(ada, moment - seconds)
            seconds = moment
            if look(ada):
                found.append(round((ada.services.now() - since).total_seconds()))
    assert found == list(STEPS)
    calls = ada.house.control.counts()
    assert calls.pop("GET /v1/events") == len(STEPS)
    assert set(calls) <= {"POST /oauth/token"}
    assert owed(ada) == []


def test_a_write_that_was_seen_or_refused_is_not_looked_at_again(ada: Diary) -> None:
    done = ada.book()
    ada.write()
    ada.house.control.fail(WRITES, 429)
    ada.rebook(done, MOVED)
    ada.write()
    ada.house.control.fail(WRITES, 423)
    ada.cancel(done)
    ada.write()
    settle(ada)
    assert owed(ada) == []


def come_back(ada: Diary) -> None:
    """A session is called off, and within the first minute its event is there again."""
    done = ada.book()
    late(ada)
    ada.write()
    ada.house.control.clear_faults()
    ada.cancel(done)
    settle(ada)
    assert ada.events() == []
    pass_time(ada, 30)
    assert len(ada.events()) == 1


def test_each_read_of_the_calendar_looks_too(ada: Diary) -> None:
    come_back(ada)
    # When the calendar is read
    ada.look()
    settle(ada)
    # Then it is gone
    assert ada.events() == []


@pytest.mark.parametrize("trouble", ["login", "read only", "away"])
def test_a_look_is_owed_until_it_happened(ada: Diary, trouble: str) -> None:
    # Given a session that was called off and whose event came back
    come_back(ada)
    profile = ada.account.seat.profiles[0]
    # When nobody can look for two days
    if trouble == "login":
        ada.house.control.break_profile(profile)
        ada.look()
    elif trouble == "read only":
        ada.house.control.change_calendar(ada.calendar, readonly=True)
        ada.look()
    else:
        ada.house.control.fail("/v1/events", 503, times=None)
    for _ in range(2):
        pass_time(ada, 24 * HOUR)
        look(ada)
    assert len(ada.events()) == 1
    # Then it is taken away as soon as somebody can
    ada.house.control.clear_faults()
    ada.house.control.relink_profile(profile)
    ada.house.control.change_calendar(ada.calendar, readonly=False)
    ada.look()
    settle(ada)
    assert ada.events() == []


def test_a_worker_that_dies_in_a_write_leaves_the_looks(ada: Diary) -> None:
    # Given a worker that dies before it can record what became of its write
    done = ada.book()
    with patch("storage.looks.settle", side_effect=SystemExit), pytest.raises(SystemExit):
        ada.write()
    assert [each.calendar_id for each in owed(ada)] == [ada.calendar]
    # Then its lease's end makes nobody forget, though the next one's write went well
    ada.set_rows(lease_until_ms=0)
    assert ada.write() == ["sent"]
    assert len(owed(ada)) == 1
    ada.cancel(done)
    ada.write()
    assert len(owed(ada)) == 1


def test_what_the_coach_takes_away_is_not_put_back_by_a_look(ada: Diary) -> None:
    twice(ada)
    ada.book()
    ada.write()
    pass_time(ada, 30)
    ada.house.control.delete_event(ada.details()[0]["event_uid"])
    pass_time(ada, 30)
    look(ada)
    assert ada.events() == []


def test_an_account_that_is_disconnected_is_forgotten_with_its_looks(ada: Diary) -> None:
    late(ada)
    ada.book()
    ada.write()
    assert len(owed(ada)) == 1
    ada.house.control.clear_faults()
    ada.house.mark_for_erasure(ada.account.connection_id)
    ada.house.refresh(ada.account.connection_id)
    assert owed(ada) == []
    settle(ada)
    assert owed(ada) == []


def test_what_is_refused_for_good_is_told_once(ada: Diary) -> None:
    # Given a look that finds an older time, and a calendar that refuses the event for what it says
    done = ada.book()
    twice(ada)
    ada.write()
    ada.rebook(done, MOVED)
    settle(ada)
    ada.house.control.fail(WRITES, 422, times=None, body={"errors": {"summary": [{"key": "errors.odd"}]}})
    pass_time(ada, 60)
    for _ in range(3):
        look(ada)
        pass_time(ada, 300)
        ada.look()
    assert ada.states().count("dead") == 1
    # And a person who has mended the cause has it put right
    ada.house.control.clear_faults()
    [dead] = [row for row in ada.rows() if row.state == "dead"]
    with ada.services.database.write() as tx:
        assert outbox.requeue(tx, dead.id) is not None
    settle(ada)
    assert ada.events() == [(ada.calendar, MOVED, MOVED + HOUR)]


def test_looks_that_are_done_are_dropped_in_time(ada: Diary) -> None:
    twice(ada)
    ada.book()
    ada.write()
    pass_time(ada, 60)
    look(ada)
    assert len(ada.rows()) == 2
    later = ada.services.now() + timedelta(days=2)
    with ada.services.database.write() as tx:
        assert looks.drop_old(tx, now=later) == 1
        assert looks.drop_old(tx, now=later + timedelta(days=60)) == 1
    assert [row.topic for row in ada.rows()] == ["upsert"]
