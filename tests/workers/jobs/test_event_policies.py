"""A coach's policy for events that they changed; false mass deletions;
and what a read of our events costs.
"""

from collections.abc import Callable
from datetime import timedelta

import pytest

from domain.event_differences import EventPolicy
from domain.sessions import Refused, Session
from tests.support import people, touched_events, written_sessions
from tests.support.in_process import House
from tests.support.late_writes import ON_SQLITE, pass_time
from tests.support.people import at
from tests.support.touched_events import found, kinds, read, why_closed
from tests.support.written_sessions import HOUR, TEN, Diary

ONE = at(2, 13)
EVENTS = "GET /v1/events"


@pytest.fixture
def ada(house: House) -> Diary:
    return written_sessions.opened(house)


def written(ada: Diary, *starts: int) -> list[Session]:
    people_of = (people.GRACE, people.HEDY, people.MARY)
    booked = [ada.book(start, who).session for start, who in zip(starts, people_of, strict=False)]
    ada.write()
    read(ada)
    return booked


def to_one(ada: Diary, session: Session) -> None:
    touched_events.drag(ada, session, ONE)


@ON_SQLITE
@pytest.mark.parametrize(
    "deed",
    [to_one, touched_events.take_out, touched_events.decline],
    ids=lambda deed: deed.__name__,
)
def test_restored_at_once(ada: Diary, deed: Callable[[Diary, Session], None]) -> None:
    touched_events.choose(ada, "restore")
    [session] = written(ada, TEN)
    deed(ada, session)
    read(ada)
    ada.write()
    assert ada.events() == [(ada.calendar, TEN, TEN + HOUR)]
    assert ada.details()[0]["participation_status"] == "accepted"
    read(ada)
    assert (found(ada), ada.session(session)) == ([], session)
    # What was declined is looked at once more: that it stands there is no proof of a write.
    assert set(ada.write()) == {"sent"}


@ON_SQLITE
def test_what_the_calendar_refuses_is_not_put_back_with_every_read(ada: Diary) -> None:
    touched_events.choose(ada, "restore")
    [session] = written(ada, TEN)
    odd = {"errors": {"summary": [{"key": "errors.odd"}]}}
    ada.house.control.fail("/v1/calendars", 422, times=None, body=odd)
    to_one(ada, session)
    for _ in range(3):
        read(ada)
        ada.write()
    assert ada.states().count("dead") == 1
    assert (kinds(ada), why_closed(ada, ONE)) == (["moved"], "unsettled")


@ON_SQLITE
def test_each_of_several_deeds_is_restored(ada: Diary) -> None:
    touched_events.choose(ada, "restore")
    [session] = written(ada, TEN)
    for deed in (to_one, touched_events.decline, to_one, touched_events.decline):
        deed(ada, session)
        read(ada)
        ada.write()
        assert ada.events() == [(ada.calendar, TEN, TEN + HOUR)]
        assert ada.details()[0]["participation_status"] == "accepted"
        read(ada)
        assert found(ada) == []


@ON_SQLITE
def test_what_stays_declined_is_put_back_thrice_and_then_the_coach_is_asked(ada: Diary) -> None:
    touched_events.choose(ada, "restore")
    [session] = written(ada, TEN)
    uid = touched_events.event_uid(ada, session)
    ada.house.control.fail(f"/v1/calendars/{ada.calendar}/events/{uid}", 403, times=None)
    touched_events.decline(ada, session)
    for _ in range(6):
        read(ada)
        ada.write()
    assert len([row for row in ada.rows() if ":back:" in row.dedupe_key]) == 3
    assert kinds(ada) == ["declined"]


def test_the_session_follows_where_it_may(ada: Diary) -> None:
    touched_events.choose(ada, "follow")
    [session] = written(ada, TEN)
    to_one(ada, session)
    read(ada)
    ada.write()
    assert ada.session(session).starts == ONE
    assert found(ada) == []
    assert (why_closed(ada, TEN), why_closed(ada, ONE)) == (None, "session")
    read(ada)
    assert ada.session(session).version == session.version + 1


@ON_SQLITE
def test_where_it_may_not_follow_the_coach_is_asked(ada: Diary) -> None:
    touched_events.choose(ada, "follow")
    first, second, third = written(ada, TEN, at(2, 14), at(3, 10))
    touched_events.drag(ada, first, at(2, 13, 30))  # over the second
    touched_events.decline(ada, second)
    read(ada)
    touched_events.take_out(ada, third)
    read(ada)
    assert sorted(kinds(ada)) == ["declined", "deleted", "moved"]
    assert [ada.session(each) for each in (first, second, third)] == [first, second, third]


