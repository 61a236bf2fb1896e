"""A callback that was not taken: repeated under its id, waited for, given up, and nothing lost by
deaths and outages.
"""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from dramatiq.brokers.stub import StubBroker
from sqlalchemy import select
from structlog.testing import capture_logs

from storage.rows import dead_letters, outbox_claims
from storage.schema.database_clock import clock_ms
from tests.support.callback_server import SAID, SECRET
from tests.support.mail_delivery import DAY, NEXT_WEEK, Mailroom
from tests.support.people import at
from tests.support.webhook_delivery import Switchboard, callback_wakes
from workers.actors import declare_actors
from workers.delivery import outbox
from workers.delivery.delivery import LEAST_TRIES
from workers.delivery.webhook_sender import Receiver, Reply
from workers.jobs import retention


def test_a_callback_is_repeated_under_its_id_until_it_is_taken(switchboard: Switchboard) -> None:
    switchboard.impatient(deadline=5)
    switchboard.platform.answer(500, switchboard.platform.hang, 503)
    switchboard.book()
    switchboard.work()
    for _ in range(4):
        switchboard.sweep(minutes=10)
    calls = switchboard.platform.calls
    assert len(calls) == 4
    assert {call.id for call in calls} == {switchboard.rows(topic="booking.booked")[0].event_id}
    assert len({call.body for call in calls}) == 1
    assert [call.at - calls[0].at for call in calls] == [0, 600, 1200, 1800]
    assert [row.state for row in switchboard.rows(topic="booking.booked")] == ["sent"]


@pytest.mark.parametrize("status", [302, 307, 400, 401, 404, 413, 429, 500, 503])
def test_whatever_is_not_a_yes_is_tried_again(switchboard: Switchboard, status: int) -> None:
    switchboard.platform.answer(status)
    switchboard.book()
    with capture_logs() as logs:
        switchboard.work()
    (row,) = switchboard.rows(topic="booking.booked")
    assert (row.state, row.last_error) == ("pending", f"the platform answered {status}")
    # A redirect is not followed, and nothing of an answer is kept but its status.
    assert [call.path for call in switchboard.platform.calls] == ["/told"]
    assert SAID not in repr(logs)
    switchboard.sweep(minutes=10)
    assert switchboard.open() == []


@pytest.mark.parametrize(
    ("status", "asked", "least", "most"),
    [
        (503, "120", 119_000, 120_000),
        (429, "Mon, 01 Jan 2001 00:00:00 GMT", 3_700, 6_300),
        (429, "1", 3_700, 6_300),
        (503, "86400", 599_000, 600_000),
        (429, "soon, please", 3_700, 6_300),
    ],
)
def test_a_platform_that_wants_to_be_left_alone_is_within_bounds(
    switchboard: Switchboard, status: int, asked: str, least: int, most: int
) -> None:
    switchboard.platform.answer(switchboard.platform.ask_for(status, asked))
    began = time.monotonic()
    switchboard.book()
    switchboard.work()
    (row,) = switchboard.rows(topic="booking.booked")
    with switchboard.database.read() as tx:
        wait = row.next_attempt_at_ms - tx.scalar(select(clock_ms()))
    passed = 1_000 * (time.monotonic() - began)
    assert least - passed - 1 < wait <= most


def test_what_was_told_long_ago_is_dropped_and_what_was_not_told_is_kept(
    switchboard: Switchboard,
) -> None:
    switchboard.book()
    switchboard.work()
    switchboard.platform.answer(410)
    dead = switchboard.book(NEXT_WEEK + DAY)
    switchboard.work()
    actors = declare_actors(StubBroker(), switchboard.services)
    mails = len(Mailroom.rows(switchboard))
    switchboard.now += timedelta(days=29)
    retention.drop(switchboard.services, actors)
    # And the slots, and how the calendar began
    assert sorted(row.state for row in switchboard.rows()) == ["dead", *("sent",) * 4]
    switchboard.now += timedelta(days=2)
    retention.drop(switchboard.services, actors)
    assert [(row.state, row.booking_id) for row in switchboard.rows()] == [
        ("dead", dead.booking.id)
    ]
    assert len(Mailroom.rows(switchboard)) == mails > 0


def test_an_answer_that_never_ends_is_cut(switchboard: Switchboard) -> None:
    switchboard.impatient()
    switchboard.platform.answer(switchboard.platform.dribble)
    switchboard.book()
    switchboard.work()
    (row,) = switchboard.open()
    assert row.last_error.startswith("POST callback got no whole answer")


def test_a_platform_that_is_not_there_is_waited_for(switchboard: Switchboard) -> None:
    nobody = Receiver("http://127.0.0.1:9/told", [SECRET], deadline=1, at_once=1)
    with_nobody = replace(switchboard.services, receiver=nobody)
    (wake,) = callback_wakes(switchboard.book().wake)
    outbox.deliver(with_nobody, wake[0])
    assert [row.state for row in switchboard.open()] == ["pending"]
    switchboard.sweep(minutes=10)
    assert switchboard.open() == []


