"""Delivering the outbox: whoever delivers whichever row when, every mail leaves once
and in order.
"""

import math
import random
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from statistics import mean

import pytest
from dramatiq.brokers.stub import StubBroker
from sqlalchemy import select
from structlog.testing import capture_logs

from domain.sessions import Booking
from storage.rows import outbox as stored
from storage.rows import outbox_claims
from storage.rows.outbox_claims import Wake
from storage.schema.database_clock import clock_ms
from storage.transactions.bookings import BookingChange
from tests.support import people
from tests.support.mail_delivery import DAY, NEXT_WEEK, Mailroom
from tests.support.people import at
from workers.actors import declare_actors
from workers.broker import create_broker, create_redis
from workers.delivery import outbox

ADA, GRACE, HEDY = "ada@example.test", "grace@example.test", "hedy@example.test"
ENDS = {"sent", "dead", "superseded"}


@pytest.fixture
def broker() -> Iterator[StubBroker]:
    broker = StubBroker()
    yield broker
    broker.close()


def waiting(broker: StubBroker) -> list[tuple[str, str]]:
    """(job, id) of the wake-ups that wait, taken out."""
    found = []
    for name in ("mails", "calendars"):
        while not broker.queues[name].empty():
            message = people.decode(broker.queues[name].get_nowait())
            broker.queues[name].task_done()
            found.append((message.actor_name, str(message.args[0])))
    return found


def at_once(mailroom: Mailroom, wakes: list[Wake], threads: int = 4) -> None:
    """Deliver these and what they wake, several at a time."""
    with ThreadPoolExecutor(threads) as pool:
        while wakes:
            mails = [outbox_id for outbox_id, kind in wakes if kind == "mail"]
            done = pool.map(lambda outbox_id: outbox.deliver(mailroom.services, outbox_id), mails)
            wakes = [wake for followers in done for wake in followers]


def test_every_change_owes_each_person_one_mail_and_all_of_them_end(mailroom: Mailroom) -> None:
    one = mailroom.book()
    pod = mailroom.pod(people.GRACE, people.HEDY, start=NEXT_WEEK + DAY)
    mailroom.rebook(one.booking, at(9, 14))
    mailroom.cancel(next(seat for seat in pod.seats if seat.participant.id == "grace"))
    owed = [(row.booking_id, row.recipient, row.topic, row.version) for row in mailroom.rows()]
    assert len(owed) == len(set(owed))
    news = sorted((topic, person) for _, person, topic, _ in owed if topic != "reminder")
    assert news == [
        ("booked", ADA),
        ("booked", ADA),
        ("booked", ADA),
        ("booked", GRACE),
        ("booked", GRACE),
        ("booked", HEDY),
        ("rebooked", ADA),
        ("rebooked", GRACE),
        ("seat_left", ADA),
        ("seat_left", GRACE),
    ]
    mailroom.work()
    mailroom.sweep(days=20)
    assert {row.state for row in mailroom.rows()} <= ENDS


