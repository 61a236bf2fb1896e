"""What each kind of refusal does to the mail, to the next one, and to the person; and what a
release sets free.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from storage.reports import metrics
from storage.rows import outbox_claims, withheld_addresses
from storage.schema import tables
from tests.support import mail_delivery, people
from tests.support.mail_delivery import DAY, NEXT_WEEK, Mailroom
from tests.support.mail_server import PostOffice, Stage

GRACE, HEDY = "grace@example.test", "hedy@example.test"
NOBODY = "550 5.1.1 <grace@example.test>: Grace Hopper is unknown here"


@pytest.fixture
def room(database_url: str, redis_url: str, post_office: PostOffice) -> Iterator[Mailroom]:
    with mail_delivery.furnished(database_url, redis_url, post_office) as made:
        yield made


def listed(room: Mailroom) -> list[withheld_addresses.Withheld]:
    with room.database.read() as tx:
        return withheld_addresses.find_all(tx)


def release(room: Mailroom, which: str = GRACE) -> withheld_addresses.Released | None:
    with room.database.write() as tx:
        return withheld_addresses.release(tx, which, now=room.now)


def drop_old(room: Mailroom, **by: float) -> int:
    room.now += timedelta(**by)
    with room.database.write() as tx:
        return withheld_addresses.drop_old(tx, now=room.now)


def in_trouble(room: Mailroom) -> int:
    with room.database.read() as tx:
        return metrics.waiting_mails(tx)["mailer"]


@pytest.mark.parametrize(
    ("stage", "reply", "state", "troubled", "on_list"),
    [
        ("RCPT", "550 5.1.8 <coaching@example.test>: Sender address rejected", "pending", 1, 0),
        ("RCPT", "550 Blocked - see https://www.spamhaus.org/", "pending", 1, 0),
        ("RCPT", "554 Relay access denied", "pending", 1, 0),
        ("RCPT", "552 5.2.2 mailbox full", "pending", 0, 0),
        ("RCPT", "550-5.1.1 unknown\r\n550 5.1.1 nobody here", "withheld", 0, 1),
        ("RCPT", "550 no such user", "withheld", 0, 1),
        ("DATA", "552 5.3.4 too big", "dead", 0, 0),
        ("DATA", "554 5.6.0 what is this", "dead", 0, 0),
        ("DATA", "554 5.7.1 looks like spam", "pending", 1, 0),
    ],
)
def test_a_refusal_ends_no_more_than_it_says(
    room: Mailroom, stage: Stage, reply: str, state: str, troubled: int, on_list: int
) -> None:
    # Given a server that refuses one mail to Grace
    room.office.refuse(reply, stage=stage, to=GRACE)
    done = room.book()
    room.work()
    assert room.row(recipient=GRACE, topic="booked").state == state
    assert (in_trouble(room), len(listed(room))) == (troubled, on_list)
    # When her booking is changed, the next mail leaves, unless there is nobody to take it
    room.rebook(done.booking, NEXT_WEEK + DAY)
    room.work()
    assert [each.line("SEQUENCE") for each in room.office.to(GRACE)] == ["1"] * (1 - on_list)
    assert room.row(recipient=GRACE, topic="rebooked").state == ("withheld" if on_list else "sent")
    assert in_trouble(room) == 0


def test_a_withheld_address_can_be_seen_and_does_not_show_itself(room: Mailroom) -> None:
    room.office.refuse(NOBODY, to=GRACE)
    done = room.book()
    room.work()
    (found,) = listed(room)
    assert (found.reason, found.reply) == (
        "refused for good, because of the address (550 5.1.1)",
        "550 5.1.1 <(address)>: (address) (address) is unknown here",
    )
    assert (found.since, found.until) == (room.now, room.now + timedelta(days=30))
    assert (found.role, found.booking_id, found.waiting) == ("participant", done.booking.id, 1)
    for canary in ("grace", "hopper", "example.test"):
        assert canary not in repr(found).lower()


def test_taken_off_its_mails_leave_in_order_when_they_are_still_true(room: Mailroom) -> None:
    # Given four bookings whose mails are withheld
    room.office.refuse(NOBODY, to=GRACE)
    kept = room.book()
    room.work()
    moved, cancelled, over = (room.book(NEXT_WEEK + number * DAY) for number in (1, 2, -7))
    room.work()
    assert len(room.rows(state="withheld")) == 4
    # When one is moved, one cancelled, one over, and the address is taken off
    room.rebook(moved.booking, NEXT_WEEK + 3 * DAY)
    room.cancel(cancelled.booking)
    room.work()
    room.now += timedelta(days=2)
    assert len(room.office.to(GRACE)) == 0
    (found,) = listed(room)
    released = release(room, found.id or "")
    assert released is not None
    assert released.superseded == 1
    room.work(released.wake)
    # Then she hears of what is still true, and of nothing else
    mine = {
        (row.booking_id, row.topic): row.state
        for row in room.rows(recipient=GRACE)
        if row.topic != "reminder"
    }
    assert mine == {
        (kept.booking.id, "booked"): "sent",
        (moved.booking.id, "booked"): "superseded",
        (moved.booking.id, "rebooked"): "sent",
        (cancelled.booking.id, "booked"): "superseded",
        (cancelled.booking.id, "cancelled"): "superseded",
        (over.booking.id, "booked"): "superseded",
    }
    assert {each.line("METHOD") for each in room.office.to(GRACE)} == {"REQUEST"}
    assert listed(room) == []
    assert release(room) is None


def test_a_mail_to_an_address_that_was_replaced_is_not_sent_to_the_old_one(room: Mailroom) -> None:
    """The newer mail stands in another queue, of the new address."""
    room.office.refuse("550 5.1.1 nobody", to="ada@example.test")
    done = room.book()
    room.work()
    room.rename_coach(replace(people.MAILED, email="ada.lovelace@example.test"))
    room.rebook(done.booking, NEXT_WEEK + DAY)
    room.work()
    released = release(room, "ada@Example.TEST")
    assert released is not None
    assert (released.wake, released.superseded) == ([], 1)


def test_an_address_comes_off_by_itself_after_thirty_days(room: Mailroom) -> None:
    room.office.refuse(NOBODY, to=GRACE)
    far = room.book(NEXT_WEEK + 14 * DAY)
    room.work()
    near = room.book()
    room.work()
    # A mail ends with its session though the address stays
    assert drop_old(room, days=10) == 1
    assert (
        room.row(booking_id=near.booking.id, topic="booked", recipient=GRACE).state == "superseded"
    )
    # Given that it was withheld 20 days before the first of these mails
    aged = tables.withheld_addresses.update().values(since=room.now - timedelta(days=30))
    with room.database.write() as tx:
        tx.execute(aged)
    assert drop_old(room) == 1
    room.sweep()
    assert room.row(booking_id=far.booking.id, topic="booked", recipient=GRACE).state == "sent"


def test_what_was_withheld_long_ago_gets_as_long_as_any_mail(room: Mailroom) -> None:
    room.office.refuse(NOBODY, to=GRACE)
    room.book(NEXT_WEEK + 14 * DAY)
    room.work()
    room.now += timedelta(days=12)
    released = release(room)
    assert released is not None
    room.office.refuse("451 4.7.1 greylisted", to=GRACE)
    room.work(released.wake)
    assert room.row(recipient=GRACE, topic="booked").state == "pending"


def test_a_reminder_does_not_wait_behind_a_withheld_confirmation(room: Mailroom) -> None:
    room.office.refuse(NOBODY, to=GRACE)
    room.book()
    room.work()
    room.sweep(days=7, hours=3)
    assert {row.state for row in room.rows(recipient=GRACE)} == {"withheld"}
    drop_old(room, days=1)
    assert {row.state for row in room.rows(recipient=GRACE)} == {"superseded"}


def test_an_address_released_while_a_mail_to_it_was_looked_at_keeps_no_mail(room: Mailroom) -> None:
    room.office.refuse(NOBODY, to=GRACE)
    room.book()
    room.work()
    room.book(NEXT_WEEK + DAY)
    held = [each for each in room.rows(recipient=GRACE, state="pending") if each.topic == "booked"]
    with room.database.write() as tx:
        mine = outbox_claims.claim(tx, held[0].id, lease_ms=60_000, now=room.now)
    assert mine is not None
    release(room)
    with room.database.write() as tx:
        assert withheld_addresses.keep(tx, mine, error="refused for good")
    assert room.row(id=held[0].id).state == "pending"


def test_a_mailer_in_trouble_for_weeks_makes_no_dead_letter(room: Mailroom) -> None:
    room.office.refuse("550 5.7.1 not from here", to=GRACE, times=None)
    early, late = room.book(), room.book(NEXT_WEEK + 14 * DAY)
    room.work()
    for _ in range(3):
        room.sweep(days=5)
    states = {row.booking_id: row.state for row in room.rows(recipient=GRACE, topic="booked")}
    assert states == {early.booking.id: "superseded", late.booking.id: "pending"}
    assert room.rows(state="dead") == []
    # When it is repaired, what is still true leaves
    room.office.relent()
    room.sweep()
    assert [each.line("UID") for each in room.office.to(GRACE) if each.calendar] == [
        late.booking.uid
    ]


def test_what_failed_while_the_server_was_away_leaves_with_the_first_that_it_takes(
    room: Mailroom,
) -> None:
    # Given mails that met a server that was going down, and one that it refused
    room.office.refuse("421 4.3.2 going down", to=GRACE, times=7)
    room.office.refuse("550 5.7.1 not from here", to=HEDY)
    for day in (0, 1, 2, 3, 6, 7, 8):
        room.book(NEXT_WEEK + day * DAY)
    room.book(NEXT_WEEK + 7200, people.HEDY)
    mine = {row.id for row in room.rows() if row.recipient in (GRACE, HEDY)}
    room.work([each for each in room.woken if each[0] in mine])
    assert in_trouble(room) == 8
    for outbox_id in mine:
        room.set_rows(outbox_id, next_attempt_at_ms=1 << 50)
    # When it takes one, that had not to wait
    first = next(each for each in room.woken if each[1] == "mail" and each[0] not in mine)
    room.work([first])
    # Then those that failed leave, a few with each that does, and the refused one waits on
    assert len(room.office.to(GRACE)) == 7
    assert in_trouble(room) == 1
    assert room.row(recipient=HEDY, topic="booked").state == "pending"


def test_mails_that_always_fail_while_others_are_taken_keep_nobody_waiting(room: Mailroom) -> None:
    # Given as many mails as are pulled forward at once that fail whenever they are tried, and one
    # that waits for long since the server was away
    room.office.refuse("421 4.7.0 not now", to=GRACE, times=None)
    room.office.refuse("421 4.3.2 going down", to=HEDY)
    for day in (0, 1, 2, 3, 6):
        room.book(NEXT_WEEK + day * DAY)
    room.book(NEXT_WEEK + 7 * DAY, people.HEDY)
    failed = [row.id for row in room.rows(topic="booked") if row.recipient in (GRACE, HEDY)]
    room.work([each for each in room.woken if each[0] in failed])
    for outbox_id in failed:
        room.set_rows(outbox_id, next_attempt_at_ms=1 << 50)
    others = [each for each in room.woken if each[1] == "mail" and each[0] not in failed]
    # When mails are taken, one after the other
    for each in others:
        room.work([each])
    # Then it leaves, and those were tried once more, not with each that was taken
    assert len(room.office.to(HEDY)) == 1
    assert {row.attempts for row in room.rows(recipient=GRACE, topic="booked")} == {2}
    # And somebody is told of them
    assert in_trouble(room) == 5


def test_an_address_of_the_release_before_gets_an_id(room: Mailroom) -> None:
    values = {
        "address": HEDY,
        "reason": "refused for good, because of the address (550)",
        "since": room.now,
    }
    with room.database.write() as tx:
        tx.execute(tables.withheld_addresses.insert().values(values))
    assert [each.id for each in listed(room)] == [None]
    assert drop_old(room) == 0
    (found,) = listed(room)
    assert release(room, found.id or "") is not None
