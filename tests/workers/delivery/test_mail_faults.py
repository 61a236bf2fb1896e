"""Session mails that are refused, interrupted or uncertain: tried again, withheld, or ended so that
nobody is told too much.
"""

import time
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from storage.rows import outbox_claims
from tests.support import people
from tests.support.mail_delivery import ADA, DAY, GRACE, NEXT_WEEK, Mailroom, told
from tests.support.mail_server import HANG_UP
from tests.support.people import at
from workers.delivery import mails
from workers.delivery.delivery import LEAST_TRIES, Later, Turn


def test_a_temporary_refusal_backs_off_and_is_tried_again(mailroom: Mailroom) -> None:
    mailroom.office.refuse("451 later", to=GRACE, times=2)
    mailroom.book()
    for attempt in (1, 2):
        mailroom.work()
        row = mailroom.row(recipient=GRACE, topic="booked")
        assert (row.state, row.attempts, row.unsure) == ("pending", attempt, 0)
        mailroom.work([(row.id, "mail")])  # too early
        assert mailroom.row(id=row.id).attempts == attempt
        mailroom.pass_time()
        mailroom.woken = [(row.id, "mail")]
    mailroom.work()
    assert len(mailroom.office.to(GRACE)) == 1
    assert mailroom.row(recipient=GRACE, topic="booked").state == "sent"


def test_mails_to_a_mailbox_that_does_not_exist_are_withheld_and_others_are_not_concerned(
    mailroom: Mailroom,
) -> None:
    mailroom.office.refuse("550 5.1.1 nobody here", to=GRACE)
    with capture_logs() as logs:
        done = mailroom.book()
        mailroom.work()
    assert mailroom.row(recipient=GRACE, topic="booked").state == "withheld"
    (alert,) = [each for each in logs if each["event"] == "address_withheld"]
    assert alert["log_level"] == "error"
    assert "example.test" not in str(logs)
    # Then the next one is not even tried, and others are not concerned
    mailroom.book(NEXT_WEEK + DAY)
    mailroom.rebook(done.booking, at(10, 14))
    mailroom.work()
    assert mailroom.office.to(GRACE) == []
    rows = [row for row in mailroom.rows(recipient=GRACE) if row.topic in ("booked", "rebooked")]
    assert sorted(row.state for row in rows) == ["superseded", "withheld", "withheld"]
    assert {row.last_error for row in rows if row.state == "withheld"} == {
        "refused for good, because of the address (550 5.1.1)"
    }
    assert len(mailroom.office.to(ADA)) == 3


def test_an_address_that_is_withheld_is_so_however_it_is_written(mailroom: Mailroom) -> None:
    mailroom.office.refuse("550 5.1.1 nobody here", to=GRACE)
    mailroom.book(who=replace(people.GRACE, email="grace@Example.TEST"))
    mailroom.work()
    mailroom.book(NEXT_WEEK + DAY)
    mailroom.work()
    assert [row.state for row in mailroom.rows(recipient=GRACE, topic="booked")] == [
        "withheld",
        "withheld",
    ]


def test_a_booking_s_mails_are_one_queue_however_its_address_is_written(mailroom: Mailroom) -> None:
    done = mailroom.book(who=replace(people.GRACE, email="grace@Example.TEST"))
    mailroom.rebook(done.booking, NEXT_WEEK + DAY)
    mailroom.work()
    assert told(mailroom.office.to(GRACE), "SEQUENCE") == [("1",)]


def test_a_message_that_is_refused_for_good_withholds_nothing(mailroom: Mailroom) -> None:
    mailroom.office.refuse("554 no such thing here", stage="DATA", to=GRACE)
    done = mailroom.book()
    mailroom.work()
    assert mailroom.row(recipient=GRACE, topic="booked").state == "dead"
    mailroom.rebook(done.booking, NEXT_WEEK + DAY)
    mailroom.work()
    assert len(mailroom.office.to(GRACE)) == 1


def test_what_is_refused_for_five_days_is_given_up(mailroom: Mailroom) -> None:
    mailroom.office.refuse("451 later", to=GRACE, times=None)
    mailroom.book()
    mailroom.work()
    mailroom.sweep(days=4)
    assert mailroom.row(recipient=GRACE, topic="booked").state == "pending"
    mailroom.set_rows(attempts=LEAST_TRIES - 1)
    mailroom.sweep(days=1, minutes=1)
    row = mailroom.row(recipient=GRACE, topic="booked")
    assert (row.state, row.last_error.startswith("given up after 5 days")) == ("dead", True)


