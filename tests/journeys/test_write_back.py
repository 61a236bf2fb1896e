"""Accepted sessions in the coach's own calendar: they appear, move and vanish there, and are never
counted twice.
"""

import pytest

from storage.rows import coaches
from storage.slots import slot_sets
from tests.support import people, written_sessions
from tests.support.in_process import House
from tests.support.people import at
from tests.support.written_sessions import HOUR, TEN, Diary


@pytest.fixture
def ada(house: House) -> Diary:
    return written_sessions.opened(house)


def is_open(ada: Diary, start: int) -> bool:
    return start in ada.house.listing().slots.open_starts(60)


def busy(ada: Diary) -> int:
    """How many periods of the calendars block."""
    with ada.services.database.read() as tx:
        coach = coaches.get(tx, "ada")
        assert coach is not None
        return len(slot_sets.external(tx, coach))


def test_a_booked_session_appears_in_the_coach_s_primary_calendar(ada: Diary) -> None:
    ada.book()
    assert ada.write() == ["sent"]
    assert ada.events() == [(ada.calendar, TEN, TEN + HOUR)]
    assert ada.details()[0]["summary"] == "New Leaders: Grace Hopper"


def test_a_rebooked_session_moves_there_and_stays_one(ada: Diary) -> None:
    done = ada.book()
    ada.write()
    ada.rebook(done, TEN + 900)
    ada.write()
    assert ada.events() == [(ada.calendar, TEN + 900, TEN + 900 + HOUR)]


def test_a_cancelled_session_vanishes_there(ada: Diary) -> None:
    done = ada.book()
    ada.write()
    ada.cancel(done)
    assert ada.write() == ["sent", "sent"]
    assert ada.events() == []


def test_a_session_that_is_cancelled_before_it_was_written_is_never_seen(ada: Diary) -> None:
    done = ada.book()
    ada.cancel(done)
    assert ada.write() == ["superseded", "superseded"]
    assert "POST /v1/calendars/<calendar_id>/events" not in ada.house.control.counts()


def test_a_pod_appears_when_it_is_made_and_stays_while_seats_come_and_go(ada: Diary) -> None:
    # Given a pod that nobody is in
    pod = ada.plan_pod().pod
    ada.write()
    assert [event["summary"] for event in ada.details()] == ["Circle"]
    # When people come and go
    seat = ada.join(pod, people.HEDY)
    ada.join(pod, people.MARY)
    ada.cancel(seat)
    ada.write()
    # Then it stands as before, and tells nobody's name
    assert ada.events() == [(ada.calendar, TEN, TEN + HOUR)]
    assert "Mary" not in str(ada.details())
    # And when it is moved and called off, it follows
    ada.change_pod(pod, start=TEN + 7200)
    ada.write()
    assert ada.events() == [(ada.calendar, TEN + 7200, TEN + 7200 + HOUR)]
    ada.change_pod(pod, status="disabled")
    ada.write()
    assert ada.events() == []


def test_a_written_session_is_not_external_busy_time(ada: Diary) -> None:
    # Given a session in the calendar
    done = ada.book()
    ada.write()
    before = ada.house.listing()
    # When the calendar is read
    ada.look()
    # Then what is closed is closed by the session alone
    assert ada.house.listing().slots == before.slots
    assert busy(ada) == 0
    # And it may move to where it overlaps itself
    ada.rebook(done, TEN + 900)
    # And while the calendar still shows it where it was, reading changes nothing either
    ada.look()
    assert ada.events() == [(ada.calendar, TEN, TEN + HOUR)]
    assert is_open(ada, at(2, 9))
    assert ada.session(done.session).conflict_since is None
    ada.write()
    ada.look()
    assert ada.events() == [(ada.calendar, TEN + 900, TEN + 900 + HOUR)]
    assert is_open(ada, at(2, 9))
    # And when it is called off, all of it is open again at once, whatever the calendar shows
    ada.cancel(done)
    ada.look()
    assert is_open(ada, TEN)