def test_gone_is_final_and_told_to_ops_and_can_be_replayed(switchboard: Switchboard) -> None:
    switchboard.platform.answer(410)
    switchboard.book()
    with capture_logs() as logs:
        switchboard.work()
    assert [each["event"] for each in logs] == ["delivery_dead"]
    switchboard.sweep(hours=1)
    (first,) = switchboard.platform.calls
    (row,) = switchboard.rows(topic="booking.booked")
    assert row.state == "dead"
    with switchboard.database.read() as tx:
        assert [each.id for each in dead_letters.newest(tx, limit=10)] == [row.id]
    wake = switchboard.requeue(row.id)
    assert wake == (row.id, "callback")
    switchboard.work([wake])
    again = switchboard.platform.calls[-1]
    assert (again.id, again.body) == (first.id, first.body)
    assert switchboard.rows(id=row.id)[0].state == "sent"


def test_after_three_days_it_is_given_up(switchboard: Switchboard) -> None:
    switchboard.platform.usually = 500
    switchboard.book()
    switchboard.work()
    switchboard.sweep(days=2, hours=23)
    assert [row.state for row in switchboard.rows(topic="booking.booked")] == ["pending"]
    switchboard.set_rows(attempts=LEAST_TRIES - 1)
    switchboard.sweep(hours=2)
    (row,) = switchboard.rows(topic="booking.booked")
    assert (row.state, row.last_error) == (
        "dead",
        "given up after 3 days: the platform answered 500",
    )


def test_what_waited_for_days_and_failed_once_is_tried_again(switchboard: Switchboard) -> None:
    switchboard.platform.answer(500)
    switchboard.book()
    # Given that callbacks were paused all the time
    switchboard.sweep(days=7)
    (row,) = switchboard.rows(topic="booking.booked")
    assert (row.state, row.attempts) == ("pending", 1)
    switchboard.sweep(minutes=1)
    assert switchboard.open() == []


def test_a_worker_that_dies_loses_nothing(switchboard: Switchboard) -> None:
    """One dies before it posts, another between the platform's yes and our commit: the id is the
    same.
    """
    switchboard.book()
    (row,) = switchboard.rows(topic="booking.booked")
    for posts in (False, True):
        with switchboard.database.write() as tx:
            held = outbox_claims.claim(tx, row.id, lease_ms=30_000, now=switchboard.now)
        assert held is not None
        if posts:
            assert switchboard.services.receiver
            assert (
                switchboard.services.receiver.post(row.event_id, "{}", now=switchboard.now).status
                == 204
            )
        switchboard.set_rows(row.id, lease_until_ms=0, wake_after_ms=0)
    switchboard.platform.calls[0] = replace(
        switchboard.platform.calls[0], path="/seen"
    )  # no envelope of ours
    switchboard.sweep()
    assert [call.id for call in switchboard.platform.calls] == [row.event_id, row.event_id]
    assert switchboard.rows(topic="booking.booked")[0].state == "sent"


def test_nothing_is_posted_once_the_row_s_lease_is_over(
    switchboard: Switchboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker is held up after it saw that it was in time, and another one has the row."""
    switchboard.book()
    lease = switchboard.services.settings.lease_seconds
    posting = Receiver.post

    def held_up(receiver: Receiver, *arguments: Any, until: float, **options: Any) -> Reply:
        assert until <= time.monotonic() + lease
        return posting(receiver, *arguments, until=until - lease, **options)

    monkeypatch.setattr(Receiver, "post", held_up)
    switchboard.work()
    assert switchboard.platform.calls == []
    (row,) = switchboard.rows(topic="booking.booked")
    assert (row.state, row.attempts) == ("pending", 1)


def test_an_outage_of_the_platform_ends_with_everything_told(switchboard: Switchboard) -> None:
    switchboard.platform.usually = 503
    done = [switchboard.book(at(10, hour)) for hour in (9, 11, 13)]
    switchboard.work()
    for _ in range(3):
        switchboard.sweep(hours=5)
    switchboard.platform.usually = 200
    switchboard.platform.calls.clear()
    switchboard.sweep(hours=1)
    assert sorted(data["booking_id"] for _, data in switchboard.platform.told) == sorted(
        each.booking.id for each in done
    )


def test_a_platform_that_hangs_does_not_hold_every_worker(switchboard: Switchboard) -> None:
    switchboard.impatient(deadline=25, at_once=1)  # the block below ends it before
    switchboard.platform.answer(switchboard.platform.hang)
    first, second = switchboard.book(), switchboard.book(NEXT_WEEK + DAY)
    with ThreadPoolExecutor(1) as pool:
        hanging = pool.submit(switchboard.work, callback_wakes(first.wake))
        switchboard.platform.wait(1)
        switchboard.work(callback_wakes(second.wake))
        errors = [row.last_error for row in switchboard.rows(booking_id=second.booking.id)]
        assert errors == ["the platform has not answered earlier ones yet"]
        switchboard.platform._over.set()
        hanging.result()
    switchboard.sweep(minutes=1)
    assert switchboard.open() == []
