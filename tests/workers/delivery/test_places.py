"""Where a session is, in the mails that arrive: as it is when they leave, and told again when it
changes.
"""

from typing import Any

from structlog.testing import capture_logs

from domain.mail.choice import MailText
from domain.places import Place, Rule
from domain.sessions import Session
from storage.rows import mail_texts, places
from storage.schema import tables
from storage.transactions import session_places
from tests.support import people
from tests.support.mail_delivery import ADA, GRACE, HEDY, Mailroom

CALL, PHONE = Place("conferencing"), Place("phone", "+44 20 7946 0018")
LINK = "https://zoom.example/j/secret-call"


def at_acme(mailroom: Mailroom, place: Place) -> None:
    with mailroom.database.write() as tx:
        places.put(tx, Rule("company", "acme", place))


def assign(mailroom: Mailroom, session: Session, url: str = LINK) -> None:
    with mailroom.database.write() as tx:
        mine = tables.sessions.c.id == session.id
        tx.execute(tables.sessions.update().where(mine).values(join_url=url))


def text_of(mail: Any) -> str:
    part = mail.message.get_body(("plain",))
    return str(part.get_content())


def line(mail: Any, name: str) -> str | None:
    found: str | None = mail.line(name)
    return found


def test_a_link_that_is_there_when_the_mail_leaves_is_in_it(mailroom: Mailroom) -> None:
    at_acme(mailroom, CALL)
    done = mailroom.book()
    assign(mailroom, done.session)
    with capture_logs() as logs:
        mailroom.work()
    for who in (GRACE, ADA):
        (mail,) = mailroom.office.to(who)
        assert f"Where: {LINK}" in text_of(mail)
    assert line(mailroom.office.to(GRACE)[0], "LOCATION") == LINK
    assert "secret-call" not in repr(logs)
    assert "secret-call" not in repr(mailroom.row(recipient=GRACE, topic="booked").last_error)


def test_a_link_that_is_not_there_follows(mailroom: Mailroom) -> None:
    at_acme(mailroom, CALL)
    mailroom.book()
    mailroom.work()
    (mail,) = mailroom.office.to(GRACE)
    assert "Where: Video call: the link follows" in text_of(mail)
    assert line(mail, "LOCATION") is None


def test_a_reminder_has_the_link_that_came_after_the_booking(mailroom: Mailroom) -> None:
    at_acme(mailroom, CALL)
    done = mailroom.book()
    mailroom.work()
    assign(mailroom, done.session)
    mailroom.sweep(days=7, hours=3)
    reminders = [
        mail for mail in mailroom.office.to(GRACE) if "Reminder" in mail.message["Subject"]
    ]
    assert [LINK in text_of(mail) for mail in reminders] == [True]


def test_a_text_that_asks_for_the_link_waits_for_it(mailroom: Mailroom) -> None:
    at_acme(mailroom, CALL)
    with mailroom.database.write() as tx:
        mail_texts.put(tx, MailText("company", "acme", "booked", "en", "Join", "{{join_url}}"))
    done = mailroom.book()
    mailroom.work()
    assert mailroom.office.to(GRACE) == []
    assign(mailroom, done.session)
    mailroom.sweep(hours=2)
    (mail,) = mailroom.office.to(GRACE)
    assert text_of(mail).strip() == LINK


def test_everybody_is_told_once_of_another_place_by_the_same_event(mailroom: Mailroom) -> None:
    made = mailroom.pod(people.GRACE, people.HEDY)
    mailroom.work()
    with mailroom.database.write() as tx:
        changed = session_places.change(tx, made.pod.id, PHONE, mailroom.terms)
    mailroom.woken += changed.wake
    mailroom.work()
    for who in (GRACE, HEDY):
        first, second = mailroom.office.to(who)
        assert "+44 20 7946 0018" in text_of(second)
        assert line(first, "UID") == line(second, "UID")
        assert (line(first, "SEQUENCE"), line(second, "SEQUENCE")) == ("0", "1")
        assert line(second, "LOCATION") == "+44 20 7946 0018"
        assert second.message["In-Reply-To"] == first.message["Message-ID"]
    told = [mail for mail in mailroom.office.to(ADA) if "+44 20 7946 0018" in text_of(mail)]
    assert len(told) == 1, "a coach hears once of one group"