@pytest.mark.parametrize("seed", range(6))
def test_a_cancellation_is_never_seen_before_its_request(mailroom: Mailroom, seed: int) -> None:
    """Booked and cancelled within a second, its mails delivered by several threads in any order,
    some of them slow.
    """
    chance = random.Random(seed)
    changes: list[BookingChange] = []
    mailroom.office.on_data = lambda: time.sleep(chance.choice((0, 0.03, 0.06)))
    with ThreadPoolExecutor(8) as pool:

        def wake(share: float) -> list[Future[None]]:
            """Deliver this share of what is woken for, the rest with the next change,
            in any order.
            """
            wakes, mailroom.woken = mailroom.woken, []
            chance.shuffle(wakes)
            mailroom.woken = [each for each in wakes if chance.random() >= share]
            now = [each for each in wakes if each not in mailroom.woken]
            return [pool.submit(at_once, mailroom, [each], 1) for each in now]

        started: list[Future[None]] = []
        for day in (9, 10, 11, 12):
            done = mailroom.book(at(day, 10))
            changes.append(done)
            started += wake(0.7)
            time.sleep(chance.choice((0, 0.02)))
            if chance.random() < 0.5:
                mailroom.rebook(done.booking, at(day, 11))
                started += wake(0.7)
            mailroom.cancel(done.booking)
            started += wake(0.7)
        for each in [*started, *wake(1)]:
            each.result()
    mailroom.office.on_data = None
    mailroom.sweep()
    mailroom.sweep()
    assert {row.state for row in mailroom.rows()} <= {"sent", "superseded"}
    for done in changes:
        said = [each for each in mailroom.office.to(GRACE) if each.line("UID") == done.booking.uid]
        numbers = [int(each.line("SEQUENCE") or -1) for each in said]
        assert numbers == sorted(set(numbers))
        methods = [each.line("METHOD") for each in said]
        assert methods in ([], ["REQUEST", "CANCEL"], ["REQUEST", "REQUEST", "CANCEL"])


def test_a_mail_that_is_woken_for_many_times_at_once_leaves_once(mailroom: Mailroom) -> None:
    mailroom.book()
    wakes, mailroom.woken = mailroom.woken * 5, []
    at_once(mailroom, wakes, threads=8)
    assert sorted(each.recipients for each in mailroom.office.taken) == [(ADA,), (GRACE,)]


def test_who_refuses_one_mail_keeps_nobody_else_waiting(mailroom: Mailroom) -> None:
    mailroom.office.refuse("451 later", to=GRACE, times=None)
    done = mailroom.book()
    mailroom.pod(people.GRACE, people.HEDY, start=NEXT_WEEK + DAY)
    mailroom.work()
    mailroom.rebook(done.booking, at(9, 14))
    mailroom.work()
    assert len(mailroom.office.to(ADA)) == 4
    assert len(mailroom.office.to(HEDY)) == 1
    assert mailroom.office.to(GRACE) == []


def test_an_outage_of_the_mail_server_ends_with_everything_sent(mailroom: Mailroom) -> None:
    mailroom.office.refuse("421 closing", times=None)
    for day in (9, 10):
        mailroom.book(at(day, 10))
    mailroom.pod(people.GRACE, people.HEDY, start=at(11, 10))
    mailroom.work()
    for _ in range(3):
        mailroom.sweep(minutes=10)
    news = [row for row in mailroom.rows() if row.topic == "booked"]
    assert {(row.state, row.attempts) for row in news} == {("pending", 4)}
    mailroom.office.relent()
    mailroom.sweep(minutes=10)
    assert {row.state for row in mailroom.rows(topic="booked")} == {"sent"}
    assert len(mailroom.office.taken) == len(news) == 8


class Broken:
    """A mailer with a bug."""

    def send(
        self, message: bytes, sender: str, recipients: Sequence[str], *, until: float = math.inf
    ) -> None:
        raise ZeroDivisionError

    def close(self) -> None: ...


def test_a_delivery_that_breaks_is_tried_again_later_and_may_have_been_sent(
    mailroom: Mailroom,
) -> None:
    mailroom.book()
    sound, mailroom.services = mailroom.services, replace(mailroom.services, mailer=Broken())
    mailroom.work()
    row = mailroom.row(topic="booked", recipient=GRACE)
    assert (row.state, row.unsure, row.last_error) == ("pending", 1, "our fault: ZeroDivisionError")
    mailroom.services = sound
    mailroom.sweep(minutes=1)
    assert len(mailroom.office.to(GRACE)) == 1


