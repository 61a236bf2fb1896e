"""Session mails as they arrive: what each change sends, to whom, and when the reminder leaves."""

from dataclasses import replace

from domain.notices import Notice, facts_now
from storage.rows import bookings
from storage.rows import outbox as stored
from storage.transactions import attendance, notices
from storage.transactions.attendance import Attended
from tests.support import people
from tests.support.mail_delivery import ADA, DAY, GRACE, HEDY, NEXT_WEEK, ORGANIZER, Mailroom, told

PEOPLE = {ADA, GRACE, HEDY}


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
        after = ended.booking.changed(mailroom.now, status="completed")
        bookings.put(tx, ended.booking, after, "ada")
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


def test_a_coach_with_a_new_address_is_reminded_once_and_of_the_time_that_counts(
    mailroom: Mailroom,
) -> None:
    done = mailroom.book()
    mailroom.work()
    # When the coach has another address by the time that the session is moved
    mailroom.rename_coach(replace(people.MAILED, email="ada@new.example.test"))
    mailroom.rebook(done.booking, NEXT_WEEK + DAY)
    mailroom.work()
    mailroom.sweep(days=7, hours=3)  # the day before the old time
    # Then nobody is told of the old time at the old address
    assert len(mailroom.office.to(ADA)) == 1
    assert mailroom.row(topic="reminder", recipient=ADA).reason == "newer"
    mailroom.sweep(days=1)
    told_of = [str(each.message["Subject"]) for each in mailroom.office.to("ada@new.example.test")]
    assert [subject.startswith("Reminder") for subject in told_of] == [False, True]


def test_an_absence_that_was_corrected_before_its_mail_left_is_mailed_to_nobody(
    mailroom: Mailroom,
) -> None:
    done = mailroom.book()
    mailroom.work()
    before = len(mailroom.office.taken)
    mailroom.pass_time(days=8, hours=3)
    # Given that mails were paused, say, between the mistake and its correction
    reports: list[Attended] = ["missed", "completed"]
    for attended in reports:
        with mailroom.database.write() as tx:
            made = attendance.report(tx, done.session.id, attended, mailroom.terms)
        mailroom.woken += made.wake
    mailroom.work()
    assert len(mailroom.office.taken) == before
    assert {row.state for row in mailroom.rows(topic="missed")} == {"superseded"}
