"""Mails that are broken or odd come into the demo's post box as they were sent, and can be read."""

from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.letters import NOW
from tests.webhooks.demo.box import ME, YOU, get, send
from webhooks.demo import postbox_letters
from webhooks.demo.postbox import Postbox
from webhooks.demo.postbox_letters import Letter

GARBAGE = bytes(range(1, 256)).replace(b"\r", b"").replace(b"\n", b"")


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"\n",
        b"\nno header at all",
        b"Subject: " + GARBAGE + b"\nFrom: " + GARBAGE + b"\n\n" + GARBAGE,
        (
            b"Subject: =?nonsense?b?AAAA?= =?utf-8?b?A?=\nContent-Type: text/html;"
            b" charset=nonsense\n\n\xff<p>"
        ),
        b"Content-Type: text/calendar; charset=idna\nContent-Transfer-Encoding: base64\n\n!!!\xff",
        b"Content-Type: multipart/mixed\n\nwithout a boundary",
        (
            b"Content-Type: multipart/alternative; boundary=x\n\n--x\nContent-Type:"
            b" text/html\n\n<p>never ended"
        ),
        b"Content-Type: text/plain; charset*=a'b\n\nx\x00y",
        b"Message-ID: <\nTo: <<@>;:,\nIn-Reply-To: [\n\n",
        b"Content-Type: message/rfc822\n\n" * 2000,
        b"Content-Type: text/calendar\n\nBEGIN:VCALENDAR\nSEQUENCE:" + b"9" * 900,
    ],
)
def test_a_broken_mail_is_kept_and_shown_as_it_came(postbox: Postbox, message: bytes) -> None:
    letter = send(postbox, message)
    for path in ("/", "/mails.json", "/mails/1", "/mails/1/html"):
        get(postbox, path).content.decode("utf-8")
    response = get(postbox, "/mails/1/raw")
    assert response.content == letter.raw
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert letter.raw.replace(b"\r\n", b"\n").strip() == message.strip()
    assert letter.sequence is None


@given(
    st.binary(max_size=400)
    | st.text(alphabet="=?utf-8bqQ \n\r\t:;,<>()\"/*'%", max_size=400).map(str.encode)
)
def test_no_bytes_at_all_are_too_broken(noise: bytes) -> None:
    """Neither as headers nor as a body; and what was read can be written."""
    head = b"Subject: " + noise + b"\nContent-Type: multipart/mixed; boundary=" + noise
    body = b"\n\n--x\nContent-Type: text/calendar; charset=" + noise + b"\n\n" + noise
    letter = Letter(1, NOW, ME, (YOU,), b"", **postbox_letters.read(head + body))
    for text in (
        letter.subject,
        letter.text,
        letter.html,
        letter.calendar,
        *(value for _, value in letter.headers),
    ):
        text.encode()


def test_a_mail_without_a_subject_can_be_opened_all_the_same(postbox: Postbox) -> None:
    assert send(postbox, b"From: me@example.com\n\nhello").subject == ""
    assert "(no subject)" in get(postbox).text
    page = get(postbox, "/mails/1").text
    assert "(no subject)" in page
    assert "This mail has no HTML part." in page
    assert "This mail has no calendar part." in page


def test_a_second_header_of_one_name_is_shown_too(postbox: Postbox) -> None:
    letter = send(postbox, b"Subject: one\nTo: a@example.com\nSubject: two\n\n")
    assert letter.subject == "one"
    assert [value for name, value in letter.headers if name == "Subject"] == ["one", "two"]


def test_text_in_another_character_set_is_read(postbox: Postbox) -> None:
    letter = send(
        postbox,
        b"Subject: =?iso-8859-1?q?Gr=FC=DFe?=\nContent-Type: text/plain; charset=latin-1\n\n\xfc",
    )
    assert (letter.subject, letter.text.strip()) == ("Grüße", "ü")


@pytest.mark.parametrize("coded", ["=?nonsense?q?a?=", "=?utf-8?b?A?="])
def test_a_subject_that_cannot_be_decoded_is_shown_as_it_came(postbox: Postbox, coded: str) -> None:
    letter = send(postbox, f"Subject: {coded}\nMessage-ID: <1@example.com>\n\n".encode())
    assert (letter.subject, letter.message_id) == (coded, "<1@example.com>")


def test_a_fold_inside_a_character_is_mended(postbox: Postbox) -> None:
    folded = b"SUMMARY:\xc3\r\n \xbc\r\nMETHOD:CANCEL\r\nSEQUENCE:3\r\n"
    letter = send(postbox, b"Content-Type: text/calendar; charset=utf-8\r\n\r\n" + folded)
    assert letter.calendar.startswith("SUMMARY:ü\n")
    assert (letter.method, letter.uid, letter.sequence) == ("CANCEL", "", 3)


def test_an_attached_text_is_not_taken_for_the_mail_s_own(postbox: Postbox) -> None:
    message = EmailMessage()
    message.add_attachment("notes", filename="notes.txt")
    message.add_attachment(
        b"BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\n", maintype="application", subtype="ics"
    )
    letter = send(postbox, message.as_bytes())
    assert (letter.text, letter.method) == ("", "REQUEST")