def test_a_session_waits_for_a_profile_that_lost_its_login(ada: Diary) -> None:
    # Given a session that stands in a calendar whose login is gone
    done = ada.book()
    ada.write()
    profile = ada.account.seat.profiles[0]
    ada.house.control.break_profile(profile)
    ada.look()
    # When it moves
    ada.rebook(done, TEN + 900)
    # Then that waits, and in no other calendar a second one appears
    assert ada.write() == ["sent", "pending"]
    assert ada.events() == [(ada.calendar, TEN, TEN + HOUR)]
    # And when the coach has linked it again, it is written
    ada.house.control.relink_profile(profile)
    ada.look()
    ada.wait()
    assert ada.write() == ["sent", "sent"]
    assert ada.events() == [(ada.calendar, TEN + 900, TEN + 900 + HOUR)]


def test_a_session_moves_to_another_calendar_when_its_own_is_removed(ada: Diary) -> None:
    ada.book()
    ada.write()
    home = ada.account.seat.calendars[1]
    # When the coach deletes the calendar, and that is read
    ada.house.control.change_calendar(ada.calendar, deleted=True)
    ada.look()
    # Then the session is written into another one, once
    ada.write()
    ada.look()
    assert ada.write() == ["sent", "sent"]
    assert sorted(ada.events()) == sorted(
        [(ada.calendar, TEN, TEN + HOUR), (home, TEN, TEN + HOUR)]
    )


def test_a_session_moves_to_another_account_when_its_own_is_disconnected(ada: Diary) -> None:
    ada.book()
    ada.write()
    other = ada.house.connect()
    ada.house.refresh(other.connection_id)
    ada.house.mark_for_erasure(ada.account.connection_id)
    ada.house.refresh(ada.account.connection_id)
    ada.write()
    assert (other.calendar, TEN, TEN + HOUR) in ada.events()


def test_a_session_whose_only_account_is_disconnected_is_written_when_another_is_connected(
    ada: Diary,
) -> None:
    ada.book()
    ada.write()
    ada.house.mark_for_erasure(ada.account.connection_id)
    ada.house.refresh(ada.account.connection_id)
    assert sorted(ada.write()) == ["sent", "superseded"]
    other = ada.house.connect()
    ada.house.refresh(other.connection_id)
    assert sorted(ada.write()) == ["sent", "sent", "superseded"]
    assert (other.calendar, TEN, TEN + HOUR) in ada.events()


def test_a_session_booked_before_any_calendar_is_connected_is_written_when_one_is(
    house: House,
) -> None:
    # Given a coach without a calendar who is booked all the same
    coach = house.introduce(people.MAILED)
    ada = Diary(house, None)  # type: ignore[arg-type]  # she has no account yet
    ada.book(force="by telephone")
    assert ada.write() == ["superseded"]
    # When she connects one
    ada.account = house.connect(coach.id)
    house.refresh(ada.account.connection_id)
    # Then it is there
    assert sorted(ada.write()) == ["sent", "superseded"]
    assert ada.events() == [(ada.calendar, TEN, TEN + HOUR)]


def test_an_event_that_the_coach_deletes_comes_back_with_the_session_s_next_change_only(
    ada: Diary,
) -> None:
    # Given a session whose event the coach threw away
    done = ada.book()
    ada.write()
    ada.house.control.delete_event(ada.details()[0]["event_uid"])
    # When the calendar is read
    ada.look()
    # Then the session stays, and nobody writes against the coach's will
    assert ada.write() == ["sent"]
    assert ada.events() == []
    assert ada.session(done.session).active
    assert not is_open(ada, TEN)
    # And when it moves, its event is there again
    ada.rebook(done, TEN + 900)
    ada.write()
    assert ada.events() == [(ada.calendar, TEN + 900, TEN + 900 + HOUR)]
