"""Session mails as they arrive: what each change sends, to whom, with which text, and what refusals
do.
"""

import time
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from domain.mail.choice import MailText
from domain.notices import Notice, facts_now
from storage.rows import bookings, mail_texts, outbox_claims
from storage.rows import outbox as stored
from storage.transactions import notices
from tests.support import people
from tests.support.mail_delivery import DAY, NEXT_WEEK, ORGANIZER, Mailroom
from tests.support.mail_server import HANG_UP, Taken
from tests.support.people import at
from workers.delivery import mails
from workers.delivery.delivery import Later, Turn

ADA, GRACE, HEDY = "ada@example.test", "grace@example.test", "hedy@example.test"
PEOPLE = {ADA, GRACE, HEDY}


def put_text(
    mailroom: Mailroom, kind: str = "booked", subject: str = "", enabled: bool = True, **more: str
) -> None:
    text = MailText(
        "company", "acme", kind, "en", subject, more.get("text", "Hello"), enabled=enabled
    )
    with mailroom.database.write() as tx:
        mail_texts.put(tx, text)


def told(taken: list[Taken], *names: str) -> list[tuple[str | None, ...]]:
    return [tuple(each.line(name) for name in names) for each in taken]


def test_confirm_rebook_rebook_cancel_is_one_event_with_growing_sequence(
    mailroom: Mailroom,
) -> None:
    done = mailroom.book()
    mailroom.work()
    for start in (NEXT_WEEK + DAY, NEXT_WEEK + 2 * DAY):
        done = mailroom.rebook(done.booking, start)
        mailroom.work()
    mailroom.cancel(done.booking)
    mailroom.work()
    taken = mailroom.office.to(GRACE)
    assert told(taken, "METHOD", "SEQUENCE", "STATUS") == [
        ("REQUEST", "0", "CONFIRMED"),
        ("REQUEST", "1", "CONFIRMED"),
        ("REQUEST", "2", "CONFIRMED"),
        ("CANCEL", "3", "CANCELLED"),
    ]
    assert {each.line("UID") for each in taken} == {done.booking.uid}
    assert {each.line("ORGANIZER") for each in taken} == {f"mailto:{ORGANIZER}"}


def test_there_and_back_again_sends_each_rebooking(mailroom: Mailroom) -> None:
    done = mailroom.book()
    mailroom.work()
    for start in (NEXT_WEEK + DAY, NEXT_WEEK):
        done = mailroom.rebook(done.booking, start)
        mailroom.work()
    taken = mailroom.office.to(GRACE)
    assert told(taken, "SEQUENCE", "DTSTART") == [
        ("0", "20260609T100000Z"),
        ("1", "20260610T100000Z"),
        ("2", "20260609T100000Z"),
    ]
    assert len({each.id for each in taken}) == 3
    assert len(mailroom.office.to(ADA)) == 3


def test_later_mails_of_a_booking_answer_its_first(mailroom: Mailroom) -> None:
    done = mailroom.book()
    mailroom.work()
    mailroom.rebook(done.booking, NEXT_WEEK + DAY)
    mailroom.work()
    mailroom.cancel(done.booking)
    mailroom.work()
    for address in (GRACE, ADA):
        first, *others = [each.message for each in mailroom.office.to(address)]
        assert first["In-Reply-To"] is None
        assert [each["In-Reply-To"] for each in others] == [first["Message-ID"]] * 2
        assert [each["References"] for each in others] == [first["Message-ID"]] * 2
    assert {each.message["Auto-Submitted"] for each in mailroom.office.taken} == {"auto-generated"}
    assert len({each.id for each in mailroom.office.taken}) == 6