@ON_SQLITE
def test_the_session_follows_as_soon_as_that_time_is_open(ada: Diary) -> None:
    touched_events.choose(ada, "follow")
    [first] = written(ada, TEN)
    second = ada.book(at(2, 14), people.HEDY)
    ada.write()
    touched_events.drag(ada, first, at(2, 14))
    read(ada)
    assert kinds(ada) == ["moved"]
    ada.cancel(second)
    ada.write()
    read(ada)
    assert (found(ada), ada.session(first).starts) == ([], at(2, 14))


@ON_SQLITE
@pytest.mark.parametrize("policy", ["restore", "follow"])
def test_a_new_policy_settles_what_is_not_settled_yet(ada: Diary, policy: EventPolicy) -> None:
    [session] = written(ada, TEN)
    to_one(ada, session)
    read(ada)
    assert kinds(ada) == ["moved"]
    touched_events.choose(ada, policy)
    read(ada)
    ada.write()
    stands = {"restore": TEN, "follow": ONE}[policy]
    assert found(ada) == []
    assert ada.events() == [(ada.calendar, stands, stands + HOUR)]


def test_several_that_are_gone_at_once_are_looked_for_again(ada: Diary) -> None:
    sessions = written(ada, TEN, at(2, 14), at(3, 10))
    for session in sessions[:2]:
        touched_events.take_out(ada, session)
    read(ada)
    assert found(ada) == []
    assert ada.house.owed(ada.account.connection_id)
    ada.house.refresh(ada.account.connection_id)
    assert kinds(ada) == ["deleted", "deleted"]


@ON_SQLITE
def test_what_was_never_gone_is_no_deletion(ada: Diary) -> None:
    """A provider that shows nothing for once: a calendar that is not there for one read."""
    written(ada, TEN, at(2, 14))
    ada.house.control.fault("vanish_calendar", "/v1/events", calendar_id=ada.calendar)
    read(ada)
    ada.house.refresh(ada.account.connection_id)
    assert found(ada) == []
    assert not ada.house.owed(ada.account.connection_id)


@ON_SQLITE
def test_who_has_no_session_of_ours_is_asked_for_no_events(ada: Diary) -> None:
    """Calls a push: one as before, and one more where a session of ours stands that comes yet."""
    counts = []
    for step in (lambda: None, lambda: written(ada, TEN), lambda: pass_time(ada, 30 * HOUR)):
        step()
        ada.house.control.clear_calls()
        read(ada)
        asked = ada.house.control.counts()
        counts.append((asked["GET /v1/free_busy"], asked.get(EVENTS, 0)))
    assert counts == [(1, 0), (1, 1), (1, 0)]


@ON_SQLITE
@pytest.mark.parametrize("path", ["/v1/events", "/v1/free_busy"])
def test_of_a_read_of_which_one_half_fails_nothing_is_stored(ada: Diary, path: str) -> None:
    [session] = written(ada, TEN)
    to_one(ada, session)
    busy = people.NOW.replace(day=3, hour=10)
    ada.house.control.add_event(ada.calendar, busy, busy + timedelta(hours=1), notify=False)
    ada.house.control.fail(path, 503, times=None)
    read(ada)
    assert (found(ada), why_closed(ada, at(3, 10))) == ([], None)
    assert ada.house.owed(ada.account.connection_id)
    ada.house.control.clear_faults()
    ada.house.set_row(ada.account.connection_id, next_attempt_at_ms=0)
    ada.house.refresh(ada.account.connection_id)
    assert (kinds(ada), why_closed(ada, at(3, 10))) == (["moved"], "busy")


@ON_SQLITE
def test_who_saw_the_event_elsewhere_moves_nothing_to_where_it_is_now(ada: Diary) -> None:
    [session] = written(ada, TEN)
    touched_events.drag(ada, session, ONE)
    read(ada)
    (seen,) = found(ada)
    # Dragged on between the page and the click
    touched_events.drag(ada, session, ONE + HOUR)
    read(ada)
    with pytest.raises(Refused, match="difference_settled"):
        touched_events.move_there(ada, seen)
    assert ada.session(session) == session
