"""Session mails as they arrive: the text that is set when they leave, and what waits until it is
corrected.
"""

from dataclasses import replace

from structlog.testing import capture_logs

from domain.mail.choice import MailText
from storage.rows import mail_texts
from storage.rows import outbox as stored
from tests.support import people
from tests.support.mail_delivery import ADA, GRACE, Mailroom


def put_text(
    mailroom: Mailroom, kind: str = "booked", subject: str = "", enabled: bool = True, **more: str
) -> None:
    text = MailText(
        "company", "acme", kind, "en", subject, more.get("text", "Hello"), enabled=enabled
    )
    with mailroom.database.write() as tx:
        mail_texts.put(tx, text)


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
