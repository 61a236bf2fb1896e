"""The message: what is read back from the bytes is what was meant, and nothing else."""

import quopri
from collections.abc import Iterator
from dataclasses import replace
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.mail import Mail
from domain.mail.choice import Template
from domain.mail.invitations import Address
from domain.mail.safety import one_line
from domain.mail.tokens import UnusableTokens
from tests.domain.letters import FACTS, NASTY, NOW, SENDER, composed, named
from workers.mailer import Unfaithful, headers, letters
from workers.mailer.calendar_part import calendar
from workers.mailer.message import build, serialise


def written(name: str = "Grace Hopper", **changes: Any) -> tuple[Mail, bytes]:
    mail = letters.write(replace(named(name), **changes), "default", sender=SENDER, now=NOW)
    return mail, serialise(mail)


def leaves(message: EmailMessage) -> Iterator[EmailMessage]:
    return (part for part in message.walk() if not part.is_multipart())


def test_it_has_a_text_a_page_and_a_calendar_to_choose_from_and_the_calendar_attached() -> None:
    mail, _ = written()
    message = build(mail)
    assert message.get_content_type() == "multipart/mixed"
    assert [part.get_content_type() for part in leaves(message)] == [
        "text/plain",
        "text/html",
        "text/calendar",
        "application/ics",
    ]
    text, page, choice, attached = leaves(message)
    assert text.get_content().replace("\r\n", "\n") == mail.text
    assert page.get_content().replace("\r\n", "\n") == mail.html
    assert choice["Content-Type"].params == {"charset": "utf-8", "method": "REQUEST"}
    assert attached.get_filename() == "invite.ics"
    assert attached.is_attachment()
    assert not choice.is_attachment()
    assert mail.invitation is not None
    assert choice.get_payload(decode=True) == attached.get_content() == calendar(mail.invitation)


def test_the_method_outside_is_the_method_inside() -> None:
    mail, _ = written(kind="cancelled", version=2, sequence=1)
    choice = next(part for part in build(mail).walk() if part.get_content_type() == "text/calendar")
    assert choice["Content-Type"].params["method"] == "CANCEL"
    assert "METHOD:CANCEL" in choice.get_content()


def test_without_an_invitation_it_is_only_the_alternatives() -> None:
    mail, _ = written(kind="reminder")
    message = build(mail)
    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in leaves(message)] == ["text/plain", "text/html"]


def test_its_headers_are_these_and_no_others() -> None:
    mail, _ = written(kind="rebooked", version=2, previous_starts=FACTS.starts)
    message = build(mail)
    assert dict(message.items()) == {
        "Content-Type": message["Content-Type"],
        "From": "Coaching <mail@coaching.example>",
        "To": "Grace Hopper <grace@example.com>",
        "Subject": mail.subject,
        "Date": "Mon, 01 Jun 2026 08:00:00 +0000",
        "Message-ID": mail.message_id,
        "MIME-Version": "1.0",
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
        "Content-Language": "en",
        "In-Reply-To": composed().message_id,
        "References": composed().message_id,
    }


def test_the_same_mail_is_the_same_bytes() -> None:
    """So that a repeat after a crash is a repeat, to whoever compares."""
    assert written() == written()


@pytest.mark.parametrize("name", NASTY)
def test_no_name_adds_a_header_a_recipient_or_a_part(name: str) -> None:
    mail, raw = written(name)
    message = message_from_bytes(raw, policy=policy.default)
    assert message.keys() == build(written()[0]).keys()
    assert [address.addr_spec for address in message["To"].addresses] == ["grace@example.com"]
    assert str(message["Subject"]) == mail.subject
    assert one_line(name) in str(message["Subject"])
    assert b"\nbcc" not in raw.partition(b"\r\n\r\n")[0].lower()
    assert [part.defects for part in message.walk()] == [[]] * 6
    plain = message_from_bytes(raw)["To"].rpartition("<")[0].replace("\r\n", "").strip().strip('"')
    assert str(make_header(decode_header(plain))) == one_line(name)
    page = next(
        part for part in message.walk() if part.get_content_type() == "text/html"
    ).get_content()
    assert "<script" not in page
    assert "onmouseover='" not in page


