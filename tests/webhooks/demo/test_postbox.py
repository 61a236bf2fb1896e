"""The demo's post box: what comes over SMTP can be read in a browser, and harms nobody who reads
it.
"""

import asyncio
import re
import smtplib
import socket
import struct
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest
import requests
from aiosmtpd.smtp import Envelope
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.letters import NASTY, NOW, SENDER, named
from tests.workers.mailer import rfc
from webhooks.demo import postbox_letters
from webhooks.demo.postbox import KEPT, LARGEST_MAIL, Letters, Postbox
from webhooks.demo.postbox_letters import Letter
from webhooks.demo.processes import StepFailed, free_port
from workers.mailer import MailError, letters
from workers.mailer.calendar_part import calendar
from workers.mailer.message import serialise
from workers.mailer.server import MailServer
from workers.mailer.smtp import SmtpMailer

OURS = letters.preview("booked", "en", None, sender=SENDER, now=NOW)
ME, YOU = "me@example.com", "you@example.com"
SCRIPT = "<script>alert(1)</script>"
GARBAGE = bytes(range(1, 256)).replace(b"\r", b"").replace(b"\n", b"")


@pytest.fixture
def postbox() -> Iterator[Postbox]:
    with Postbox.open(now=lambda: NOW) as opened:
        yield opened


def client(postbox: Postbox) -> smtplib.SMTP:
    parts = urlsplit(postbox.smtp_url)
    return smtplib.SMTP(
        parts.hostname or "", parts.port or 0, local_hostname="localhost", timeout=10
    )


def send(postbox: Postbox, message: bytes, *recipients: str) -> Letter:
    """What the box made of it."""
    with client(postbox) as smtp:
        smtp.sendmail(ME, recipients or (YOU,), re.sub(rb"\r?\n", b"\r\n", message))
    return postbox.messages()[-1]


def get(postbox: Postbox, path: str = "/") -> requests.Response:
    response = requests.get(postbox.url + path, timeout=10)
    assert response.status_code == 200, response.text
    return response


def policy(response: requests.Response) -> dict[str, str]:
    rules = (
        rule.strip().partition(" ")
        for rule in response.headers["Content-Security-Policy"].split(";")
    )
    return {name: value for name, _, value in rules}


