"""What a coach does to our event in their calendar is found by the next read, both times are closed
until it is settled, and it is settled once.
"""

from collections.abc import Callable
from datetime import date

import pytest

from domain.sessions import Refused, Session
from storage.schema import tables
from tests.support import people, touched_events, written_sessions
from tests.support.in_process import House
from tests.support.late_writes import ON_SQLITE
from tests.support.people import at
from tests.support.touched_events import found, kinds, read, why_closed
from tests.support.written_sessions import HOUR, TEN, Diary

ONE = at(2, 13)
Deed = Callable[[Diary, Session], None]


@pytest.fixture
def ada(house: House) -> Diary:
    return written_sessions.opened(house)


@pytest.fixture
def session(ada: Diary) -> Session:
    """Written, and seen where it belongs."""
    booked = ada.book().session
    ada.write()
    read(ada)
    assert found(ada) == []
    return booked


def to_one(ada: Diary, session: Session) -> None:
    touched_events.drag(ada, session, ONE)


def mails(ada: Diary) -> list[str]:
    row = tables.outbox.c
    query = tables.outbox.select().where(row.kind == "mail").order_by(row.created_at, row.id)
    with ada.services.database.read() as tx:
        return [each.topic for each in tx.execute(query)]


def test_both_times_are_closed_until_the_event_is_put_back(ada: Diary, session: Session) -> None:
    assert why_closed(ada, ONE) is None
    to_one(ada, session)
    read(ada)
    [moved] = found(ada)
    assert (moved.kind, moved.starts, moved.ends) == ("moved", ONE, ONE + HOUR)
    assert moved.calendar_id == ada.calendar
    # With the gap that sessions keep, which is a quarter of an hour
    closed = {start: why_closed(ada, start) for start in (TEN, ONE, ONE - HOUR, ONE - HOUR - 900)}
    assert closed == {
        TEN: "session",
        ONE: "unsettled",
        ONE - HOUR: "buffer",
        ONE - HOUR - 900: None,
    }
    with pytest.raises(Refused) as refused:
        ada.book(ONE, people.HEDY)
    assert refused.value.reason == "unsettled"
    assert touched_events.put_back(ada, moved)
    assert ada.events() == [(ada.calendar, TEN, TEN + HOUR)]
    assert why_closed(ada, ONE) is None
    read(ada)
    assert found(ada) == []
    assert not touched_events.put_back(ada, moved)


def test_the_session_moves_to_where_its_event_stands_by_the_ordinary_path(
    ada: Diary, session: Session
) -> None:
    to_one(ada, session)
    read(ada)
    [moved] = found(ada)
    touched_events.move_there(ada, moved)
    after = ada.session(session)
    assert (after.starts, after.ends, after.version) == (ONE, ONE + HOUR, session.version + 1)
    assert mails(ada).count("rebooked") == 2  # one to each of them
    assert (why_closed(ada, TEN), why_closed(ada, ONE)) == (None, "session")
    with pytest.raises(Refused, match="difference_settled"):
        touched_events.move_there(ada, moved)
    assert not touched_events.put_back(ada, moved)
    read(ada)
    assert (found(ada), ada.events()) == ([], [(ada.calendar, ONE, ONE + HOUR)])


def test_a_pod_moves_with_all_its_seats(ada: Diary) -> None:
    pod = ada.plan_pod(TEN, people.GRACE, people.HEDY).pod
    ada.write()
    read(ada)
    touched_events.drag(ada, pod, ONE)
    read(ada)
    touched_events.move_there(ada, found(ada)[0])
    assert ada.session(pod).starts == ONE
    assert mails(ada).count("rebooked") == 3


@ON_SQLITE
@pytest.mark.parametrize(
    ("start", "seconds"),
    [
        (at(2, 20), HOUR),  # outside the coach's hours
        (ONE + 60, HOUR),  # on no quarter hour
        (ONE, HOUR + 300),  # a length that is not offered
        (ONE, HOUR + 1),  # nor one of minutes
        (at(2, 11, 30), HOUR),  # too near to another session
        (at(30, 10), HOUR),  # further off than can be booked
    ],
)
def test_where_the_event_stands_is_no_way_round_the_ordinary_rule(
    ada: Diary, session: Session, start: int, seconds: int
) -> None:
    ada.book(at(2, 12, 30), people.HEDY)
    ada.write()
    touched_events.drag(ada, session, start, seconds)
    read(ada)
    [moved] = found(ada)
    with pytest.raises(Refused, match="slot_not_open"):
        touched_events.move_there(ada, moved)
    assert found(ada) == [moved]
    assert ada.session(session) == session
    assert touched_events.put_back(ada, moved)


