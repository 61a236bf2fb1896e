"""The link of a session comes later than its first mail, or before: each participant is told it
exactly once, whoever finds it.
"""

from collections.abc import Callable
from datetime import timedelta

import pytest
import structlog

from domain.places import Place
from storage.transactions import looks
from tests.support import links, people, written_sessions
from tests.support.in_process import House
from tests.support.late_writes import ON_SQLITE, look, owed, pass_time
from tests.support.links import WAIT, book, call, link_of, move_on, post, said_to, state
from tests.support.written_sessions import TEN, Diary

GRACE, HEDY = "grace@example.test", "hedy@example.test"
UPSERT = "POST /v1/calendars/<calendar_id>/events"


@pytest.fixture
def ada(house: House) -> Diary:
    house.control.conferencing("never", seconds=30)
    return written_sessions.opened(house)


def test_a_link_that_comes_while_the_first_mail_waits_is_in_it(ada: Diary) -> None:
    # Given a service that is quick
    ada.house.control.conferencing(seconds=0)
    done = book(ada)
    post(ada)
    assert said_to(ada, GRACE) == []
    # When the event is written, and read back
    assert ada.write() == ["sent"]
    # Then the mail is due at once, and is the only one
    link = link_of(ada, done)
    assert link is not None
    post(ada)
    [first] = said_to(ada, GRACE)
    assert (first.link, first.sequence) == (link, 0)
    [coach] = said_to(ada, "ada@example.test")
    assert coach.link == link
    move_on(ada, 2 * WAIT)
    post(ada)
    assert len(said_to(ada, GRACE)) == 1


def mailed_without(ada: Diary) -> None:
    """The first mail waits as long as it may, and leaves."""
    assert ada.write() == ["sent"]
    post(ada)
    assert said_to(ada, GRACE) == []
    pass_time(ada, WAIT.total_seconds())
    post(ada)
    assert [each.link for each in said_to(ada, GRACE)] == [None]


Finder = Callable[[Diary, str], None]


def a_call(ada: Diary, session_id: str) -> None:
    assert call(ada, session_id)
    ada.write()


def two_calls(ada: Diary, session_id: str) -> None:
    a_call(ada, session_id)
    a_call(ada, session_id)


def a_failing_call_first(ada: Diary, session_id: str) -> None:
    call(ada, session_id, failing=True)
    a_call(ada, session_id)


def a_look_of_its_own(ada: Diary, _: str) -> None:
    pass_time(ada, 30)
    assert look(ada) == 1


def a_read_of_the_account(ada: Diary, _: str) -> None:
    ada.look()
    ada.write()


@pytest.mark.parametrize(
    "found_by",
    [a_call, two_calls, a_failing_call_first, a_look_of_its_own, a_read_of_the_account],
)
def test_who_was_mailed_without_it_is_told_once_whoever_finds_it(
    ada: Diary, found_by: Finder
) -> None:
    done = book(ada)
    mailed_without(ada)
    # When the link is there, and is found
    pass_time(ada, 30)
    found_by(ada, done.session.id)
    # Then one mail follows: of the same event, later than the first
    link = link_of(ada, done)
    assert link is not None
    post(ada)
    first, second = said_to(ada, GRACE)
    assert (second.link, second.uid) == (link, first.uid)
    assert second.sequence > first.sequence
    # And whoever finds it afterwards finds nothing new
    for again in (a_call, a_read_of_the_account):
        again(ada, done.session.id)
        post(ada)
    assert len(said_to(ada, GRACE)) == 2
    assert state(ada, done.session.id) == "assigned"
    assert owed(ada) == []
    # And the coach, who has it in their calendar, got one mail
    assert len(said_to(ada, "ada@example.test")) == 1
    assert ada.house.control.counts()[UPSERT] == 1


@ON_SQLITE
def test_all_of_a_pod_get_the_one_link(ada: Diary) -> None:
    pod = ada.plan_pod(TEN, people.GRACE, people.HEDY, place=links.VIDEO).pod
    mailed_without(ada)
    pass_time(ada, 30)
    a_call(ada, pod.id)
    post(ada)
    [grace], [hedy] = (said_to(ada, each)[1:] for each in (GRACE, HEDY))
    assert grace.link == hedy.link == ada.session(pod).join_url
    # And who joins afterwards has it in the first mail
    ada.join(pod, people.MARY)
    post(ada)
    [mary] = said_to(ada, "mary@example.test")
    assert mary.link == grace.link


@ON_SQLITE
def test_a_link_that_changes_is_told_again_and_a_lost_one_is_not(ada: Diary) -> None:
    done = book(ada)
    mailed_without(ada)
    pass_time(ada, 30)
    a_call(ada, done.session.id)
    post(ada)
    world = ada.house.sandbox.world
    [event] = [each for each in world.calendar(ada.calendar).events.values() if each.event_id]
    for link in ("https://meet.example/other", None):
        event.details["conferencing"]["join_url"] = link
        event.details["meeting_url"] = link  # type: ignore[index]
        a_call(ada, done.session.id)
        post(ada)
    assert [each.link for each in said_to(ada, GRACE)][1:] != []
    assert said_to(ada, GRACE)[-1].link == "https://meet.example/other"
    assert len(said_to(ada, GRACE)) == 3
    assert link_of(ada, done) == "https://meet.example/other"


@ON_SQLITE
def test_a_moved_session_keeps_its_link_and_nobody_is_told_it_twice(ada: Diary) -> None:
    ada.house.control.conferencing(seconds=0)
    done = book(ada)
    ada.write()
    post(ada)
    moved = ada.rebook(done, TEN + 900)
    ada.write()
    post(ada)
    assert ada.session(moved.session).join_url == link_of(ada, done)
    assert [each.sequence for each in said_to(ada, GRACE)] == [0, 1]
    assert said_to(ada, GRACE)[1].link is not None


@ON_SQLITE
def test_a_session_that_is_called_off_is_not_told_a_link(ada: Diary) -> None:
    done = book(ada)
    mailed_without(ada)
    ada.cancel(done)
    pass_time(ada, 30)
    assert call(ada, done.session.id) is None
    ada.write()
    post(ada)
    assert [each.link for each in said_to(ada, GRACE)] == [None, None]


def test_looks_for_a_link_end_after_a_day_if_none_comes(ada: Diary) -> None:
    ada.house.control.conferencing("failing", seconds=0)
    done = book(ada)
    ada.write()
    assert [each.token for each in owed(ada)] == [looks.LINK]
    # A new write is looked at by the same row, and leaves it as it was
    ada.rebook(done, TEN + 900)
    ada.write()
    assert [each.token for each in owed(ada)] == [looks.LINK]
    pass_time(ada, timedelta(days=1).total_seconds())
    look(ada)
    assert owed(ada) == []


@ON_SQLITE
def test_a_service_that_is_not_there_costs_the_link_and_not_the_event(ada: Diary) -> None:
    done = ada.book(place=Place("conferencing", "pro_gone"))
    assert ada.write() == ["sent"]
    assert len(ada.events()) == 1
    assert state(ada, done.session.id) == "asked"


@ON_SQLITE
def test_the_link_and_its_address_are_in_no_log(ada: Diary) -> None:
    with structlog.testing.capture_logs() as logged:
        done = book(ada)
        mailed_without(ada)
        pass_time(ada, 30)
        two_calls(ada, done.session.id)
        post(ada)
    text = repr(logged)
    assert logged
    assert "meet.example" not in text
    assert "/webhooks/conferencing/" not in text
    # And the objects that a log may show do not show it either
    session = ada.session(done.session)
    assert session.join_url is not None
    assert "meet.example" not in repr(session)
