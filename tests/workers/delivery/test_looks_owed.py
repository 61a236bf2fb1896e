"""When looks are owed, and when no more: after a write whose end nobody knows, until one could
happen.
"""

from datetime import timedelta
from unittest.mock import patch

import pytest

from storage.rows import dead_letters
from storage.transactions import looks
from tests.support import late_writes
from tests.support.in_process import House
from tests.support.late_writes import (
    MOVED,
    ON_POSTGRESQL,
    ON_SQLITE,
    STEPS,
    WRITES,
    late,
    look,
    owed,
    pass_time,
    settle,
    twice,
)
from tests.support.written_sessions import HOUR, Diary


@pytest.fixture
def ada(house: House) -> Diary:
    return late_writes.patient(house)


@ON_SQLITE
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


@ON_SQLITE
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


@ON_POSTGRESQL
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
    with (
        patch("storage.transactions.looks.settle", side_effect=SystemExit),
        pytest.raises(SystemExit),
    ):
        ada.write()
    assert [each.calendar_id for each in owed(ada)] == [ada.calendar]
    # Then its lease's end makes nobody forget, though the next one's write went well
    ada.set_rows(lease_until_ms=0)
    assert ada.write() == ["sent"]
    assert len(owed(ada)) == 1
    ada.cancel(done)
    ada.write()
    assert len(owed(ada)) == 1


@ON_POSTGRESQL
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


@ON_SQLITE
def test_what_is_refused_for_good_is_told_once(ada: Diary) -> None:
    # Given a look that finds an older time, and a calendar that refuses the event for what it says
    done = ada.book()
    twice(ada)
    ada.write()
    ada.rebook(done, MOVED)
    settle(ada)
    ada.house.control.fail(
        WRITES, 422, times=None, body={"errors": {"summary": [{"key": "errors.odd"}]}}
    )
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
        assert dead_letters.requeue(tx, dead.id, now=ada.services.now()) is not None
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
