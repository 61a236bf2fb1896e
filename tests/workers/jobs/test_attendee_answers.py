"""What participants answer as attendees of our event in the coach's calendar is kept with their
booking, and changes nothing else.
"""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from domain.sessions import Session
from storage.rows import bookings
from storage.schema import tables
from storage.transactions import invitation_answers
from tests.support import people, written_sessions
from tests.support.in_process import House
from tests.support.touched_events import drag, event_uid, found, kinds, move_there, read
from tests.support.written_sessions import Diary


@pytest.fixture
def ada(house: House) -> Diary:
    return written_sessions.opened(house)


@pytest.fixture
def session(ada: Diary) -> Session:
    booked = ada.book().session
    ada.write()
    read(ada)
    return booked


def shows(ada: Diary, session: Session, *attendees: Any) -> None:
    """The event has these attendees, and her account is read."""
    fields = {"attendees": [{"email": mail, "status": said} for mail, said in attendees]}
    ada.house.control.change_event(event_uid(ada, session), fields=fields)
    read(ada)


def answer_of(ada: Diary, session: Session) -> str | None:
    with ada.services.database.read() as tx:
        [seat] = bookings.of_session(tx, session.id)
    return seat.answer


@pytest.mark.parametrize("said", ["accepted", "declined", "tentative"])
def test_an_attendees_answer_is_kept_and_changes_nothing_else(
    ada: Diary, session: Session, said: str
) -> None:
    shows(ada, session, ("GRACE@example.test", said), ("spouse@home.example", "accepted"))
    assert answer_of(ada, session) == said
    assert kinds(ada) == []
    with ada.services.database.read() as tx:
        kept = tx.scalar(select(tables.bookings.c.status))
        assert kept == "booked"
        dump = str(tx.execute(select(tables.bookings)).all())
    assert "spouse" not in dump


def test_the_same_answer_to_an_event_that_was_moved_is_not_missed(
    ada: Diary, session: Session
) -> None:
    grace = people.GRACE.email
    shows(ada, session, (grace, "accepted"))
    # The coach drags the event, and the provider asks her anew
    drag(ada, session, written_sessions.TEN + 4 * 3600)
    shows(ada, session, (grace, "needs_action"))
    assert answer_of(ada, session) == "accepted"
    # What she says there counts once the session is there
    shows(ada, session, (grace, "accepted"))
    (difference,) = found(ada)
    move_there(ada, difference)
    assert answer_of(ada, session) is None
    ada.write()
    read(ada)
    assert answer_of(ada, session) == "accepted"


@pytest.mark.parametrize("said", ["needs_action", "unknown", None, 7])
def test_who_has_not_answered_has_no_answer(ada: Diary, session: Session, said: Any) -> None:
    shows(ada, session, (people.GRACE.email, said), ("no address", "accepted"), (None, "accepted"))
    assert answer_of(ada, session) is None


def test_an_answer_by_mail_is_not_overwritten_by_an_old_one_that_is_read_again(
    ada: Diary, session: Session
) -> None:
    shows(ada, session, (people.GRACE.email, "accepted"))
    with ada.services.database.write() as tx:
        [seat] = bookings.of_session(tx, session.id)
        now = ada.services.now() + timedelta(minutes=1)
        invitation_answers.keep(
            tx,
            seat.uid,
            sequence=seat.sequence,
            address=people.GRACE.email,
            answer="declined",
            at=now,
            now=now,
        )
    read(ada)
    assert answer_of(ada, session) == "declined"
    shows(ada, session, (people.GRACE.email, "tentative"))
    assert answer_of(ada, session) == "tentative"