def test_leaving_a_pod_cancels_for_that_person_alone_and_says_nothing_of_the_event(
    mailroom: Mailroom,
) -> None:
    pod = mailroom.pod(people.GRACE, people.HEDY)
    mailroom.work()
    before = len(mailroom.office.taken)
    grace = next(each for each in pod.seats if each.participant.id == "grace")
    mailroom.cancel(grace)
    mailroom.work()
    after = mailroom.office.taken[before:]
    assert sorted(each.recipients for each in after) == [(ADA,), (GRACE,)]
    (mine,) = [each for each in after if each.recipients == (GRACE,)]
    assert (mine.line("METHOD"), mine.line("STATUS"), mine.line("SEQUENCE")) == (
        "CANCEL",
        None,
        "1",
    )
    assert mine.line("UID") == grace.uid


def test_nobody_s_address_is_in_another_s_mail(mailroom: Mailroom) -> None:
    mailroom.pod(people.GRACE, people.HEDY)
    done = mailroom.book(NEXT_WEEK + DAY)
    mailroom.work()
    mailroom.cancel(done.booking)
    mailroom.work()
    assert len(mailroom.office.taken) == 8
    for each in mailroom.office.taken:
        whole = (
            each.source
            + "".join(
                str(part.get_content())
                for part in each.message.walk()
                if part.get_content_maintype() == "text"
            ).encode()
        )
        assert {person for person in PEOPLE if person.encode() in whole} == set(each.recipients)
        names = {name for name in ("Grace", "Hedy") if name.encode() in whole}
        assert names <= {"Grace"} if GRACE in each.recipients else True
        assert names <= {"Hedy"} if HEDY in each.recipients else True


def test_times_are_in_each_reader_s_zone_and_language(mailroom: Mailroom) -> None:
    mailroom.book()
    mailroom.book(NEXT_WEEK + DAY, people.HEDY)
    mailroom.work()
    english, german = mailroom.office.to(GRACE)[0], mailroom.office.to(HEDY)[0]
    assert "6:00" in str(english.message["Subject"])
    assert "12:00" in str(german.message["Subject"])
    assert english.message["Content-Language"] == "en"
    assert german.message["Content-Language"] == "de"


def test_a_text_of_the_programme_is_used_as_it_is_when_the_mail_is_sent(mailroom: Mailroom) -> None:
    mailroom.book()
    put_text(mailroom, subject="Welcome {{recipient_name}}")
    mailroom.work()
    (mail,) = mailroom.office.to(GRACE)
    assert str(mail.message["Subject"]) == "Welcome Grace Hopper"


def test_a_kind_switched_off_after_the_booking_is_not_sent(mailroom: Mailroom) -> None:
    mailroom.book()
    put_text(mailroom, enabled=False)
    mailroom.work()
    assert mailroom.office.to(GRACE) == []
    assert len(mailroom.office.to(ADA)) == 1
    row = mailroom.row(recipient=GRACE, topic="booked")
    assert (row.state, row.last_error) == ("superseded", "switched off")


def test_a_text_with_an_unknown_token_is_held_until_it_is_corrected(mailroom: Mailroom) -> None:
    mailroom.book()
    put_text(mailroom, subject="Hello {{first_name}}")
    with capture_logs() as logs:
        mailroom.work()
    assert mailroom.office.to(GRACE) == []
    row = mailroom.row(recipient=GRACE, topic="booked")
    assert row.state == "waiting_for_text"
    assert "first_name" in row.last_error
    (alert,) = [each for each in logs if each["event"] == "mail_held"]
    assert alert["log_level"] == "error"
    # When it is corrected
    put_text(mailroom, subject="Hello {{recipient_name}}")
    with mailroom.database.write() as tx:
        freed = stored.free_held(tx)
    mailroom.work(freed)
    # Then it goes at once
    assert [str(each.message["Subject"]) for each in mailroom.office.to(GRACE)] == [
        "Hello Grace Hopper"
    ]


def test_a_held_mail_ends_with_its_session(mailroom: Mailroom) -> None:
    mailroom.book()
    put_text(mailroom, subject="Hello {{first_name}}")
    mailroom.work()
    with capture_logs() as logs:
        mailroom.sweep(days=9)
    row = mailroom.row(recipient=GRACE, topic="booked")
    assert (row.state, row.last_error.endswith("; and its session is over")) == ("dead", True)
    assert [each["event"] for each in logs if each["log_level"] == "error"] == ["delivery_dead"]