def test_a_later_mail_that_had_to_wait_is_woken_for(mailroom: Mailroom) -> None:
    """The rebooking comes while its booking's mail is being sent."""
    done = mailroom.book()
    row = mailroom.row(recipient=GRACE, topic="booked")
    with mailroom.database.write() as tx:
        held = outbox_claims.claim(tx, row.id, lease_ms=30_000, now=mailroom.now)
    assert held is not None
    mailroom.rebook(done.booking, at(9, 14))
    mailroom.work()
    assert [row.state for row in mailroom.rows(recipient=GRACE, topic="rebooked")] == ["pending"]
    with mailroom.database.write() as tx:
        assert stored.sent(tx, held, now=mailroom.now)
        woken = stored.followers(tx, held, now=mailroom.now)
    assert woken == [(mailroom.row(recipient=GRACE, topic="rebooked").id, "mail")]


def test_an_outcome_that_comes_after_the_lease_is_refused(mailroom: Mailroom) -> None:
    mailroom.book()
    row = mailroom.row(recipient=GRACE, topic="booked")

    def overtaken() -> None:
        """While we send, our lease ends, and somebody else takes the row."""
        mailroom.office.on_data = None
        mailroom.set_rows(row.id, lease_until_ms=0)
        with mailroom.database.write() as tx:
            assert outbox_claims.claim(tx, row.id, lease_ms=30_000, now=mailroom.now)

    mailroom.office.on_data = overtaken
    with capture_logs() as logs:
        assert outbox.deliver(mailroom.services, row.id) == []
    assert [each["event"] for each in logs if "late" in each["event"]] == ["late_outcome_refused"]
    after = mailroom.row(id=row.id)
    assert (after.state, after.unsure) == ("sending", 1)


def test_retries_are_spread_and_wait_longer_each_time(mailroom: Mailroom) -> None:
    mailroom.office.refuse("451 later", times=None)
    for day in (9, 10, 11, 12):
        mailroom.book(at(day, 10))
    mailroom.work()
    waits: list[float] = []
    for _ in range(3):
        with mailroom.database.read() as tx:
            now = tx.execute(select(clock_ms())).scalar_one()
        left = [row.next_attempt_at_ms - now for row in mailroom.rows(topic="booked")]
        assert max(left) - min(left) > 200
        waits.append(mean(left))
        mailroom.sweep()
    assert waits[0] < waits[1] < waits[2]


def test_a_committed_change_wakes_an_actor_of_its_kind(
    mailroom: Mailroom, broker: StubBroker
) -> None:
    actors = declare_actors(broker, mailroom.services)
    done = mailroom.book()
    actors.wake_outbox(done.wake)
    rows = [row.id for row in mailroom.rows(topic="booked")]
    (calendar,) = [outbox_id for outbox_id, kind in done.wake if kind == "calendar"]
    assert sorted(waiting(broker)) == sorted(
        [*(("deliver_mail", outbox_id) for outbox_id in rows), ("write_calendar", calendar)]
    )


def test_delivering_wakes_what_waited_for_it(mailroom: Mailroom, broker: StubBroker) -> None:
    """In one worker's queue the rebooking comes before the mail that is still to be sent for the
    booking.
    """
    actors = declare_actors(broker, mailroom.services)
    done = mailroom.book()
    row = mailroom.row(recipient=GRACE, topic="booked")
    mailroom.office.on_data = lambda: _rebook_meanwhile(mailroom, done.booking)
    actors.deliver_mail(row.id)
    rebooked = mailroom.row(recipient=GRACE, topic="rebooked").id
    assert waiting(broker) == [("deliver_mail", rebooked)]


def _rebook_meanwhile(mailroom: Mailroom, booking: Booking) -> None:
    mailroom.office.on_data = None
    mailroom.rebook(booking, at(9, 14))


def test_a_wake_that_redis_does_not_take_is_no_error(mailroom: Mailroom) -> None:
    gone = create_broker(create_redis("redis://127.0.0.1:9/0", timeout=0.25))
    actors = declare_actors(gone, mailroom.services)
    done = mailroom.book()
    with capture_logs() as logs:
        actors.wake_outbox(done.wake)
    assert [each["event"] for each in logs] == ["redis_away"], "once, not once a row"
    gone.close()