def test_what_is_deleted_stays_so_until_it_is_put_back(ada: Diary, session: Session) -> None:
    touched_events.take_out(ada, session)
    for _ in range(2):  # and a forced refresh
        ada.look()
        ada.write()
    [deleted] = found(ada)
    assert (deleted.kind, deleted.starts, deleted.ends) == ("deleted", None, None)
    assert (why_closed(ada, TEN), ada.events()) == ("session", [])
    with pytest.raises(Refused, match="event_not_moved"):
        touched_events.move_there(ada, deleted)
    assert touched_events.put_back(ada, deleted)
    assert ada.events() == [(ada.calendar, TEN, TEN + HOUR)]
    read(ada)
    assert found(ada) == []


def test_what_is_declined_is_accepted_as_it_is_put_back(ada: Diary, session: Session) -> None:
    touched_events.decline(ada, session)
    read(ada)
    [declined] = found(ada)
    assert (declined.kind, declined.starts) == ("declined", TEN)
    assert touched_events.put_back(ada, declined)
    assert ada.details()[0]["participation_status"] == "accepted"
    read(ada)
    assert found(ada) == []


@ON_SQLITE
def test_a_cancelled_event_is_one_that_is_declined(ada: Diary, session: Session) -> None:
    uid = touched_events.event_uid(ada, session)
    ada.house.control.change_event(uid, fields={"status": "cancelled"})
    read(ada)
    assert kinds(ada) == ["declined"]
    touched_events.put_back(ada, found(ada)[0])
    read(ada)
    assert kinds(ada) == []


@ON_SQLITE
def test_another_text_is_the_coachs_own_affair(ada: Diary, session: Session) -> None:
    touched_events.rename(ada, session, "Tea with Grace")
    read(ada)
    assert found(ada) == []
    assert [each["summary"] for each in ada.details()] == ["Tea with Grace"]


@ON_SQLITE
def test_a_day_is_where_the_coach_is(ada: Diary, session: Session) -> None:
    touched_events.drag_to_days(ada, session, date(2026, 6, 3), date(2026, 6, 4))
    read(ada)
    [moved] = found(ada)
    assert (moved.starts, moved.ends) == (at(2, 23), at(3, 23))  # midnights in London


@ON_SQLITE
def test_an_event_that_left_the_days_that_are_read_is_moved_not_deleted(
    ada: Diary, session: Session
) -> None:
    touched_events.drag(ada, session, TEN + 400 * 24 * HOUR)
    read(ada)
    assert kinds(ada) == ["moved"]


@ON_SQLITE
def test_dragged_back_it_ends_by_itself(ada: Diary, session: Session) -> None:
    to_one(ada, session)
    read(ada)
    assert why_closed(ada, ONE) == "unsettled"
    touched_events.drag(ada, session, TEN)
    read(ada)
    assert (found(ada), why_closed(ada, ONE)) == ([], None)


@ON_SQLITE
def test_dragged_on_it_is_another_episode(ada: Diary, session: Session) -> None:
    to_one(ada, session)
    read(ada)
    [first] = found(ada)
    read(ada)
    assert found(ada) == [first]
    touched_events.drag(ada, session, ONE + HOUR)
    read(ada)
    [then] = found(ada)
    assert (then.starts, why_closed(ada, ONE)) == (ONE + HOUR, "buffer")
    assert then.token != first.token
    assert not touched_events.put_back(ada, first)
    with pytest.raises(Refused, match="difference_settled"):
        touched_events.move_there(ada, first)


@ON_SQLITE
@pytest.mark.parametrize("how", ["rebooked", "cancelled", "erased"])
def test_it_is_over_when_there_is_nothing_to_settle_any_more(ada: Diary, how: str) -> None:
    done = ada.book()
    ada.write()
    read(ada)
    to_one(ada, done.session)
    read(ada)
    assert kinds(ada) == ["moved"]
    if how == "rebooked":
        ada.rebook(done, ONE + HOUR)
    elif how == "cancelled":
        ada.cancel(done)
    else:
        ada.house.mark_for_erasure(ada.account.connection_id)
        ada.house.set_row(ada.account.connection_id, next_attempt_at_ms=0)
        ada.house.refresh(ada.account.connection_id)
    assert found(ada) == []
    assert why_closed(ada, ONE) != "unsettled"


@ON_SQLITE
def test_a_participant_who_moves_the_session_may_move_it_to_where_its_event_stands(
    ada: Diary,
) -> None:
    done = ada.book()
    ada.write()
    read(ada)
    to_one(ada, done.session)
    read(ada)
    ada.rebook(done, ONE)
    ada.write()
    read(ada)
    assert (found(ada), ada.events()) == ([], [(ada.calendar, ONE, ONE + HOUR)])


def test_an_event_that_is_declined_is_asked_about_once_wherever_it_stands(
    ada: Diary, session: Session
) -> None:
    touched_events.decline(ada, session)
    read(ada)
    [first] = found(ada)
    # As a write of ours would move it that comes late
    touched_events.drag(ada, session, ONE)
    read(ada)
    [now] = found(ada)
    assert (now.kind, now.token, now.starts) == ("declined", first.token, ONE)
    assert why_closed(ada, ONE) == "unsettled"
    assert why_closed(ada, session.starts) == "session"