class Outline(HTMLParser):
    """The elements of a page with their attributes, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def test_our_own_mailer_hands_its_mail_over(postbox: Postbox) -> None:
    mailer = SmtpMailer(MailServer.parse(postbox.smtp_url), greeting="localhost", deadline=10)
    mailer.send(serialise(OURS), OURS.sender.email, [OURS.to.email])
    mailer.close()
    (letter,) = postbox.wait(1, 0)
    assert (letter.number, letter.received_at) == (1, NOW)
    assert (letter.sender, letter.recipients) == ("mail@coaching.example", ("grace@example.com",))
    assert (letter.subject, letter.message_id) == (OURS.subject, OURS.message_id)
    assert letter.text.strip() == OURS.text.strip()
    assert letter.html.strip() == OURS.html.strip()
    assert (letter.method, letter.uid, letter.sequence) == ("REQUEST", "sample@example.com", 0)
    assert letter.raw == serialise(OURS)


def test_the_calendar_is_shown_unfolded(postbox: Postbox) -> None:
    letter = send(postbox, serialise(OURS))
    assert OURS.invitation is not None
    written = calendar(OURS.invitation)
    assert b"\r\n " in written
    assert letter.calendar.splitlines() == [
        f"{line.name}{line.parameters}:{line.value}" for line in rfc.lines(written)
    ]


def test_the_list_names_each_mail_with_its_time_zone_recipient_and_calendar_method(
    postbox: Postbox,
) -> None:
    send(postbox, serialise(OURS))
    send(postbox, b"Subject: plain\n\nhello", "a@example.com", "b@example.com")
    page = Outline(get(postbox).text)
    words = " ".join(page.text.split())
    assert words.index("plain none") < words.index(OURS.subject)  # the newest first
    assert "a@example.com, b@example.com" in words
    assert "Mon 01 Jun 2026, 08:00:00 UTC you@example.com" in words
    assert f"{OURS.subject} REQUEST, sequence 0" in words
    assert [link["href"] for link in page.all("a")] == ["/", "/mails/2", "/mails/1"]


def test_an_empty_box_says_so(postbox: Postbox) -> None:
    assert "No mail has come yet." in get(postbox).text
    assert get(postbox, "/mails.json").json() == []


def test_a_mail_is_shown_with_its_headers_and_its_three_parts(postbox: Postbox) -> None:
    send(postbox, serialise(OURS))
    page = Outline(get(postbox, "/mails/1").text)
    words = " ".join(page.text.split())
    for shown in (
        f"Message-ID{OURS.message_id}",
        f"Subject{OURS.subject}",
        "From",
        "mail@coaching.example",
    ):
        assert shown in words, shown
    assert " ".join(OURS.text.split()) in words
    assert "METHOD:REQUEST" in page.text.splitlines()
    assert "REQUEST, sequence 0, event sample@example.com" in words
    (frame,) = page.all("iframe")
    assert frame == {"sandbox": "", "title": "The mail's HTML part", "src": "/mails/1/html"}
    assert get(postbox, "/mails/1/html").text.strip() == OURS.html.strip()


def test_a_mail_names_the_one_that_it_answers(postbox: Postbox) -> None:
    moved = letters.preview("rebooked", "de", None, sender=SENDER, now=NOW)
    letter = send(postbox, serialise(moved))
    answered = dict(letter.headers)["In-Reply-To"]
    assert answered == dict(moved.headers)["In-Reply-To"]
    assert f"In-Reply-To{answered}" in " ".join(Outline(get(postbox, "/mails/1").text).text.split())


def test_the_html_part_may_run_load_and_send_nothing(postbox: Postbox) -> None:
    send(postbox, serialise(OURS))
    response = get(postbox, "/mails/1/html")
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    assert policy(response) == {
        "default-src": "'none'",
        "style-src": "'unsafe-inline'",
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'self'",
        "sandbox": "",
    }


@pytest.mark.parametrize(
    "path", ["/", "/mails/1", "/mails/1/raw", "/mails.json", "/static/postbox.css", "/nowhere"]
)
def test_every_other_answer_may_only_use_the_box_s_own_style_and_frame(
    postbox: Postbox, path: str
) -> None:
    send(postbox, serialise(OURS))
    response = requests.get(postbox.url + path, timeout=10)
    assert policy(response) == {
        "default-src": "'none'",
        "style-src": "'self'",
        "frame-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize("path", ["/", "/mails/1", "/mails/2"])
def test_the_pages_keep_the_policy_and_are_accessible(postbox: Postbox, path: str) -> None:
    send(postbox, serialise(OURS))
    send(postbox, b"\n")
    page = Outline(get(postbox, path).text)
    assert page.all("html") == [{"lang": "en"}]
    assert len(page.all("title")) == len(page.all("h1")) == len(page.all("main")) == 1
    assert all(head["scope"] in ("row", "col") for head in page.all("th"))
    assert page.all("th")
    assert len(page.all("caption")) == len(page.all("table"))
    assert not any(
        name == "style" or name.startswith("on") for _, given in page.elements for name in given
    )
    assert not page.all("script")
    assert not page.all("style")
    (sheet,) = page.all("link")
    assert get(postbox, str(sheet["href"])).headers["Content-Type"] == "text/css; charset=utf-8"


def test_a_script_in_a_subject_is_only_text(postbox: Postbox) -> None:
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = SCRIPT, f'"{SCRIPT}" <{ME}>', YOU
    message.set_content(f"</pre>{SCRIPT}")
    message.add_alternative(
        f"{SCRIPT}<img src='http://tracker.example/x.png' onerror='alert(1)'>", subtype="html"
    )
    message.add_alternative(f"METHOD:{SCRIPT}\nUID:{SCRIPT}\n</pre>{SCRIPT}", subtype="calendar")
    letter = send(postbox, message.as_bytes())
    assert letter.subject == SCRIPT
    for path in ("/", "/mails/1"):
        page = Outline(get(postbox, path).text)
        assert SCRIPT in page.text
        assert not page.all("script")
        assert not page.all("img")
    page = Outline(get(postbox, "/mails/1/html").text)
    assert page.all("script")  # as it came; that it cannot act is the policy's doing, see above


@pytest.mark.parametrize("name", NASTY)
def test_whatever_people_are_called_the_pages_stay_whole(postbox: Postbox, name: str) -> None:
    mail = letters.write(named(name), "default", sender=SENDER, now=NOW)
    assert send(postbox, serialise(mail)).subject == mail.subject
    shown = Outline(get(postbox, "/mails/1").text)
    empty = [element for element, _ in Outline(get(postbox).text).elements]
    assert mail.subject in shown.text
    assert [element for element, _ in shown.elements].count("script") == empty.count("script") == 0


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


def test_a_huge_mail_is_refused_whether_or_not_its_size_is_told(postbox: Postbox) -> None:
    huge = b"Subject: huge\r\n\r\n" + (b"x" * 998 + b"\r\n") * (LARGEST_MAIL // 1000 + 1)
    with client(postbox) as smtp:
        smtp.ehlo()
        smtp.mail(ME)  # without telling the size
        smtp.rcpt(YOU)
        assert smtp.data(huge)[0] == 552
    mailer = SmtpMailer(MailServer.parse(postbox.smtp_url), greeting="localhost", deadline=10)
    with pytest.raises(MailError, match="552"):
        mailer.send(huge, ME, [YOU])
    mailer.close()
    assert postbox.messages() == ()


def test_the_largest_mail_is_shown_within_seconds(postbox: Postbox) -> None:
    line = b"<&>http://x.example/" + b"(" * 900 + b"\r\n"
    send(postbox, b"Subject: large\r\n\r\n" + line * (LARGEST_MAIL // len(line) - 1))
    began = time.monotonic()
    assert "&lt;&amp;&gt;" in get(postbox, "/mails/1").text
    assert time.monotonic() - began < 5


def test_the_json_list_proves_what_came(postbox: Postbox) -> None:
    send(postbox, serialise(OURS))
    send(postbox, b"Subject: plain\n\nhello", "a@example.com", "b@example.com")
    ours, plain = get(postbox, "/mails.json").json()
    assert ours == {
        "number": 1,
        "to": [YOU],
        "subject": OURS.subject,
        "message_id": OURS.message_id,
        "method": "REQUEST",
        "uid": "sample@example.com",
        "sequence": 0,
        "received_at": "2026-06-01T08:00:00Z",
    }
    assert plain["to"] == ["a@example.com", "b@example.com"]
    assert (plain["method"], plain["uid"], plain["sequence"]) == ("", "", None)


def test_waiting_ends_with_the_mail_that_was_waited_for(postbox: Postbox) -> None:
    send(postbox, b"Subject: one\n\n")
    send(postbox, b"Subject: two\n\n")
    assert [letter.subject for letter in postbox.wait(2, 10)] == ["one", "two"]


def test_waiting_in_vain_tells_what_came(postbox: Postbox) -> None:
    send(postbox, b"Subject: one\n\n")
    with pytest.raises(
        StepFailed,
        match=r"2 mails did not come within 0\.01 s; 1 did: 'one' to you@example\.com; see",
    ):
        postbox.wait(2, 0.01)


async def _fill(kept: Letters, count: int) -> None:
    for _ in range(count):
        envelope = Envelope()
        envelope.original_content, envelope.rcpt_tos = b"Subject: x\n\n", [YOU]
        await kept.handle_DATA(None, None, envelope)  # type: ignore[arg-type]  # it looks at the envelope only


def test_of_many_mails_the_newest_are_kept_under_their_numbers() -> None:
    kept = Letters(lambda: NOW)
    asyncio.run(_fill(kept, KEPT + 3))
    numbers = [letter.number for letter in kept.kept()]
    assert numbers == list(range(4, KEPT + 4))
    assert kept.wait(KEPT + 3, 0)


def test_a_mail_that_is_not_there_is_404_and_says_where_the_others_are(postbox: Postbox) -> None:
    for path in ("/mails/1", "/mails/1/html", "/mails/1/raw"):
        response = requests.get(postbox.url + path, timeout=10)
        assert response.status_code == 404
        assert "The list at / has those that are kept." in response.text


def test_a_name_that_was_rebound_to_this_machine_reads_nothing(postbox: Postbox) -> None:
    send(postbox, serialise(OURS))
    for path in ("/", "/mails/1", "/mails/1/html", "/mails.json"):
        response = requests.get(postbox.url + path, headers={"Host": "evil.example"}, timeout=10)
        assert response.status_code == 400
        assert OURS.subject not in response.text


def test_both_servers_listen_on_this_machine_only(postbox: Postbox) -> None:
    assert [urlsplit(url).hostname for url in (postbox.smtp_url, postbox.url)] == ["127.0.0.1"] * 2
    assert MailServer.parse(postbox.smtp_url).tls == "none"


def test_mails_are_dated_by_the_machine_s_own_clock_unless_told_otherwise() -> None:
    before = datetime.now(UTC)
    with Postbox.open() as postbox:
        received = send(postbox, b"\n").received_at
    assert before <= received <= datetime.now(UTC)
    assert received.utcoffset() == timedelta(0)


def test_the_ports_can_be_chosen_and_are_free_again_afterwards() -> None:
    smtp, http = free_port(), free_port()
    for _ in range(2):
        with Postbox.open(smtp_port=smtp, http_port=http) as postbox:
            assert (postbox.smtp_url, postbox.url) == (
                f"smtp://127.0.0.1:{smtp}?tls=none",
                f"http://127.0.0.1:{http}",
            )
            send(postbox, b"\n")
            get(postbox)


@pytest.mark.parametrize("which", ["smtp_port", "http_port"])
def test_a_port_that_is_taken_is_told_at_once(which: str) -> None:
    began = time.monotonic()
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        pytest.raises(OSError, match="in use"),
        Postbox.open(**{which: taken.getsockname()[1]}),
    ):
        pass
    assert time.monotonic() - began < 5


def _stays(smtp: smtplib.SMTP) -> None:
    assert smtp.noop()[0] == 250


def _in_the_middle(smtp: smtplib.SMTP) -> None:
    smtp.mail(ME)
    smtp.rcpt(YOU)
    smtp.docmd("DATA")
    smtp.send("Subject: half")


def _resets(smtp: smtplib.SMTP) -> None:
    assert smtp.sock is not None
    smtp.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    smtp.close()


@pytest.mark.parametrize("act", [_stays, _in_the_middle, _resets])
def test_it_closes_quietly_whatever_a_client_was_doing(
    act: Callable[[smtplib.SMTP], None],
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    with Postbox.open() as postbox:
        smtp = client(postbox)
        smtp.ehlo()
        act(smtp)
        assert send(postbox, b"Subject: after\n\n").subject == "after"
        began = time.monotonic()
    smtp.close()
    assert time.monotonic() - began < 5
    assert [
        record for record in caplog.records if record.levelname in ("WARNING", "ERROR", "CRITICAL")
    ] == []
    assert capfd.readouterr().err == ""
