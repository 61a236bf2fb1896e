"""Our own writes and the reading of our events, in whatever order they come: what a write of ours
brought is nobody's deed, and what the coach did is neither lost nor undone by a write.
"""

import threading

import pytest

from domain.sessions import Refused, Session
from tests.support import late_writes, people, touched_events
from tests.support.in_process import House
from tests.support.late_writes import ON_POSTGRESQL, ON_SQLITE, home, pass_time, receive
from tests.support.people import at
from tests.support.touched_events import drag, found, kinds, read
from tests.support.written_sessions import HOUR, TEN, Diary
from tests.workers.delivery.split_reads import begin_read

ONE, ELEVEN = at(2, 13), at(2, 11)
STEP = 70


@pytest.fixture
def ada(house: House) -> Diary:
    return late_writes.patient(house)


def written_pod(ada: Diary) -> Session:
    pod = ada.plan_pod(TEN, people.GRACE).pod
    ada.write()
    read(ada)
    return pod


@ON_SQLITE
def test_a_session_that_moved_and_is_not_written_yet(ada: Diary) -> None:
    done = ada.book()
    ada.write()
    read(ada)
    ada.rebook(done, ONE)
    read(ada)
    assert found(ada) == []
    ada.write()
    read(ada)
    assert (found(ada), ada.events()) == ([], [(ada.calendar, ONE, ONE + HOUR)])


@ON_SQLITE
def test_one_that_was_never_seen_in_the_calendar_was_not_deleted_by_anybody(ada: Diary) -> None:
    ada.book()
    late_writes.never(ada)
    ada.write()
    read(ada)
    assert found(ada) == []


def test_a_read_that_began_before_our_newer_write_says_nothing_and_is_made_again(
    ada: Diary,
) -> None:
    done = ada.book()
    ada.write()
    read(ada)
    store = begin_read(ada)
    ada.rebook(done, ONE)
    ada.write()
    store()
    assert found(ada) == []
    assert ada.house.owed(ada.account.connection_id)
    read(ada)
    assert found(ada) == []
    assert not ada.house.owed(ada.account.connection_id)


@ON_SQLITE
def test_a_drag_between_our_write_and_the_word_of_it_is_found_without_a_push(ada: Diary) -> None:
    """Its push came before the read that could not tell whose deed it was."""
    pod = written_pod(ada)
    ada.change_pod(pod, title="Round")
    ada.set_rows(state="sending")
    drag(ada, pod, ONE)
    read(ada)
    assert found(ada) == []
    assert ada.house.owed(ada.account.connection_id)
    ada.set_rows(state="sent")
    ada.house.refresh(ada.account.connection_id)
    assert kinds(ada) == ["moved"]


def test_an_older_write_that_lands_late_is_no_deed_and_the_coachs_is_found_meanwhile(
    ada: Diary,
) -> None:
    # Given a write of ten o'clock that may land yet, and a newer one that was seen
    late_writes.twice(ada)
    done = ada.book()
    ada.write()
    ada.rebook(done, ONE)
    ada.write()
    assert ada.events() == [(ada.calendar, ONE, ONE + HOUR)]
    # When it lands, late
    pass_time(ada, late_writes.LATE + 1)
    read(ada)
    assert ada.events() == [(ada.calendar, TEN, TEN + HOUR)]
    # Then nobody is asked about it, and a look puts it right
    assert found(ada) == []
    late_writes.settle(ada)
    assert ada.events() == [(ada.calendar, ONE, ONE + HOUR)]
    # And where no write of ours can have brought it, it was the coach, and stays
    drag(ada, done.session, at(3, 10))
    read(ada)
    pass_time(ada, STEP)
    late_writes.look(ada)
    assert kinds(ada) == ["moved"]
    assert ada.events() == [(ada.calendar, at(3, 10), at(3, 11))]


