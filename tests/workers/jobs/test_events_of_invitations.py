"""A calendar that is written straight into, and gets invitations from then on: what is missing from
it waits for the coach's word, and is nobody's deed.
"""

import pytest

from domain.accounts import AccessMode
from domain.event_differences import EventPolicy
from domain.sessions import Session
from storage.schema import tables
from tests.support import late_writes, people, touched_events
from tests.support.in_process import House
from tests.support.late_writes import ON_SQLITE
from tests.support.touched_events import found, kinds, read
from tests.support.written_sessions import TEN, Diary

POLICIES: list[EventPolicy] = ["ask", "restore", "follow"]


@pytest.fixture
def ada(house: House) -> Diary:
    return late_writes.patient(house)


@pytest.fixture
def pod(ada: Diary) -> Session:
    """Seen where it belongs."""
    planned = ada.plan_pod(TEN, people.GRACE).pod
    ada.write()
    read(ada)
    return planned


def give(ada: Diary, mode: AccessMode) -> None:
    with ada.services.database.write() as tx:
        tx.execute(tables.profiles.update().values(mode=mode))


def unseen(ada: Diary) -> None:
    """No invitation is shown before the coach accepts it."""
    ada.house.control.fault("vanish_calendar", "/v1/events", times=None, calendar_id=ada.calendar)


@ON_SQLITE
@pytest.mark.parametrize("policy", POLICIES)
def test_an_invitation_that_is_not_accepted_is_no_event_that_was_deleted(
    ada: Diary, pod: Session, policy: EventPolicy
) -> None:
    touched_events.choose(ada, policy)
    give(ada, "free_busy")
    ada.change_pod(pod, title="Round")
    ada.write()
    unseen(ada)
    # Nor is it when the calendar is written straight into again
    for mode in ("free_busy", "read_write"):
        give(ada, mode)
        for _ in range(2):
            read(ada)
            assert found(ada) == []
    assert set(ada.write()) <= {"sent", "superseded"}
    assert not any(":back:" in row.dedupe_key for row in ada.rows())


@ON_SQLITE
def test_what_was_found_before_is_settled_once_and_comes_as_an_invitation(
    ada: Diary, pod: Session
) -> None:
    touched_events.take_out(ada, pod)
    read(ada)
    touched_events.choose(ada, "restore")
    give(ada, "free_busy")
    read(ada)
    # No read says anything of it any more: the coach was asked, and goes on being asked.
    assert kinds(ada) == ["deleted"]
    assert touched_events.put_back(ada, found(ada)[0])
    unseen(ada)
    for mode in ("free_busy", "read_write"):
        give(ada, mode)
        read(ada)
        assert found(ada) == []
    assert len([row for row in ada.rows() if ":back:" in row.dedupe_key]) == 1