def test_a_coach_s_name_that_comes_later_is_in_the_mails_that_waited_for_it(
    mailroom: Mailroom,
) -> None:
    nameless = replace(people.MAILED, name="")
    mailroom.rename_coach(nameless)
    mailroom.book()
    mailroom.work()
    assert mailroom.office.taken == []
    mailroom.work(mailroom.rename_coach(replace(nameless, name="Ada Lovelace")))
    (mine,), (hers,) = mailroom.office.to(GRACE), mailroom.office.to(ADA)
    assert "Ada Lovelace" in str(mine.message["Subject"])
    assert str(hers.message["To"]).startswith("Ada Lovelace")


def test_a_reminder_leaves_a_day_before_and_answers_the_confirmation(mailroom: Mailroom) -> None:
    mailroom.book()
    mailroom.work()
    mailroom.sweep(days=6)
    assert len(mailroom.office.to(GRACE)) == 1
    mailroom.sweep(days=1, hours=2)
    first, reminder = mailroom.office.to(GRACE)
    assert str(reminder.message["Subject"]).startswith("Reminder")
    assert reminder.message["In-Reply-To"] == first.id
    assert reminder.calendar == ""


def test_a_reminder_moves_with_its_session_and_is_dropped_with_it(mailroom: Mailroom) -> None:
    done = mailroom.book()
    mailroom.work()
    moved = mailroom.rebook(done.booking, NEXT_WEEK + DAY)
    mailroom.work()
    mailroom.sweep(days=7, hours=3)  # the day before the old time
    assert len(mailroom.office.to(GRACE)) == 2
    mailroom.cancel(moved.booking)
    mailroom.work()
    mailroom.sweep(hours=20)
    assert [each.line("METHOD") for each in mailroom.office.to(GRACE)] == [
        "REQUEST",
        "REQUEST",
        "CANCEL",
    ]
    assert {row.state for row in mailroom.rows(topic="reminder")} == {"superseded"}


def test_nobody_is_reminded_of_what_has_begun_or_was_given_up(mailroom: Mailroom) -> None:
    mailroom.book()
    ended = mailroom.book(NEXT_WEEK + DAY, people.HEDY)
    mailroom.work()
    with mailroom.database.write() as tx:
        bookings.put(tx, ended.booking.changed(mailroom.now, status="completed"))
    mailroom.sweep(days=8, hours=3)
    reasons = {
        row.recipient: row.last_error
        for row in mailroom.rows(topic="reminder")
        if row.recipient != ADA
    }
    assert reasons == {
        GRACE: "the session it reminds of has begun",
        HEDY: "the booking it reminds of has ended",
    }
    assert len(mailroom.office.taken) == 4


def test_send_now_is_one_more_mail_a_click(mailroom: Mailroom) -> None:
    done = mailroom.book()
    mailroom.work()
    with mailroom.database.read() as tx:
        coach = notices.contact(tx, people.MAILED)
    for click in ("first", "first", "second"):
        facts = facts_now("booked", done.session, done.booking, coach, mailroom.terms, nonce=click)
        owed = notices.mail(Notice(facts, mailroom.now), "ada", done.session.id)
        with mailroom.database.write() as tx:
            mailroom.woken += stored.add(tx, [owed], now=mailroom.now)
    mailroom.work()
    taken = mailroom.office.to(GRACE)
    assert len(taken) == len({each.id for each in taken}) == 3
    assert {each.line("SEQUENCE") for each in taken} == {"0"}


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
    mailroom.sweep(days=1, minutes=1)
    row = mailroom.row(recipient=GRACE, topic="booked")
    assert (row.state, row.last_error.startswith("given up after 5 days")) == ("dead", True)


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
    """The server hung up before it had the mail."""
    mailroom.office.refuse(HANG_UP, to=GRACE)
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