@ON_SQLITE
def test_a_look_that_comes_before_the_read_leaves_what_the_coach_did(ada: Diary) -> None:
    late_writes.twice(ada)
    done = ada.book()
    ada.write()
    pass_time(ada, late_writes.LATE + 1)
    drag(ada, done.session, ONE)
    pass_time(ada, STEP)
    assert late_writes.look(ada) == 1
    assert ada.events() == [(ada.calendar, ONE, ONE + HOUR)]
    read(ada)
    assert kinds(ada) == ["moved"]


@ON_SQLITE
def test_a_deletion_of_ours_that_lands_late_is_no_deed(ada: Diary) -> None:
    ada.book()
    ada.write()
    receive(ada, home(ada))
    # The deletion's first try alone: the upsert goes before it.
    ada.house.control.fault("late", late_writes.WRITES, seconds=late_writes.LATE, skip=1)
    ada.house.control.fault("hang_up", late_writes.WRITES, skip=1)
    ada.write()
    receive(ada, ada.calendar)
    late_writes.settle(ada)
    assert ada.events() == [(ada.calendar, TEN, TEN + HOUR)]
    pass_time(ada, late_writes.LATE + 1)
    read(ada)
    assert (ada.events(), found(ada)) == ([], [])
    late_writes.settle(ada)
    assert ada.events() == [(ada.calendar, TEN, TEN + HOUR)]


@ON_SQLITE
def test_while_the_coach_is_asked_a_new_text_is_written_where_they_put_it(ada: Diary) -> None:
    pod = written_pod(ada)
    drag(ada, pod, ONE)
    read(ada)
    [moved] = found(ada)
    ada.change_pod(pod, title="Round")
    ada.write()
    read(ada)
    assert found(ada) == [moved]
    assert [(each["start"], each["summary"]) for each in ada.details()] == [(ONE, "Round")]
    assert touched_events.put_back(ada, moved)
    assert [(each["start"], each["summary"]) for each in ada.details()] == [(TEN, "Round")]


@ON_SQLITE
def test_while_the_coach_is_asked_what_they_deleted_is_not_written_anew(ada: Diary) -> None:
    pod = written_pod(ada)
    touched_events.take_out(ada, pod)
    read(ada)
    ada.change_pod(pod, title="Round")
    ada.write()
    assert ada.events() == []
    assert touched_events.put_back(ada, found(ada)[0])
    assert [(each["start"], each["summary"]) for each in ada.details()] == [(TEN, "Round")]


@ON_SQLITE
def test_in_another_calendar_it_is_written_as_the_session_is(ada: Diary) -> None:
    pod = written_pod(ada)
    drag(ada, pod, ONE)
    read(ada)
    receive(ada, home(ada))
    late_writes.settle(ada)
    assert ada.events() == [(home(ada), TEN, TEN + HOUR)]
    read(ada)
    assert (found(ada), touched_events.why_closed(ada, ONE)) == ([], None)


@ON_SQLITE
def test_out_of_a_calendar_that_takes_no_events_any_more_it_comes_as_the_session_is(
    ada: Diary,
) -> None:
    pod = written_pod(ada)
    drag(ada, pod, ONE)
    read(ada)
    ada.house.control.change_calendar(ada.calendar, readonly=True)
    ada.look()
    late_writes.settle(ada)
    assert (home(ada), TEN, TEN + HOUR) in ada.events()
    read(ada)
    assert found(ada) == []


@ON_POSTGRESQL
def test_whoever_settles_it_at_once_with_others_settles_it_once(ada: Diary) -> None:
    pod = written_pod(ada)
    drag(ada, pod, ONE)
    read(ada)
    [moved] = found(ada)
    done: list[str] = []
    start = threading.Barrier(4)

    def back() -> None:
        start.wait()
        if touched_events.put_back(ada, moved):
            done.append("back")

    def there() -> None:
        start.wait()
        try:
            touched_events.move_there(ada, moved)
        except Refused:
            return
        done.append("there")

    threads = [threading.Thread(target=each) for each in (back, there, back, there)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(done) == 1
    late_writes.settle(ada)
    stands = {"back": TEN, "there": ONE}[done[0]]
    assert ada.session(pod).starts == stands
    assert ada.events() == [(ada.calendar, stands, stands + HOUR)]