def test_what_waited_for_days_and_failed_once_is_tried_again(mailroom: Mailroom) -> None:
    # Given a mail that nobody tried for eight days: mails were paused
    mailroom.office.refuse("451 later", to=GRACE, times=None)
    mailroom.book(NEXT_WEEK + 14 * DAY)
    mailroom.sweep(days=8)
    row = mailroom.row(recipient=GRACE, topic="booked")
    assert (row.state, row.attempts) == ("pending", 1)
    # When the server takes it, it leaves
    mailroom.office.relent()
    mailroom.sweep(minutes=1)
    assert mailroom.row(recipient=GRACE, topic="booked").state == "sent"


def test_who_may_have_got_the_request_gets_the_cancellation(mailroom: Mailroom) -> None:
    """The server took the mail and hung up before it said so: we do not know."""
    mailroom.office.refuse(HANG_UP, stage="DATA", to=GRACE)
    done = mailroom.book()
    mailroom.work()
    row = mailroom.row(recipient=GRACE, topic="booked")
    assert (row.state, row.unsure) == ("pending", 1)
    mailroom.cancel(done.booking)
    mailroom.work()
    assert told(mailroom.office.to(GRACE), "METHOD") == [("REQUEST",), ("CANCEL",)]


def test_who_cannot_have_got_the_request_is_not_told_of_its_end(mailroom: Mailroom) -> None:
    """The server hung up before it had the mail, each time."""
    mailroom.office.refuse(HANG_UP, to=GRACE, times=None)
    done = mailroom.book()
    mailroom.work()
    row = mailroom.row(recipient=GRACE, topic="booked")
    assert (row.state, row.unsure) == ("pending", 0)
    mailroom.cancel(done.booking)
    mailroom.work()
    assert mailroom.office.to(GRACE) == []
    assert {row.state for row in mailroom.rows(recipient=GRACE)} == {"superseded"}


def test_a_mail_that_may_have_arrived_is_repeated_as_the_same_mail(mailroom: Mailroom) -> None:
    mailroom.office.refuse(HANG_UP, stage="DATA", to=GRACE)
    mailroom.book()
    mailroom.work()
    with capture_logs() as logs:
        mailroom.sweep()
    first, again = mailroom.office.to(GRACE)
    assert first.id == again.id
    assert told([first], "UID", "SEQUENCE", "DTSTAMP") == told(
        [again], "UID", "SEQUENCE", "DTSTAMP"
    )
    assert mailroom.row(recipient=GRACE, topic="booked").unsure == 1
    assert [each["unsure"] for each in logs if each["event"] == "delivery_may_repeat"] == [1]


@pytest.mark.parametrize(("start", "ends"), [(NEXT_WEEK, "cancelled"), (at(1, 10), "missed")])
def test_who_was_never_told_is_not_told_of_the_end(
    mailroom: Mailroom, start: int, ends: str
) -> None:
    """Not either of one that was booked for today, and whose cancellation counts as missed."""
    mailroom.office.refuse("451 later", times=None)
    done = mailroom.book(start)
    mailroom.work()
    mailroom.cancel(done.booking)
    mailroom.office.relent()
    mailroom.work()
    mailroom.sweep()
    assert mailroom.office.taken == []
    assert {row.state for row in mailroom.rows()} == {"superseded"}
    assert {row.reason for row in mailroom.rows(topic=ends)} == {"never_announced"}


def test_facts_that_cannot_be_read_end_dead(mailroom: Mailroom) -> None:
    mailroom.book()
    mailroom.set_rows(payload={"kind": "booked"})
    mailroom.work()
    row = mailroom.row(recipient=GRACE, topic="booked")
    assert (row.state, row.last_error) == ("dead", "its facts cannot be read (KeyError)")


def test_a_worker_that_was_held_up_sends_nothing(mailroom: Mailroom) -> None:
    mailroom.book()
    row = mailroom.row(recipient=GRACE, topic="booked")
    with mailroom.database.write() as tx:
        held = outbox_claims.claim(tx, row.id, lease_ms=30_000, now=mailroom.now)
    assert held is not None
    outcome = mails.deliver(mailroom.services, Turn(held, 30, began=time.monotonic() - 16))
    assert isinstance(outcome, Later)
    assert mailroom.office.taken == []


def test_a_cancellation_that_comes_late_takes_the_session_out_of_the_calendar_too(
    mailroom: Mailroom,
) -> None:
    done = mailroom.book(at(1, 10))
    mailroom.work()
    mailroom.cancel(done.booking)  # two hours before
    mailroom.work()
    assert told(mailroom.office.to(GRACE), "METHOD", "SEQUENCE") == [
        ("REQUEST", "0"),
        ("CANCEL", "1"),
    ]
    assert {row.topic for row in mailroom.rows(version=2)} == {"missed"}
