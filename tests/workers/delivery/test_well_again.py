"""A platform that was away, or Cronofy, is well again: what waited for it goes within seconds."""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.webhook_endpoints import OF_SETTINGS
from storage.rows import refresh_jobs, well_again
from tests.support import endpoints, people, written_sessions
from tests.support.callback_server import SECRET
from tests.support.in_process import House
from tests.support.mail_delivery import DAY, NEXT_WEEK
from tests.support.people import at
from tests.support.webhook_delivery import BETH, Switchboard
from tests.support.written_sessions import Diary
from workers import waiting
from workers.delivery import webhook_lanes
from workers.delivery.webhook_lanes import Lanes
from workers.delivery.webhook_sender import Receiver
from workers.waiting import WaitsForNeighbours

ONE, TWO = "/one", "/two"
BOOKED, REBOOKED = "booking.booked", "booking.rebooked"
WRITES = "/v1/calendars"
LONG = 7
"""After so many attempts a row waits for minutes."""


@pytest.fixture
def endpoint(switchboard: Switchboard) -> str:
    """At ONE, and what is told at the address of the settings is out of the way."""
    return endpoints.make(switchboard, ONE, types=(BOOKED, REBOOKED))


def outage(board: Switchboard, answers: int, tries: int = 3) -> None:
    """Of the endpoint at ONE, for longer than its callbacks' first waits."""
    board.platform.answer_at(ONE, answers)
    endpoints.feed_on(board)
    for _ in range(tries - 1):
        board.set_rows(attempts=LONG)
        board.sweep(minutes=10)
    board.platform.answer_at(ONE, 204)


def told(board: Switchboard) -> list[tuple[str, str]]:
    return [(topic, data["booking_id"]) for topic, data in endpoints.heard(board, ONE)]


def test_a_callback_that_is_taken_brings_on_those_that_waited_and_what_waits_for_them(
    switchboard: Switchboard, endpoint: str
) -> None:
    elder = switchboard.book().booking
    outage(switchboard, 503)
    # What is new about the same booking waits for its elder, though the platform is well
    switchboard.rebook(elder, at(9, 14))
    endpoints.feed_on(switchboard)
    assert told(switchboard) == []
    # When something of another booking is taken, all of it goes at once
    other = switchboard.book(NEXT_WEEK + DAY, BETH).booking
    endpoints.feed_on(switchboard)
    assert told(switchboard) == [(BOOKED, other.id), (BOOKED, elder.id), (REBOOKED, elder.id)]


def test_what_failed_in_another_process_goes_with_one_that_this_one_delivers(
    switchboard: Switchboard, endpoint: str
) -> None:
    # Given a process that just found nothing that waits, and failures that another one met
    now = [0.0]
    here = WaitsForNeighbours(lambda: now[0])
    mark = here.mark(waiting.endpoint(endpoint))
    assert mark is not None
    here.over(waiting.endpoint(endpoint), mark)
    elder = switchboard.book().booking
    outage(switchboard, 503)
    # When this one delivers a callback a moment later
    switchboard.services = replace(switchboard.services, waiting=here)
    now[0] = waiting.BELIEVED_SECONDS
    other = switchboard.book(NEXT_WEEK + DAY, BETH).booking
    endpoints.feed_on(switchboard)
    # Then what waited goes with it
    assert told(switchboard) == [(BOOKED, other.id), (BOOKED, elder.id)]


def test_each_that_is_taken_brings_on_the_next(switchboard: Switchboard, endpoint: str) -> None:
    mine = [
        switchboard.book(at(day, 9)).booking.id for day in range(8, 20) if day % 7 not in (6, 0)
    ]
    assert len(mine) > 5
    outage(switchboard, 503)
    mine.append(switchboard.book(at(22, 9)).booking.id)
    endpoints.feed_on(switchboard)
    assert sorted(booking_id for _, booking_id in told(switchboard)) == sorted(mine)


def test_another_endpoint_that_takes_something_brings_on_nothing(
    switchboard: Switchboard, endpoint: str
) -> None:
    switchboard.book()
    outage(switchboard, 503)
    endpoints.make(switchboard, TWO, types=(BOOKED,))
    switchboard.platform.answer_at(ONE, 503)
    switchboard.book(NEXT_WEEK + DAY, BETH)
    endpoints.feed_on(switchboard)
    switchboard.platform.answer_at(ONE, 204)
    switchboard.work()
    assert [topic for topic, _ in endpoints.heard(switchboard, TWO)] == [BOOKED]
    assert told(switchboard) == []