@given(st.text(min_size=1))
def test_no_text_at_all_breaks_it(name: str) -> None:
    if one_line(name):
        mail, raw = written(name)
        assert str(message_from_bytes(raw, policy=policy.default)["Subject"]) == mail.subject


@given(st.text(), st.text(), st.none() | st.text())
def test_whatever_a_programme_manager_writes_is_sent_as_it_is_or_held(
    subject: str, text: str, html: str | None
) -> None:
    try:
        mail = letters.write(FACTS, Template("en", subject, text, html), sender=SENDER, now=NOW)
    except UnusableTokens:
        return
    serialise(mail)


def test_it_is_ascii_in_lines_that_every_server_takes() -> None:
    mail, raw = written("é" * 300, my_page_url="https://example.com/" + "x" * 1900)
    assert raw.isascii()
    assert raw.count(b"\n") == raw.count(b"\r\n") == raw.count(b"\r")
    assert max(len(line) for line in raw.split(b"\r\n")) <= 100
    assert quopri.decodestring(b"=C3=A9").decode() in mail.text


def test_encoded_words_are_as_short_as_they_must_be_and_hold_whole_characters() -> None:
    """RFC 2047: 75 characters each, and none is split between two."""
    for value in ("é" * 300, "😀" * 100, "x" * 300, "a =?utf-8?q?b?="):
        encoded = headers.text(value)
        words = encoded.split("\r\n ")
        assert max(map(len, words)) <= 75
        assert "".join(str(make_header(decode_header(word))) for word in words) == value


def test_a_plain_subject_stays_plain_and_is_folded_between_words() -> None:
    folded = headers.text("word " * 30 + "end")
    assert "=?" not in folded
    assert max(map(len, folded.split("\r\n"))) <= 70
    assert folded.replace("\r\n", "") == "word " * 30 + "end"


@pytest.mark.parametrize(
    "change",
    [
        {"subject": "x\r\nBcc: eve@example.com"},
        {"subject": "x\nBcc: eve@example.com"},
        {"subject": "=?utf-8?q?x=0d=0aBcc:_eve=40example.com?="},
        {"to": Address("Grace", "grace@example.com>, <eve@example.com")},
        {"to": Address("", "grace@example.com, eve@example.com")},
        {"to": Address("Grace", "grace@example.com\r\nBcc: eve@example.com")},
        {"sender": Address('x" <eve@example.com>, "', "mail@coaching.example")},
        {"message_id": "<x@y>\r\nBcc: eve@example.com"},
        {"headers": (("X-A", "x\r\nBcc: eve@example.com"),)},
        {"headers": (("Bcc: eve@example.com\r\nX-A", "x"),)},
    ],
)
def test_what_was_not_cleaned_never_leaves_with_a_header_or_a_recipient_more(
    change: dict[str, Any],
) -> None:
    """The second of two locks. Either it is refused, or it reads back as one header and one
    recipient.
    """
    hostile = replace(composed(), **change)
    try:
        raw = serialise(hostile)
    except Unfaithful:
        return
    message = message_from_bytes(raw, policy=policy.default)
    assert "Bcc" not in message
    assert [address.addr_spec for address in message["To"].addresses] == [hostile.to.email]
    assert len(message["From"].addresses) == 1


def test_a_body_that_looks_like_a_boundary_or_an_end_is_only_a_body() -> None:
    mail = composed()
    name = build(mail).get_boundary()
    hostile = replace(
        mail, text=f"a\n--{name}\nContent-Type: text/html\n\n<script>\n.\nFrom here\n--{name}--\n"
    )
    read = list(leaves(build(hostile)))
    assert read[0].get_content().replace("\r\n", "\n") == hostile.text
    assert len(read) == 4
