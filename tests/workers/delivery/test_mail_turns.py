"""A mail server that hangs holds half of a process's threads, and no mail is worse off for having
waited for its turn.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import dramatiq
import pytest
from dramatiq import Worker
from dramatiq.brokers.stub import StubBroker
from sqlalchemy import select

from storage.schema.database_clock import clock_ms
from tests.support import mail_delivery
from tests.support.databases import Kind
from tests.support.mail_delivery import ADA, DAY, GRACE, NEXT_WEEK, Mailroom, told
from tests.support.mail_server import PostOffice
from workers.actors import declare_actors
from workers.delivery import mails, outbox

THREADS = 4


@pytest.fixture
def room(database_url: str, redis_url: str, post_office: PostOffice) -> Iterator[Mailroom]:
    """A process of four threads, whose mails may take a minute each."""
    slow = {"worker_threads": THREADS, "lease_seconds": 150}
    with mail_delivery.furnished(database_url, redis_url, post_office, **slow) as made:
        yield made


@contextmanager
def no_turn(room: Mailroom) -> Iterator[None]:
    """Others wait for the mail server, as many as may."""
    turns = room.services.mail_turns
    for _ in range(THREADS // 2):
        assert turns.acquire(blocking=False)
    try:
        yield
    finally:
        turns.release(THREADS // 2)


def test_while_the_mail_server_hangs_half_of_the_threads_do_other_work(room: Mailroom) -> None:
    # Given eight mails that are due, and a mail server that answers nobody
    asked, over, was_read = threading.Semaphore(0), threading.Event(), threading.Event()

    def hang() -> None:
        asked.release()
        over.wait(60)

    room.office.on_rcpt = hang
    for day in range(4):
        room.book(NEXT_WEEK + day * DAY)
    due = [wake for wake in room.woken if wake[1] == "mail"]
    assert len(due) == 8
    broker = StubBroker()
    actors = declare_actors(broker, room.services)

    @dramatiq.actor(broker=broker, queue_name="freebusy")
    def read_a_calendar() -> None:
        was_read.set()

    worker = Worker(broker, worker_timeout=20, worker_threads=THREADS)
    worker.start()
    try:
        # When workers are woken for all of them
        actors.wake_outbox(due)
        for _ in range(THREADS // 2):
            assert asked.acquire(timeout=60)
        # Then no more than half of the threads wait for it, and the others read calendars
        assert not asked.acquire(timeout=1)
        read_a_calendar.send()
        assert was_read.wait(30)
    finally:
        room.office.on_rcpt = None
        over.set()
        worker.stop()
        broker.close()
    # And once it is well, each mail leaves, and leaves once
    room.sweep()
    assert len(room.office.taken) == len({each.id for each in room.office.taken}) == 8
    assert {row.state for row in room.rows() if row.topic == "booked"} == {"sent"}


def test_a_mail_that_found_no_turn_was_not_tried_and_comes_again_soon(room: Mailroom) -> None:
    room.book()
    with no_turn(room):
        room.work()
    assert room.office.taken == []
    row = room.row(recipient=GRACE, topic="booked")
    assert (row.state, row.attempts, row.unsure, row.trouble) == ("pending", 0, 0, None)
    with room.database.read() as tx:
        now = tx.scalar(select(clock_ms()))
    assert row.next_attempt_at_ms - now <= mails.BUSY_RETRY_MS
    room.sweep()
    assert len(room.office.to(GRACE)) == 1


def test_mails_that_found_no_turn_leave_in_order(room: Mailroom) -> None:
    done = room.book()
    room.work()
    done = room.rebook(done.booking, NEXT_WEEK + DAY)
    with no_turn(room):
        room.work()
        room.cancel(done.booking)
        room.work()
    room.sweep()
    assert told(room.office.to(GRACE), "METHOD", "SEQUENCE") == [
        ("REQUEST", "0"),
        ("CANCEL", "2"),
    ]


def test_what_is_pulled_forward_and_finds_no_turn_is_in_trouble_until_it_leaves(
    room: Mailroom,
) -> None:
    # Given a mail that failed while the server was away, and waits for long
    room.office.refuse("421 4.3.2 going down", to=GRACE)
    room.book()
    failed = room.row(recipient=GRACE, topic="booked").id
    room.work([(failed, "mail")])
    room.set_rows(failed, next_attempt_at_ms=1 << 50)
    # When another one is taken, and this one finds no turn
    pulled = outbox.deliver(room.services, room.row(recipient=ADA, topic="booked").id)
    assert pulled == [(failed, "mail")]
    with no_turn(room):
        room.work(pulled)
    row = room.row(id=failed)
    assert (row.state, row.attempts, row.trouble) == ("pending", 1, "away")
    # Then it leaves soon
    room.sweep()
    row = room.row(id=failed)
    assert (row.state, row.attempts, row.trouble) == ("sent", 2, None)


def test_a_process_of_one_thread_sends_mails(
    fresh_database: Callable[[Kind], str], redis_url: str, post_office: PostOffice
) -> None:
    url = fresh_database("sqlite")
    with mail_delivery.furnished(url, redis_url, post_office, worker_threads=1) as alone:
        alone.book()
        alone.work()
        assert len(post_office.taken) == 2
