"""Sessions that a release before wrote, which did not note since when their events stand: what
coaches did to those before the first read is found all the same, and nothing else is.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from domain.sessions import Session
from storage.schema import tables
from tests.support import late_writes, touched_events
from tests.support.in_process import House
from tests.support.late_writes import ON_SQLITE
from tests.support.people import at
from tests.support.touched_events import found, read, why_closed
from tests.support.written_sessions import HOUR, TEN, Diary
from tests.workers.delivery.split_reads import begin_read

ONE = at(2, 13)


@pytest.fixture
def ada(house: House) -> Diary:
    return late_writes.patient(house)


def to_one(ada: Diary, session: Session) -> None:
    touched_events.drag(ada, session, ONE)


def forget(ada: Diary, *, before: timedelta = timedelta(hours=1)) -> None:
    """As the release before left it, so long ago."""
    set_rows(ada, sent_at=ada.services.now() - before)
    with ada.services.database.write() as tx:
        tx.execute(tables.sessions.update().values(event_stood_ms=None))


def set_rows(ada: Diary, **values: Any) -> None:
    with ada.services.database.write() as tx:
        mine = tables.outbox.c.kind == "calendar"
        tx.execute(tables.outbox.update().where(mine).values(values))


@pytest.mark.parametrize(
    ("deed", "kind"),
    [
        (to_one, "moved"),
        (touched_events.decline, "declined"),
    ],
)
def test_what_the_coach_did_before_the_first_read_is_found(
    ada: Diary, deed: Callable[[Diary, Session], None], kind: str
) -> None:
    session = ada.book().session
    ada.write()
    forget(ada)
    deed(ada, session)
    read(ada)
    [first] = found(ada)
    assert first.kind == kind
    if kind == "moved":
        assert why_closed(ada, ONE) == "unsettled"
    # One episode, also while a write of ours is owed
    set_rows(ada, state="pending")
    read(ada)
    assert found(ada) == [first]
    assert touched_events.put_back(ada, first)
    read(ada)
    assert (found(ada), ada.events()) == ([], [(ada.calendar, TEN, TEN + HOUR)])


@ON_SQLITE
@pytest.mark.parametrize("state", ["pending", "sending", "dead"])
@pytest.mark.parametrize("topic", ["upsert", "look"])
def test_what_is_not_written_to_its_end_was_moved_by_nobody(
    ada: Diary, state: str, topic: str
) -> None:
    done = ada.book()
    ada.write()
    ada.rebook(done, ONE)
    set_rows(ada, state=state, topic=topic)
    read(ada)
    assert found(ada) == []


@ON_SQLITE
def test_what_a_late_write_may_bring_yet_was_moved_by_nobody(ada: Diary) -> None:
    session = ada.book().session
    late_writes.twice(ada)
    ada.write()
    forget(ada)
    assert len(late_writes.owed(ada)) == 1
    to_one(ada, session)
    read(ada)
    assert found(ada) == []


@ON_SQLITE
def test_what_the_release_before_wrote_while_it_was_read_was_moved_by_nobody(ada: Diary) -> None:
    done = ada.book()
    ada.write()
    store = begin_read(ada)
    ada.rebook(done, ONE)
    ada.write()
    forget(ada, before=timedelta(seconds=1))
    store()
    assert found(ada) == []


@ON_SQLITE
def test_what_never_stood_there_was_deleted_by_nobody(ada: Diary) -> None:
    ada.book()
    ada.write()
    forget(ada)
    ada.house.control.fault("vanish_calendar", "/v1/events", times=None, calendar_id=ada.calendar)
    for _ in range(2):
        read(ada)
    assert found(ada) == []
