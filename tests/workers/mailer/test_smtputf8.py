"""Mail to an address with letters beyond ASCII: sent where the server knows SMTPUTF8, and else
given up in words.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from email import message_from_bytes, policy

import pytest

from domain.mail.invitations import Address
from tests.domain.letters import composed
from tests.support import mail_server, people
from tests.support.databases import Kind
from tests.support.mail_delivery import Mailroom, furnished
from tests.workers.mailer.mailing import failure, mailing, send
from tests.workers.mailer.postman import Postman, running
from workers.mailer import Unfaithful
from workers.mailer.message import serialise
from workers.mailer.smtp import NO_SMTPUTF8

Fresh = Callable[[Kind], str]
TYPED = "Gra\u0302ce@BÜCHER.example"
ADDRESS = "Gr\u00e2ce@xn--bcher-kva.example"
GRACE = replace(people.GRACE, name="Grâce Hopper", email=TYPED)


@contextmanager
def room(database_url: str, redis_url: str, *, smtputf8: bool) -> Iterator[Mailroom]:
    with (
        mail_server.opened(enable_SMTPUTF8=smtputf8) as office,
        furnished(database_url, redis_url, office) as mailroom,
    ):
        mailroom.rename_coach(people.MAILED)
        yield mailroom


def test_it_arrives_where_the_server_takes_it(fresh_database: Fresh, redis_url: str) -> None:
    with room(fresh_database("sqlite"), redis_url, smtputf8=True) as mailroom:
        mailroom.book(who=GRACE)
        mailroom.work()
        assert {row.state for row in mailroom.rows(topic="booked")} == {"sent"}
        [taken] = mailroom.office.to(ADDRESS)
        assert f"<{ADDRESS}>".encode() in taken.source
        assert taken.line("ATTENDEE") == "mailto:Gr%C3%A2ce@xn--bcher-kva.example"
        # The coach's mail is as plain as ever
        [other] = mailroom.office.to("ada@example.test")
        assert other.source.isascii()


def test_it_is_given_up_with_the_next_step_where_the_server_does_not(
    fresh_database: Fresh, redis_url: str
) -> None:
    with room(fresh_database("sqlite"), redis_url, smtputf8=False) as mailroom:
        mailroom.book(who=GRACE)
        mailroom.work()
        hers = mailroom.row(recipient=ADDRESS, topic="booked")
        assert (hers.state, hers.attempts, hers.last_error) == ("dead", 1, NO_SMTPUTF8)
        # And nobody else's mail is
        assert mailroom.row(recipient="ada@example.test", topic="booked").state == "sent"
        assert [mail.recipients for mail in mailroom.office.taken] == [("ada@example.test",)]
        assert "requeue" in NO_SMTPUTF8


def test_the_server_is_told_before_and_plain_mails_are_sent_as_ever_after_it() -> None:
    with running(Postman()) as postman, mailing(postman.port) as mailer:
        for recipient in ("grace@example.com", ADDRESS, "ada@example.com"):
            send(mailer, to=recipient)
        assert [envelope.smtp_utf8 for envelope in postman.taken] == [False, True, False]
        assert [envelope.rcpt_tos for envelope in postman.taken] == [
            ["grace@example.com"],
            [ADDRESS],
            ["ada@example.com"],
        ]
        assert len(postman.connections) == 1


def test_a_server_without_it_never_hears_of_such_a_mail() -> None:
    with running(Postman(), enable_SMTPUTF8=False) as postman, mailing(postman.port) as mailer:
        assert failure(mailer, to=ADDRESS) == ("no_smtputf8", True, "address")
        send(mailer)
    assert [envelope.rcpt_tos for envelope in postman.taken] == [["grace@example.com"]]


@pytest.mark.parametrize("name", ["Grace", "Grâce, the first", ""])
def test_nothing_of_the_message_but_the_address_is_beyond_ascii(name: str) -> None:
    mail = composed()
    assert mail.invitation is not None
    hers = Address(name, ADDRESS)
    raw = serialise(replace(mail, to=hers, invitation=replace(mail.invitation, attendee=hers)))
    assert raw.replace(ADDRESS.encode(), b"").isascii()
    read = message_from_bytes(raw, policy=policy.SMTPUTF8)
    assert str(read["To"]).endswith(ADDRESS if not name else f"<{ADDRESS}>")
    [invite] = [part for part in read.walk() if part.get_content_type() == "text/calendar"]
    unfolded = str(invite.get_content()).replace("\r\n ", "")
    assert "mailto:Gr%C3%A2ce@xn--bcher-kva.example" in unfolded


def test_letters_beyond_ascii_stand_nowhere_else() -> None:
    for change in (
        {"message_id": "<gr\u00e2ce@x>"},
        {"headers": (("In-Reply-To", "<gr\u00e2ce@x>"),)},
    ):
        with pytest.raises(Unfaithful):
            serialise(replace(composed(), **change))
