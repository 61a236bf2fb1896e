"""The demo's post box: what comes over SMTP is kept, listed and waited for, up to a bound, on this
machine alone.
"""

import asyncio
import smtplib
import socket
import struct
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
import requests
from aiosmtpd.smtp import Envelope

from tests.domain.letters import NOW
from tests.support.ports import free_port
from tests.webhooks.demo.box import ME, OURS, YOU, client, get, send
from tests.workers.mailer import rfc
from webhooks.demo.postbox import KEPT, LARGEST_MAIL, Letters, Postbox
from webhooks.demo.processes import StepFailed
from workers.mailer import MailError
from workers.mailer.calendar_part import calendar
from workers.mailer.message import serialise
from workers.mailer.server import MailServer
from workers.mailer.smtp import SmtpMailer


def test_our_own_mailer_hands_its_mail_over(postbox: Postbox) -> None:
    mailer = SmtpMailer(MailServer.parse(postbox.smtp_url), greeting="localhost", deadline=60)
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


def test_a_huge_mail_is_refused_whether_or_not_its_size_is_told(postbox: Postbox) -> None:
    huge = b"Subject: huge\r\n\r\n" + (b"x" * 998 + b"\r\n") * (LARGEST_MAIL // 1000 + 1)
    with client(postbox) as smtp:
        smtp.ehlo()
        smtp.mail(ME)  # without telling the size
        smtp.rcpt(YOU)
        assert smtp.data(huge)[0] == 552
    mailer = SmtpMailer(MailServer.parse(postbox.smtp_url), greeting="localhost", deadline=60)
    with pytest.raises(MailError, match="552"):
        mailer.send(huge, ME, [YOU])
    mailer.close()
    assert postbox.messages() == ()


def test_the_largest_mail_is_shown_within_seconds(postbox: Postbox) -> None:
    line = b"<&>http://x.example/" + b"(" * 900 + b"\r\n"
    send(postbox, b"Subject: large\r\n\r\n" + line * (LARGEST_MAIL // len(line) - 1))
    began = time.monotonic()
    assert "&lt;&amp;&gt;" in get(postbox, "/mails/1").text
    assert time.monotonic() - began < 30


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
        response = requests.get(postbox.url + path, timeout=60)
        assert response.status_code == 404
        assert "The list at / has those that are kept." in response.text


def test_a_name_that_was_rebound_to_this_machine_reads_nothing(postbox: Postbox) -> None:
    send(postbox, serialise(OURS))
    for path in ("/", "/mails/1", "/mails/1/html", "/mails.json"):
        response = requests.get(postbox.url + path, headers={"Host": "evil.example"}, timeout=60)
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
    assert time.monotonic() - began < 20


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
    assert time.monotonic() - began < 20
    assert [
        record for record in caplog.records if record.levelname in ("WARNING", "ERROR", "CRITICAL")
    ] == []
    assert capfd.readouterr().err == ""