@pytest.mark.parametrize("status", [302, 400, 401, 404, 422, 429])
def test_a_callback_that_was_refused_waits(
    switchboard: Switchboard, endpoint: str, status: int
) -> None:
    switchboard.book()
    outage(switchboard, status)
    other = switchboard.book(NEXT_WEEK + DAY, BETH).booking
    endpoints.feed_on(switchboard)
    assert told(switchboard) == [(BOOKED, other.id)]


def test_one_that_alone_is_not_taken_is_not_posted_with_each_that_is(
    switchboard: Switchboard, endpoint: str
) -> None:
    switchboard.book()
    outage(switchboard, 500, tries=1)
    for hour in (9, 11, 13):
        switchboard.book(at(10, hour), BETH)
        endpoints.feed_on(switchboard)
    assert len(told(switchboard)) == 3
    (row,) = switchboard.rows(endpoint_id=endpoint, state="pending")
    assert (row.attempts, row.trouble) == (1, None)


def test_a_callback_that_was_asked_to_come_later_comes_later(
    switchboard: Switchboard, endpoint: str
) -> None:
    switchboard.book()
    outage(switchboard, 503)
    switchboard.platform.at_paths.clear()
    switchboard.platform.answer(switchboard.platform.ask_for(503, "300"), to=BOOKED)
    switchboard.sweep(minutes=10)
    (row,) = switchboard.rows(endpoint_id=endpoint, state="pending")
    assert row.trouble is None


def test_what_found_a_slow_one_busy_goes_with_the_next_that_it_takes(
    switchboard: Switchboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a platform whose every answer counts as slow, and that is answering one
    monkeypatch.setattr(webhook_lanes, "SLOW_SECONDS", 0)
    lanes = Lanes(4)
    for name in ("another", OF_SETTINGS):
        with lanes.turn(name):
            pass
    receiver = Receiver(switchboard.platform.url, [SECRET], deadline=60, lanes=lanes)
    switchboard.services = replace(switchboard.services, receiver=receiver)
    with lanes.turn(OF_SETTINGS):
        first = switchboard.book().booking
        switchboard.work()
    assert switchboard.platform.told == []
    # When it takes the next
    second = switchboard.book(NEXT_WEEK + DAY, BETH).booking
    switchboard.work()
    told = [data["booking_id"] for _, data in switchboard.platform.told]
    assert told == [second.id, first.id]


@pytest.fixture
def ada(house: House) -> Diary:
    return written_sessions.opened(house)


def fail(ada: Diary, status: int = 503, retry_after: int | None = None) -> None:
    ada.set_rows(attempts=LONG, next_attempt_at_ms=0)
    ada.house.control.fail(WRITES, status, times=None, retry_after=retry_after)
    ada.write()
    ada.house.control.clear_faults()


def test_a_session_that_is_written_brings_on_those_that_waited(ada: Diary) -> None:
    for hour in (10, 12):
        ada.book(at(2, hour))
    fail(ada)
    assert ada.write() == ["pending", "pending"]
    ada.book(at(2, 14))
    ada.write()
    assert ada.write() == ["sent", "sent", "sent"]


def test_a_read_that_goes_well_brings_on_what_is_to_be_written(ada: Diary) -> None:
    ada.book()
    fail(ada)
    ada.look()
    assert ada.write() == ["sent"]


def test_a_session_that_is_written_brings_on_a_read(ada: Diary) -> None:
    connection_id = ada.account.connection_id
    ada.house.mark_dirty(connection_id)
    ada.house.set_row(connection_id, attempts=LONG, next_attempt_at_ms=0)
    ada.house.control.fail("/v1/free_busy", 503, times=None)
    ada.house.refresh(connection_id)
    ada.house.control.clear_faults()
    ada.book()
    assert ada.write() == ["sent"]
    with ada.services.database.write() as tx:
        assert refresh_jobs.sweep(tx) == [connection_id]


@pytest.mark.parametrize(("status", "retry_after"), [(429, 120), (503, 120), (402, None)])
def test_a_write_that_was_refused_or_asked_to_wait_waits(
    ada: Diary, status: int, retry_after: int | None
) -> None:
    ada.book()
    fail(ada, status, retry_after)
    # By another machine, which has not heard of a limit: our own calls wait for its end.
    with ada.services.database.write() as tx:
        assert well_again.cronofy(tx, gap_ms=0, now=people.NOW).wakes == []
    assert ada.write() == ["pending"]


def test_a_session_that_alone_is_not_written_waits(ada: Diary) -> None:
    ada.book()
    just_now = people.NOW - timedelta(seconds=5)
    ada.house.set_row(ada.account.connection_id, last_ok_at=just_now)
    fail(ada)
    ada.look()
    assert ada.write() == ["pending"]
